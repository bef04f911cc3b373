"""Create users in the current session."""

from typing import Any

from app.extensions import db
from app.models import User


def create_user(username: str = "ann", **columns: Any) -> User:
    """Create and commit a user; the email address defaults to `username`@example.com."""
    columns = {"email": f"{username.lower()}@example.com", **columns}
    user = User(username=username, **columns)
    db.session.add(user)
    db.session.commit()
    return user
