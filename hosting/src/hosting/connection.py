"""Connect to servers: setup, login, logout, regions."""

import getpass
import json
import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import click

from . import prompts, servers, setup, ssh
from .agent.keys import KEY
from .agent.paths import CommandError
from .options import Function, run_steps, server_options
from .plan import Plan
from .servers import Server

APP = re.compile(r"[a-z][a-z0-9-]{1,30}")
TARGET = re.compile(r"([A-Za-z_][\w-]*)@([\w.-]+?|\[?[\da-fA-F]*:[\da-fA-F:]+]?)(?::(\d+))?")
DOMAIN = re.compile(r"[a-z0-9][a-z0-9.-]*")
LIMIT = re.compile(r"(\d+([KMGT]|%))?")
RESERVED = {"root", "www-data", "postgres", "redis", "nginx", "sshd", "conf", "default"}


def login_options(command: Function) -> Function:
    """Add the options for the first connection to a server."""
    for option in (
        click.option("--yes", is_flag=True, help="Accept the server's host key."),
        click.option("--host-key", metavar="SHA256:...", help="Require this host key."),
        click.option("--identity", "-i", default="", help="The ssh private key to use."),
        click.option("--region", help="A name for the server (default: HOST)."),
    ):
        command = option(command)
    return command


@click.command("setup")
@click.argument("target", metavar="root@HOST[:PORT]")
@click.option("--app", required=True, metavar="NAME", help="The app, and its user on the server.")
@click.option("--domain", help="The domain of the site (default: HOST).")
@click.option("--postgres", is_flag=True, help="Create a PostgreSQL database for the app.")
@click.option("--redis", is_flag=True, help="Run a Redis for the app, and one worker.")
@click.option("--memory", default="", metavar="SIZE", help="Limit: 1G, 50% (default: 80%).")
@click.option("--tasks", default="", help="How many processes and threads (default: 2048).")
@login_options
@click.option("--dry-run", is_flag=True, help="Print the steps without running them.")
def set_up(
    target: str, app: str, domain: str | None, region: str | None, identity: str,
    postgres: bool, redis: bool, memory: str, tasks: str, host_key: str | None, yes: bool,
    dry_run: bool,
) -> None:  # fmt: skip
    """Prepare a Debian or Ubuntu server for `git push`. Idempotent.

    Example: hosting setup root@203.0.113.5 --app blog --domain blog.example.org
    """
    user, host, port = parse_target(target)
    if not APP.fullmatch(app) or app in RESERVED:
        raise click.UsageError("Choose another app name: a-z, 0-9 and - only, and not reserved.")
    if not DOMAIN.fullmatch(domain or host.lower()):
        raise click.UsageError(f"{domain or host!r} is not a valid domain: pass --domain.")
    if not LIMIT.fullmatch(memory) or not re.fullmatch(r"\d*", tasks):
        raise click.UsageError("Write limits as --memory 1G or 50%, and --tasks 2048.")
    server = Server(region or region_of(app, host, port), app, host, port, identity)
    verify_host_key(server, host_key, yes=yes)
    key = public_key(identity)
    plan = Plan(app, domain or host.lower(), *key, postgres, redis, memory=memory, tasks=tasks)
    current = ssh.capture(server, ssh.ssh(server, plan.inspect_command(), user))
    plan = plan.merged(current, domain)
    run_steps(server, user, setup.steps(plan), dry=dry_run)
    if not dry_run:
        servers.add(replace(server, url=f"https://{plan.domain}"))
        click.echo(f"{app} at {server.name} is ready. Deploy: hosting deploy")


def parse_target(target: str) -> tuple[str, str, int]:
    """Return user, host and ssh port of USER@HOST[:PORT]."""
    match = TARGET.fullmatch(target)
    if not match:
        raise click.UsageError(f"{target!r} is not of the form USER@HOST or USER@HOST:PORT.")
    return match[1], match[2].strip("[]"), int(match[3] or 22)


def region_of(app: str, host: str, port: int) -> str:
    """Return the name that an app on a server already has here, or the default."""
    names = [
        one.name for one in servers.load() if (one.app, one.host, one.port) == (app, host, port)
    ]
    return names[0] if names else default_region(host)


def default_region(host: str) -> str:
    """Return the name of the server, which is the name of its git remote: without colons."""
    return host.replace(":", "-").strip("-")


def public_key(identity: str) -> tuple[str, str]:
    """Return a name for the user's public key, and the key."""
    home = Path.home() / ".ssh"
    names = [f"id_{kind}" for kind in ("ed25519", "ecdsa", "rsa")]
    files = [Path(identity)] if identity else [home / name for name in names]
    for file in files:
        public = file.with_name(f"{file.name}.pub")
        match = KEY.match(public.read_text()) if public.is_file() else None
        if match:
            name = f"{getpass.getuser()}@{socket.gethostname()}"
            return re.sub(r"[^\w.@-]", "-", name, flags=re.ASCII)[:64], match[0]
    raise click.UsageError("No ssh key found. Run ssh-keygen, or pass a key with --identity.")


def verify_host_key(server: Server, expected: str | None, *, yes: bool) -> None:
    """Verify the server's host key and save it; a saved key is never replaced."""
    name = server.known_hosts_name
    ssh.known_hosts().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ssh.known_hosts().touch(mode=0o600)
    known = ssh.known_hosts().read_text()
    saved = next((line for line in known.splitlines() if line.split(" ")[0] == name), "")
    line = saved or scan_host_key(server)
    shown = subprocess.run(
        ["ssh-keygen", "-lf", "-"], input=line, capture_output=True, text=True, check=True
    )
    fingerprint = shown.stdout.split()[1]
    if not saved:
        click.echo(f"Host key of {server.host}: {fingerprint}")
    if expected not in (None, fingerprint):
        raise CommandError(f"STOP: the host key of {server.host} is not {expected}.")
    if saved:
        return
    if not (expected or yes):
        question = f"Does your provider's console show this host key for {server.host}"
        prompts.confirm(question, "--host-key or --yes")
    ssh.known_hosts().write_text(f"{known}{line}\n")


def scan_host_key(server: Server) -> str:
    """Request the server's host key and return it as a line of known_hosts."""
    scan = ["ssh-keyscan", "-T", "10", "-t", "ed25519", "-p", str(server.port), server.host]
    output = subprocess.run(scan, capture_output=True, text=True, check=False).stdout
    lines = [line for line in output.splitlines() if line.startswith(server.known_hosts_name)]
    if not lines:
        raise CommandError(f"No ssh server responds at {server.host}, port {server.port}.")
    return lines[0]


@click.command()
@click.argument("target", metavar="APP@HOST[:PORT]")
@login_options
def login(target: str, region: str | None, identity: str, host_key: str | None, yes: bool) -> None:
    """Log in to an app that is already set up on a server.

    Example: hosting login blog@203.0.113.5 --region fra
    """
    app, host, port = parse_target(target)
    server = Server(region or region_of(app, host, port), app, host, port, identity)
    verify_host_key(server, host_key, yes=yes)
    hello = json.loads(ssh.capture(server, ssh.agent(server, "hello")))
    is_known = any((one.name, one.app) == (server.name, app) for one in servers.load())
    servers.add(replace(server, url=str(hello["url"])))
    click.echo(f"{'Already logged' if is_known else 'Logged'} in to {app} at {server.name}.")


@click.command()
@server_options
def logout(server: Server) -> None:
    """Remove a server and its host key from your configuration.

    Example: hosting logout --region fra
    """
    servers.remove(server)
    name = server.known_hosts_name
    if all(one.known_hosts_name != name for one in servers.load()):
        lines = ssh.known_hosts().read_text().splitlines(keepends=True)
        ssh.known_hosts().write_text("".join(one for one in lines if one.split(" ")[0] != name))
    click.echo(f"Logged out of {server.app} at {server.name}.")


@click.command("regions")
def list_regions() -> None:
    """List the servers that you are logged in to, without connecting to them.

    Example: hosting regions
    """
    for one in servers.load():
        click.echo(f"{one.name}  {one.app}@{one.host}:{one.port}  {one.url}")


COMMANDS = [set_up, login, logout, list_regions]
