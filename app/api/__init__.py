"""The REST API below /api/v1, its OpenAPI document and its documentation page.

`endpoint` declares what a view accepts and returns; `openapi` turns the declarations into the
document. To remove the API: delete this package, `templates/api/`, `static/{css,js}/api.*`,
`tests/api/`, `errors/problem_details.py`, the models `AccessToken` and `IdempotencyKey`, and the
registration of `api` and `docs` in the factory.
"""

from flask import Blueprint

from ..extensions import csrf, limiter
from ..rate_limiting.limits import API, limit_per_account

api = Blueprint("api", __name__)
docs = Blueprint("api_docs", __name__)

csrf.exempt(api)  # requests authenticate with a token, never with a cookie
limiter.shared_limit(API, scope="api")(api)

from . import (  # noqa: E402, F401 - register the views
    authentication,
    comments,  # demo-only
    cors,
    docs_views,
    follows,  # demo-only
    hidden_users,  # demo-only
    notifications,  # demo-only
    posts,  # demo-only
    search,  # demo-only
    tokens,
    users,
)

api.before_request(limit_per_account(limiter))  # after that of `authentication`
