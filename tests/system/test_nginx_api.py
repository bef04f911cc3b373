"""What nginx says itself to programs: JSON, in the shape that the site's own errors have."""

import base64
import json
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from app.problems import MEDIA_TYPE, Problem
from tests.factories import PASSWORD
from tests.system.nginx import Nginx
from tests.system.servers import Answer, Gunicorn, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

PATH = "/api/v1/posts/"


@pytest.fixture(scope="module")
def alone() -> Iterator[Nginx]:
    """nginx without a site behind it."""
    with Nginx() as nginx:
        yield nginx


def problem(connection: HTTPConnection, **options: Any) -> tuple[Answer, Problem]:
    answer = fetch(connection, PATH, **options)
    assert answer.headers["Content-Type"].partition(";")[0] == MEDIA_TYPE, answer.body
    told = Problem.model_validate_json(answer.body)
    assert told.status == answer.status
    assert told.request_id == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    return answer, told


def test_site_that_is_down_is_told_in_json(alone: Nginx) -> None:
    answer, told = problem(alone.connect())

    assert (answer.status, told.error) == (502, "bad gateway")
    assert answer.headers["Retry-After"] == "10"


def test_maintenance_is_told_in_json(alone: Nginx) -> None:
    alone.flag.touch()
    try:
        answer, told = problem(alone.connect())
    finally:
        alone.flag.unlink()

    assert (answer.status, told.error) == (503, "service unavailable")
    assert answer.headers["Retry-After"] == "120"


def test_oversize_body_is_refused_in_json(alone: Nginx) -> None:
    answer, told = problem(alone.connect(), method="POST", body=b" " * (1024 * 1024 + 1))

    assert (answer.status, told.error) == (413, "content too large")


@pytest.mark.parametrize(("path", "kind"), [(PATH, MEDIA_TYPE), ("/auth/login", "text/html")])
def test_oversize_body_is_told_by_http_2_as_well(alone: Nginx, path: str, kind: str) -> None:
    options = ["--http2", "--cacert", str(alone.folder / "certificate"), "-o", "/dev/null"]
    wanted = ["-w", "%{http_version} %{http_code} %{content_type} %header{x-request-id}"]
    command = ["curl", "-sS", *options, *wanted, "--data-binary", "@-", f"{alone.url}{path}"]
    body = b" " * (1024 * 1024 + 1)
    done = subprocess.run(command, input=body, capture_output=True, check=False)

    version, status, *words = done.stdout.decode().split()
    assert (version, status) == ("2", "413"), done
    assert words[0].startswith(kind)
    assert len(words[-1]) == 32  # it is ours: nginx's own says nothing of the request


def test_token_over_plain_http_is_refused_and_not_redirected(alone: Nginx) -> None:
    headers = {"Authorization": "Bearer x"}
    for method in ("GET", "POST"):
        answer, told = problem(alone.connect_plain(), method=method, headers=headers)
        assert (answer.status, told.error) == (403, "forbidden")


def test_page_for_people_stays_a_page(alone: Nginx) -> None:
    answer = fetch(alone.connect(), "/api/docs")

    assert answer.status == 502
    assert answer.headers["Content-Type"].startswith("text/html")


def test_problem_is_made_of_words_that_need_no_escape(alone: Nginx) -> None:
    assert json.loads(fetch(alone.connect(), PATH).body)["detail"].isprintable()


def sent(nginx: Nginx, path: str, token: str = "", body: object = None, **more: str) -> Answer:
    """Send JSON to the site behind nginx."""
    headers = {"Content-Type": "application/json", **more}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    method = "GET" if body is None else "POST"
    data = None if body is None else json.dumps(body)
    return fetch(nginx.connect(), path, method=method, headers=headers, body=data)


def test_program_works_behind_nginx_as_it_does_without(site: Gunicorn, nginx: Nginx) -> None:
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
    for reader in (token, ""):
        assert sent(nginx, path, reader, **{"If-None-Match": tag}).status == 304
    stale = {"If-Match": '"stale"', "Authorization": f"Bearer {token}"}
    assert fetch(nginx.connect(), path, "DELETE", headers=stale).status == 412
    for log in (nginx.access_file, nginx.log_file, site.log_file):
        assert token not in log.read_text()
    fetch(
        nginx.connect(), "/api/v1/tokens/", "DELETE", headers={"Authorization": f"Bearer {token}"}
    )
    assert sent(nginx, path, token).status == 401
