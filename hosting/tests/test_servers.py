"""The servers that the user is logged in to."""

import subprocess
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hosting import servers
from hosting.cli import main
from hosting.connection import default_region, parse_target, region_of
from hosting.deploy import add_remote
from hosting.servers import Server

FRA = Server("fra", "blog", "203.0.113.5", 2222, "/home/ann/key")


def test_servers_are_saved_for_their_owner_only(home: Path) -> None:
    servers.add(FRA)
    servers.add(FRA)

    assert servers.load() == [FRA]
    assert (home / "hosting/servers.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("home")
def test_one_of_several_servers_must_be_chosen() -> None:
    servers.add(FRA)
    servers.add(Server("sea", "blog", "203.0.113.6"))

    done = CliRunner().invoke(main, ["status"])

    assert done.exit_code == 2
    assert "Choose one with --region and --app: fra (blog), sea (blog)." in done.output


@pytest.mark.usefixtures("home")
def test_second_setup_keeps_the_name_of_the_server() -> None:
    servers.add(FRA)

    assert region_of("blog", FRA.host, FRA.port) == "fra"
    assert region_of("shop", FRA.host, FRA.port) == FRA.host
    assert region_of("blog", FRA.host, 22) == FRA.host


@pytest.mark.usefixtures("home")
def test_app_is_that_of_the_git_remotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = [Server(name, "shop", f"{name}.example.org") for name in ("fra", "sea")]
    for server in (FRA, *shop):
        servers.add(server)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    add_remote(FRA)

    assert servers.select(None) == [FRA]
    assert servers.select(None, ("fra",)) == [FRA]
    assert servers.select(None, ("sea",)) == shop[1:]
    assert servers.select("shop", ("fra",)) == shop[:1]
    with pytest.raises(click.UsageError, match="Choose one"):
        servers.select("shop")


def test_open_starts_the_browser(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.add(replace(FRA, url="https://blog.example.org"))
    browser = home / "xdg-open"
    browser.write_text(f'#!/bin/sh\necho "$1" >{home}/opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(home), prepend=":")

    assert CliRunner().invoke(main, ["open"]).exit_code == 0

    assert (home / "opened").read_text() == "https://blog.example.org\n"


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("root@203.0.113.5", ("root", "203.0.113.5", 22)),
        ("blog@example.org:2222", ("blog", "example.org", 2222)),
        ("blog@2001:db8::5", ("blog", "2001:db8::5", 22)),
        ("blog@[2001:db8::5]", ("blog", "2001:db8::5", 22)),
        ("blog@[2001:DB8::5]:2222", ("blog", "2001:DB8::5", 2222)),
    ],
)
def test_target_is_parsed(target: str, parts: tuple[str, str, int]) -> None:
    assert parse_target(target) == parts


@pytest.mark.parametrize(
    "target", ["example.org", "a@b c", "a@b:ssh", "a@-oProxyCommand=id", "@b", "a@[b]"]
)
def test_invalid_target_is_a_usage_error(target: str) -> None:
    with pytest.raises(click.UsageError):
        parse_target(target)


@pytest.mark.parametrize(
    ("host", "region"),
    [("203.0.113.5", "203.0.113.5"), ("2001:db8::5", "2001-db8--5"), ("::1", "1")],
)
def test_default_region_is_the_name_of_a_git_remote(
    tmp_path: Path, host: str, region: str
) -> None:
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    assert default_region(host) == region
    subprocess.run([*git, "remote", "add", region, "ssh://blog@example.org/blog"], check=True)


@pytest.mark.usefixtures("home")
def test_setup_at_an_ipv6_address_needs_a_domain() -> None:
    done = CliRunner().invoke(main, ["setup", "root@2001:db8::5", "--app", "blog"])

    assert done.exit_code == 2
    assert "'2001:db8::5' is not a valid domain: pass --domain." in done.output
