"""Options that many commands have, and how a command hands its words to the server."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from . import regions, ssh
from .regions import Region

Function = TypeVar("Function", bound=Callable[..., Any])


def one_region(command: Function) -> Function:
    """Let a command take --app and --region, and give it the region that is meant."""

    def choose(ctx: click.Context, _parameter: click.Parameter, name: str | None) -> Region:
        app = ctx.params.pop("app", None)
        return regions.chosen(app, (name,) if name else ())[0]

    region = click.option(
        "--region", "-r", callback=choose, help="Which server, if there are several."
    )
    app = click.option("--app", "-k", is_eager=True, help="Which app, if there are several.")
    return app(region(command))


def as_root(command: Function) -> Function:
    """Let a command take --admin beside what `one_region` gives."""
    admin = click.option(
        "--admin", default="root", show_default=True, help="Who may do it on the server."
    )
    return admin(one_region(command))


def passed_on(
    name: str, group: click.Group | None = None, **settings: bool
) -> Callable[[Callable[[], None]], click.Command]:
    """Make a command of what a function's docstring and decorators say: the server does it."""

    def command(function: Callable[[], None]) -> click.Command:
        @one_region
        @click.pass_context
        def ask(ctx: click.Context, /, region: Region, **_said: object) -> None:
            finish(region, *name.split(), *words(ctx))

        own = getattr(function, "__click_params__", [])  # of @click.option and @click.argument
        made = click.command(
            name.rpartition(" ")[2],
            params=own[::-1],
            help=function.__doc__,
            context_settings=settings,
        )(ask)
        if group is not None:
            group.add_command(made)
        return made

    return command


def words(ctx: click.Context) -> list[str]:
    """Return what was said, in the order in which the command's help names it."""
    said: list[str] = []
    for parameter in ctx.command.params:
        value = ctx.params.get(str(parameter.name))
        if value is True:
            said.append(f"--{parameter.name}")
        elif parameter.name != "region" and not (value is None or value is False):
            said += value if isinstance(value, tuple) else [str(value)]
    return said


def finish(region: Region, *words: str, said: str | None = None) -> None:
    """Ask the gate for something, show what it says, and end as it ends."""
    code = ssh.go(region, ssh.verb(region, *words), said)
    if code:
        raise SystemExit(code)
