"""Reading what a program has sent: JSON and the query, by the schemas of the document."""

from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from ..problems import Fault, Refusal

# What Python's str.strip() takes away, so that a text is blank here when it is on a page; and no
# NUL, which PostgreSQL cannot store. Written out, since engines do not agree on what \s is.
BLANK = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SOMETHING = rf"^[^\x00]*[^\x00{BLANK}][^\x00]*$"
NO_NUL = r"^[^\x00]*$"
ONE_LINE = rf"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f{BLANK}][^\x00-\x1f\x7f]*$"

MOST_FAULTS = 50  # that one is told of: whoever sends more has sent something else altogether
LONGEST_NAME = 100  # of a field that we have never heard of


class Body(BaseModel):
    """A JSON object of which every field is known, and of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _whole(value: Any) -> Any:
    """To JSON, 2.0 is a whole number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)


class Query(BaseModel):
    """The part of an address behind the question mark; each name at most once."""

    model_config = ConfigDict(extra="forbid")


def _digits(value: Any) -> Any:
    """Python reads more as a number than people do: “ 1_0 ”."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("This is not a number.")
    return value


# Up to the highest id there is, nearly.
CURSOR = r"^[0-9]{1,17}-([01]?[0-9]{1,9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6})$"


class Paging(Query):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_digits)] = Field(
        20, description="How many rows at most."
    )
    before: Annotated[str, Field(pattern=CURSOR)] | None = Field(
        None,
        description="From next_url: what is older than this. Beside `after` it is not heeded.",
    )
    after: Annotated[str, Field(pattern=CURSOR)] | None = Field(
        None, description="From prev_url: what is newer than this."
    )


BodyT = TypeVar("BodyT", bound=Body)
QueryT = TypeVar("QueryT", bound=Query)


def read_body(schema: type[BodyT]) -> BodyT:
    """Return the JSON of the request, or refuse it."""
    if not request.is_json:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        return schema.model_validate_json(_sent())
    except ValidationError as error:
        raise _refusal("The JSON is not what this address takes.", "body", error) from None


def _sent() -> bytes:
    """Return the body; refuse one that is too large, although it has not said how large it is."""
    sent = request.get_data(cache=True)
    request.stream.read(1)  # Werkzeug ends a body of unknown length at the limit, in silence
    # An address may take less than the site does, and learns of itself after the body was begun.
    if request.max_content_length is not None and len(sent) > request.max_content_length:
        raise RequestEntityTooLarge
    return sent


def read_query(schema: type[QueryT]) -> QueryT:
    """Return the query of the request, or refuse it."""
    for name, values in request.args.lists():
        if len(values) > 1:
            fault = Fault(where=name, what="Send it once.")
            raise Refusal(HTTPStatus.BAD_REQUEST, "The query is ambiguous.", errors=[fault])
    try:
        return schema.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _refusal("The query is not what this address takes.", "query", error) from None


def _refusal(detail: str, part: str, error: ValidationError) -> Refusal:
    if error.error_count() > MOST_FAULTS:
        many = Fault(where=part, what=f"There are {error.error_count()} faults in it.")
        return Refusal(HTTPStatus.BAD_REQUEST, detail, errors=[many])
    faults = [
        Fault(where=".".join(map(str, one["loc"]))[:LONGEST_NAME] or part, what=one["msg"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return Refusal(HTTPStatus.BAD_REQUEST, detail, errors=faults)
