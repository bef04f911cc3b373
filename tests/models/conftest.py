"""Fixtures for the tests of the models."""

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An application context with one session for the whole test."""
    with app.app_context():
        yield
