"""Static files can be kept by browsers, and are asked for again when they change."""

import os
import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app, db


@pytest.fixture
def site() -> Flask:
    return create_app("testing")


def addresses(site: Flask) -> list[str]:
    page = site.test_client().get("/auth/login").get_data(as_text=True)
    return re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg)[^"]*)"', page)


def fetch(site: Flask, address: str) -> TestResponse:
    """Return the answer, read to its end: a file that is sent stays open until then."""
    response = site.test_client().get(address)
    response.get_data()
    response.close()
    return response


def test_every_static_file_of_a_page_may_be_kept_for_a_year(site: Flask) -> None:
    found = addresses(site)
    assert any("bootstrap" in address for address in found)
    for address in found:
        response = fetch(site, address)
        assert response.status_code == 200, address
        assert response.cache_control.immutable, address
        assert response.cache_control.max_age == 365 * 24 * 3600, address
        assert "Set-Cookie" not in response.headers


def test_a_static_file_without_digest_is_asked_for_again(site: Flask) -> None:
    response = fetch(site, "/static/favicon.svg")
    assert not response.cache_control.immutable
    assert not response.cache_control.max_age


def test_a_changed_file_has_another_address(site: Flask, tmp_path: Path) -> None:
    site.static_folder = str(tmp_path)
    style = tmp_path / "style.css"

    def address() -> str:
        with site.test_request_context():
            return site.url_for("static", filename="style.css")

    style.write_text("one")
    before = address()
    style.write_text("two")
    os.utime(style, ns=(1, 1))
    assert address() != before


def test_a_missing_file_has_a_plain_address_and_is_not_found(site: Flask) -> None:
    with site.test_request_context():
        assert site.url_for("static", filename="no.css") == "/static/no.css"
    assert site.test_client().get("/static/no.css").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/static/nothing.css?v=1", "/static/favicon.svg?v=1", "/?v=1", "/static/favicon.svg?v="],
)
def test_nothing_is_kept_under_an_address_that_does_not_fit(site: Flask, path: str) -> None:
    with site.app_context():
        db.create_all()
        response = fetch(site, path)
        db.drop_all()
    assert not response.cache_control.immutable
    assert not response.cache_control.public
