"""Commands that deploy: deploy, config set."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import click

from . import connection, env_file, project, prompts, servers, ssh, status
from .agent.paths import CommandError
from .agent.probes import READY
from .options import run_remote, server_options
from .remote_commands import config
from .servers import Server


@click.command()
@click.option("--app", "-k", help="The app, if there are several.")
@click.option("--region", "-r", "names", multiple=True, help="The server; can be repeated.")
@click.option("--env", "pairs", multiple=True, metavar="K=V", help="Set a variable; no secrets.")
@click.option("--env-file", "file", type=click.File("rb"), help="Set the variables in FILE or -.")
@click.option("--allow-dirty", is_flag=True, help="Ignore uncommitted changes.")
@click.option("--force", is_flag=True, help="Deploy a commit that is not based on the live one.")
@click.option("--interactive/--no-interactive", default=True, help="Allow or disable prompts.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def deploy(
    app: str | None, names: tuple[str, ...], pairs: tuple[str, ...], file: BinaryIO | None,
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
    variables = env_file.read(file) if file else {}
    variables |= dict(parse_pair(one) for one in pairs)
    targets = select_targets(app, names)
    project.compare_requirements(Path(top), ask=interactive and not yes)
    for server in targets:
        deploy_to(server, variables, force=force, yes=yes)


def select_targets(app: str | None, names: tuple[str, ...]) -> list[Server]:
    """Return the servers to deploy to; ask for what is missing, and log in if necessary."""
    if prompts.is_interactive():
        if not servers.load():
            target = click.prompt("App and server: APP@HOST[:PORT]")
            name = connection.region_of(*connection.parse_target(target))
            region = click.prompt("Region name", default=name)
            click.get_current_context().invoke(connection.login, target=target, region=region)
        known = servers.load()
        own = servers.of_repository() or known
        app = app or prompts.choose("App", (one.app for one in own))
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
    with suppress(CommandError):  # if the push failed, the next one must not apply the variables
        stage(server, {})
    if is_rejected:
        raise_unless_live(server)
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


def raise_unless_live(server: Server) -> None:
    """After a failed push, raise CommandError unless the deploy went live without the client."""
    try:
        records = json.loads(ssh.capture(server, ssh.agent(server, "releases", "--json")))
    except CommandError:
        raise CommandError(
            f"[ {server.name} ] The connection was lost. The deploy continues if it had started; "
            "later, `hosting releases` shows how it ended."
        ) from None
    last = records[0] if records else {}
    is_ours = last.get("commit") == project.git("rev-parse", "HEAD")
    if is_ours and "result" not in last:
        raise CommandError(
            f"[ {server.name} ] The connection was lost, and release {last['number']} is still "
            "being deployed: `hosting releases` shows how it ends."
        )
    if not (is_ours and last["live"]):
        raise CommandError(f"[ {server.name} ] Not deployed; see the lines above.")


def stage(server: Server, variables: dict[str, str]) -> None:
    """Set the variables of the next push."""
    ssh.capture(server, ssh.agent(server, "config", "stage"), json.dumps({"set": variables}))


def parse_pair(text: str) -> tuple[str, str]:
    """Return name and value of K=V."""
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"{name!r} is not of the form NAME=VALUE.")
    return name, value


def add_remote(server: Server) -> None:
    """Add a git remote, so that `git push REGION` deploys as well."""
    if project.git("remote", "get-url", server.name) != server.git_url:
        project.git("remote", "remove", server.name)
        project.git("remote", "add", server.name, server.git_url)
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


@config.command("import")
@click.argument("file", type=click.File("rb"))
@server_options
def import_config(file: BinaryIO, server: Server) -> None:
    """Set the variables in a file of lines NAME=VALUE, and deploy a new release; - is stdin.

    Example: hosting config import production.env
    """
    if not (variables := env_file.read(file)):
        raise click.UsageError(f"There are no variables in {file.name}.")
    run_remote(server, "config", "set", stdin=json.dumps({"set": variables}))


COMMANDS = [deploy]
