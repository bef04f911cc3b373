"""An authenticator app, and a clock that only the test moves."""

import re
from types import SimpleNamespace

import pyotp
import pytest
from flask import Flask

from app.extensions import db
from app.models import Authenticator, RecoveryCode, User
from app.security import totp
from tests.support.factories import UserData
from tests.support.http_client import Page, SiteClient

SETUP = "/auth/two-factor/setup"
KEY = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")
RECOVERY_CODE = re.compile(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b")


class AuthenticatorApp:
    """Shows codes. Each call of `next_code` moves the clock of the site to the next time step."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000
        self.secret = totp.new_secret()
        self.recovery_codes: list[str] = []
        patch.setattr(totp, "time", SimpleNamespace(time=lambda: self.now))

    def code(self, steps: int = 0) -> str:
        """Return the code of the current time step, or that of another one."""
        return pyotp.TOTP(self.secret).at(self.now, counter_offset=steps)

    def next_code(self) -> str:
        """Wait for the next code and return it."""
        self.now += totp.PERIOD
        return self.code()

    def scan(self, page: Page) -> None:
        """Store the secret that the setup page shows."""
        [key] = KEY.findall(page.text)
        self.secret = key.replace(" ", "")

    def set_up(self, client: SiteClient) -> Page:
        """Switch two-factor authentication on; return the page with the recovery codes."""
        page = client.open(SETUP)
        self.scan(page)
        return client.send(page, {"code": self.next_code()})

    def add_to(self, app: Flask, user: UserData) -> list[str]:
        """Switch it on in the database, without a page; return the recovery codes."""
        return add_authenticator(app, user, self.secret, self.next_code())


def add_authenticator(
    app: Flask, user: UserData, secret: str = "A" * 32, code: str | None = None
) -> list[str]:
    """Switch two-factor authentication on in the database; return the recovery codes."""
    with app.app_context():
        row = db.session.get_one(User, user.id)
        assert Authenticator.add(row, secret, code or pyotp.TOTP(secret).now())
        codes = RecoveryCode.replace(row)
        db.session.commit()
        return codes
