"""Alembic environment: migrations run in one transaction, on the application's database.

The previous release keeps serving during a migration, so waiting for a lock is limited: a
blocked ALTER TABLE would block all requests behind it. Run `flask deploy` again if it fails.
A statement that holds its locks may take as long as it needs.
"""

import re
import warnings
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, event, text

from app.models.types import UTCDateTime

TIMEOUTS = {
    "lock_timeout": "2s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}

# SQLAlchemy cannot reflect expression indexes on SQLite; `flask db check` on PostgreSQL does.
warnings.filterwarnings("ignore", message=".*expression-based index")

migrate = current_app.extensions["migrate"]


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Create no migration file if the models have not changed."""
    is_autogenerate = getattr(context.config.cmd_opts, "autogenerate", False)
    if is_autogenerate and directives[0].upgrade_ops.is_empty():
        directives[:] = []


# demo-only: begin
def is_compared(name: str | None, kind: str, _parents: Any) -> bool:
    """Return False for the tables of the search on SQLite, which are no models."""
    return not (kind == "table" and "_search" in (name or ""))


# demo-only: end


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Render UTCDateTime as its database type: migrations do not import models."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def begin(connection: Connection) -> None:
    """Set the timeouts on PostgreSQL; begin a transaction that includes DDL on SQLite."""
    if connection.dialect.name == "postgresql":
        event.listen(connection, "begin", set_timeouts)
        return
    # On SQLite, Alembic alters a table by copying and dropping it. With foreign keys on, the drop
    # would delete all rows that refer to it. They cannot be turned off inside a transaction.
    driver = connection.connection.driver_connection
    driver.isolation_level = None  # or sqlite3 commits before DDL
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    keep_expression_indexes(connection)


def set_timeouts(connection: Connection) -> None:
    """Set them for this transaction: a pooler such as PgBouncer would keep them otherwise."""
    is_autocommit = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    scope = "SESSION" if is_autocommit else "LOCAL"  # SESSION in autocommit_block()
    for name, value in TIMEOUTS.items():
        connection.execute(text(f"SET {scope} {name} = '{value}'"))


def keep_expression_indexes(connection: Connection) -> None:
    """Recreate expression indexes and triggers of tables that Alembic copies on SQLite.

    Alembic cannot reflect them, so it would silently drop the unique index on lower(username).
    """
    index_sql: list[str] = []

    def save_indexes(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        dropped = re.match(r'\s*DROP TABLE "?(\w+)', statement)
        if dropped:
            query = "SELECT sql FROM sqlite_master WHERE type != 'table' AND tbl_name = ?"
            rows = cursor.execute(query, dropped.groups()).fetchall()
            index_sql[:] = [sql for (sql,) in rows if sql and sql.count("(") > 1]

    def restore_indexes(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if re.match(r'\s*ALTER TABLE "?_alembic_tmp_\w+"? RENAME', statement):
            for sql in index_sql:
                cursor.execute(sql)

    event.listen(connection, "before_cursor_execute", save_indexes)
    event.listen(connection, "after_cursor_execute", restore_indexes)


def end(connection: Connection) -> None:
    """Reset the connection before it returns to the pool."""
    if connection.dialect.name == "postgresql":
        for name in TIMEOUTS:
            connection.execute(text(f"RESET {name}"))
        connection.commit()
        return
    driver = connection.connection.driver_connection
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    driver.isolation_level = ""


def run() -> None:
    """Run the requested migrations."""
    options = {
        "include_name": is_compared,  # demo-only
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
    raise SystemExit("Offline migrations (--sql) are not supported: run without --sql.")

run()
