"""Options that many commands have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from . import regions
from .regions import Region

Command = TypeVar("Command", bound=Callable[..., Any])


def one_region(command: Command) -> Command:
    """Let a command take --app and --region, and give it the region that is meant."""

    def choose(ctx: click.Context, _parameter: click.Parameter, name: str | None) -> Region:
        app = ctx.params.pop("app", None)
        return regions.chosen(app, (name,) if name else ())[0]

    region = click.option(
        "--region", "-r", callback=choose, help="Which server, if there are several."
    )
    app = click.option(
        "--app", "-k", is_eager=True, expose_value=True, help="Which app, if there are several."
    )
    return app(region(command))
