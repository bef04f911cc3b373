"""The least that a write can cost: Flask, and SQLAlchemy Core with the statements of the site.

`gunicorn benchmarks.bare_writes:app` accepts the requests of `benchmarks.writes`, authenticates
them by a token, as the site does, and inserts the rows and updates the counts.
"""

import hashlib
import os
from typing import Any

from flask import Flask, abort, request
from sqlalchemy import Connection, create_engine, text

USER = text(
    "SELECT users.id FROM users JOIN access_tokens ON access_tokens.user_id = users.id "
    "WHERE digest = :digest AND expires_at > now()"
)
POST = text(
    "INSERT INTO posts (body, body_html, timestamp, author_id) "
    "VALUES (:body, :body, now(), :user) RETURNING id"
)
COUNT_POST = text("UPDATE users SET post_count = post_count + 1 WHERE id = :user")
COMMENT = text(
    "INSERT INTO comments (body, body_html, timestamp, disabled, author_id, post_id) "
    "VALUES (:body, :body, now(), false, :user, :post) RETURNING id"
)
COUNT_COMMENT = text("UPDATE posts SET comment_count = comment_count + 1 WHERE id = :post")
FOLLOW = text("INSERT INTO follows VALUES (:user, :followed, now()) ON CONFLICT DO NOTHING")
COUNT_FOLLOW = text("UPDATE users SET following_count = following_count + 1 WHERE id = :user")
COUNT_FOLLOWER = text("UPDATE users SET follower_count = follower_count + 1 WHERE id = :followed")

engine = create_engine(os.environ["DATABASE_URL"])
app = Flask(__name__)


def write(*statements: Any, **values: Any) -> dict[str, Any]:
    """Execute the statements in one transaction, and return the values with the new id."""
    secret = request.headers["Authorization"].removeprefix("Bearer ")
    with engine.begin() as connection:
        values["user"] = user_of(connection, secret)
        rows = [connection.execute(statement, values) for statement in statements]
        new_id = rows[0].scalar() if rows[0].returns_rows else None
    return {"id": new_id, **values}


def user_of(connection: Connection, secret: str) -> int:
    """Return the id of the owner of a token."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    user: int | None = connection.scalar(USER, {"digest": digest})
    return user or abort(401)


@app.post("/api/v1/posts/")
def create_post() -> tuple[dict[str, Any], int]:
    """Create a post."""
    return write(POST, COUNT_POST, body=request.get_json()["body"]), 201


@app.post("/api/v1/posts/<int:post>/comments/")
def create_comment(post: int) -> tuple[dict[str, Any], int]:
    """Create a comment."""
    body = request.get_json()["body"]
    return write(COMMENT, COUNT_COMMENT, body=body, post=post), 201


@app.put("/api/v1/me/following/<int:followed>")
def follow(followed: int) -> tuple[str, int]:
    """Follow a user."""
    write(FOLLOW, COUNT_FOLLOW, COUNT_FOLLOWER, followed=followed)
    return "", 204
