"""The privacy notice and the terms, in one template for each language: edit templates/legal/."""

from flask import render_template
from flask_babel import get_locale

from ..models import FormerUsername, SecurityEvent
from . import main


@main.get("/privacy")
def privacy() -> str:
    """Show what the site stores about its users."""
    return _page("privacy", log=SecurityEvent.TTL.days, username=FormerUsername.TTL.days)


@main.get("/terms")
def terms() -> str:
    """Show the rules of the site."""
    return _page("terms")


def _page(name: str, **days: int) -> str:
    """Return the page in the language of the request, or in English."""
    templates = (f"legal/{name}.{locale}.html" for locale in (get_locale(), "en"))
    return render_template([*templates], days=days)
