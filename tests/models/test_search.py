"""Searching: what is found on both databases, and how many rows PostgreSQL reads for a page."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.extensions import db
from app.models import Comment, Post, Slice, search
from app.models.search import MAX_WORDS, matches, words_of
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, migrated, record_buffers
from tests.support.factories import Factory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POSTS = select(Post.id, Post.body)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", []),
        ("  ... !!! “”–… 🙂 \u200f", []),
        ("Hello, HELLO world", ["hello", "world"]),
        ("don't foo_bar a.b/c covid-19", ["don", "t", "foo", "bar", "a", "b", "c", "covid", "19"]),
        ('"a" OR (b & !c) | d:* <-> e', ["a", "or", "b", "c", "d", "e"]),
        ("你好", ["你好"]),
        ("好", ["好"]),
        ("你好吗", ["你好", "好吗"]),
        ("Flask应用程序。", ["flask", "应用", "程序"]),
        ("مرحبا עולם नमस्ते", ["مرحبا", "עולם", "नमस्ते"]),
        ("x " * 50 + " ".join(map(str, range(50))), ["x", *map(str, range(MAX_WORDS - 1))]),
    ],
)
def test_words_of_a_query(query: str, words: list[str]) -> None:
    assert words_of(query) == words


FOUND = {
    "flask": ["Flask is *small*", "Flask应用程序"],
    "SMALL flask": ["Flask is *small*"],
    "covid-19": ["covid-19, at https://example.com/some/path?x=1"],
    "19": ["covid-19, at https://example.com/some/path?x=1"],
    "path example": ["covid-19, at https://example.com/some/path?x=1"],
    "应用程序": ["Flask应用程序"],
    "用程": ["Flask应用程序"],
    "序": ["Flask应用程序"],
    "应程": [],
    "مرحبا": ["مرحبا بالعالم"],
    "नमस्ते": ["नमस्ते दुनिया"],
    "flask nothing": [],
    "!!!": [],
    "#0": [],
    "' OR 1=2 --": [],
    "flask & | ! ( ) <-> :* \\ % NEAR": [],
    "é" * 100: [],
}
BODIES = [
    "Flask is *small*",
    "covid-19, at https://example.com/some/path?x=1",
    "Flask应用程序",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
]


def found(
    query: str, page: Slice | None = None, model: Any = Post, rows: Any = POSTS
) -> list[Any]:
    """Return the rows that a search finds."""
    search_page = matches(rows, model, words_of(query))
    statement, values = search_page(page or Slice(None, None, 21))
    return list(db.session.execute(statement, values))


@pytest.mark.both_databases
def test_search_finds_posts_with_all_words(app: Flask) -> None:
    make = Factory(app)
    ann = make.user("ann")
    for body in BODIES:
        make.post(ann, body)

    with app.app_context():
        results = {query: [row.body for row in reversed(found(query))] for query in FOUND}

    assert results == FOUND


@pytest.mark.both_databases
def test_search_knows_edited_and_deleted_posts_and_their_comments(app: Flask) -> None:
    make = Factory(app)
    ann = make.user("ann")
    edited, deleted = make.post(ann, "draft"), make.post(ann, "gone draft")
    make.comment(ann, deleted, "said draft")
    comments = select(Comment.id)

    with app.app_context():
        assert len(found("draft")) == 2
        assert len(found("draft", None, Comment, comments)) == 1
        db.session.get_one(Post, edited).body = "final"
        db.session.execute(text("DELETE FROM posts WHERE id = :id"), {"id": deleted})
        db.session.commit()

        assert found("draft") == []
        assert found("draft", None, Comment, comments) == []
        assert [row.id for row in found("final")] == [edited]


@pytest.mark.both_databases
def test_pages_are_by_id_in_both_directions(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Factory(app)
    ann = make.user("ann")
    ids = [make.post(ann, "word", NOON) for _ in range(5)][::-1]

    with app.app_context():
        first = found("word", Slice(None, None, 3))
        older = found("word", Slice(None, (NOON, ids[2]), 3))
        newer = found("word", Slice((NOON, ids[3]), None, 2))

    assert [row.id for row in first] == ids[:3]
    assert [row.id for row in older] == ids[3:]
    assert [row.id for row in newer] == [ids[2], ids[1]]


def test_common_words_alone_find_nothing_on_postgresql(postgres: EphemeralPostgres) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    with migrated(app):
        make = Factory(app)
        make.post(make.user("ann"), "The posts are running")
        with app.app_context():
            assert found("the are") == []
            assert len(found("the post runs")) == 1  # other forms, and without common words


# In three blocks of ids; a suspended user wrote the newest 100.
GROWN = """
INSERT INTO users
  (id, email, username, security_stamp, confirmed, avatar_hash, member_since, last_seen,
   suspended_at)
  SELECT id, id, 'user' || id, '-', true, '-', now(), now(), CASE WHEN id = 2 THEN now() END
  FROM generate_series(1, 2) AS id;
INSERT INTO posts (id, body, body_html, timestamp, author_id)
  SELECT id, CASE WHEN id < 4 THEN 'rare ' ELSE '' END || 'common' || repeat(' x', 250),
    repeat('-', 1200), now(), CASE WHEN id > 30000 THEN 2 ELSE 1 END
  FROM generate_series(1, 30100) AS id;
VACUUM ANALYZE
"""


@pytest.fixture(scope="module")
def grown(postgres: EphemeralPostgres) -> Iterator[Flask]:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database(), DATABASE_STATEMENT_TIMEOUT=0.0)
    with migrated(app), app.app_context():
        connection = db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        for statement in GROWN.split(";"):
            connection.execute(text(statement))
        db.session.commit()
        yield app


CASES = {
    # the query, the id that the page is before or after, the ids that it has
    "in all posts": ("common", None, None, range(30_000, 29_996, -1)),
    "deep": ("common", 15_000, None, range(14_999, 14_995, -1)),
    "newer": ("common", None, 15_000, range(15_001, 15_005)),
    "rare": ("rare", None, None, (3, 2, 1)),
    "both": ("common rare", None, None, (3, 2, 1)),
    "none": ("common absent", None, None, ()),
}


@pytest.mark.slow
@pytest.mark.parametrize(("query", "before", "after", "ids"), CASES.values(), ids=CASES)
def test_page_reads_the_rows_of_one_block_at_most(
    grown: Flask, query: str, before: int | None, after: int | None, ids: Sequence[int]
) -> None:
    page = Slice((NOON, after) if after else None, (NOON, before) if before else None, 4)
    with record_buffers(grown) as buffers:
        rows = found(query, page, rows=Post.rows())
    pages = db.session.scalar(text("SELECT relpages FROM pg_class WHERE relname = 'posts'"))

    assert [row.id for row in rows] == list(ids)
    # A block is a third of the table. Posts without the words cost the pages of the index only.
    assert max(buffers.values()) < (pages / 2 if query == "common" else 200), buffers


@pytest.mark.slow
def test_page_looks_at_a_window_of_matches(grown: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many posts of hidden authors do not make it read all others."""
    monkeypatch.setattr(search, "WINDOW", 99)

    assert found("common x", Slice(None, None, 5), rows=Post.rows()) == []
