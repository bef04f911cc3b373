"""Options shared by commands, and commands that only forward their arguments to the agent."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from . import provision, servers, ssh
from .provision import Step
from .servers import Server

Function = TypeVar("Function", bound=Callable[..., Any])


def server_options(command: Function) -> Function:
    """Add --app and --region, and pass the selected server as `server`."""

    def choose(ctx: click.Context, _parameter: click.Parameter, name: str | None) -> Server:
        app = ctx.params.pop("app", None)
        return servers.select(app, (name,) if name else ())[0]

    region = click.option(
        "--region", "-r", "server", callback=choose, help="The server, if there are several."
    )
    app = click.option("--app", "-k", is_eager=True, help="The app, if there are several.")
    return app(region(command))


def root_options(command: Function) -> Function:
    """Add --admin to the options of `server_options`."""
    admin = click.option("--admin", default="root", help="The user on the server (default: root).")
    return admin(server_options(command))


def remote_command(
    name: str, group: click.Group | None = None, *, as_root: bool = False, **settings: bool
) -> Callable[[Callable[[], None]], click.Command]:
    """Make a command from a function's docstring and decorators; the agent does the work."""

    def decorate(function: Callable[[], None]) -> click.Command:
        @(root_options if as_root else server_options)
        @click.pass_context
        def forward(
            ctx: click.Context, /, server: Server, admin: str = "", **_options: object
        ) -> None:
            words = [*name.split(), *arguments(ctx)]
            if as_root:
                agent = ["python3", "-I", f"/srv/{server.app}/hosting", *words]
                exit_on_error(ssh.stream(server, ssh.ssh(server, agent, admin)))
            else:
                run_remote(server, *words)

        own = getattr(function, "__click_params__", [])  # of @click.option and @click.argument
        command = click.command(
            name.rpartition(" ")[2],
            params=own[::-1],
            help=function.__doc__,
            context_settings=settings,
        )(forward)
        if group is not None:
            group.add_command(command)
        return command

    return decorate


def arguments(ctx: click.Context) -> list[str]:
    """Return the arguments and options of a command in the order in which they are declared."""
    result: list[str] = []
    for parameter in ctx.command.params:
        value = ctx.params.get(str(parameter.name))
        if value is True:
            result.append(f"--{parameter.name}")
        elif parameter.name not in ("server", "admin") and not (value is None or value is False):
            result += value if isinstance(value, tuple) else [str(value)]
    return result


def run_remote(server: Server, *arguments: str, stdin: str | None = None) -> None:
    """Run a command of the agent, show its output, and exit with its status if it fails."""
    exit_on_error(ssh.stream(server, ssh.agent(server, *arguments), stdin))


def run_steps(server: Server, admin: str, steps: Sequence[Step], *, dry: bool = False) -> None:
    """Run steps as root, show their output, and exit if one fails."""
    script = provision.script(steps, dry=dry)
    exit_on_error(ssh.stream(server, ssh.ssh(server, ["sh", "-s"], admin), script))


def exit_on_error(code: int) -> None:
    """Exit with the status of a command that failed."""
    if code:
        raise SystemExit(code)
