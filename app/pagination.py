"""Lists, page by page, by key: the next page begins after the last row one has seen.

Unlike counting rows (OFFSET), this stays fast at any depth, and rows that arrive meanwhile do
not push others from one page to the next.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext
from sqlalchemy import ColumnElement, literal, tuple_

from .extensions import db
from .models import Rows

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = re.compile(r"(\d{1,17})-(\d{1,10})", re.ASCII)
HIGHEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Page:
    """Some rows of a list, newest first, and the addresses of the pages beside them."""

    items: list[Any]
    newer_url: str | None
    older_url: str | None

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)


def paginate(rows: Rows, timestamp: Any, row_id: Any, per_page: int, **address: Any) -> Page:
    """Return the page of `rows` that the request asks for with `?before=` or `?after=`.

    The rows must have the columns `timestamp` and `id`, which order them. One statement; one row
    more than shown is fetched, to know whether there is another page. A cursor that cannot be
    read is answered with 400. `address` is what the addresses of other pages hold besides.
    """
    after, before = _cursor("after"), _cursor("before")
    key = tuple_(timestamp, row_id)
    if after is not None:
        rows = rows.where(key > _values(after, timestamp, row_id))
        rows = rows.order_by(timestamp.asc(), row_id.asc())
    else:
        if before is not None:
            rows = rows.where(key < _values(before, timestamp, row_id))
        rows = rows.order_by(timestamp.desc(), row_id.desc())
    found = list(db.session.execute(rows.limit(per_page + 1)))
    more, items = len(found) > per_page, found[:per_page]
    if after is not None:
        items.reverse()
        return _page(items, address, newer=more, older=True)
    return _page(items, address, newer=before is not None, older=more)


def _page(items: list[Any], address: dict[str, Any], newer: bool, older: bool) -> Page:
    if not items:  # beyond the end: there is nothing to count from, so begin anew
        return Page([], _url(**address) if newer or older else None, None)
    return Page(
        items,
        _url(**address, after=_encode(items[0])) if newer else None,
        _url(**address, before=_encode(items[-1])) if older else None,
    )


def _url(**values: Any) -> str:
    return url_for(str(request.endpoint), **(request.view_args or {}), **values)


def _encode(row: Any) -> str:
    return f"{(row.timestamp - EPOCH) // MICROSECOND}-{row.id}"


def _cursor(name: str) -> tuple[datetime, int] | None:
    value = request.args.get(name)
    if value is None:
        return None
    match = CURSOR.fullmatch(value)
    if match is None or int(match[2]) > HIGHEST_ID:
        abort(400, gettext("This link to a page of the list is damaged. Begin at its first page."))
    return EPOCH + int(match[1]) * MICROSECOND, int(match[2])


def _values(cursor: tuple[datetime, int], timestamp: Any, row_id: Any) -> ColumnElement[Any]:
    moment, identifier = cursor
    return tuple_(literal(moment, timestamp.type), literal(identifier, row_id.type))
