"""A site whose SITE_URL has a path, behind proxies that remove it and proxies that do not."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, url_for
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from app.mail.messages import site_url
from tests.support.api_client import issue_token
from tests.support.app_factory import make_app_from
from tests.support.databases import clear_database, migrated, new_sqlite_url
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient

HOST = "localhost"  # of the test client
OVER_TLS = {"X-Forwarded-Proto": "https", "Referer": f"https://{HOST}/"}
PREFIXES = ["/blog", "/a/b", "/~ann/my.blog-1"]
URLS = re.compile(r'\b(?:href|src|action|data-path)="(/[^"]*)"')
PUBLIC = ["/", "/auth/login", "/auth/register", "/preferences", "/api/docs", "/missing"]


@pytest.fixture(params=PREFIXES, scope="module")
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def migrated_site(prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = make_app_from(
        "production",
        SITE_URL=f"https://{HOST}{prefix}/",
        DATABASE_URL=new_sqlite_url(tmp_path_factory.mktemp("sub-path")),
        SECRET_KEY="k" * 48,
        PASSWORD_HASH_METHOD="scrypt:256:8:1",
        TRUSTED_PROXY_COUNT="1",
        SSL_REDIRECT="1",
    )
    with migrated(app):
        yield app


@pytest.fixture
def site(migrated_site: Flask) -> Iterator[Flask]:
    yield migrated_site
    clear_database(migrated_site)


@pytest.fixture
def ann(site: Flask) -> UserData:
    return Factory(site).user()


def log_in(site: Flask, user: UserData, path: str = "/auth/login") -> SiteClient:
    client = SiteClient(site, **OVER_TLS)
    fields = {"email": user.email, "password": user.password, "remember_me": "y"}
    assert client.submit(path, fields).status == 200
    return client


def send(site: Flask, path: str, scheme: str = "https", **headers: str) -> Response:
    """Send a request for `path` as a proxy passes it on."""
    environ = create_environ(path, f"http://{HOST}", headers=headers)
    environ |= {"HTTP_X_FORWARDED_PROTO": scheme, "RAW_URI": path}
    body, status, response_headers = run_wsgi_app(site, environ, buffered=True)
    return Response(list(body), status, response_headers)


def test_path_is_served_with_and_without_the_prefix(site: Flask, prefix: str) -> None:
    encoded = f"/%{ord(prefix[1]):02X}{prefix[2:]}"
    for path in ("/", "/auth/login", "/static/favicon.svg", "/healthz", "/api/v1/openapi.json"):
        for sent in (path, prefix + path, encoded + path):
            assert send(site, sent).status_code == 200, sent
    assert send(site, prefix).status_code == 200
    for path in (f"{prefix}x/auth/login", prefix + prefix + "/preferences", f"{prefix}//auth"):
        assert send(site, path).status_code == 404, path


@pytest.mark.slow
def test_every_url_on_every_page_starts_with_the_prefix(
    site: Flask, prefix: str, ann: UserData
) -> None:
    Factory(site).comment(ann, Factory(site).post(ann))  # demo-only
    for client in (SiteClient(site, **OVER_TLS), log_in(site, ann)):
        seen: set[str] = set()
        queue = PUBLIC.copy()
        while queue:
            path = queue.pop()
            page = client.open(path)
            assert page.status == 200 or path == "/missing", path
            for url in URLS.findall(page.html):
                assert f"{url}/".startswith(f"{prefix}/"), (path, url)
                assert f"{prefix}{prefix}" not in url, (path, url)
            links = {urlsplit(urljoin(f"{prefix}/", link)).path for link in page.links} - seen
            seen |= links
            queue += [link for link in links if link.startswith(f"{prefix}/")]
        assert len(seen) > 5


def test_static_files_of_a_page_are_served(site: Flask, prefix: str) -> None:
    html = send(site, f"{prefix}/").get_data(as_text=True)
    files = [url for url in URLS.findall(html) if "/static/" in url]
    assert files
    for url in files:
        for sent in (url, url.removeprefix(prefix)):
            response = send(site, sent)
            assert (response.status_code, response.cache_control.max_age) == (200, 31536000), sent


def test_cookies_are_bound_to_the_prefix(site: Flask, prefix: str, ann: UserData) -> None:
    client = log_in(site, ann)
    client.submit("/preferences", {"theme": "dark", "locale": "en"})

    for name in ("__Secure-session", "__Secure-remember_token", "lang", "theme"):
        cookie = client.client.get_cookie(name, path=prefix)
        assert cookie is not None, name
        assert (cookie.path, cookie.secure) == (prefix, True)
    client.client.delete_cookie("__Secure-session", path=prefix)
    assert client.open("/followed").path == "/followed"
    client.post("/auth/logout")
    assert client.client.get_cookie("__Secure-remember_token", path=prefix) is None


def test_login_leads_back_to_the_page(site: Flask, prefix: str, ann: UserData) -> None:
    client = SiteClient(site, **OVER_TLS)
    page = client.open("/followed")
    assert page.path.startswith(f"{prefix}/auth/login?next=/followed")

    page = client.send(page, {"email": ann.email, "password": ann.password})

    assert page.path == f"{prefix}/followed"
    url = f"/preferences?next={prefix}/followed"
    assert client.submit(url, {"theme": "dark", "locale": "en"}).path == f"{prefix}/followed"
    for unsafe in ("//evil.example", "https://evil.example", "/\\evil.example"):
        url = f"/preferences?next={unsafe}"
        assert client.submit(url, {"theme": "dark", "locale": "en"}).path == f"{prefix}/"


def test_links_outside_of_a_request_have_the_prefix(site: Flask, prefix: str) -> None:
    with site.app_context():
        assert site_url("auth.login") == f"https://{HOST}{prefix}/auth/login"
        assert site_url("main.index") == f"https://{HOST}{prefix}/"


def test_urls_of_the_api_have_the_prefix(site: Flask, prefix: str, ann: UserData) -> None:
    client = site.test_client()
    headers = {"Authorization": f"Bearer {issue_token(site, ann)}", **OVER_TLS}
    Factory(site).post(ann)
    created = client.post("/api/v1/posts/", json={"body": "Hello"}, headers=headers)
    assert created.status_code == 201
    page = client.get("/api/v1/posts/?limit=1", headers=headers).get_json()
    document = client.get("/api/v1/openapi.json", headers=headers).get_json()

    start = f"https://{HOST}{prefix}/api/v1/"
    assert created.headers["Location"].startswith(f"{start}posts/")
    assert page["next_url"].startswith(f"{start}posts/?")
    assert document["servers"] == [{"url": f"{prefix}/api/v1"}]
    for url in (created.headers["Location"], page["next_url"], page["posts"][0]["author_url"]):
        assert send(site, url.removeprefix(f"https://{HOST}")).status_code == 200
    for path in (f"{prefix}/api/v1/missing", f"{prefix}/api/v1/posts/0"):
        response = send(site, path)
        assert (response.status_code, response.mimetype) == (404, "application/problem+json")
        assert json.loads(response.get_data())["status"] == 404


@pytest.mark.parametrize("path", ["/", "/auth/login?next=/x", "/%C3%A9", "/blogger"])
def test_http_is_redirected_to_https(site: Flask, prefix: str, path: str) -> None:
    for sent in (path, prefix + path):
        response = send(site, sent, "http")
        assert response.headers["Location"] == f"https://{HOST}{prefix}{path}"


def test_forwarded_prefix_is_ignored(site: Flask, prefix: str) -> None:
    for value in (prefix, "/other", "//evil.example", "https://evil.example"):
        headers = {"X-Forwarded-Prefix": value, "Script-Name": value}
        html = send(site, f"{prefix}/", **headers).get_data(as_text=True)
        assert f'href="{prefix}/auth/login"' in html
        assert "evil" not in html
        assert "/other" not in html


def test_url_for_uses_the_prefix_in_any_context(site: Flask, prefix: str) -> None:
    with site.test_request_context("/"):
        assert url_for("main.index") == f"{prefix}/"
