"""The pages people read and write on."""

from flask import Blueprint

main = Blueprint("main", __name__)

from . import comments, follows, moderation, posts, preferences, users  # noqa: E402, F401 - views
