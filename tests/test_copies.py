"""Copies of static files are served compressed, and go on being there for open pages."""

import gzip
import logging
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask

from app.headers import static_headers

from .releases import FILES, address, collect, fetch, release

SHEET = "css/page.css"


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """A process that was started after its release was collected."""
    collect(release(tmp_path))
    return release(tmp_path)


def only_copies(app: Flask) -> Flask:
    """Take the sources away: what is answered now comes from a copy."""
    app.static_folder = None
    return app


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
def test_copy_is_sent_in_an_encoding_that_is_taken(
    site: Flask, accepted: str, encoding: str | None
) -> None:
    path = address(site, SHEET)
    whole = fetch(site, path).data
    response = fetch(site, path, Accept_Encoding=accepted)

    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert response.headers.get("Content-Encoding") == encoding
    assert decode(response.data) == whole
    assert response.cache_control.immutable
    assert response.cache_control.public


def test_copy_says_what_caches_and_browsers_may_do_with_it(site: Flask) -> None:
    response = fetch(site, address(site, SHEET), Accept_Encoding="br")

    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert response.headers["Content-Type"].startswith("text/css")
    assert "Set-Cookie" not in response.headers
    for name, value in static_headers(site.config):
        assert response.headers.getlist(name) == [value]


def test_picture_that_would_not_shrink_is_sent_as_it_is(site: Flask) -> None:
    response = fetch(site, address(site, "img/photo.png"), Accept_Encoding="br, gzip")

    assert "Content-Encoding" not in response.headers
    assert response.data.decode() == FILES["img/photo.png"]


def test_copy_answers_as_http_wants(site: Flask) -> None:
    path = address(site, SHEET)
    whole = fetch(site, path, Accept_Encoding="br")

    assert fetch(site, path, "HEAD", Accept_Encoding="br").content_length == len(whole.data)
    tag, modified = str(whole.headers["ETag"]), str(whole.headers["Last-Modified"])
    assert fetch(site, path, If_None_Match=tag).status_code == 304
    assert fetch(site, path, If_Modified_Since=modified).status_code == 304
    assert fetch(site, path, If_Modified_Since="the day before").status_code == 200
    part = fetch(site, path, Range="bytes=0-0", Accept_Encoding="br")
    assert (part.status_code, part.data) == (206, fetch(site, path).data[:1])
    assert {"GET", "HEAD"} <= set(fetch(site, path, "OPTIONS").allow)
    refused = fetch(site, path, "POST")
    assert (refused.status_code, refused.headers["X-Frame-Options"]) == (405, "DENY")


def test_reference_in_a_copy_leads_to_a_copy(site: Flask) -> None:
    path = address(site, SHEET)
    sheet = fetch(only_copies(site), path)
    found = re.search(rb"\.\.(/img/dot\.[0-9a-f]{12}\.svg)", sheet.data)

    assert found is not None
    picture = fetch(site, f"/static{found[1].decode()}")
    assert picture.data.decode() == FILES["img/dot.svg"]


@pytest.mark.parametrize("started", ["before", "after"])
def test_page_of_an_earlier_release_finds_its_own_file(tmp_path: Path, started: str) -> None:
    old = release(tmp_path)
    collect(old)
    new = release(tmp_path, {SHEET: "p { color: red }"})
    if started == "before":
        collect(new)
    else:
        collect(new)
        new = release(tmp_path, {SHEET: "p { color: red }"})

    response = fetch(new, address(old, SHEET))

    assert b"background" in response.data
    assert response.cache_control.immutable
    assert b"red" in fetch(new, address(new, SHEET)).data


def test_process_of_the_earlier_release_serves_the_files_of_the_next(tmp_path: Path) -> None:
    old = release(tmp_path)
    collect(old)
    old = release(tmp_path)
    new = release(tmp_path, {SHEET: "p { color: red }", "css/new.css": "b { color: red }"})
    collect(new)

    for name in (SHEET, "css/new.css"):
        response = fetch(old, address(new, name))
        assert b"red" in response.data
        assert response.cache_control.immutable


def test_copy_that_is_not_what_its_name_says_is_not_kept(tmp_path: Path) -> None:
    site = release(tmp_path)
    forged = tmp_path / "collected/static/css/page.0123456789ab.css"
    forged.parent.mkdir(parents=True)
    forged.write_text("p { color: red }")

    response = fetch(site, "/static/css/page.0123456789ab.css")

    assert b"background" in response.data
    assert not response.cache_control.immutable


def test_copy_that_was_pruned_meanwhile_is_answered_by_flask(site: Flask) -> None:
    path = address(site, SHEET)
    for copy in Path(site.config["STATIC_COLLECTED"]).glob("static/css/*"):
        copy.unlink()

    assert fetch(site, path).status_code == 200
    site.static_folder = str(Path(site.config["STATIC_COLLECTED"]))
    assert fetch(site, path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/.manifest.json",
        "/.lock",
        "/static/.manifest.json",
        "/static/..%2f.manifest.json",
        "/static/../.manifest.json",
        "/static/css",
        "/static/css/",
    ],
)
def test_nothing_but_copies_is_served(tmp_path: Path, path: str) -> None:
    collect(release(tmp_path))
    assert (tmp_path / "collected/.manifest.json").is_file()

    assert fetch(release(tmp_path), path).status_code == 404


def test_plain_http_is_redirected_for_copies_too(tmp_path: Path) -> None:
    collect(release(tmp_path))
    secure = release(tmp_path, SSL_REDIRECT=True, FLASKY_URL="https://flasky.example")
    path = address(secure, SHEET)

    plain = fetch(secure, path)
    with secure.test_client().get(path, base_url="https://flasky.example") as answered:
        assert answered.status_code == 200

    assert plain.status_code in {301, 308}
    assert plain.headers["Location"] == f"https://flasky.example{path}"


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"left_at": {"a": "soon"}}', "\0"])
def test_damaged_manifest_is_told_and_files_are_served_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, manifest: str
) -> None:
    collect(release(tmp_path))
    (tmp_path / "collected/.manifest.json").write_text(manifest)

    with caplog.at_level(logging.WARNING):
        site = release(tmp_path)

    assert fetch(site, address(site, SHEET)).cache_control.immutable
    assert ".manifest.json cannot be read" in caplog.text
