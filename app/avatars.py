"""Pictures of people: drawn by us from the name, or Gravatar's where that is switched on."""

import hashlib
from unicodedata import east_asian_width

from flask import Flask, current_app

HUES = 12
GRAVATAR = "https://secure.gravatar.com"


def init_app(app: Flask) -> None:
    """Give templates what they need to draw."""
    app.add_template_global(avatar_hue)
    app.add_template_global(gravatar_url)
    app.add_template_global(initials)


def avatar_hue(name: str) -> int:
    """Return the colour, 0 to 11, that belongs to a name.

    Not to the address: a colour that came from it would tell something of it.
    """
    return hashlib.sha256(name.encode()).digest()[0] % HUES


def initials(name: str) -> str:
    """Return one or two characters that stand for `name`: “AL” for Ada Lovelace."""
    words = name.replace("_", " ").replace(".", " ").split()
    if not words:
        return "?"
    first, last = words[0][0], words[-1][0]
    is_wide = east_asian_width(first) == "W"  # one such character says as much as two letters
    return first.upper() if is_wide or len(words) == 1 else (first + last).upper()


def gravatar_url(avatar_hash: str, size: int) -> str | None:
    """Return where Gravatar keeps the picture, `size` pixels wide; None unless switched on."""
    if not current_app.config["FLASKY_GRAVATAR"]:
        return None
    return f"{GRAVATAR}/avatar/{avatar_hash}?s={size}&d=identicon&r=g"
