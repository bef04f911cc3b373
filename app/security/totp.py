"""Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds.

These are the values that all apps support; many ignore others.
"""

import hmac
import time

import pyotp

PERIOD = 30  # seconds
TOLERANCE = 1  # steps by which the clock of a phone may differ
LENGTH = 6


def new_secret() -> str:
    """Return a random secret of 160 bits, in Base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """Return the URI that authenticator apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, code: str, after: int = 0) -> int | None:
    """Return the time step of which `code` is the code, or None; only steps later than `after`."""
    now, totp = int(time.time()) // PERIOD, pyotp.TOTP(secret)
    for step in range(max(now - TOLERANCE, after + 1), now + TOLERANCE + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None
