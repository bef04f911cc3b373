"""Full-text search: posts and comments by their words, users by the beginning of their names.

`docs/decisions/search.md` says why a search reads a bounded number of rows, and what it finds.
"""

import re
import string
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    Index,
    Integer,
    String,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from ..extensions import db
from .comment import Comment
from .hidden_user import HiddenUser
from .post import Post
from .types import Query, Rows, Slice
from .user import User
from .user_list import PREFIX, USERNAME, first_by_prefix

MAX_LENGTH = 100  # characters of a query
MAX_WORDS = 10  # of a query; others are ignored
WINDOW = 200  # matches that a page looks at, since some of their authors may be hidden

# The SQL function search_words() and its index are in a migration. To change the language or the
# size of a block, write another one, with another function and index.
LANGUAGE = "pg_catalog.english"
BLOCK = 10_000  # ids that have the same word `#<id / BLOCK>` in the index

# Chinese and Japanese, which have no spaces between words: their words are pairs of characters.
HAN = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
SPACES = rf"\s{re.escape(string.punctuation)}\u2000-\u206f\u3000-\u303f\uff00-\uff0f"
WORD = re.compile(rf"[{HAN}]+|[^{HAN}{SPACES}]+")

# A function that returns the ids of a page of matches.
Match = Callable[[Any, tuple[int, ...], Slice], Rows]

NAME: Any = func.lower(User.name)
Index("ix_users_name_prefix", NAME.label("name"), postgresql_ops={"name": PREFIX})
for model in (Post, Comment):
    Index(
        f"ix_{model.__tablename__}_search",
        func.search_words(model.body, model.id),
        postgresql_using="gin",
        # Or each search would read the list of pending changes, once for each block.
        postgresql_with={"fastupdate": "off"},
    )


def words_of(text: str) -> list[str]:
    """Return the words of a query; Chinese ones as pairs of characters; at most MAX_WORDS."""
    words: dict[str, None] = {}
    for word in WORD.findall(text.lower()):
        if re.match(f"[{HAN}]{{2}}", word):
            starts = [*range(0, len(word) - 1, 2), len(word) - 2]  # the last pairs may overlap
            words |= dict.fromkeys(word[start : start + 2] for start in starts)
        elif any(character.isalnum() for character in word):
            words[word] = None
    return list(words)[:MAX_WORDS]


def matches(
    rows: Rows,
    model: type[Post | Comment],
    words: list[str],
    hides: tuple[int, bool] | None = None,
) -> Callable[[Slice], Query]:
    """Return a function that returns a slice of the `rows` with all `words`, newest first.

    `rows` is a query for posts or comments, the same object for each request: the statement is
    kept with it. Disabled comments are left out, and authors hidden from a user: `hides` is their
    id, and whether those who have blocked them are hidden, too. A page looks at the newest WINDOW
    matches only.
    """
    if not words:
        return lambda _page: (rows.where(false()), {})
    user_id, blockers = hides or (None, None)
    match: Match = _blocks_with
    lengths: tuple[int, ...] = ()
    values: dict[str, Any] = {"user_id": user_id, "words": " ".join(words)}
    if db.engine.dialect.name != "postgresql":
        match, lengths = _substrings, tuple(map(len, words))
        values |= {
            f"word{n}": word if len(word) < 3 else f'"{word}"' for n, word in enumerate(words)
        }
    return lambda page: page.query(partial(_build, match, lengths, rows, model, blockers), values)


def users(prefix: str, limit: int, hides: tuple[int, bool] | None = None) -> Rows:
    """Return id and byline of users by the beginning of a name, sorted.

    The name is the username or the display name. Users who could not be seen without a search are
    left out, also those hidden from a user: see `matches()`. The first WINDOW users by each name
    are looked at.
    """
    users = select(User.id, *User.byline())
    found = first_by_prefix(prefix, (USERNAME, NAME), WINDOW)
    users = users.where(User.id.in_(found), User.is_shown())
    users = users.where(or_(User.confirmed, User.post_count > 0))
    if hides is not None:
        users = users.where(~HiddenUser.hides(User.id, *hides))
    return users.order_by(USERNAME, User.id).limit(limit)


@lru_cache
def _build(
    match: Match,
    lengths: tuple[int, ...],
    rows: Rows,
    model: Any,
    blockers: bool | None,
    after: bool,
    before: bool,
    limit: int,
) -> Rows:
    page = Slice.with_parameters(after, before, limit)
    # Its ids are those of the newest matches: the outer query only drops some of them.
    found = match(model, lengths, page).limit(WINDOW).subquery()
    rows = rows.join(found, found.c.id == model.id)
    if model is Comment:
        rows = rows.where(~Comment.disabled)
    if blockers is not None:
        user_id = bindparam("user_id", type_=Integer)
        rows = rows.where(~HiddenUser.hides(model.author_id, user_id, blockers))
    return _sorted(rows, found.c.id, page).limit(limit)


def _blocks_with(model: Any, _lengths: tuple[int, ...], page: Slice) -> Rows:
    """Return the ids of the matches on PostgreSQL, which looks at one block after the other.

    A GIN index has no order: it returns all matches of a word, or those in one block.
    """
    words: Any = func.plainto_tsquery(cast(LANGUAGE, REGCONFIG), bindparam("words", type_=String))
    row_id = bindparam("row_id", type_=Integer)
    newest = select(func.max(model.id)).scalar_subquery()
    ends = (
        (row_id, newest, 1)
        if page.after is not None
        else (row_id if page.before is not None else newest, 0, -1)
    )
    blocks: Any = func.generate_series(ends[0] // BLOCK, ends[1] // BLOCK, ends[2])
    blocks = blocks.table_valued(column("number", Integer), name="blocks").render_derived()
    in_block = words.op("&&")(cast(literal("#") + cast(blocks.c.number, String), TSQUERY))
    has_words = func.search_words(model.body, model.id).bool_op("@@")(in_block)
    of_block = _sorted(select(model.id).where(has_words), model.id, page).limit(WINDOW).lateral()
    # Common words such as “the” are no words for PostgreSQL: all rows would have none of them.
    return select(of_block.c.id).join_from(blocks, of_block, true()).where(func.numnode(words) > 0)


def _substrings(model: Any, lengths: tuple[int, ...], page: Slice) -> Rows:
    """Return the ids of the matches on SQLite, by an index of all parts of three characters."""
    index = table(
        f"{model.__tablename__}_search", column("rowid", Integer), column("body", String)
    )
    words = {bindparam(f"word{n}", type_=String): length for n, length in enumerate(lengths)}
    found = select(index.c.rowid.label("id")).where(
        *(
            func.instr(func.lower(index.c.body), word) > 0
            if length < 3
            else index.c.body.op("MATCH")(word)
            for word, length in words.items()
        )
    )
    return _sorted(found, index.c.rowid, page)


def _sorted(rows: Rows, row_id: Any, page: Slice) -> Rows:
    cursor = bindparam("row_id", type_=Integer)
    if db.engine.dialect.name == "postgresql":
        row_id = row_id + 0  # or it might read all rows in the order of the primary key
    if page.after is not None:
        return rows.where(row_id > cursor).order_by(row_id)
    return (rows.where(row_id < cursor) if page.before is not None else rows).order_by(
        row_id.desc()
    )
