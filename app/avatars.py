"""Avatars: uploaded, drawn as SVG from the name, or Gravatars if GRAVATAR_ENABLED is set."""

import hashlib
from typing import Any
from unicodedata import east_asian_width

from flask import Flask, current_app, url_for

from . import uploads

HUES = 12
GRAVATAR = "https://secure.gravatar.com"


def init_app(app: Flask) -> None:
    """Add the functions of this module to templates."""
    for function in (avatar_hue, avatar_url, gravatar_url, initials):
        app.add_template_global(function)


def avatar_hue(name: str) -> int:
    """Return the color of an avatar: a number below `HUES`, derived from the name.

    It is not derived from the email address, so that it reveals nothing about it.
    """
    return hashlib.sha256(name.encode()).digest()[0] % HUES


def initials(name: str) -> str:
    """Return one or two characters for `name`: “AL” for Ada Lovelace."""
    words = name.replace("_", " ").replace(".", " ").split()
    if not words:
        return "?"
    first, last = words[0][0], words[-1][0]
    is_wide = east_asian_width(first) == "W"  # such as Chinese: one character is enough
    return first.upper() if is_wide or len(words) == 1 else (first + last).upper()


def avatar_url(avatar_key: str | None, **options: Any) -> str | None:
    """Return the URL of an uploaded avatar, or None if there is none, or uploads are off.

    `options` are those of `url_for()`.
    """
    if avatar_key is None or not uploads.is_enabled():
        return None
    return url_for("main.upload", key=avatar_key, **options)


def gravatar_url(avatar_hash: str, size: int) -> str | None:
    """Return the URL of a Gravatar, `size` pixels wide, or None if Gravatar is disabled."""
    if not current_app.config["GRAVATAR_ENABLED"]:
        return None
    return f"{GRAVATAR}/avatar/{avatar_hash}?s={size}&d=identicon&r=g"
