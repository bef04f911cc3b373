"""What tests of the models share."""

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An application context with a session of its own, as a command has."""
    with app.app_context():
        yield
