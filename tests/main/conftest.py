"""What the tests of the pages share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.extensions import db
from app.models import Role


@pytest.fixture
def mute(app: Flask) -> Iterator[None]:
    """Let nobody but moderators write, follow or comment during this test."""
    with app.app_context():
        role = Role.named("User")
        assert role is not None
        role.reset_permissions()
        db.session.commit()
    yield
    with app.app_context():
        Role.insert_roles()
        db.session.commit()
