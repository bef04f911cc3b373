"""The command `hosting`."""

import subprocess
from typing import Any

import click

from . import __version__, admin, connection, deploy, offsite, remote_commands, status
from .agent.paths import CommandError
from .domains import domains
from .export import export


class ErrorHandlingGroup(click.Group):
    """A group that prints expected errors as one sentence instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except CommandError as error:
            raise click.ClickException(str(error)) from None
        except subprocess.CalledProcessError as error:
            raise click.ClickException(f"{' '.join(error.cmd)} failed.") from None
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'ssh'}: {error.strerror}.") from None


@click.group(cls=ErrorHandlingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hosting")
def main() -> None:
    """Deploy to your own server with `git push`."""


COMMANDS: list[click.Command] = [
    *connection.COMMANDS, *remote_commands.COMMANDS, *deploy.COMMANDS, *status.COMMANDS,
    *admin.COMMANDS, domains, export,
]  # fmt: skip
remote_commands.backup.add_command(offsite.copy_to)
for command in COMMANDS:
    main.add_command(command)
