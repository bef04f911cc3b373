"""Getting to a server: setup, login, logout, regions."""

import getpass
import json
import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import click

from . import questions, regions, setup, ssh, steps
from .options import Function, one_region
from .plan import Plan
from .regions import Region
from .server.keys import KEY

APP = re.compile(r"[a-z][a-z0-9-]{1,30}")
TARGET = re.compile(r"([A-Za-z_][\w-]*)@([\w.-]+?|[\da-f]*:[\da-f:]+)(?::(\d+))?")
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*|[\da-f]*:[\da-f:]+")
RESERVED = {"root", "www-data", "postgres", "redis", "nginx", "sshd", "conf", "default"}


def arriving(command: Function) -> Function:
    """Let a command take what is needed to come to a server for the first time."""
    for option in (
        click.option("--yes", is_flag=True, help="Take the host key that the server shows."),
        click.option("--host-key", metavar="FINGERPRINT", help="Expect this host key: SHA256:…"),
        click.option("--identity", "-i", default="", help="The ssh key to come with."),
        click.option("--region", help="What to call this server (default: HOST)."),
    ):
        command = option(command)
    return command


@click.command("setup")
@click.argument("target", metavar="root@HOST[:PORT]")
@click.option("--app", required=True, metavar="NAME", help="The app, and its user on the server.")
@click.option("--domain", help="The name of the site (default: HOST).")
@click.option("--postgres", is_flag=True, help="Give the app a PostgreSQL database.")
@click.option("--redis", is_flag=True, help="Give the app a Redis, and start one worker.")
@arriving
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
def set_up(
    target: str, app: str, domain: str | None, region: str | None, identity: str,
    postgres: bool, redis: bool, host_key: str | None, yes: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Make a bare Debian or Ubuntu ready for `git push`. Doing it again changes nothing.

    Example: python -m hosting setup root@203.0.113.5 --app blog --domain blog.example.org
    """
    user, host, port = split(target)
    if not APP.fullmatch(app) or app in RESERVED:
        raise click.UsageError("An app has a name of small letters, digits and -, of its own.")
    if not NAME.fullmatch(domain or host.lower()):
        raise click.UsageError(
            f"{domain or host!r} is no name of a site: blog.example.org would be one."
        )
    there = Region(region or host, app, host, port, identity)
    pin(there, host_key, yes=yes)
    plan = Plan(app, domain or host.lower(), *public_key(identity), postgres, redis)
    plan = plan.with_what_is_there(ssh.ask(there, ssh.ssh(there, plan.look(), user)), domain)
    text = steps.script(setup.steps(plan), dry=dry_run)
    if ssh.go(there, ssh.ssh(there, ["sh", "-s"], user), text):
        raise SystemExit(1)
    if not dry_run:
        regions.remember(replace(there, url=f"https://{plan.domain}"))
        click.echo(f"{app} at {there.name} is ready: python -m hosting deploy")


def split(target: str) -> tuple[str, str, int]:
    """Return user, host, and the port where ssh listens."""
    found = TARGET.fullmatch(target)
    if not found:
        raise click.UsageError(f"{target!r} is not USER@HOST, nor USER@HOST:PORT.")
    return found[1], found[2], int(found[3] or 22)


def public_key(identity: str) -> tuple[str, str]:
    """Return the name and the text of the key that this user comes with."""
    home = Path.home() / ".ssh"
    names = [f"id_{kind}" for kind in ("ed25519", "ecdsa", "rsa")]
    files = [Path(identity)] if identity else [home / name for name in names]
    for file in files:
        public = file.with_name(f"{file.name}.pub")
        found = KEY.match(public.read_text()) if public.is_file() else None
        if found:
            name = f"{getpass.getuser()}@{socket.gethostname()}"
            return re.sub(r"[^\w.@-]", "-", name, flags=re.ASCII)[:64], found[0]
    raise click.UsageError("There is no ssh key yet: run ssh-keygen, or name one with --identity.")


def pin(region: Region, expected: str | None, *, yes: bool) -> None:
    """Show the server's host key and remember it; one that is known already stays as it is."""
    name = region.host if region.port == 22 else f"[{region.host}]:{region.port}"
    ssh.known_hosts().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ssh.known_hosts().touch(mode=0o600)
    known = ssh.known_hosts().read_text()
    pinned = next((line for line in known.splitlines() if line.split(" ")[0] == name), "")
    line = pinned or shown_by(region, name)
    listed = subprocess.run(
        ["ssh-keygen", "-lf", "-"], input=line, capture_output=True, text=True, check=True
    )
    fingerprint = listed.stdout.split()[1]
    if not pinned:
        click.echo(f"{region.host} shows the host key {fingerprint}")
    if expected not in (None, fingerprint):
        raise ssh.Unreachable(f"STOP: that is not the host key you expect, {expected}.")
    if pinned:
        return
    if not (expected or yes):
        question = f"Is it {region.host}'s? Its provider's console shows it, too"
        questions.agreed(question, "--host-key or --yes")
    ssh.known_hosts().write_text(f"{known}{line}\n")


def shown_by(region: Region, name: str) -> str:
    """Return the line of known_hosts for the key that a server shows."""
    scan = ssh.scan(region.host, region.port)
    shown = subprocess.run(scan, capture_output=True, text=True, check=False).stdout
    found = [line for line in shown.splitlines() if line.startswith(name)]
    if not found:
        raise ssh.Unreachable(f"Nobody answers ssh at {region.host}, port {region.port}.")
    return found[0]


@click.command()
@click.argument("target", metavar="NAME@HOST[:PORT]")
@arriving
def login(target: str, region: str | None, identity: str, host_key: str | None, yes: bool) -> None:
    """Check that your ssh key opens an app that somebody has set up, and remember the server.

    Example: python -m hosting login blog@203.0.113.5 --region fra
    """
    app, host, port = split(target)
    there = Region(region or host, app, host, port, identity)
    pin(there, host_key, yes=yes)
    said = json.loads(ssh.ask(there, ssh.verb(there, "hello")))
    is_known = any((one.name, one.app) == (there.name, app) for one in regions.remembered())
    regions.remember(Region(there.name, app, host, port, identity, str(said["url"])))
    click.echo(f"{'Already logged' if is_known else 'Logged'} in to {app} at {there.name}.")


@click.command()
@one_region
def logout(region: Region) -> None:
    """Forget a server, and its host key.

    Example: python -m hosting logout --region fra
    """
    regions.forget(region)
    name = region.host if region.port == 22 else f"[{region.host}]:{region.port}"
    if all((one.host, one.port) != (region.host, region.port) for one in regions.remembered()):
        lines = ssh.known_hosts().read_text().splitlines(keepends=True)
        ssh.known_hosts().write_text("".join(one for one in lines if one.split(" ")[0] != name))
    click.echo(f"Forgot {region.app} at {region.name}.")


@click.command("regions")
def list_regions() -> None:
    """Show the servers that are known here; none of them is asked.

    Example: python -m hosting regions
    """
    for one in regions.remembered():
        click.echo(f"{one.name}  {one.app}@{one.host}:{one.port}  {one.url}")


COMMANDS = [set_up, login, logout, list_regions]
