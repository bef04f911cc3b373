"""Applications as in their frameworks' tutorials are deployed unmodified, and lose no request.

All are pushed to the same app, one after the other, so that each replaces one of another kind.
"""

import re
import shutil
import socket
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPException
from pathlib import Path

import pytest

from .hosted_app import HostedApp, load
from .web import get, wait_until
from .workstation import Workstation, connect

CORPUS = Path(__file__).parents[1] / "corpus"
DOMAIN = "corpus.example"
WEBSOCKET = {
    "Host": DOMAIN, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(only_tiny: HostedApp, tmp_path_factory: pytest.TempPathFactory) -> HostedApp:
    """A second app on the server of `tiny`: set up, with the first project deployed."""
    first = {file.name: file for file in (CORPUS / "wsgi").iterdir() if file.is_file()}
    workstation = Workstation(tmp_path_factory.mktemp("corpus"), first)
    only_tiny.server.authorize(workstation.public_key)
    set_up = workstation.set_up(only_tiny.server, "corpus", "--region", "fra", domain=DOMAIN)
    deployed = workstation.hosting("deploy", "--yes")
    return HostedApp("corpus", DOMAIN, only_tiny.server, workstation, set_up, deployed)


def replace_files(workstation: Workstation, name: str) -> None:
    """Commit a project of the corpus instead of what is there."""
    workstation.git("rm", "-r", "-f", "--quiet", "--ignore-unmatch", ".")
    shutil.copytree(CORPUS / name, workstation.clone, dirs_exist_ok=True)
    workstation.commit(name)


def body(app: HostedApp, path: str, **headers: str) -> str:
    """Return the text of a page."""
    with closing(connect(app.server)) as connection:
        return get(connection, path, headers={"Host": DOMAIN, **headers}).body.decode()


def responds(app: HostedApp) -> bool:
    """Return True if the plain WSGI project responds."""
    try:
        return body(app, "/") == "Hello, World!\n"
    except (OSError, HTTPException):
        return False


def check_wsgi(app: HostedApp) -> None:
    assert body(app, "/") == "Hello, World!\n"


def check_flask(app: HostedApp) -> None:
    assert "Hello, World!" in body(app, "/")
    assert body(app, "/static/style.css") == "h1 { color: navy }\n"


def check_fastapi(app: HostedApp) -> None:
    keys = [body(app, "/me", **{"X-API-Key": name}) for name in ("alice", "bob")]
    assert keys == ['{"key":"alice"}', '{"key":"bob"}']
    with closing(connect(app.server)) as connection:
        connection.request("GET", "/ws", headers=WEBSOCKET)
        assert connection.getresponse().status == 101


def check_starlette(app: HostedApp) -> None:
    with closing(connect(app.server)) as connection:
        connection.request("GET", "/events", headers={"Host": DOMAIN})
        # The response has no end: events arrive one by one.
        assert connection.getresponse().readline() == b"data: 0\n"


def check_django(app: HostedApp) -> None:
    match = re.search("src=(/static/logo.[0-9a-f]+.svg)", body(app, "/"))
    assert match
    assert "<circle" in body(app, match[1])


def check_monorepo(app: HostedApp) -> None:
    assert "<rect" in body(app, "/assets/logo.svg")
    with closing(connect(app.server)) as connection:
        connection.request("POST", "/upload", headers={"Host": DOMAIN}, body=bytes(1 << 20))
        assert connection.getresponse().read() == b"1048576"
    with closing(connect(app.server)) as connection:
        connection.putrequest("POST", "/upload", skip_host=True)
        connection.putheader("Host", DOMAIN)
        connection.putheader("Content-Length", str(3 << 20))
        connection.endheaders()
        assert connection.getresponse().status == 413


PROJECTS: dict[str, Callable[[HostedApp], None]] = {
    "fastapi": check_fastapi, "flask": check_flask, "starlette": check_starlette,
    "django": check_django, "wsgi": check_wsgi,
}  # fmt: skip


def test_projects_are_deployed_unmodified_without_downtime(corpus: HostedApp) -> None:
    with load(corpus) as clients:
        for name, check in PROJECTS.items():
            replace_files(corpus.workstation, name)
            done = corpus.workstation.git("push", "fra", "HEAD:main")
            check(corpus)
            print(name, re.findall(r"([\d.]+)s Release", done.stdout))

    assert {sample.outcome for sample in clients.samples} == {"200"}
    print(len(clients.samples), "requests")


def test_settings_of_a_directory_are_used(corpus: HostedApp) -> None:
    # Not under load: nginx is reloaded, which closes idle connections.
    replace_files(corpus.workstation, "monorepo")
    corpus.workstation.git("push", "fra", "HEAD:main")

    assert body(corpus, "/") == "Hello, World!"
    check_monorepo(corpus)


REFUSED = {
    "wrong port": (
        {"Procfile": "web: gunicorn --bind 127.0.0.1:8765 hello:application\n"},
        r"listens on .*127\.0\.0\.1:8765; let the `web` process .* listen on .* \$PORT",
    ),
    "no address": (
        {"Procfile": "web: sleep 1000\n", "hosting.toml": "health-check-timeout = 3\n"},
        "listens on no address",
    ),
    "missing Python": ({".python-version": "3.99\n"}, "asks for Python 3.99; the server has 3."),
}  # fmt: skip


@pytest.fixture
def wsgi(corpus: HostedApp) -> HostedApp:
    """The plain WSGI project is live; changes are reset before the test."""
    replace_files(corpus.workstation, "wsgi")
    if not responds(corpus):
        corpus.workstation.git("push", "fra", "HEAD:main")
    return corpus


@pytest.mark.parametrize(("files", "reason"), REFUSED.values(), ids=REFUSED)
def test_broken_contract_is_refused(wsgi: HostedApp, files: dict[str, str], reason: str) -> None:
    wsgi.workstation.commit("Broken", files)

    done = wsgi.workstation.git("push", "fra", "HEAD:main", check=False)

    assert done.returncode
    assert re.search(reason, done.stdout), done.stdout
    assert body(wsgi, "/") == "Hello, World!\n"


def test_unknown_host_gets_no_site(corpus: HostedApp) -> None:
    ports = (corpus.server.ports[80], corpus.server.ports[443])
    with socket.create_connection(("127.0.0.1", ports[0])) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: unknown.example\r\n\r\n")
        assert plain.recv(100) == b""
    with closing(connect(corpus.server)) as connection, pytest.raises(ConnectionError):
        get(connection, "/", headers={"Host": "unknown.example"})


def test_release_on_a_port_starts_after_reboot(wsgi: HostedApp, only_tiny: HostedApp) -> None:
    record = wsgi.server.root("cat $(readlink /srv/corpus/state/current)/release.json")
    assert '"forwarded": true' in record

    wsgi.server.cut_power()

    wait_until(lambda: responds(wsgi) and only_tiny.is_ready(), "both sites respond")
