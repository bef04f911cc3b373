"""Validation of request bodies and query strings against the schemas of the API."""

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from ..errors.problem_details import APIError, FieldError

# The characters that str.strip() removes. Listed, because regex engines disagree about \s.
BLANK = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# PostgreSQL cannot store NUL.
NOT_BLANK = rf"^[^\x00]*[^\x00{BLANK}][^\x00]*$"
NO_NUL = r"^[^\x00]*$"
ONE_LINE = rf"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f{BLANK}][^\x00-\x1f\x7f]*$"

MAX_FIELD_ERRORS = 50  # in one response
MAX_FIELD_NAME = 100  # characters of an unknown field's name that are repeated


class RequestBody(BaseModel):
    """A JSON object. Unknown fields and values of the wrong type are rejected."""

    model_config = ConfigDict(extra="forbid", strict=True)


class QueryParams(BaseModel):
    """The query string. Unknown and repeated parameters are rejected."""

    model_config = ConfigDict(extra="forbid")


def read_body(schema: type[RequestBody]) -> RequestBody:
    """Return the JSON body of the request; raise APIError if it is invalid."""
    if not request.is_json:
        raise APIError(415)
    try:
        return schema.model_validate_json(_read_data())
    except ValidationError as error:
        raise _invalid("Request body is invalid.", "body", error) from None


def _read_data() -> bytes:
    """Return the body; raise RequestEntityTooLarge if a chunked body exceeds the limit."""
    data = request.get_data(cache=True)
    request.stream.read(1)  # otherwise Werkzeug truncates a body without length at the limit
    # An endpoint may set a lower limit after the stream was created.
    if request.max_content_length is not None and len(data) > request.max_content_length:
        raise RequestEntityTooLarge
    return data


def read_query(schema: type[QueryParams]) -> QueryParams:
    """Return the query parameters of the request; raise APIError if they are invalid."""
    for name, values in request.args.lists():
        if len(values) > 1:
            repeated = FieldError(field=name, message="Must not be repeated.")
            raise APIError(400, "Query string is invalid.", errors=[repeated])
    try:
        return schema.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _invalid("Query string is invalid.", "query", error) from None


def _invalid(detail: str, part: str, error: ValidationError) -> APIError:
    """Return the APIError for a failed validation of `part`, "body" or "query"."""
    if error.error_count() > MAX_FIELD_ERRORS:
        many = FieldError(field=part, message=f"{error.error_count()} validation errors.")
        return APIError(400, detail, errors=[many])
    errors = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(map(str, item["loc"]))[:MAX_FIELD_NAME]
        errors.append(FieldError(field=name or part, message=item["msg"]))
    return APIError(400, detail, errors=errors)
