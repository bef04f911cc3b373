"""The logs of nginx contain no token of a link in an email, however the path is spelled."""

import re
from collections.abc import Iterator
from functools import partial

import pytest

from tests.support.nginx import HOST, Nginx
from tests.support.servers import eventually, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

TOKEN = "eyJpZCI6MSwic3RhbXAiOiJ4In0.not-for-the-log.0123456789-_abcdefABCDEF"
PATHS = {
    "confirmation": "/auth/confirm/{}",
    "reset": "/auth/reset/{}",
    "change of the email address": "/auth/change-email/{}",
    "another link": "/unsubscribe/{}",
    "query behind the token": "/auth/reset/{0}?next={0}",
    "two slashes": "//auth//reset//{}",
    "dot": "/auth/./reset/{}",
    "dots": "/static/../auth/reset/{}",
    "escaped letter": "/auth/%72eset/{}",
    "escaped upper-case letter": "/auth/%52eset/{}",
    "escaped slashes": "/auth%2Freset%2f{}",
    "upper case": "/AUTH/RESET/{}",
    "slash at the end": "/auth/reset/{}/",
    "more segments": "/auth/reset/{0}/{0}/x",
    "punctuation at the end": "/auth/reset/{}.)",
    "escape at the end": "/auth/reset/{}%20",
    "incomplete escape": "/auth/reset/{}%2",
    "above the root": "/auth/reset/{}/../../../..",
    "parameters": "/auth/reset;x=y/{}",
    "sub-path": "/blog/auth/reset/{}",
    "whole URL": f"https://{HOST}/auth/reset/{{}}",
    "fragment": "/auth/reset/{}#x",
}


@pytest.fixture(scope="module")
def alone() -> Iterator[Nginx]:
    """nginx without a site, which logs an error for every request that it passes on."""
    with Nginx() as nginx:
        yield nginx


def get(nginx: Nginx, path: str) -> None:
    """Request `path` byte for byte, and wait for the response."""
    with nginx.connect_raw() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert connection.recv(65536)


def errors(nginx: Nginx) -> str:
    """Return the error log at the level `error`, which is nginx's default; the tests log more."""
    return "\n".join(re.findall(r"^.*\[(?:error|crit|alert|emerg)\].*$", nginx.log, re.MULTILINE))


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_logs_contain_no_token(alone: Nginx, path: str) -> None:
    entries = len(alone.access())
    get(alone, path.format(TOKEN))
    get(alone, f"/after/{entries}")
    eventually(lambda: len(alone.access()) == entries + 2)
    eventually(lambda: f"GET /after/{entries} " in errors(alone))

    assert "not-for-the-log" not in alone.access_file.read_text()
    assert "not-for-the-log" not in errors(alone)


def test_token_is_replaced_and_other_paths_are_logged(alone: Nginx) -> None:
    paths = {
        f"/auth/reset/{TOKEN}": "/auth/reset/[hidden]",
        "/auth/tokens/12/revocation?x=y": "/auth/tokens/12/revocation",
        "/user/ann": "/user/ann",
    }
    for path, logged in paths.items():
        get(alone, path)
        eventually(partial(is_last_path, alone, logged))


def test_redirect_to_https_logs_no_token(alone: Nginx) -> None:
    answer = fetch(alone.connect_http(), f"/auth/reset/{TOKEN}")

    assert answer.status == 301
    eventually(lambda: alone.access()[-1]["status"] == "301")
    assert "not-for-the-log" not in alone.access_file.read_text() + errors(alone)


def is_last_path(nginx: Nginx, path: str) -> bool:
    return bool(nginx.access()[-1]["path"] == path)
