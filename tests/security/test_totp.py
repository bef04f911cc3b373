"""Codes of authenticator apps."""

from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from app.security import totp

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of the test vectors in RFC 6238, appendix B
VECTORS = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock."""
    clock = SimpleNamespace(seconds=0)
    clock.time = lambda: clock.seconds
    monkeypatch.setattr(totp, "time", clock)
    return clock


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_code_is_that_of_the_standard(at: SimpleNamespace, seconds: int, code: str) -> None:
    at.seconds = seconds

    assert totp.matching_step(SECRET, code) == seconds // 30


@pytest.mark.parametrize(
    ("difference", "is_valid"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_clock_of_the_phone_may_differ_by_one_step(
    at: SimpleNamespace, difference: int, is_valid: bool
) -> None:
    at.seconds = 1_800_000_000
    code = pyotp.TOTP(SECRET).at(at.seconds + difference)

    assert (totp.matching_step(SECRET, code) is not None) is is_valid


def test_only_later_steps_match(at: SimpleNamespace) -> None:
    at.seconds = 1_800_000_000
    step = at.seconds // 30
    code = pyotp.TOTP(SECRET).at(at.seconds)

    assert totp.matching_step(SECRET, code, after=step - 1) == step
    assert totp.matching_step(SECRET, code, after=step) is None


def test_uri_names_site_and_account() -> None:
    site = "Flasky"

    uri = urlsplit(totp.provisioning_uri(SECRET, "ann@example.com", site))

    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == f"/{site}:ann@example.com"
    assert parse_qs(uri.query) == {"secret": [SECRET], "issuer": [site]}


def test_secret_has_160_bits() -> None:
    assert len(totp.new_secret()) * 5 == 160
    assert totp.new_secret() != totp.new_secret()
