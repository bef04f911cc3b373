"""Key rotation: SECRET_KEY signs, and signatures by SECRET_KEY_FALLBACKS remain valid.

Flask does this for sessions, `login_manager` for remember-me cookies, and this module for CSRF
tokens. The tokens in emails are signed with `signing_keys`.
"""

from collections.abc import Mapping
from typing import Any

from flask import Flask


def init_app(app: Flask) -> None:
    """Let Flask-WTF accept CSRF tokens that were signed with a previous key."""
    app.config["WTF_CSRF_SECRET_KEY"] = signing_keys(app.config)


def signing_keys(settings: Mapping[str, Any]) -> list[str]:
    """Return all keys in the order that itsdangerous expects: the last one signs."""
    return [*settings["SECRET_KEY_FALLBACKS"], settings["SECRET_KEY"]]
