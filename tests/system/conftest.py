"""The site behind nginx, for the tests that only look at it."""

from collections.abc import Iterator

import pytest

from tests.factories import PASSWORD
from tests.system.nginx import Nginx
from tests.system.servers import BIN, Gunicorn, deploy, production, run

PEOPLE = ("ann", "bob", "eve")


@pytest.fixture(scope="session")
def nginx() -> Iterator[Nginx]:
    """nginx, with nothing behind it yet."""
    with Nginx() as running:
        yield running


@pytest.fixture(scope="session")
def environment(nginx: Nginx) -> dict[str, str]:
    """What the site behind `nginx` is started with; its database holds PEOPLE."""
    settings = {
        "FLASKY_PROXIES": 1,
        "STATIC_COLLECTED": nginx.static,
        "RATELIMIT_LOGIN": "1000 per minute",
        "PASSWORD_HASH_METHOD": "scrypt:256:8:1",
    }
    environment = production(nginx.url, f"sqlite:///{nginx.folder}/site.sqlite", **settings)
    deploy(environment)
    commands = [["static", "collect"]]
    commands += [
        ["users", "create", f"{name}@example.com", name, "--password", PASSWORD] for name in PEOPLE
    ]
    for command in commands:
        done = run([str(BIN / "flask"), *command], environment)
        assert done.returncode == 0, done.stderr
    return environment


@pytest.fixture(scope="session")
def site(nginx: Nginx, environment: dict[str, str]) -> Iterator[Gunicorn]:
    """gunicorn behind `nginx`."""
    with Gunicorn(environment, "--workers", "2", bind=f"unix:{nginx.socket}") as running:
        yield running
