"""Making releases: deploy, releases, rollback, variables, scale, restart."""

import json
import os
import subprocess
import sys
import time
from typing import BinaryIO, TextIO

import click

from . import regions, ssh
from .access import agreed
from .options import one_region
from .regions import Region


@click.command()
@click.option("--app", "-k", help="Which app, if there are several.")
@click.option("--region", "-r", "names", multiple=True, help="Where: may be said more than once.")
@click.option("--env", "pairs", multiple=True, metavar="K=V", help="Set a variable with it.")
@click.option("--env-file", type=click.File(), help="Set the variables in a file; - is stdin.")
@click.option("--allow-dirty", is_flag=True, help="Deploy what is committed, whatever else is.")
@click.option("--force", is_flag=True, help="Deploy although history was rewritten.")
@click.option("--yes", is_flag=True, help="Do not ask whether to replace what is live.")
def deploy(
    app: str | None, names: tuple[str, ...], pairs: tuple[str, ...], env_file: TextIO | None,
    allow_dirty: bool, force: bool, yes: bool,
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
    for region in regions.chosen(app, names):
        deploy_to(region, values, force=force, yes=yes)


def deploy_to(region: Region, variables: dict[str, str], *, force: bool, yes: bool) -> None:
    """Deploy to one region, and say so once readers are served by the new release."""
    if not yes:
        agreed(f"Overwrite deployment [ {region.app} ] at [ {region.name} ]", "--yes")
    add_remote(region)
    before = live_number(region)
    if variables:
        said = json.dumps({"set": variables})
        ssh.ask(region, ssh.verb(region, "config", "stage"), said)
    began = time.monotonic()
    if subprocess.run(ssh.push(region, force=force), check=False).returncode:
        raise ssh.Unreachable(f"[ {region.name} ] Not deployed. The lines above say why.")
    status = json.loads(ssh.ask(region, ssh.verb(region, "status")))
    if live_number(region) == before:
        click.echo(f"[ {region.name} ] This commit is live already, as release {before}.")
    elif status["nginx"] != f"release {status['release']['number']}":
        raise ssh.Unreachable(
            f"Release {status['release']['number']}: nginx says {status['nginx']}"
        )
    click.echo(f"Deployed in {time.monotonic() - began:.1f} s.")
    click.echo(f"Your site [ {region.app} ] at [ {region.name} ] is up: {status['url']}")


def live_number(region: Region) -> int | None:
    """Return the number of the live release, if there is one."""
    history = json.loads(ssh.ask(region, ssh.verb(region, "releases")))
    return next((one["number"] for one in history if one["live"]), None)


def pair(text: str) -> tuple[str, str]:
    """Return name and value of K=V."""
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"{name!r} is not NAME=VALUE.")
    return name, value


def lines(file: TextIO | None) -> list[str]:
    """Return the lines of a file of variables, without comments."""
    text = file.read() if file else ""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


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


@click.command("releases")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@one_region
def list_releases(as_json: bool, region: Region) -> None:
    """Show the history: what was deployed, by whom, and what became of it.

    Example: python -m hosting releases
    """
    said = ssh.ask(region, ssh.verb(region, "releases"))
    if as_json:
        click.echo(said, nl=False)
        return
    for one in json.loads(said):
        result = "live now" if one["live"] else one.get("result") or "being made"
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(one["at"]))
        facts = [str(one["number"]), one["kind"], one["commit"][:9], one["who"], at, result]
        click.echo("  ".join([*facts, one.get("reason", "")]).rstrip())


@click.command()
@click.argument("number", type=int, required=False)
@one_region
def rollback(number: int | None, region: Region) -> None:
    """Make a new release of the code and the settings of an earlier one: the last, or NUMBER.

    Example: python -m hosting rollback 41
    """
    finish(region, "rollback", *([str(number)] if number else []))


@click.command()
@click.argument("numbers", nargs=-1, required=True, metavar="PROCESS=NUMBER…")
@one_region
def scale(numbers: tuple[str, ...], region: Region) -> None:
    """Say how many processes there are of each kind. Readers do not notice.

    Example: python -m hosting scale web=3 worker=2
    """
    finish(region, "scale", *numbers)


@click.command()
@click.argument("process", required=False, metavar="[PROCESS]")
@one_region
def restart(process: str | None, region: Region) -> None:
    """Start everything anew, or one kind of process. Readers do not notice.

    Example: python -m hosting restart worker
    """
    finish(region, "restart", *([process] if process else []))


@click.group("config")
def variables() -> None:
    """Variables of the site. Their values are never shown."""


@variables.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@one_region
def list_config(as_json: bool, region: Region) -> None:
    """Show names, ages, and a digest that tells whether two values differ.

    Example: python -m hosting config list
    """
    said = ssh.ask(region, ssh.verb(region, "config", "list"))
    if as_json:
        click.echo(said, nl=False)
        return
    for one in json.loads(said):
        days = (time.time() - one["since"]) / 86_400
        click.echo(f"{one['name']}  {days:.1f} days  {one['digest']}")


@variables.command("set")
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
        value = sys.stdin.read().removesuffix("\n")
    finish(region, "config", "set", said=json.dumps({"set": {name: value}}))


@variables.command("unset")
@click.argument("names", nargs=-1, required=True)
@one_region
def unset_config(names: tuple[str, ...], region: Region) -> None:
    """Forget variables. Makes a release.

    Example: python -m hosting config unset MAIL_PASSWORD
    """
    finish(region, "config", "set", said=json.dumps({"unset": list(names)}))


def finish(region: Region, *words: str, said: str | None = None) -> None:
    """Ask the gate for something, show what it says, and end as it ends."""
    code = ssh.go(region, ssh.verb(region, *words), said)
    if code:
        raise SystemExit(code)


COMMANDS = [deploy, list_releases, rollback, variables, scale, restart]
