"""The keys that sign: SECRET_KEY signs, and what SECRET_KEY_FALLBACKS have signed is still taken.

Flask does so for sessions by itself. Here it is done for all else: the tokens in letters (see
models/account.py), forms, and “keep me logged in”.
"""

from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app
from flask_login import LoginManager
from flask_login.utils import decode_cookie, encode_cookie


def init_app(app: Flask) -> None:
    """Let a form be sent that was opened before the key was changed."""
    app.config["WTF_CSRF_SECRET_KEY"] = keyring(app.config)


def keyring(settings: Mapping[str, Any]) -> list[str]:
    """Return all keys in the order that itsdangerous expects: the last one signs."""
    return [*settings["SECRET_KEY_FALLBACKS"], settings["SECRET_KEY"]]


class RotatingLoginManager(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Takes the cookies of older keys, too; Flask-Login by itself knows one key."""

    def _load_user_from_remember_cookie(self, cookie: str) -> Any:
        """Return whom `cookie` remembers, or None."""
        if not cookie.isascii():  # Flask-Login fails on these instead of refusing them
            return None
        for key in keyring(current_app.config):
            remembered = decode_cookie(cookie, key)
            if remembered is not None:
                return super()._load_user_from_remember_cookie(encode_cookie(remembered))
        return None
