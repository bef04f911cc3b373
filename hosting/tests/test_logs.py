"""Times for `hosting logs`."""

import click
import pytest

from hosting.status import timestamp

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10", 10), ("1d", 913_600), ("3h 20m 5s", 987_995), ("1970-01-02T00:00:00+00:00", 86_400)],
)
def test_time_is_relative_iso_or_unix(text: str, seconds: int) -> None:
    assert timestamp(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3x", "2026-13-01"])
def test_invalid_time_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.UsageError):
        timestamp(text, NOW)
