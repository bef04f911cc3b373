"""Collected static files are served compressed, also those of previous releases."""

import gzip
import re
import shutil
from pathlib import Path

import brotli
import pytest
from flask import Flask

from app.security.headers import static_headers
from tests.support.releases import FILES, collect, fetch, make_release, static_url

SHEET = "css/page.css"
RED = {SHEET: "p { color: red }"}


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """An application that was started after its files were collected."""
    collect(make_release(tmp_path))
    return make_release(tmp_path)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("gzip;q=1.0, identity;q=0.5", "gzip"),
        ("", None),
        ("identity", None),
        ("br;q=0, gzip;q=0", None),
        ("gzip; q=0.0, *;q=1", None),
    ],
)
def test_file_is_sent_in_an_accepted_encoding(
    site: Flask, accepted: str, encoding: str | None
) -> None:
    path = static_url(site, SHEET)
    plain = fetch(site, path).data
    response = fetch(site, path, Accept_Encoding=accepted)

    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert response.headers.get("Content-Encoding") == encoding
    assert decode(response.data) == plain
    assert response.cache_control.immutable
    assert response.cache_control.public


def test_file_is_compressed_behind_a_proxy_that_terminates_tls(tmp_path: Path) -> None:
    collect(make_release(tmp_path))
    site = make_release(
        tmp_path, SITE_URL="https://flasky.example", SSL_REDIRECT=True, TRUSTED_PROXY_COUNT=1
    )

    response = fetch(
        site,
        static_url(site, SHEET),
        Accept_Encoding="br",
        X_Forwarded_For="192.0.2.1",
        X_Forwarded_Proto="https",
    )

    assert response.headers["Content-Encoding"] == "br"


def test_headers(site: Flask) -> None:
    response = fetch(site, static_url(site, SHEET), Accept_Encoding="br")

    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert response.headers["Content-Type"].startswith("text/css")
    assert "Set-Cookie" not in response.headers
    for name, value in static_headers(site.config):
        assert response.headers.getlist(name) == [value]


def test_image_is_not_compressed(site: Flask) -> None:
    response = fetch(site, static_url(site, "img/photo.png"), Accept_Encoding="br, gzip")

    assert "Content-Encoding" not in response.headers
    assert response.data.decode() == FILES["img/photo.png"]


def test_http_semantics(site: Flask) -> None:
    path = static_url(site, SHEET)
    full = fetch(site, path, Accept_Encoding="br")

    assert fetch(site, path, "HEAD", Accept_Encoding="br").content_length == len(full.data)
    etag, modified = str(full.headers["ETag"]), str(full.headers["Last-Modified"])
    assert fetch(site, path, If_None_Match=etag).status_code == 304
    assert fetch(site, path, If_Modified_Since=modified).status_code == 304
    assert fetch(site, path, If_Modified_Since="the day before").status_code == 200
    part = fetch(site, path, Range="bytes=0-0", Accept_Encoding="br")
    assert (part.status_code, part.data) == (206, fetch(site, path).data[:1])
    assert {"GET", "HEAD"} <= set(fetch(site, path, "OPTIONS").allow)
    post = fetch(site, path, "POST")
    assert (post.status_code, post.headers["X-Frame-Options"]) == (405, "DENY")


def test_references_in_collected_files_are_collected(site: Flask) -> None:
    path = static_url(site, SHEET)
    shutil.rmtree(str(site.static_folder))  # only collected files remain
    sheet = fetch(site, path)
    image_path = re.search(rb"\.\.(/img/dot\.[0-9a-f]{12}\.svg)", sheet.data)

    assert image_path is not None
    image = fetch(site, f"/static{image_path[1].decode()}")
    assert image.data.decode() == FILES["img/dot.svg"]


@pytest.mark.parametrize("started", ["before collect", "after collect"])
def test_new_release_serves_files_of_the_previous_one(tmp_path: Path, started: str) -> None:
    old = make_release(tmp_path)
    collect(old)
    new = make_release(tmp_path, RED)
    collect(new)
    if started == "after collect":
        new = make_release(tmp_path, RED)

    response = fetch(new, static_url(old, SHEET))

    assert b"background" in response.data
    assert response.cache_control.immutable
    assert b"red" in fetch(new, static_url(new, SHEET)).data


def test_range_and_rejected_encoding_of_the_previous_release(tmp_path: Path) -> None:
    old = make_release(tmp_path)
    collect(old)
    path = static_url(old, SHEET)
    content = fetch(old, path).data
    new = make_release(tmp_path, RED)
    collect(new)

    part = fetch(new, path, Range="bytes=5-14", Accept_Encoding="br")
    assert (part.status_code, part.data) == (206, content[5:15])
    plain = fetch(new, path, Accept_Encoding="br;q=0")
    assert (plain.status_code, plain.data) == (200, content)
    assert plain.cache_control.immutable


def test_old_release_serves_files_of_the_next_one(tmp_path: Path) -> None:
    collect(make_release(tmp_path))
    old = make_release(tmp_path)
    new = make_release(tmp_path, RED | {"css/new.css": "b { color: red }"})
    collect(new)

    for name in (SHEET, "css/new.css"):
        response = fetch(old, static_url(new, name))
        assert b"red" in response.data
        assert response.cache_control.immutable


def test_flask_answers_if_a_collected_file_was_deleted(site: Flask) -> None:
    path = static_url(site, SHEET)
    for file in Path(site.config["STATIC_ROOT"]).glob("static/css/*"):
        file.unlink()

    assert fetch(site, path).status_code == 200
    site.static_folder = str(Path(site.config["STATIC_ROOT"]))
    assert fetch(site, path).status_code == 404


def test_other_files_in_static_root_are_not_served(tmp_path: Path, site: Flask) -> None:
    for name in ("notes.txt", "static/notes.txt", "static/.draft"):
        (tmp_path / "collected" / name).write_text("secret")

    for path in (
        "/.lock",
        "/notes.txt",
        "/static/notes.txt",
        "/static/.draft",
        "/static/..%2f.lock",
        "/static/../.lock",
        "/static/css",
        "/static/css/",
    ):
        assert fetch(site, path).status_code == 404, path


def test_http_is_redirected(tmp_path: Path) -> None:
    collect(make_release(tmp_path))
    site = make_release(tmp_path, SSL_REDIRECT=True, SITE_URL="https://flasky.example")
    path = static_url(site, SHEET)

    over_http = fetch(site, path)
    with site.test_client().get(path, base_url="https://flasky.example") as over_https:
        assert over_https.status_code == 200

    assert over_http.status_code == 301
    assert over_http.headers["Location"] == f"https://flasky.example{path}"
