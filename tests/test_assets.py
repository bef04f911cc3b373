"""Static files can be kept by browsers, and have another address when they change."""

import logging
import re
from pathlib import Path

import pytest
from flask import Blueprint, Flask

from .addresses import ADDRESSES, PAGE
from .cast import Cast
from .factories import Factory
from .reader import Reader
from .releases import address, fetch, release
from .settings import make_app

A_YEAR = 365 * 24 * 3600
LINK = re.compile(r'(?:href|src)="((?:/bootstrap)?/static/[^"]+)"')
REFERENCE = re.compile(rb'url\("?(\.\./[^")]+)')
OLD = "0123456789ab"
READ = [entry for entry in ADDRESSES if entry.method == "GET"]


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    return release(tmp_path)


def assert_kept_for_a_year(app: Flask, path: str) -> None:
    response = fetch(app, path)
    assert response.status_code == 200, path
    assert response.cache_control.immutable, path
    assert response.cache_control.public, path
    assert response.cache_control.max_age == A_YEAR, path
    assert not response.cache_control.no_cache, path


def test_every_static_file_of_every_page_may_be_kept_for_a_year(app: Flask, make: Factory) -> None:
    cast = Cast(app, make)
    found: set[str] = set()
    for kind in ("anonymous", "author", "administrator"):
        client, _token = cast.enter(kind)
        for entry in READ:
            if entry.outcomes[kind] == PAGE and not entry.endpoint.endswith("static"):
                page = client.get(cast.path(entry)).get_data(as_text=True)
                found.update(LINK.findall(page))

    assert any(path.startswith("/bootstrap/static/css/bootstrap.min.") for path in found)
    assert len(found) > 15
    for path in found:
        assert_kept_for_a_year(app, path)


def test_pictures_of_style_sheets_may_be_kept_for_a_year() -> None:
    app = make_app()
    sheets = [address(app, f"css/{name}.css") for name in ("forms", "dark")]
    pictures = [found for sheet in sheets for found in REFERENCE.findall(fetch(app, sheet).data)]

    assert len(pictures) == 3
    for picture in pictures:
        assert_kept_for_a_year(app, picture.decode().replace("..", "/static"))


def test_changed_file_has_another_address(tmp_path: Path) -> None:
    before = release(tmp_path)
    after = release(tmp_path, {"css/page.css": "p { color: red }"})

    assert address(after, "css/page.css") != address(before, "css/page.css")
    assert address(after, "img/photo.png") == address(before, "img/photo.png")


def test_address_of_another_release_answers_with_the_present_file_that_is_not_kept(
    site: Flask,
) -> None:
    response = fetch(site, f"/static/css/page.{OLD}.css")

    assert response.data == fetch(site, address(site, "css/page.css")).data
    assert response.cache_control.no_cache
    assert not response.cache_control.immutable
    assert not response.cache_control.max_age


@pytest.mark.parametrize("query", ["", "?v=1", "?v="])
def test_plain_name_is_asked_for_again_each_time(site: Flask, query: str) -> None:
    first = fetch(site, f"/static/css/page.css{query}")
    again = fetch(site, f"/static/css/page.css{query}", If_None_Match=str(first.headers["ETag"]))

    assert first.status_code == 200
    assert first.cache_control.no_cache
    assert not first.cache_control.immutable
    assert (again.status_code, again.data) == (304, b"")


def test_missing_file_has_a_plain_address(site: Flask) -> None:
    assert address(site, "no.css") == "/static/no.css"


MISSING = {
    "missing": "/static/no.css",
    "missing with a digest": f"/static/no.{OLD}.css",
    "folder": "/static/css",
    "folder with slash": "/static/css/",
    "nothing": "/static/",
    "outside": "/static/../release-0/static/css/page.css",
    "outside, encoded": "/static/..%2f..%2frelease-0%2fstatic%2fcss%2fpage.css",
    "outside, with a digest": f"/static/..%2f..%2fcollected/secret.{OLD}.css",
    "backslash": "/static/css%5cpage.css",
    "another way to write it": "/static/css/./page.css",
    "two slashes": "/static/css//page.css",
    "too long": f"/static/{'x' * 3000}",
    "too long, with a digest": f"/static/{'x' * 3000}.{OLD}.css",
    "Bootstrap's missing": "/bootstrap/static/no.css",
}


@pytest.mark.parametrize("path", MISSING.values(), ids=MISSING)
def test_what_is_no_static_file_is_not_found(app: Flask, path: str) -> None:
    response = fetch(app, path)

    assert response.status_code == 404
    assert not response.cache_control.public
    assert not response.cache_control.immutable


@pytest.mark.parametrize("path", ["/static/css/page%00.css", f"/static/css/%00.{OLD}.css"])
def test_name_with_a_nul_is_refused(app: Flask, path: str) -> None:
    assert fetch(app, path).status_code == 400


@pytest.mark.parametrize("hashed", [False, True], ids=["plain", "hashed"])
def test_file_answers_as_http_wants(site: Flask, hashed: bool) -> None:
    path = address(site, "css/page.css") if hashed else "/static/css/page.css"
    whole = fetch(site, path)
    size = len(whole.data)

    head = fetch(site, path, "HEAD")
    assert (head.status_code, head.data, head.content_length) == (200, b"", size)
    part = fetch(site, path, Range="bytes=0-0")
    assert (part.status_code, part.data) == (206, whole.data[:1])
    assert part.headers["Content-Range"] == f"bytes 0-0/{size}"
    beyond = fetch(site, path, Range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    modified = str(whole.headers["Last-Modified"])
    assert fetch(site, path, If_Modified_Since=modified).status_code == 304
    assert fetch(site, path, If_None_Match='"other"').status_code == 200
    assert {"GET", "HEAD"} <= set(fetch(site, path, "OPTIONS").allow)
    assert whole.headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_static_files_can_only_be_read(site: Flask, method: str) -> None:
    assert fetch(site, address(site, "css/page.css"), method).status_code == 405


def test_static_folder_of_a_blueprint_gets_digests_too(site: Flask, tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps/world.svg").write_text("<svg/>")
    maps = Blueprint("maps", __name__, static_folder=tmp_path / "maps", static_url_path="/maps")
    site.register_blueprint(maps)

    with site.test_request_context():
        path = site.url_for("maps.static", filename="world.svg")

    assert re.fullmatch(r"/maps/world\.[0-9a-f]{12}\.svg", path)
    assert_kept_for_a_year(site, path)


def warnings_of(
    app: Flask, caplog: pytest.LogCaptureFixture, server: str, *paths: str
) -> list[str]:
    for path in paths:
        app.test_client().get(path, environ_overrides={"SERVER_SOFTWARE": server}).close()
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_server_that_sends_files_by_itself_says_once_how_to_do_better(
    site: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    path = address(site, "css/page.css")

    [warning] = warnings_of(site, caplog, "gunicorn/27.0.0", path, path)

    assert "flask static collect" in warning


def test_development_server_does_not_ask_for_copies(
    site: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    path = address(site, "css/page.css")

    assert warnings_of(site, caplog, "Werkzeug/3.1.0", path) == []


@pytest.mark.parametrize("name", ["css/base.css", f"css/base.{OLD}.css"])
def test_static_file_is_the_same_for_everyone(
    app: Flask, make: Factory, reader: Reader, name: str
) -> None:
    reader.log_in(make.user())

    for path in (f"/static/{name}", address(app, "css/base.css")):
        with reader.client.get(path) as response:
            assert response.status_code == 200
            assert "Vary" not in response.headers
            assert "Set-Cookie" not in response.headers
