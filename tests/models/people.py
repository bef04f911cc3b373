"""Users as the models' tests need them: in the session that is open."""

from typing import Any

from app.extensions import db
from app.models import User


def saved(username: str = "ann", **columns: Any) -> User:
    """Return a user who is in the database, with an address made from the name."""
    columns = {"email": f"{username.lower()}@example.com", **columns}
    user = User(username=username, **columns)
    db.session.add(user)
    db.session.commit()
    return user
