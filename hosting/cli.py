"""`python -m hosting`: the group, and what all commands share."""

import subprocess
from typing import Any

import click

from . import access, asking, deploying, looking, operating
from .domains import domains
from .export import export
from .server.places import Refused
from .ssh import Unreachable


class Answered(click.Group):
    """A group whose commands end with one sentence when something is wrong: never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (Unreachable, Refused) as error:
            raise click.ClickException(str(error)) from None
        except subprocess.CalledProcessError as error:
            raise click.ClickException(f"{' '.join(error.cmd)} failed.") from None
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'ssh'}: {error.strerror}.") from None


@click.group(cls=Answered, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Your own server as a place to `git push` to. docs/hosting.md tells how to begin."""


COMMANDS: list[click.Command] = [
    *access.COMMANDS, *asking.COMMANDS, *deploying.COMMANDS, *looking.COMMANDS,
    *operating.COMMANDS, domains, export,
]  # fmt: skip
for command in COMMANDS:
    main.add_command(command)
