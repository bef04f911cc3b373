"""The command line: one file per noun. `flask --help` lists the commands."""

from flask import Flask

from .demo import demo
from .deploy import deploy
from .mail import mail
from .test import test
from .users import users


def init_app(app: Flask) -> None:
    """Add our commands to the `flask` command."""
    for command in (deploy, users, demo, mail, test):
        app.cli.add_command(command)
