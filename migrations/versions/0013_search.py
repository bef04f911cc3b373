"""Search

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-28 10:30:00.000000
"""

from contextlib import nullcontext

import sqlalchemy as sa
from alembic import op


revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("posts", "comments")

# The words of a text; of Chinese and Japanese, which have no spaces, also single characters and
# their pairs, from the first and from the second one. PostgreSQL would take `a-1` or `a.b/c` for a
# number or a path. `#<n>` is the same for 10,000 ids: docs/decisions/search.md says why.
FUNCTION = r"""
CREATE OR REPLACE FUNCTION search_words(body text, id integer) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  words text := regexp_replace(body, '[-+./:@_<&]+', ' ', 'g');
  han text;
BEGIN
  IF octet_length(body) > length(body) THEN
    han := regexp_replace(
      words, '[^\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+', ' ', 'g');
    words := regexp_replace(
        words, '([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g')
      || ' ' || regexp_replace(han, '(\S\S)', '\1 ', 'g')
      || ' ' || regexp_replace(regexp_replace(han, '(^| )\S', '\1', 'g'), '(\S\S)', '\1 ', 'g');
  END IF;
  RETURN to_tsvector('pg_catalog.english', words)
    || array_to_tsvector(ARRAY['#' || id / 10000]);
END
$$
"""
# Without a list of pending changes, which each search would read, once for each 10,000 ids.
GIN = {"postgresql_using": "gin", "postgresql_with": {"fastupdate": "off"}}
INDEXES = (
    ("posts", "search", "search_words(body, id)", GIN),
    ("comments", "search", "search_words(body, id)", GIN),
    ("users", "name_prefix", "lower(name) text_pattern_ops", {}),
)
# FTS5 reads the text from the table, and has to be told what it was.
ADD = "INSERT INTO {0}_search (rowid, body) VALUES (new.id, new.body);"
DELETE = "INSERT INTO {0}_search ({0}_search, rowid, body) VALUES ('delete', old.id, old.body);"
TRIGGERS = {"INSERT": ADD, "DELETE": DELETE, "UPDATE OF id, body": DELETE + ADD}


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
        create_postgresql_indexes()
        return
    op.create_index("ix_users_name_prefix", "users", [sa.text("lower(name)")])
    for table in TABLES:
        options = f"body, content='{table}', content_rowid='id', tokenize='trigram'"
        op.execute(f"CREATE VIRTUAL TABLE {table}_search USING fts5({options})")
        op.execute(f"INSERT INTO {table}_search ({table}_search) VALUES ('rebuild')")
        for event, statements in TRIGGERS.items():
            name, body = f"{table}_search_{event.split()[0].lower()}", statements.format(table)
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {body} END")


def create_postgresql_indexes():
    """Create the indexes without blocking writes, except on a new site.

    An index whose creation was interrupted exists, but is invalid.
    """
    is_new = not op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM users)"))
    with nullcontext() if is_new else op.get_context().autocommit_block():
        if not is_new:
            op.execute("SET lock_timeout = 0")  # it only waits for transactions to end
        for table, column, expression, options in INDEXES:
            name = f"ix_{table}_{column}"
            options = {"postgresql_concurrently": not is_new, **options}
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=not is_new)
            op.create_index(name, table, [sa.text(expression)], **options)


def downgrade():
    op.drop_index("ix_users_name_prefix", table_name="users")
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.drop_index(f"ix_{table}_search", table_name=table)
        op.execute("DROP FUNCTION search_words")
        return
    for table in TABLES:
        for event in TRIGGERS:
            op.execute(f"DROP TRIGGER {table}_search_{event.split()[0].lower()}")
        op.execute(f"DROP TABLE {table}_search")
