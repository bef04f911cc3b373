"""Lists: `limit` rows of them, and where to go on."""

from typing import Any

from ..models import Rows
from ..pagination import Page, paginate
from .input import Paging


def part(rows: Rows, timestamp: Any, row_id: Any, query: Paging) -> Page:
    """Return the part of `rows` that `query` asks for."""
    kept = {"limit": query.limit} if "limit" in query.model_fields_set else {}
    return paginate(rows, timestamp, row_id, query.limit, _external=True, **kept)


def beside(page: Page) -> dict[str, str | None]:
    """Return the addresses of the parts beside `page`."""
    return {"prev_url": page.newer_url, "next_url": page.older_url}
