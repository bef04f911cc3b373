"""The indexes of the list of users. For its rows, see tests/admin/test_users.py."""

import pytest
from sqlalchemy import text

from app.extensions import db
from app.models import User, user_list
from app.models.types import Slice

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]

USERS = """
INSERT INTO users
  (email, username, security_stamp, confirmed, avatar_hash, member_since, last_seen, role_id)
  SELECT 'user' || n || '@example.com', 'user' || n, '-', true, '-', now(), now(), roles.id
  FROM generate_series(1, 3000) AS n, roles WHERE roles.name = 'User'
"""
SEARCHED = user_list.rows()


def plan(statement: object) -> str:
    """Return the plan of PostgreSQL for a table that is not small."""
    sql = str(
        statement.compile(  # type: ignore[attr-defined]  # a Select
            dialect=db.engine.dialect, compile_kwargs={"literal_binds": True}
        )
    )
    return "\n".join(db.session.execute(text("EXPLAIN " + sql.replace(":", r"\:"))).scalars())


@pytest.mark.parametrize(
    ("index", "statement"),
    [
        ("ix_users_newest", lambda: Slice(None, None, 20).of(user_list.rows())),
        (
            "ix_users_unconfirmed",
            lambda: Slice(None, None, 20).of(user_list.rows().where(~User.confirmed)),
        ),
        ("ix_users_username_prefix", lambda: user_list.search_rows("user12", 20)),
        ("ix_users_email_prefix", lambda: user_list.search_rows("user12", 20)),
    ],
)
def test_list_and_search_use_an_index(index: str, statement: object) -> None:
    if db.engine.dialect.name != "postgresql":
        return  # SQLite is for development
    db.session.execute(text(USERS))
    db.session.execute(text("ANALYZE users"))

    assert index in plan(statement())  # type: ignore[operator]  # a function
