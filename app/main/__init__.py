"""The pages: posts, comments and their moderation, follows, profiles and preferences.

`main` is the example application. To replace it, delete this package, its templates (posts/,
comments/, users/, index.html) and tests/main, and register another blueprint named `main`.
"""

from flask import Blueprint

from ..extensions import limiter
from ..rate_limiting.limits import limit_per_account

main = Blueprint("main", __name__)
main.before_request(limit_per_account(limiter))

from . import cards, comments, follows, posts, preferences, suspension, users  # noqa: E402, F401 - registers the views
