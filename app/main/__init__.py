"""The pages of the application, and those of accounts: profiles, administration, preferences."""

from flask import Blueprint

from ..extensions import limiter
from ..rate_limiting.limits import limit_per_account

main = Blueprint("main", __name__)
main.before_request(limit_per_account(limiter))

from . import (  # noqa: E402, F401 - register the views
    avatars,
    cards,  # demo-only
    comments,  # demo-only
    digests,  # demo-only
    feeds,  # demo-only
    follows,  # demo-only
    hidden_users,  # demo-only
    legal,
    live,  # demo-only
    notifications,  # demo-only
    posts,  # demo-only
    preferences,
    search,  # demo-only
    # without-demo: start,
    suspension,
    users,
)
