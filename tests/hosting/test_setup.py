"""A bare server becomes a place to push to, without a command typed on it, and stays one."""

import pytest

from .hosted import Hosted
from .laptop import Laptop


def test_first_push_brings_the_site_up_on_its_own_database(flasky: Hosted) -> None:
    shown = flasky.deployed.stdout

    assert "Closing this command now will not affect your deployment." in shown
    assert "Your site [ flasky ] at [ sjc ] is up: https://localhost" in shown
    assert flasky.ask("/").status == 200
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


def test_root_opens_nothing_that_the_user_has_put_there(flasky: Hosted, neighbour: Laptop) -> None:
    server, keys = flasky.server, "/srv/tiny/.ssh/authorized_keys"
    server.root(f"install -m 600 /dev/null /root/own; mv {keys} {keys}.kept")
    server.root(f"runuser -u tiny -- ln -s /root/own {keys}")

    done = neighbour.set_up(server, "tiny", domain="tiny.example", check=False)
    server.root(f"mv {keys}.kept {keys}")

    assert done.returncode == 1
    assert "could not be done" in done.stdout
    assert server.root("stat -c '%U %a %s' /root/own") == "root 600 0\n"


def test_name_of_another_app_is_refused(flasky: Hosted) -> None:
    done = flasky.laptop.set_up(flasky.server, "third", domain="localhost", check=False)

    assert done.returncode == 1
    assert "Another app on this server has that name" in done.stdout
    assert flasky.server.root("id third", check=False).endswith("no such user\n")


def test_reboot_brings_the_site_back(flasky: Hosted) -> None:
    flasky.server.cut_power()

    flasky.settle()
    shown = flasky.laptop.hosting("status").stdout
    assert "through nginx: release" in shown
    assert "worker-" in shown


def test_nothing_else_listens_to_the_world(flasky: Hosted) -> None:
    shown = flasky.server.root("cat /proc/net/tcp /proc/net/tcp6")

    rows = [line.split() for line in shown.splitlines()]
    listening = [row[1].split(":") for row in rows if len(row) > 3 and row[3] == "0A"]
    open_to_all = {int(port, 16) for address, port in listening if not int(address, 16)}
    assert open_to_all == {22, 80, 443}


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
