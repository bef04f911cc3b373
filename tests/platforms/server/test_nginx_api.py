"""Errors that nginx itself returns to API clients: problem details, like the site's own."""

import base64
import json
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from app.errors.problem_details import MEDIA_TYPE, Problem
from tests.support.factories import PASSWORD
from tests.support.nginx import Nginx
from tests.support.servers import Gunicorn, Response, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

PATH = "/api/v1/posts/"


@pytest.fixture(scope="module")
def alone() -> Iterator[Nginx]:
    """nginx without a site behind it."""
    with Nginx() as nginx:
        yield nginx


def problem(connection: HTTPConnection, **options: Any) -> tuple[Response, Problem]:
    answer = fetch(connection, PATH, **options)
    assert answer.headers["Content-Type"].partition(";")[0] == MEDIA_TYPE, answer.body
    told = Problem.model_validate_json(answer.body)
    assert told.status == answer.status
    assert told.request_id == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    return answer, told


def test_unreachable_site_is_reported_as_json(alone: Nginx) -> None:
    answer, told = problem(alone.connect())

    assert (answer.status, told.error) == (502, "bad gateway")
    assert answer.headers["Retry-After"] == "10"


def test_maintenance_is_reported_as_json(alone: Nginx) -> None:
    alone.maintenance_flag.touch()
    try:
        answer, told = problem(alone.connect())
    finally:
        alone.maintenance_flag.unlink()

    assert (answer.status, told.error) == (503, "service unavailable")
    assert answer.headers["Retry-After"] == "120"


def test_oversize_body_is_rejected_as_json(alone: Nginx) -> None:
    answer, told = problem(alone.connect(), method="POST", body=b" " * (1024 * 1024 + 1))

    assert (answer.status, told.error) == (413, "content too large")


@pytest.mark.parametrize(("path", "kind"), [(PATH, MEDIA_TYPE), ("/auth/login", "text/html")])
def test_oversize_body_is_rejected_over_http_2(alone: Nginx, path: str, kind: str) -> None:
    options = ["--http2", "--cacert", str(alone.folder / "certificate"), "-o", "/dev/null"]
    wanted = ["-w", "%{http_version} %{http_code} %{content_type} %header{x-request-id}"]
    command = ["curl", "-sS", *options, *wanted, "--data-binary", "@-", f"{alone.url}{path}"]
    body = b" " * (1024 * 1024 + 1)
    done = subprocess.run(command, input=body, capture_output=True, check=False)

    version, status, *words = done.stdout.decode().split()
    assert (version, status) == ("2", "413"), done
    assert words[0].startswith(kind)
    assert len(words[-1]) == 32  # our page: nginx's own has no request ID


def test_token_over_http_is_rejected_and_not_redirected(alone: Nginx) -> None:
    headers = {"Authorization": "Bearer x"}
    for method in ("GET", "POST"):
        answer, told = problem(alone.connect_http(), method=method, headers=headers)
        assert (answer.status, told.error) == (403, "forbidden")


def test_error_outside_the_api_is_a_page(alone: Nginx) -> None:
    answer = fetch(alone.connect(), "/api/docs")

    assert answer.status == 502
    assert answer.headers["Content-Type"].startswith("text/html")


def test_request_id_needs_no_json_escaping(alone: Nginx) -> None:
    assert json.loads(fetch(alone.connect(), PATH).body)["detail"].isprintable()


def sent(nginx: Nginx, path: str, token: str = "", body: object = None, **more: str) -> Response:
    """Send JSON to the site behind nginx."""
    headers = {"Content-Type": "application/json", **more}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    method = "GET" if body is None else "POST"
    data = None if body is None else json.dumps(body)
    return fetch(nginx.connect(), path, method=method, headers=headers, body=data)


def test_api_works_behind_nginx(site: Gunicorn, nginx: Nginx) -> None:
    login = base64.b64encode(f"ann@example.com:{PASSWORD}".encode()).decode()
    made = sent(nginx, "/api/v1/tokens/", body={"name": "x"}, Authorization=f"Basic {login}")
    token = json.loads(made.body)["token"]
    assert made.status == 201

    post = sent(nginx, PATH, token, {"body": "Through a proxy"}, **{"Idempotency-Key": "proxy"})
    again = sent(nginx, PATH, token, {"body": "Through a proxy"}, **{"Idempotency-Key": "proxy"})

    assert (post.status, post.body) == (201, again.body)
    assert post.headers["Location"].startswith(f"{nginx.url}/api/v1/posts/")
    path = post.headers["Location"].removeprefix(nginx.url)
    tag = sent(nginx, path, token).headers["ETag"]
    for client in (token, ""):
        assert sent(nginx, path, client, **{"If-None-Match": tag}).status == 304
    stale = {"If-Match": '"stale"', "Authorization": f"Bearer {token}"}
    assert fetch(nginx.connect(), path, "DELETE", headers=stale).status == 412
    for log in (nginx.access_file, nginx.log_file, site.log_file):
        assert token not in log.read_text()
    fetch(
        nginx.connect(), "/api/v1/tokens/", "DELETE", headers={"Authorization": f"Bearer {token}"}
    )
    assert sent(nginx, path, token).status == 401
