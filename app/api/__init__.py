"""/api/v1: what the pages can do, for programs."""

from flask import Blueprint

from ..extensions import csrf, limiter
from ..limits import API

api = Blueprint("api", __name__)
docs = Blueprint("api_docs", __name__)

csrf.exempt(api)  # no cookie counts here, and a form of another site can send nothing else
limiter.shared_limit(API, scope="api")(api)

from . import (  # noqa: E402 - views
    authentication,  # noqa: F401 - a hook
    comments,  # noqa: F401 - views
    cors,  # noqa: F401 - hooks
    description,  # noqa: F401 - views
    follows,  # noqa: F401 - views
    me,  # noqa: F401 - views
    moderation,  # noqa: F401 - views
    posts,  # noqa: F401 - views
    slashes,  # noqa: F401 - a hook
    tokens,  # noqa: F401 - views
    users,  # noqa: F401 - views
)
