"""URLs of static files have a content hash, and are cached for a year."""

import logging
import re
from pathlib import Path

import pytest
from flask import Blueprint, Flask

from tests.support.app_factory import make_app
from tests.support.endpoints import ENDPOINTS, OK
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.releases import fetch, make_release, static_url
from tests.support.roles import ExampleSite

ONE_YEAR = 365 * 24 * 3600
LINK = re.compile(r'(?:href|src)="((?:/bootstrap)?/static/[^"]+)"')
CSS_URL = re.compile(rb'url\("?(\.\./[^")]+)')
OTHER_HASH = "0123456789ab"


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    return make_release(tmp_path)


def assert_cached_for_a_year(app: Flask, path: str) -> None:
    response = fetch(app, path)
    assert response.status_code == 200, path
    assert response.cache_control.immutable, path
    assert response.cache_control.public, path
    assert response.cache_control.max_age == ONE_YEAR, path
    assert not response.cache_control.no_cache, path


@pytest.mark.slow
def test_static_files_of_all_pages_are_cached_for_a_year(app: Flask, make: Factory) -> None:
    example = ExampleSite(app, make)
    paths: set[str] = set()
    for role in ("anonymous", "author", "administrator"):
        client, _token = example.log_in(role)
        for endpoint in ENDPOINTS:
            is_page = endpoint.method == "GET" and not endpoint.name.endswith("static")
            if is_page and endpoint.outcomes[role] == OK:
                page = client.get(example.path(endpoint)).get_data(as_text=True)
                paths.update(LINK.findall(page))

    assert any(path.startswith("/bootstrap/static/css/bootstrap.min.") for path in paths)
    assert len(paths) > 6
    for path in paths:
        assert_cached_for_a_year(app, path)


def test_images_in_style_sheets_are_cached_for_a_year() -> None:
    app = make_app()
    sheets = [static_url(app, f"css/{name}.css") for name in ("forms", "dark")]
    images = [image for sheet in sheets for image in CSS_URL.findall(fetch(app, sheet).data)]

    assert len(images) == 3
    for image in images:
        assert_cached_for_a_year(app, image.decode().replace("..", "/static"))


def test_changed_file_has_another_url(tmp_path: Path) -> None:
    before = make_release(tmp_path)
    after = make_release(tmp_path, {"css/page.css": "p { color: red }"})

    assert static_url(after, "css/page.css") != static_url(before, "css/page.css")
    assert static_url(after, "img/photo.png") == static_url(before, "img/photo.png")


def test_url_of_another_release_returns_the_current_file_uncached(site: Flask) -> None:
    response = fetch(site, f"/static/css/page.{OTHER_HASH}.css")

    assert response.data == fetch(site, static_url(site, "css/page.css")).data
    assert response.cache_control.no_cache
    assert not response.cache_control.immutable
    assert not response.cache_control.max_age


@pytest.mark.parametrize("query", ["", "?v=1"])
def test_url_without_hash_is_revalidated(site: Flask, query: str) -> None:
    first = fetch(site, f"/static/css/page.css{query}")
    again = fetch(site, f"/static/css/page.css{query}", If_None_Match=str(first.headers["ETag"]))

    assert first.status_code == 200
    assert first.cache_control.no_cache
    assert not first.cache_control.immutable
    assert (again.status_code, again.data) == (304, b"")


def test_url_of_a_missing_file_has_no_hash(site: Flask) -> None:
    assert static_url(site, "no.css") == "/static/no.css"


def test_other_paths_are_not_found(app: Flask) -> None:
    for path in (
        "/static/no.css",
        f"/static/no.{OTHER_HASH}.css",
        "/static/css",
        "/static/css/",
        "/static/",
        "/static/../release-0/static/css/page.css",
        "/static/..%2f..%2frelease-0%2fstatic%2fcss%2fpage.css",
        f"/static/..%2f..%2fcollected/secret.{OTHER_HASH}.css",
        "/static/css%5cpage.css",
        "/static/css/./page.css",
        "/static/css//page.css",
        f"/static/{'x' * 3000}",
        f"/static/{'x' * 3000}.{OTHER_HASH}.css",
        "/bootstrap/static/no.css",
    ):
        response = fetch(app, path)

        assert response.status_code == 404, path
        assert not response.cache_control.public, path
        assert not response.cache_control.immutable, path


def test_name_with_a_nul_is_rejected(app: Flask) -> None:
    for path in ("/static/css/page%00.css", f"/static/css/%00.{OTHER_HASH}.css"):
        assert fetch(app, path).status_code == 400


@pytest.mark.parametrize("hashed", [False, True], ids=["plain", "hashed"])
def test_http_semantics(site: Flask, hashed: bool) -> None:
    path = static_url(site, "css/page.css") if hashed else "/static/css/page.css"
    full = fetch(site, path)
    size = len(full.data)

    head = fetch(site, path, "HEAD")
    assert (head.status_code, head.data, head.content_length) == (200, b"", size)
    part = fetch(site, path, Range="bytes=0-0")
    assert (part.status_code, part.data) == (206, full.data[:1])
    assert part.headers["Content-Range"] == f"bytes 0-0/{size}"
    beyond = fetch(site, path, Range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    modified = str(full.headers["Last-Modified"])
    assert fetch(site, path, If_Modified_Since=modified).status_code == 304
    assert fetch(site, path, If_None_Match='"other"').status_code == 200
    assert {"GET", "HEAD"} <= set(fetch(site, path, "OPTIONS").allow)
    for method in ("POST", "PUT", "DELETE"):
        assert fetch(site, path, method).status_code == 405
    assert full.headers["Content-Type"] == "text/css; charset=utf-8"


def test_static_files_of_a_blueprint_have_a_hash(site: Flask, tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps/world.svg").write_text("<svg/>")
    maps = Blueprint("maps", __name__, static_folder=tmp_path / "maps", static_url_path="/maps")
    site.register_blueprint(maps)

    with site.test_request_context():
        path = site.url_for("maps.static", filename="world.svg")

    assert re.fullmatch(r"/maps/world\.[0-9a-f]{12}\.svg", path)
    assert_cached_for_a_year(site, path)


@pytest.mark.parametrize(
    ("server", "expected"), [("gunicorn/27.0.0", 1), ("Werkzeug/3.1.0", 0)], ids=str
)
def test_production_server_warns_once_if_files_are_not_collected(
    site: Flask, caplog: pytest.LogCaptureFixture, server: str, expected: int
) -> None:
    path = static_url(site, "css/page.css")
    for _ in range(2):
        site.test_client().get(path, environ_overrides={"SERVER_SOFTWARE": server}).close()

    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == expected
    assert all("flask static collect" in record.getMessage() for record in warnings)


def test_static_files_do_not_depend_on_the_session(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user())
    plain, other = "/static/css/base.css", f"/static/css/base.{OTHER_HASH}.css"

    for path in (plain, other, static_url(app, "css/base.css")):
        with client.client.get(path) as response:
            assert response.status_code == 200
            assert "Vary" not in response.headers
            assert "Set-Cookie" not in response.headers
