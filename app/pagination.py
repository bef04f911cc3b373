"""Keyset pagination: a page starts after the last row of the previous page.

Unlike OFFSET, this is fast at any depth, and new rows do not shift others between pages.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext

from .extensions import db
from .models import Query, Rows, Slice
from .security.request_validation import MAX_ID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MAX_PAGE_LENGTH = 1_000_000  # characters of all rows
BATCH = 25  # rows that are fetched at once: 100 long ones take 50 MB
CURSOR = re.compile(r"(\d{1,17})-(\d{1,10})", re.ASCII)


@dataclass(frozen=True)
class Page:
    """Rows of a list, newest first, and the URLs of the adjacent pages."""

    items: list[Any]
    newer_url: str | None
    older_url: str | None

    @property
    def newest(self) -> str:
        """The cursor of the first row, after which newer rows come."""
        return _cursor_of(self.items[0]) if self.items else "0-0"


def paginate(rows: Rows | Callable[[Slice], Query], per_page: int, **url_values: Any) -> Page:
    """Return the page of `rows` for the request's `?before=` or `?after=`, with one query.

    `rows` is a query for rows with the columns `timestamp` and `id`, by which they are sorted, or
    a function that returns it for a slice, with its parameters. A page has fewer than `per_page`
    rows if they are long. An invalid cursor aborts with 400. `url_values` are added to the URLs of
    the adjacent pages.
    """
    after, before = _cursor("after"), _cursor("before")
    page = Slice(after, before, per_page + 1)
    query: Query = rows(page) if callable(rows) else (page.of(rows), {})
    items, has_more = _fetch(*query, per_page)
    if not items:  # beyond the last row: link to the first page
        return Page([], _url(**url_values) if after or before else None, None)
    if after:
        items.reverse()
    has_newer, has_older = (has_more, True) if after else (before, has_more)
    return Page(
        items,
        _url(**url_values, after=_cursor_of(items[0])) if has_newer else None,
        _url(**url_values, before=_cursor_of(items[-1])) if has_older else None,
    )


def cursor(timestamp: datetime, row_id: int) -> str:
    """Return the value of `?before=` for the page that starts below a row."""
    return f"{(timestamp - EPOCH) // MICROSECOND}-{row_id}"


def _fetch(rows: Rows, parameters: dict[str, Any], per_page: int) -> tuple[list[Any], bool]:
    """Return the first rows, at most `per_page` or MAX_PAGE_LENGTH, and whether there are more."""
    items: list[Any] = []
    length = 0
    options = {"yield_per": BATCH} if per_page > BATCH else {}
    result = db.session.execute(rows, parameters, execution_options=options)
    for row in result:
        length += sum(len(value) for value in row if isinstance(value, str))
        if len(items) == per_page or (items and length > MAX_PAGE_LENGTH):
            result.close()
            return items, True
        items.append(row)
    return items, False


def _url(**values: Any) -> str:
    return url_for(str(request.endpoint), **(request.view_args or {}), **values)


def _cursor_of(row: Any) -> str:
    return cursor(row.timestamp, row.id)


def _cursor(name: str) -> tuple[datetime, int] | None:
    value = request.args.get(name)
    if value is None:
        return None
    match = CURSOR.fullmatch(value)
    if match is None or int(match[2]) > MAX_ID:
        abort(400, gettext("This page link is invalid. Start from the first page."))
    return EPOCH + int(match[1]) * MICROSECOND, int(match[2])
