"""The `flask` commands, one module per group.

To remove a command, delete its module and its entry in COMMANDS.
"""

from flask import Flask

from .config import config
from .demo import demo
from .deploy import deploy
from .jobs import jobs
from .outbox import outbox
from .static import static
from .test import test
from .tokens import tokens
from .users import users
from .worker import worker

COMMANDS = (deploy, config, users, tokens, demo, outbox, jobs, worker, static, test)


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
