"""The site behind nginx, for tests that do not change it."""

from collections.abc import Iterator

import pytest

from tests.support.factories import PASSWORD
from tests.support.nginx import Nginx
from tests.support.servers import BIN, Gunicorn, deploy, production, run

USERNAMES = ("ann", "bob", "eve")


@pytest.fixture(scope="session")
def nginx() -> Iterator[Nginx]:
    """nginx, before the site behind it is started."""
    with Nginx() as running:
        yield running


@pytest.fixture(scope="session")
def environment(nginx: Nginx) -> dict[str, str]:
    """The environment of the site behind `nginx`; its database has the users of USERNAMES."""
    settings = {
        "TRUSTED_PROXY_COUNT": 1,
        "STATIC_ROOT": nginx.static,
        "RATELIMIT_LOGIN": "1000 per minute",
        "PASSWORD_HASH_METHOD": "scrypt:256:8:1",
    }
    environment = production(nginx.url, f"sqlite:///{nginx.folder}/site.sqlite", **settings)
    deploy(environment)
    commands = [["static", "collect"]]
    commands += [
        ["users", "create", f"{name}@example.com", name, "--password", PASSWORD]
        for name in USERNAMES
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
