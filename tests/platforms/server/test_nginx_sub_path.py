"""The site at a path, with deploy/nginx/flasky/sub_path.conf and gunicorn."""

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from tests.support.factories import PASSWORD
from tests.support.nginx import Nginx
from tests.support.servers import (
    BIN,
    Gunicorn,
    Response,
    deploy,
    eventually,
    fetch,
    flask,
    production,
    run,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx-sub-path")]

OTHER_SITE = "location / { return 200 other; }"
CONFIGURATIONS = {
    "sub_path.conf": "include flasky/sub_path.conf;",
    "proxy that removes the path": """
        location /blog/ {
            rewrite ^/blog(/.*) $1 break;
            include flasky/proxy.conf;
        }
    """,
}


@pytest.fixture(params=CONFIGURATIONS, scope="module")
def nginx(request: pytest.FixtureRequest) -> Iterator[Nginx]:
    """nginx with the site at /blog and another one at /."""
    nginx = Nginx()
    configuration = nginx.folder / "flasky.conf"
    head, _, _locations = configuration.read_text().rpartition("include flasky/probes.conf;")
    location = CONFIGURATIONS[request.param]
    configuration.write_text(f"{head}{OTHER_SITE}\n{location}\n}}\n")
    with nginx:
        yield nginx


@pytest.fixture(scope="module", autouse=True)
def site(nginx: Nginx) -> Iterator[Gunicorn]:
    """gunicorn behind `nginx`, also with the environment variable of other applications."""
    environment = production(
        f"{nginx.url}/blog",
        f"sqlite:///{nginx.folder}/site.sqlite",
        TRUSTED_PROXY_COUNT=1,
        STATIC_ROOT=nginx.static,
        SCRIPT_NAME="/blog",
    )
    deploy(environment)
    flask(environment, "static", "collect")
    flask(environment, "users", "create", "ann@example.com", "ann", "--password", PASSWORD)
    bind = f"unix:{nginx.socket}"
    with Gunicorn(environment, "--workers", "1", bind=bind) as gunicorn:
        yield gunicorn


def get(nginx: Nginx, path: str, **headers: str) -> Response:
    return fetch(nginx.connect(), path, headers=headers)


def test_configuration_is_accepted(nginx: Nginx) -> None:
    assert "test is successful" in nginx.config_test()
    assert "warn" not in nginx.config_test()


def test_only_the_path_belongs_to_the_site(nginx: Nginx, site: Gunicorn) -> None:
    for path in ("/", "/auth/login", "/blogger", "/static/favicon.svg"):
        assert get(nginx, path).body == b"other", path
    assert get(nginx, "/blog").headers["Location"] in {"/blog/", f"{nginx.url}/blog/"}
    for path in ("/healthz", "/blog/healthz"):
        assert fetch(site.connect(), path).status == 200, path
    for path in ("/blog/nowhere", "/blog/api/v1/nowhere", "/blog/static/x.css"):
        assert get(nginx, path).status == 404, path


def test_static_files_are_served_compressed(nginx: Nginx) -> None:
    page = get(nginx, "/blog/").body.decode()
    files = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg))"', page)
    assert len(files) > 6
    for file in files:
        response = get(nginx, file, **{"Accept-Encoding": "gzip"})
        assert response.status == 200, file
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["Content-Encoding"] == "gzip" or len(response.body) < 1000


def test_login_sets_cookies_for_the_path_and_leads_back(nginx: Nginx) -> None:
    login = "/blog/auth/login?next=/followed"
    assert get(nginx, "/blog/followed").headers["Location"] == login
    page = get(nginx, login)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.body.decode())
    assert token is not None
    fields = {"email": "ann@example.com", "password": PASSWORD, "csrf_token": token[1]}
    response = fetch(
        nginx.connect(),
        login,
        "POST",
        body=urlencode(fields | {"next": "/followed", "remember_me": "y"}),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookies(page),
            "Referer": nginx.url + login,
        },
    )

    assert response.headers["Location"] == "/blog/followed", response.body
    morsels = SimpleCookie("; ".join(response.headers.get_all("Set-Cookie", [])))
    for name in ("__Secure-session", "__Secure-remember_token"):
        assert (morsels[name]["path"], morsels[name]["secure"]) == ("/blog", True)
    assert get(nginx, "/blog/followed", Cookie=cookies(response)).status == 200
    error = get(nginx, "/blog/nowhere", Cookie=cookies(response)).body.decode()
    assert 'href="/blog/user/ann"' in error


def cookies(response: Response) -> str:
    """Return the Cookie header that a browser sends after `response`."""
    values = response.headers.get_all("Set-Cookie") or []
    return "; ".join(value.partition(";")[0] for value in values)


def test_tokens_in_links_are_not_logged(nginx: Nginx) -> None:
    get(nginx, f"/blog/auth/reset/{'planted' * 10}?x")

    eventually(lambda: nginx.access()[-1]["path"] == "/blog/auth/reset/[hidden]")


def test_urls_of_the_api_have_the_path(nginx: Nginx) -> None:
    document = get(nginx, "/blog/api/v1/openapi.json")
    assert b'"/blog/api/v1"' in document.body
    response = get(nginx, "/blog/api/v1/users/1")
    assert f'"{nginx.url}/blog/api/v1/users/1"'.encode() in response.body


def test_script_name_that_differs_from_site_url_is_refused() -> None:
    environment = production("https://example.com/a", "sqlite:////x", SCRIPT_NAME="/blog")

    completed = run([str(BIN / "gunicorn"), "manage:app"], environment)

    assert completed.returncode == 3
    assert completed.stderr.endswith("SCRIPT_NAME is set: add this path to SITE_URL instead.\n")
