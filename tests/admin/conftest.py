"""Fixtures for the administration."""

import pytest

from tests.support.factories import Factory
from tests.support.http_client import SiteClient


@pytest.fixture
def boss(make: Factory, client: SiteClient) -> SiteClient:
    """A logged-in administrator."""
    return client.log_in(make.user("boss", role="Administrator"))
