"""Flask's session cookies, without creating the signer in each request.

It costs as much as all of Flask's other work for a small response. Remove this module if Flask
keeps its signer.
"""

from functools import lru_cache
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer


def init_app(app: Flask) -> None:
    """Set the session interface of `app`."""
    app.session_interface = KeptSignerInterface()


class KeptSignerInterface(SecureCookieSessionInterface):
    """Keeps the signer as long as the keys are the same."""

    def __init__(self) -> None:
        self._signer = lru_cache(1)(self._create_signer)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return the signer of the current keys."""
        return self._signer(app, app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie; without a cookie, do not parse anything."""
        if app.secret_key and "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def _create_signer(self, app: Flask, *_keys: Any) -> URLSafeTimedSerializer | None:
        return super().get_signing_serializer(app)
