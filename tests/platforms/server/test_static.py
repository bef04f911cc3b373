"""Static files of `gunicorn manage:app` in production, without nginx."""

import gzip
import hashlib
import http.client
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest

from app.static_files.collect import write_release
from tests.support.databases import new_sqlite_url
from tests.support.servers import BIN, Gunicorn, connect, deploy, production, run

LINK = re.compile(r'(?:href|src)="((?:/bootstrap)?/static/[^"]+)"')
DECODE = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    environment = production(
        "http://127.0.0.1", new_sqlite_url(tmp_path), STATIC_ROOT=tmp_path / "collected"
    )
    deploy(environment)
    return environment


def collect(environment: dict[str, str]) -> str:
    done = run([str(BIN / "flask"), "static", "collect"], environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def get(
    server: Gunicorn, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = connect(server.bind)
    written = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"Host": "127.0.0.1"} | written)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def links(server: Gunicorn) -> list[str]:
    response, page = get(server, "/")
    assert response.status == 200, server.log
    found = LINK.findall(page.decode())
    assert len(found) > 4
    return found


def test_collected_files_are_served_compressed_and_cached_for_a_year(
    environment: dict[str, str],
) -> None:
    assert " 0 unchanged" in collect(environment)
    with Gunicorn(environment, "--workers", "2", "--preload") as server:
        for path in links(server):
            _response, plain = get(server, path)
            for accepted in ("br", "gzip"):
                response, body = get(server, path, Accept_Encoding=accepted)
                assert response.status == 200
                assert "immutable" in str(response.getheader("Cache-Control"))
                encoding = response.getheader("Content-Encoding")
                if path.endswith(".png"):  # is compressed itself
                    assert (encoding, body) == (None, plain)
                    continue
                assert encoding == accepted, path
                assert DECODE[encoding](body) == plain
                assert response.getheader("Vary") == "Accept-Encoding"
                assert response.getheader("X-Content-Type-Options") == "nosniff"
        path = links(server)[0]
        _response, plain = get(server, path)
        part, body = get(server, path, Range="bytes=0-9", Accept_Encoding="br")
        assert (part.status, body) == (206, plain[:10])
        assert get(server, path, "HEAD")[1] == b""
        assert get(server, path, "POST")[0].status == 405
        assert "flask static collect" not in server.log


def test_site_without_collected_files_works_and_logs_what_to_do(
    environment: dict[str, str],
) -> None:
    with Gunicorn(environment, "--workers", "1") as server:
        for path in links(server):
            response, _body = get(server, path, Accept_Encoding="br")
            assert response.status == 200
            assert response.getheader("Content-Encoding") is None
            assert "immutable" in str(response.getheader("Cache-Control"))
        assert server.log.count("flask static collect") == 1


def test_files_of_the_previous_release_are_still_served(environment: dict[str, str]) -> None:
    content = b"/* previous */\n" * 99
    name = f"static/css/base.{hashlib.sha256(content).hexdigest()[:12]}.css"
    with Gunicorn(environment, "--workers", "1") as server:
        before, _body = get(server, f"/{name}")
        assert (before.status, before.getheader("Cache-Control")) == (200, "no-cache")

        root = Path(environment["STATIC_ROOT"])
        write_release(root, [(name, content)], timedelta(days=1), datetime.now(UTC))
        assert " 1 of earlier releases kept" in collect(environment)

        assert_served_from_root(server, f"/{name}", content)
    with Gunicorn(environment, "--workers", "1") as server:
        assert_served_from_root(server, f"/{name}", content)


def assert_served_from_root(server: Gunicorn, path: str, content: bytes) -> None:
    response, body = get(server, path, Accept_Encoding="br")
    assert "immutable" in str(response.getheader("Cache-Control"))
    assert response.getheader("Content-Encoding") == "br"
    assert brotli.decompress(body) == content
