"""Files at fixed paths: icons, manifest, robots.txt, and those below /.well-known/."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.support.app_factory import make_app
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

ICONS = {"/favicon.ico": b"\0\0\1\0", "/apple-touch-icon.png": b"\x89PNG"}


@pytest.mark.parametrize("path", ICONS)
def test_icon_is_found_at_its_fixed_path(app: Flask, path: str) -> None:
    response = app.test_client().get(path, follow_redirects=True)

    assert response.status_code == 200
    assert response.data.startswith(ICONS[path])


def test_manifest_has_the_name_and_icons_of_the_site(app: Flask, client: SiteClient) -> None:
    page = client.open("/auth/login")
    http = app.test_client()

    response = http.get("/site.webmanifest")

    assert '<link rel="manifest" href="/site.webmanifest">' in page.html
    assert response.mimetype == "application/manifest+json"
    manifest = json.loads(response.data)
    assert (manifest["name"], manifest["start_url"]) == ("Flasky", "/")
    assert [http.get(icon["src"]).mimetype for icon in manifest["icons"]] == [
        icon["type"] for icon in manifest["icons"]
    ]


def test_robots_may_not_read_accounts_and_the_api(app: Flask) -> None:
    response = app.test_client().get("/robots.txt")

    assert response.mimetype == "text/plain"
    lines = response.text.splitlines()
    assert lines[:4] == [
        "User-agent: *",
        *(f"Disallow: /{path}/" for path in ("admin", "api", "auth")),
    ]
    assert "Sitemap: http://flasky.example/sitemap.xml" in lines  # demo-only


def test_security_txt_has_the_contact_and_has_not_expired() -> None:
    app = make_app(SECURITY_CONTACT="security@example.com")

    response = app.test_client().get("/.well-known/security.txt")

    assert response.mimetype == "text/plain"
    fields = dict(line.split(": ") for line in response.text.splitlines())
    assert fields["Contact"] == "mailto:security@example.com"
    assert fields["Canonical"] == "http://flasky.example/.well-known/security.txt"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=1) < expires - datetime.now(UTC) < timedelta(days=365)


def test_security_txt_without_a_contact_is_404(app: Flask) -> None:
    assert app.test_client().get("/.well-known/security.txt").status_code == 404


def test_password_managers_find_the_form(client: SiteClient, make: Factory) -> None:
    client.log_in(make.user())

    assert client.open("/.well-known/change-password").path == "/auth/change-password"
