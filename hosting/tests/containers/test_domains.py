"""`domains add` changes the domain without downtime; the certificate is trusted and renewed."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from threading import Event, Thread

import pytest

from . import acme_server
from .debian import DebianServer
from .hosted_app import HostedApp
from .podman import Done
from .web import wait_until
from .workstation import fetch

NAME = "tiny.example"
ALSO = "also.example"
OLD = "a-domain-that-is-too-long-for-the-default-hash-bucket.example"
ELSEWHERE = "elsewhere.example"
UNKNOWN = 0  # nginx closes the connection
CERTIFICATE = "/etc/letsencrypt/live/tiny/fullchain.pem"


@pytest.fixture(scope="module")
def root(only_tiny: HostedApp) -> str:
    """The root certificate of an ACME server that resolves the domain to the server."""
    hosts = f"127.0.0.1 {NAME} {ALSO}\n255.255.255.255 {ELSEWHERE}\n"
    only_tiny.server.root("cat >>/etc/hosts", stdin=hosts)
    return acme_server.start(only_tiny.server)


def add(tiny: HostedApp, *arguments: str, check: bool = True) -> Done:
    command = ("domains", "add", *arguments, "--server", acme_server.URL)
    return tiny.workstation.hosting(*command, check=check)


def set_up_again(tiny: HostedApp) -> str:
    return tiny.workstation.set_up(tiny.server, "tiny", "--region", "fra", domain="").stdout


def is_trusted(server: DebianServer, domain: str, root: str) -> bool:
    try:
        return bool(acme_server.serial_number(server, domain, root))
    except ssl.SSLCertVerificationError:
        return False


def status(server: DebianServer, domain: str) -> int:
    try:
        return fetch(server, "/", domain).status
    except (OSError, HTTPException):
        return 0


@contextmanager
def requested(server: DebianServer, *domains: str) -> Iterator[list[list[int]]]:
    """Request each domain in turn, again and again; record the statuses of each round."""
    rounds: list[list[int]] = []
    stop = Event()

    def request() -> None:
        while not stop.wait(0.05):
            rounds.append([status(server, domain) for domain in domains])

    thread = Thread(target=request)
    thread.start()
    try:
        yield rounds
    finally:
        stop.set()
        thread.join()


def test_certificate_is_trusted(tiny: HostedApp, root: str) -> None:
    assert not is_trusted(tiny.server, NAME, root)

    add(tiny, NAME)

    wait_until(lambda: is_trusted(tiny.server, NAME, root), "nginx sends the new certificate")
    doctor = tiny.workstation.hosting("doctor", check=False).stdout
    assert "ok       certificate is trusted\n" in doctor


def test_old_domain_works_until_the_new_one_does(tiny: HostedApp, root: str) -> None:
    server, releases = tiny.server, "/srv/tiny/releases"
    before = server.root(f"cat {CERTIFICATE}")
    tiny.workstation.set_up(server, "tiny", "--region", "fra", domain=OLD)
    tiny.workstation.hosting("restart")
    assert not is_trusted(server, OLD, root)

    with requested(server, OLD, NAME) as rounds:
        wait_until(lambda: rounds, "the first round")
        server.root(f"chmod 500 {releases}")
        failed = add(tiny, NAME, check=False)
        server.root(f"chmod 700 {releases}")
        between = [status(server, domain) for domain in (OLD, NAME)]
        add(tiny, NAME)

    assert "failed   release with tiny.example" in failed.stdout
    assert rounds[0] == [200, UNKNOWN]
    assert between == [200, 400]
    wait_until(
        lambda: [status(server, domain) for domain in (OLD, NAME)] == [UNKNOWN, 200],
        "nginx has the new domain only",
    )
    assert [one for one in rounds if 200 not in one] == []
    assert server.root(f"cat {CERTIFICATE}") == before
    assert is_trusted(server, NAME, root)
    assert f"https://{NAME}\n" in tiny.workstation.hosting("regions").stdout


@pytest.mark.usefixtures("root")
def test_second_run_changes_nothing(tiny: HostedApp) -> None:
    added = add(tiny, NAME).stdout.splitlines()

    lines = [*added[:-1], *set_up_again(tiny).splitlines()[:-1]]
    assert {line.split()[0] for line in lines} == {"ok"}, lines


def test_certificate_is_renewed_without_downtime(tiny: HostedApp, root: str) -> None:
    server, settings = tiny.server, "/etc/letsencrypt/renewal/tiny.conf"
    before = acme_server.serial_number(server, NAME, root)
    state = (
        "cat /run/nginx.pid; readlink /srv/tiny/state/current; systemctl is-active certbot.timer"
    )
    running = server.root(state)

    server.root(f"sed -i 's/.*renew_before_expiry.*/renew_before_expiry = 9 years/' {settings}")
    server.root("systemctl start certbot.service")

    wait_until(
        lambda: acme_server.serial_number(server, NAME, root) != before, "nginx sends the new one"
    )
    assert server.root(state) == running


def test_domain_that_resolves_elsewhere_changes_nothing(tiny: HostedApp, root: str) -> None:
    before = acme_server.serial_number(tiny.server, NAME, root)

    refused = add(tiny, ELSEWHERE, check=False)

    assert refused.returncode == 1
    assert f"{ELSEWHERE} does not resolve to this server, or its" in refused.stdout
    assert "network is unreachable" in refused.stdout
    assert acme_server.serial_number(tiny.server, NAME, root) == before
    assert status(tiny.server, NAME) == 200
    assert tiny.server.root("nginx -t && systemctl is-active nginx").endswith("active\n")
    assert "changed" not in set_up_again(tiny)


def test_further_domains_are_added_and_removed(tiny: HostedApp, root: str) -> None:
    server = tiny.server
    add(tiny, NAME, "--also", ALSO)

    wait_until(lambda: is_trusted(server, ALSO, root), "nginx sends the new certificate")
    assert is_trusted(server, NAME, root)
    assert [status(server, one) for one in (NAME, ALSO)] == [200, 400]  # the app accepts its own
    assert "changed" not in set_up_again(tiny)

    add(tiny, NAME)
    wait_until(lambda: status(server, ALSO) == UNKNOWN, "nginx does not have it any more")
    assert not is_trusted(server, ALSO, root)
    assert status(server, NAME) == 200
