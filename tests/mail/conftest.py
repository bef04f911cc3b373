"""Fixtures for the tests of the outbox."""

from tests.jobs.conftest import context

__all__ = ["context"]
