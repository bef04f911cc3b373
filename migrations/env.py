"""How Alembic reaches the database: through the application, one transaction for all steps.

A migration runs while the previous release still serves. So it waits for a lock for a short time
only, rather than making every reader wait behind it; run `flask deploy` again if it gives up.
Once it has its locks, it may take as long as it needs.
"""

import re
import warnings
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, event, text

from app.models.types import UTCDateTime

LOCK_TIMEOUT = "2s"

# SQLAlchemy cannot read such an index back from SQLite; the check on PostgreSQL covers it.
warnings.filterwarnings("ignore", message=".*expression-based index")

migrate = current_app.extensions["migrate"]


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration file when the models have not changed."""
    asked_to_write = getattr(context.config.cmd_opts, "autogenerate", False)
    if asked_to_write and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our column type as what the database makes of it: migrations import no models."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def begin(connection: Connection) -> None:
    """Prepare the connection: bounded waiting, and on SQLite a transaction that holds DDL."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text("SET statement_timeout = 0"))
        connection.commit()
        return
    # Altering a table on SQLite means copying and dropping it. With foreign keys on, dropping
    # would delete every row that refers to it. Neither setting can change inside a transaction.
    driver = connection.connection.driver_connection
    driver.isolation_level = None  # else sqlite3 commits as it likes
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    keep_expression_indexes(connection)


def keep_expression_indexes(connection: Connection) -> None:
    """Let a table that is copied on SQLite keep the indexes that Alembic cannot read from it.

    They would be lost without a word, and with them the rule that no two names differ by case.
    """
    lost: list[str] = []

    def remember(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        dropped = re.match(r'\s*DROP TABLE "?(\w+)', statement)
        if dropped:
            query = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?"
            found = cursor.execute(query, dropped.groups()).fetchall()
            lost[:] = [sql for (sql,) in found if sql and sql.count("(") > 1]

    def put_back(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if re.match(r'\s*ALTER TABLE "?_alembic_tmp_\w+"? RENAME', statement):
            for sql in lost:
                cursor.execute(sql)

    event.listen(connection, "before_cursor_execute", remember)
    event.listen(connection, "after_cursor_execute", put_back)


def end(connection: Connection) -> None:
    """Leave the connection as it was: it goes back to the pool."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text("RESET statement_timeout"))
        connection.commit()
        return
    driver = connection.connection.driver_connection
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    driver.isolation_level = ""


def run() -> None:
    """Run the migrations that were asked for."""
    options = {
        "render_item": render_item,
        "process_revision_directives": skip_empty,
        **migrate.configure_args,
    }
    with migrate.db.engine.connect() as connection:
        begin(connection)
        context.configure(connection=connection, target_metadata=migrate.db.metadata, **options)
        try:
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            end(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations need a database to look at: leave out --sql.")

run()
