"""`flask deploy`: everything between a new release and its first request."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Connection, text

from ..extensions import db
from ..models import Role, User
from ..postgresql import without_statement_timeout
from .telling import one_line

# Any number will do, as long as every release of this application uses the same.
DEPLOY_LOCK = 7_355_608
LOCK_TIMEOUT = "5s"


@click.command()
@with_appcontext
def deploy() -> None:
    """Bring the database up to date: migrations, roles, self-follows.

    Run it before every release starts. Running it twice changes nothing; on PostgreSQL, several
    at once wait for one another.
    """
    step = "Reaching the database"
    try:
        with only_one_deploy(), without_statement_timeout():
            for step, work in STEPS:
                bound_waiting()
                result = work()
                db.session.commit()
                click.echo(f"{step}: {result}")
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a migration raises is told in one line
        db.session.rollback()
        reason = one_line(error)
        raise click.ClickException(f"{step} failed; nothing of it was kept: {reason}") from None
    click.echo("Deployed.")


def bound_waiting() -> None:
    """Let no statement of the next step wait for a lock for longer than a reader would."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def migrate_to_head() -> str:
    """Run the migrations that the database lacks; say which."""
    migrate = current_app.extensions["migrate"]
    settings = migrate.migrate.get_config(migrate.directory)
    before = _revision()
    # Not Flask-Migrate's upgrade(), which ends the program when something fails.
    command.upgrade(settings, "head")
    after = _revision()
    if before == after:
        return f"up to date ({after})"
    scripts = ScriptDirectory.from_config(settings)
    done = list(scripts.iterate_revisions(after, before or "base"))
    names = "".join(f"\n  {script.revision} {script.doc}" for script in reversed(done))
    return f"{len(done)} run{names}"


def insert_roles() -> str:
    """Make the roles those of the code; say which changed."""
    return ", ".join(Role.insert_roles()) or "unchanged"


def add_self_follows() -> str:
    """Make everyone follow themself; say how many did not."""
    added = User.add_self_follows()
    return f"{added} added" if added else "unchanged"


STEPS: list[tuple[str, Callable[[], str]]] = [
    ("Migrations", migrate_to_head),
    ("Roles", insert_roles),
    ("Self-follows", add_self_follows),
]


@contextmanager
def only_one_deploy() -> Iterator[None]:
    """Hold PostgreSQL's advisory lock; it falls with the connection, however that ends."""
    if db.engine.dialect.name != "postgresql":
        yield
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _wait_for_lock(connection, current_app.config["FLASKY_DEPLOY_WAIT"])
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": DEPLOY_LOCK})


def _wait_for_lock(connection: Connection, seconds: int) -> None:
    give_up = time.monotonic() + seconds
    told = False
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": DEPLOY_LOCK}):
        if not told:
            click.echo(f"Another deploy is running: waiting for it, at most {seconds} s.")
            told = True
        if time.monotonic() > give_up:
            raise click.ClickException(
                f"Another deploy did not finish within {seconds} s. Its process is the one that "
                "holds the lock of type 'advisory' in PostgreSQL's view pg_locks."
            )
        time.sleep(0.2)


def _revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
