"""Lists of the API: their parameters `limit`, `before` and `after`, and their pages."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from ..models import Query, Rows, Slice
from ..pagination import paginate
from .request_parsing import QueryParams
from .schemas import PageOut

# <microseconds since 1970>-<id>, with an id below 2,147,000,000.
CURSOR = r"^[0-9]{1,17}-([01]?[0-9]{1,9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6})$"


def require_digits(value: Any) -> Any:
    """Reject what int() accepts beyond digits, such as " 1_0 "."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("must be an integer")
    return value


Cursor = Annotated[str, Field(pattern=CURSOR)] | None
PageT = TypeVar("PageT", bound=PageOut)


Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(require_digits)]


class Paging(QueryParams):
    """The parameters of a paginated list."""

    limit: Limit = Field(20, description="Maximum number of results.")
    before: Cursor = Field(
        None,
        description="Cursor from next_url: return older results. Ignored if `after` is given.",
    )
    after: Cursor = Field(None, description="Cursor from prev_url: return newer results.")


def list_page(
    schema: type[PageT], rows: Rows | Callable[[Slice], Query], query: Paging, **fields: int
) -> PageT:
    """Return a page of `rows`, newest first; `fields` are those that are not part of a `Page`."""
    parameters = query.model_dump(exclude={"before", "after"}, exclude_unset=True)
    page = paginate(rows, query.limit, _external=True, **parameters)
    return schema.of(vars(page) | fields)
