"""Making releases from here: deploy, and setting a variable."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import click

from . import access, questions, regions, requirements, ssh
from .asking import config
from .options import finish, one_region
from .regions import Region


@click.command()
@click.option("--app", "-k", help="Which app, if there are several.")
@click.option("--region", "-r", "names", multiple=True, help="Where: may be said more than once.")
@click.option(
    "--env", "pairs", multiple=True, metavar="K=V", help="Set a variable: no secret, ps shows it."
)
@click.option("--env-file", type=click.File("rb"), help="Lines K=V, as they are; - is stdin.")
@click.option("--allow-dirty", is_flag=True, help="Deploy what is committed, whatever else is.")
@click.option("--force", is_flag=True, help="Deploy although history was rewritten.")
@click.option("--interactive/--no-interactive", default=True, help="Ask, or never ask.")
@click.option("--yes", is_flag=True, help="Do not ask whether to replace what is live.")
def deploy(
    app: str | None, names: tuple[str, ...], pairs: tuple[str, ...], env_file: BinaryIO | None,
    allow_dirty: bool, force: bool, interactive: bool, yes: bool,
) -> None:  # fmt: skip
    """Deploy the commit that is checked out: one region after another, until one fails.

    Example: python -m hosting deploy --region fra --env MAIL_SERVER=mail.example.com
    """
    top = git("rev-parse", "--show-toplevel")
    if not top:
        raise click.UsageError("This is no git repository: git init, and commit what you have.")
    if git("status", "--porcelain", "--untracked-files=no") and not allow_dirty:
        raise click.UsageError(
            "Some changes are not committed. Commit them, or say --allow-dirty."
        )
    values = dict(pair(one) for one in [*pairs, *lines(env_file)])
    places = where(app, names)
    requirements.compare(Path(top), ask=interactive and not yes)
    for region in places:
        deploy_to(region, values, force=force, yes=yes)


def where(app: str | None, names: tuple[str, ...]) -> list[Region]:
    """Return the regions that are meant. Somebody may be asked; who is new here is logged in."""
    if questions.is_anybody_there():
        if not regions.remembered():
            target = click.prompt("Name of the app, and its server: NAME@HOST[:PORT]")
            region = click.prompt("What to call this region", default=access.split(target)[1])
            click.get_current_context().invoke(access.login, target=target, region=region)
        known = regions.remembered()
        app = app or questions.one_of("Name", (one.app for one in known))
        fitting = [one.name for one in known if one.app == app]
        names = names or tuple(filter(None, [questions.one_of("Region", fitting)]))
    return regions.chosen(app, names)


def deploy_to(region: Region, variables: dict[str, str], *, force: bool, yes: bool) -> None:
    """Deploy to one region, and say so once readers are served by the new release."""
    before = status(region)["release"]
    if before and not yes:
        questions.agreed(f"Overwrite deployment [ {region.app} ] at [ {region.name} ]", "--yes")
    if not before and questions.is_anybody_there():
        variables = questions.variables() | variables
    add_remote(region)
    began = time.monotonic()
    stage(region, variables)
    is_rejected = subprocess.run(ssh.push(region, force=force), check=False).returncode
    stage(region, {})  # a push that never arrived leaves nothing for the next one
    if is_rejected:
        raise ssh.Unreachable(f"[ {region.name} ] Not deployed. The lines above say why.")
    after = status(region)
    number = after["release"]["number"]
    if before and number == before["number"]:
        click.echo(f"[ {region.name} ] This commit is live already, as release {number}.")
        if variables:
            finish(region, "config", "set", said=json.dumps({"set": variables}))
    elif after["nginx"] != f"release {number}":
        raise ssh.Unreachable(f"Release {number} is live, but nginx says {after['nginx']}.")
    click.echo(f"Deployed in {time.monotonic() - began:.1f} s.")
    click.echo(f"Your site [ {region.app} ] at [ {region.name} ] is up: {after['url']}")


def stage(region: Region, variables: dict[str, str]) -> None:
    """Tell the server what the push that follows shall set."""
    ssh.ask(region, ssh.verb(region, "config", "stage"), json.dumps({"set": variables}))


def status(region: Region) -> dict[str, Any]:
    """Return what the server tells of an app."""
    told: dict[str, Any] = json.loads(ssh.ask(region, ssh.verb(region, "status", "--json")))
    return told


def pair(text: str) -> tuple[str, str]:
    """Return name and value of K=V."""
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"{name!r} is not NAME=VALUE.")
    return name, value


def lines(file: BinaryIO | None) -> list[str]:
    """Return the lines of a file of variables, without comments."""
    text = os.fsdecode(file.read()) if file else ""
    return [line for line in text.split("\n") if line.strip() and not line.startswith("#")]


def git(*words: str) -> str:
    """Return what git says; nothing if it fails."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def add_remote(region: Region) -> None:
    """Let a plain `git push REGION` do the same."""
    url = f"ssh://{region.app}@{region.host}:{region.port}/{region.app}"
    if git("remote", "get-url", region.name) != url:
        git("remote", "remove", region.name)
        git("remote", "add", region.name, url)
    git("config", "core.sshCommand", ssh.ssh_command(regions.remembered()))


@config.command("set")
@click.argument("name")
@click.option("--file", "-f", type=click.File("rb"), help="Take the value from a file, as it is.")
@one_region
def set_config(name: str, file: BinaryIO | None, region: Region) -> None:
    """Set a variable to what is typed, unseen, or on standard input. Makes a release.

    Example: python -m hosting config set MAIL_PASSWORD
    """
    if file:
        value = os.fsdecode(file.read())
    elif sys.stdin.isatty():
        value = click.prompt(name, hide_input=True)
    else:
        value = os.fsdecode(sys.stdin.buffer.read()).removesuffix("\n")
    finish(region, "config", "set", said=json.dumps({"set": {name: value}}))


COMMANDS = [deploy]
