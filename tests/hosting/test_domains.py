"""A site gets a name of its own, and a certificate for it that is renewed."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from threading import Event, Thread

import pytest

from tests.containers.bare import Bare
from tests.containers.engine import Done
from tests.system.servers import eventually

from . import authority
from .hosted import Hosted
from .laptop import ask

NAME = "tiny.example"
OLD = "a-name-until-there-is-a-better-one-and-a-long-one.example"
ELSEWHERE = "elsewhere.example"
CERTBOTS = "/etc/letsencrypt/live/tiny/fullchain.pem"


@pytest.fixture(scope="module")
def root(only_tiny: Hosted) -> str:
    """The certificate of an authority, which finds the server by the name of its site."""
    found = f"127.0.0.1 {NAME}\n255.255.255.255 {ELSEWHERE}\n"
    only_tiny.server.root("cat >>/etc/hosts", said=found)
    return authority.start(only_tiny.server)


def add(tiny: Hosted, name: str, *, check: bool = True) -> Done:
    return tiny.laptop.hosting("domains", "add", name, "--server", authority.URL, check=check)


def set_up_again(tiny: Hosted) -> str:
    return tiny.laptop.set_up(tiny.server, "tiny", "--region", "sjc", domain="").stdout


def is_believed(server: Bare, name: str, root: str) -> bool:
    try:
        return bool(authority.number(server, name, root))
    except ssl.SSLCertVerificationError:
        return False


def status(server: Bare, name: str) -> int:
    try:
        return ask(server, "/auth/", name).status  # nothing below is kept by nginx
    except (OSError, HTTPException):
        return 0


@contextmanager
def visited(server: Bare, *names: str) -> Iterator[list[list[int]]]:
    """Let somebody try one name after the other, again and again; note what is answered."""
    rounds: list[list[int]] = []
    over = Event()

    def visit() -> None:
        while not over.wait(0.05):
            rounds.append([status(server, name) for name in names])

    visiting = Thread(target=visit)
    visiting.start()
    try:
        yield rounds
    finally:
        over.set()
        visiting.join()


def test_certificate_is_one_that_browsers_believe(tiny: Hosted, root: str) -> None:
    assert not is_believed(tiny.server, NAME, root)

    add(tiny, NAME)

    eventually(lambda: is_believed(tiny.server, NAME, root), "nginx shows it")
    doctor = tiny.laptop.hosting("doctor", check=False).stdout
    assert "ok       certificate is one that browsers believe" in doctor


def test_old_name_is_answered_until_the_new_one_is(tiny: Hosted, root: str) -> None:
    server, releases = tiny.server, "/srv/tiny/releases"
    before = server.root(f"cat {CERTBOTS}")
    tiny.laptop.set_up(server, "tiny", "--region", "sjc", domain=OLD)
    tiny.laptop.hosting("restart")
    assert not is_believed(server, OLD, root)

    with visited(server, OLD, NAME) as rounds:
        eventually(lambda: rounds, "somebody visits it")
        server.root(f"chmod 500 {releases}")
        stopped = add(tiny, NAME, check=False)
        server.root(f"chmod 700 {releases}")
        at_rest = [status(server, name) for name in (OLD, NAME)]
        add(tiny, NAME)

    assert "release that knows tiny.example could not be done" in stopped.stdout
    assert at_rest == rounds[0] == [200, 400]
    assert [status(server, name) for name in (OLD, NAME)] == [400, 200]
    assert [one for one in rounds if 200 not in one] == []
    assert server.root(f"cat {CERTBOTS}") == before
    assert is_believed(server, NAME, root)
    assert f"https://{NAME}\n" in tiny.laptop.hosting("regions").stdout


def test_doing_it_again_changes_nothing(tiny: Hosted, root: str) -> None:
    added = add(tiny, NAME).stdout.splitlines()

    lines = [*added[:-1], *set_up_again(tiny).splitlines()[:-1]]
    assert {line.split()[0] for line in lines} == {"ok"}, lines


def test_certificate_is_renewed_by_the_server_itself(tiny: Hosted, root: str) -> None:
    server, settings = tiny.server, "/etc/letsencrypt/renewal/tiny.conf"
    before = authority.number(server, NAME, root)
    look = (
        "cat /run/nginx.pid; readlink /srv/tiny/state/current; systemctl is-active certbot.timer"
    )
    running = server.root(look)

    server.root(f"sed -i 's/.*renew_before_expiry.*/renew_before_expiry = 9 years/' {settings}")
    server.root("systemctl start certbot.service")

    eventually(lambda: authority.number(server, NAME, root) != before, "the new one is shown")
    assert server.root(look) == running


def test_name_that_leads_elsewhere_changes_nothing(tiny: Hosted, root: str) -> None:
    before = authority.number(tiny.server, NAME, root)

    refused = add(tiny, ELSEWHERE, check=False)

    assert refused.returncode == 1
    assert f"{ELSEWHERE} does not lead to this server, or not" in refused.stdout
    assert "network is unreachable" in refused.stdout
    assert authority.number(tiny.server, NAME, root) == before
    assert status(tiny.server, NAME) == 200
    assert tiny.server.root("nginx -t && systemctl is-active nginx").endswith("active\n")
    assert "changed" not in set_up_again(tiny)


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
