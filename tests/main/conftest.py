"""Fixtures for the pages."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.extensions import db
from app.models import Role


@pytest.fixture
def read_only_users(app: Flask) -> Iterator[None]:
    """Remove all permissions from the role User during this test."""
    with app.app_context():
        role = Role.find_by_name("User")
        assert role is not None
        role.reset_permissions()
        db.session.commit()
    yield
    with app.app_context():
        Role.insert_roles()
        db.session.commit()
