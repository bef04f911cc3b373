"""A monthly drill: the newest backup is restored into a scratch database, and its rows counted."""

import json
import shutil
import time
from collections.abc import Sequence
from typing import Any

from . import backups, postgres
from .paths import App, CommandError, call, write

SCRATCH = "restore_drill"
DROP = f"DROP DATABASE IF EXISTS {SCRATCH}"
# One query for each table, since the statistics are estimates.
COUNTS = """
SELECT format('SELECT count(*) FROM %I.%I', schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


def run(app: App, _arguments: Sequence[str] = ()) -> int:
    """Restore the newest backup elsewhere; record and print what it contains, or what failed."""
    if "DATABASE_URL" not in app.site()["variables"]:
        raise CommandError("The drill needs a PostgreSQL of the app: hosting setup --postgres")
    try:
        failed, result = False, f"restored {restore(app)}"
    except CommandError as error:
        failed, result = True, f"failed: {' '.join(str(error).split())}"
    result += time.strftime(" at %Y-%m-%d %H:%M UTC", time.gmtime())
    write(app.drill, json.dumps({"result": result, "failed": failed}))
    print(f"The restore drill {result}.")
    return int(failed)


def restore(app: App) -> str:
    """Restore the newest backup into the scratch database; return what it contains."""
    found = backups.files(app)
    if not found:
        raise CommandError("There is no backup. Create one: hosting backup create")
    postgres.psql(app, DROP)  # of a drill that was killed
    size = int(postgres.psql(app, f"SELECT pg_database_size('{app.name}')")[0])
    if shutil.disk_usage(app.root).free < 2 * size:
        raise CommandError(f"The disk needs space for two copies of {size // 1_000_000} MB.")
    postgres.psql(app, f"CREATE DATABASE {SCRATCH}")
    try:
        # -O: owners are ignored; -e: the first error ends it.
        call(["pg_restore", "-Oe", *postgres.connection(app, SCRATCH), str(found[-1])])
        queries = postgres.psql(app, COUNTS, SCRATCH)
        rows = [int(postgres.psql(app, query, SCRATCH)[0]) for query in queries]
    finally:
        postgres.psql(app, DROP)
    return f"{sum(rows)} rows in {len(rows)} tables from {found[-1].name}"


def last(app: App) -> dict[str, Any]:
    """Return the result of the last drill in words, and whether it failed."""
    facts = {"result": "has not run yet", "failed": False}
    return json.loads(app.drill.read_text()) if app.drill.is_file() else facts
