"""With many jobs, a claim still reads a few rows."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, text

from app.extensions import db
from app.jobs import queue
from app.models import Job, utcnow
from tests.support.databases import record_statements

pytestmark = [pytest.mark.usefixtures("context", "jobs"), pytest.mark.slow]

COUNT = 100_000
DUE = COUNT // 2


@pytest.fixture
def jobs() -> None:
    """Half of the jobs are due, the others are not."""
    now = utcnow()
    for start in range(0, COUNT, 10_000):
        rows = [
            {"name": "export", "arguments": [number], "run_at": now + timedelta(seconds=number)}
            for number in range(start - DUE, start - DUE + 10_000)
        ]
        db.session.execute(insert(Job), rows)
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


@pytest.mark.both_databases
def test_claim_executes_two_statements_and_reads_a_few_pages(app: Flask) -> None:
    due = (Job.name == "export", Job.run_at <= utcnow())
    with record_statements(app) as statements:
        claim = queue.claim("me", *due)

    assert claim is not None
    assert claim.arguments == [-DUE]
    assert [statement.split()[0] for statement in statements] == ["SELECT", "UPDATE"]
    if db.engine.dialect.name == "postgresql":
        select = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statements[0]}"
        values = {"name_1": "export", "run_at_1": utcnow(), "param_1": 1}
        [[[explained]]] = db.session.connection().exec_driver_sql(select, values)
        plan = explained["Plan"]
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 20
