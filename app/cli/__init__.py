"""The command line: one file per noun. `flask --help` lists the commands."""

from flask import Flask

from .config import config
from .demo import demo
from .deploy import deploy
from .jobs import jobs
from .mail import mail
from .static import static
from .test import test
from .tokens import tokens
from .users import users
from .worker import worker

COMMANDS = (deploy, config, users, tokens, demo, mail, jobs, worker, static, test)


def init_app(app: Flask) -> None:
    """Add our commands to the `flask` command."""
    for command in COMMANDS:
        app.cli.add_command(command)
