"""A bare server becomes a place to push to, without a command typed on it, and stays one."""

from http.client import HTTPException

import pytest

from tests.system.servers import eventually

from .conftest import Hosted
from .laptop import ask


def test_first_push_brings_the_site_up_on_its_own_database(flasky: Hosted) -> None:
    shown = flasky.deployed.stdout

    assert "Closing this command now will not affect your deployment." in shown
    assert "Your site [ flasky ] at [ sjc ] is up: https://localhost" in shown
    assert ask(flasky.server, "/").status == 200
    tables = flasky.server.root("runuser -u flasky -- psql -Atc 'select count(*) from roles'")
    assert int(tables) == 3


def test_setup_again_changes_nothing(flasky: Hosted) -> None:
    words = ("--postgres", "--redis", "--region", "sjc")

    again = flasky.laptop.set_up(flasky.server, "flasky", *words).stdout

    assert "changed" in flasky.set_up.stdout
    assert {line.split()[0] for line in again.splitlines()[:-1]} == {"ok"}, again


def test_dry_run_tells_and_does_nothing(flasky: Hosted) -> None:
    told = flasky.laptop.set_up(flasky.server, "other", "--dry-run").stdout

    assert "to do    user other" in told
    assert flasky.server.root("id other", check=False).endswith("no such user\n")
    assert "other" not in flasky.laptop.hosting("regions").stdout


def test_reboot_brings_the_site_back(tiny: Hosted, flasky: Hosted) -> None:
    server = flasky.server
    server.reboot()

    eventually(lambda: is_up(flasky, "localhost") and is_up(tiny, "tiny.example"), "both are up")
    assert "through nginx: release" in flasky.laptop.hosting("status").stdout


def is_up(hosted: Hosted, host: str) -> bool:
    try:
        return ask(hosted.server, "/readyz", host).status == 200
    except (OSError, HTTPException):
        return False


@pytest.mark.parametrize("port", ["5432", "6379", "8000"])
def test_nothing_else_listens_to_the_world(flasky: Hosted, port: str) -> None:
    open_ports = flasky.server.root("cat /proc/net/tcp /proc/net/tcp6")
    everywhere = (f" 00000000:{int(port):04X} ", f" {'0' * 32}:{int(port):04X} ")

    assert not any(address in open_ports for address in everywhere)


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
