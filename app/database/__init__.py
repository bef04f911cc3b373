"""Database connections: options for PostgreSQL, pragmas for SQLite, timeouts, kinds of errors.

To support one database only, delete the module of the other and its lines here.
"""

from flask import Flask

from . import postgresql
from . import sqlite as sqlite  # sets the pragmas of every connection


def init_app(app: Flask) -> None:
    """Set the engine options; call this before Flask-SQLAlchemy creates the engine."""
    postgresql.init_app(app)
