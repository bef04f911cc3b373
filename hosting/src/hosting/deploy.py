"""Commands that deploy: deploy, config set."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import click

from . import connection, project, prompts, servers, ssh, status
from .agent.paths import CommandError
from .agent.probes import READY
from .options import run_remote, server_options
from .remote_commands import config
from .servers import Server


@click.command()
@click.option("--app", "-k", help="The app, if there are several.")
@click.option("--region", "-r", "names", multiple=True, help="The server; can be repeated.")
@click.option(
    "--env",
    "pairs",
    multiple=True,
    metavar="K=V",
    help="Set a variable; visible in ps, no secrets.",
)
@click.option(
    "--env-file", type=click.File("rb"), help="Set variables from lines K=V; - is stdin."
)
@click.option("--allow-dirty", is_flag=True, help="Ignore uncommitted changes.")
@click.option("--force", is_flag=True, help="Deploy a commit that is not based on the live one.")
@click.option("--interactive/--no-interactive", default=True, help="Allow or disable prompts.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def deploy(
    app: str | None, names: tuple[str, ...], pairs: tuple[str, ...], env_file: BinaryIO | None,
    allow_dirty: bool, force: bool, interactive: bool, yes: bool,
) -> None:  # fmt: skip
    """Deploy the current commit; to several regions in turn, until one fails.

    Example: hosting deploy --region fra --env MAIL_SERVER=mail.example.com
    """
    top = project.git("rev-parse", "--show-toplevel")
    if not top:
        raise click.UsageError("Not in a git repository. Run git init and commit your code.")
    if project.git("status", "--porcelain", "--untracked-files=no") and not allow_dirty:
        raise click.UsageError("There are uncommitted changes. Commit, or pass --allow-dirty.")
    variables = dict(parse_pair(one) for one in [*pairs, *env_lines(env_file)])
    targets = select_targets(app, names)
    project.compare_requirements(Path(top), ask=interactive and not yes)
    for server in targets:
        deploy_to(server, variables, force=force, yes=yes)


def select_targets(app: str | None, names: tuple[str, ...]) -> list[Server]:
    """Return the servers to deploy to; ask for what is missing, and log in if necessary."""
    if prompts.is_interactive():
        if not servers.load():
            target = click.prompt("App and server: APP@HOST[:PORT]")
            name = connection.default_region(connection.parse_target(target)[1])
            region = click.prompt("Region name", default=name)
            click.get_current_context().invoke(connection.login, target=target, region=region)
        known = servers.load()
        app = app or prompts.choose("App", (one.app for one in known))
        candidates = [one.name for one in known if one.app == app]
        names = names or tuple(filter(None, [prompts.choose("Region", candidates)]))
    return servers.select(app, names)


def deploy_to(server: Server, variables: dict[str, str], *, force: bool, yes: bool) -> None:
    """Deploy to one server, and check that the new release serves."""
    before = status.fetch(server)["release"]
    if before and not yes:
        prompts.confirm(f"Overwrite deployment [ {server.app} ] at [ {server.name} ]", "--yes")
    if not before and prompts.is_interactive():
        variables = prompts.variables() | variables
    add_remote(server)
    began = time.monotonic()
    stage(server, variables)
    is_rejected = subprocess.run(ssh.push(server, force=force), check=False).returncode
    stage(server, {})  # if the push failed, the next one must not apply the variables
    if is_rejected:
        raise CommandError(f"[ {server.name} ] Not deployed; see the lines above.")
    after = status.fetch(server)
    number = after["release"]["number"]
    if before and number == before["number"]:
        click.echo(f"[ {server.name} ] This commit is already live, as release {number}.")
        if variables:
            run_remote(server, "config", "set", stdin=json.dumps({"set": variables}))
    elif after["nginx"] != READY:
        raise CommandError(f"Release {number} is live, but the health check says {after['nginx']}")
    click.echo(f"Deployed in {time.monotonic() - began:.1f} s.")
    click.echo(f"Your site [ {server.app} ] at [ {server.name} ] is up: {after['url']}")


def stage(server: Server, variables: dict[str, str]) -> None:
    """Set the variables of the next push."""
    ssh.capture(server, ssh.agent(server, "config", "stage"), json.dumps({"set": variables}))


def parse_pair(text: str) -> tuple[str, str]:
    """Return name and value of K=V."""
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"{name!r} is not of the form NAME=VALUE.")
    return name, value


def env_lines(file: BinaryIO | None) -> list[str]:
    """Return the lines of an env file, without comments."""
    text = os.fsdecode(file.read()) if file else ""
    return [line for line in text.split("\n") if line.strip() and not line.startswith("#")]


def add_remote(server: Server) -> None:
    """Add a git remote, so that `git push REGION` deploys as well."""
    host = f"[{server.host}]" if ":" in server.host else server.host  # an IPv6 address
    url = f"ssh://{server.app}@{host}:{server.port}/{server.app}"
    if project.git("remote", "get-url", server.name) != url:
        project.git("remote", "remove", server.name)
        project.git("remote", "add", server.name, url)
    project.git("config", "core.sshCommand", ssh.git_ssh_command(servers.load()))


@config.command("set")
@click.argument("name")
@click.option("--file", "-f", type=click.File("rb"), help="Read the value from a file.")
@server_options
def set_config(name: str, file: BinaryIO | None, server: Server) -> None:
    """Set a variable and deploy a new release. The value is prompted for, or read from stdin.

    Example: hosting config set MAIL_PASSWORD
    """
    if file:
        value = os.fsdecode(file.read())
    elif sys.stdin.isatty():
        value = click.prompt(name, hide_input=True)
    else:
        value = os.fsdecode(sys.stdin.buffer.read()).removesuffix("\n")
    run_remote(server, "config", "set", stdin=json.dumps({"set": {name: value}}))


COMMANDS = [deploy]
