"""`flask deploy`: prepare the database for a release."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import (
    Connection,
    select,  # demo-only
    text,
)

from ..database.postgresql import encoding_problem
from ..database.timeouts import remove_timeouts, without_timeouts
from ..extensions import db
from ..models import (
    Role,
    User,  # demo-only
)
from .reporting import one_line

# An arbitrary number; it must be the same in all releases.
DEPLOY_LOCK = 7_355_608
LOCK_TIMEOUT = "5s"
BATCH = 10_000  # users  # demo-only
CANNOT_CREATE = re.compile(
    r"permission denied for schema (?P<schema>\S+)|no schema has been selected to create in"
)


@click.command()
@with_appcontext
def deploy() -> None:
    """Upgrade the database: migrations, then reference data such as roles.

    Run it before each release starts. It is idempotent; on PostgreSQL, concurrent runs wait for
    each other.
    """
    failure = "Cannot connect to the database (check DATABASE_URL)"
    try:
        with deploy_lock(), without_timeouts():
            check_encoding()
            for step, run in STEPS:
                failure = f"{step} failed and were rolled back"
                set_lock_timeout()
                result = run()
                db.session.commit()
                click.echo(f"{step}: {result}")
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - a migration can raise anything
        db.session.rollback()
        raise click.ClickException(f"{failure}: {one_line(error)}{hint_for(error)}") from None
    click.echo("Deployed.")


def set_lock_timeout() -> None:
    """Let this transaction fail instead of blocking requests behind a lock."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def hint_for(error: Exception) -> str:
    """Return what to do about an error whose message does not say it.

    That the role may not create tables is the default since PostgreSQL 15.
    """
    if "Can't locate revision" in str(error):
        return (
            ". The database is from a later version, or from before a part was removed. "
            "Deploy that version, or use a new database"
        )
    if "Multiple head revisions" in str(error):
        return ". Join them: flask db merge heads"
    denied = CANNOT_CREATE.search(str(error))
    if denied is None:
        return ""
    names = db.session.execute(text("SELECT current_database(), current_user")).one()
    schema = denied["schema"] or "public"
    return (
        f". The owner of the database, or a superuser, must run: psql -d '{names[0]}' -c "
        f"""'GRANT ALL ON SCHEMA {schema} TO "{names[1]}"'"""
    )


def check_encoding() -> None:
    """Raise ClickException if the database cannot store every text."""
    if problem := encoding_problem(db.session.connection()):
        raise click.ClickException(f"{problem}.")


def upgrade_database() -> str:
    """Run pending migrations; return a list of them."""
    migrate = current_app.extensions["migrate"]
    config = migrate.migrate.get_config(migrate.directory)
    before = _current_revision()
    # Not Flask-Migrate's upgrade(), which exits the process on errors.
    command.upgrade(config, "head")
    after = _current_revision()
    if before == after:
        return f"up to date ({after})"
    scripts = ScriptDirectory.from_config(config)
    applied = list(scripts.iterate_revisions(after, before or "base"))
    names = "".join(f"\n  {script.revision} {script.doc}" for script in reversed(applied))
    return f"{len(applied)} applied{names}"


# demo-only: begin
def add_self_follows() -> str:
    """Let every user follow themself, in batches that are committed; return how many did not."""
    added, checked, last_id = 0, 0, 0
    ids = select(User.id).order_by(User.id).limit(BATCH)
    while batch := db.session.scalars(ids.where(User.id > last_id)).all():
        added += User.add_self_follows(User.id > last_id, User.id <= batch[-1])
        checked, last_id = checked + len(batch), batch[-1]
        if len(batch) == BATCH:
            db.session.commit()
            set_lock_timeout()
            click.echo(f"Self-follows: {checked} users checked …", err=True)
    return f"{added} added" if added else "unchanged"


# demo-only: end


STEPS: list[tuple[str, Callable[[], str]]] = [
    ("Migrations", upgrade_database),
    ("Roles", lambda: ", ".join(Role.insert_roles()) or "unchanged"),
    ("Self-follows", add_self_follows),  # demo-only
]


@contextmanager
def deploy_lock() -> Iterator[None]:
    """Hold PostgreSQL's advisory lock in a transaction; it ends with the connection, too.

    A lock of the session would stay on a connection of a pooler such as PgBouncer.
    """
    if db.engine.dialect.name != "postgresql":
        yield
        return
    # READ COMMITTED: between its statements it has no snapshot, for which CREATE INDEX
    # CONCURRENTLY would wait.
    with db.engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        remove_timeouts(connection)
        _wait_for_lock(connection, current_app.config["DEPLOY_LOCK_TIMEOUT"])
        yield


def _wait_for_lock(connection: Connection, seconds: int) -> None:
    # Not pg_advisory_xact_lock(), which has a snapshot while it waits.
    try_lock = text("SELECT pg_try_advisory_xact_lock(:key)").bindparams(key=DEPLOY_LOCK)
    deadline = None
    while not connection.scalar(try_lock):
        if deadline is None:
            click.echo(f"Another deploy is running; waiting for up to {seconds} s.")
            deadline = time.monotonic() + seconds
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"Another deploy did not finish within {seconds} s. If it hangs, end its database "
                "session: see locktype 'advisory' in the view pg_locks."
            )
        time.sleep(0.2)


def _current_revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
