"""Languages and times: which language a reader gets, and how a page writes a moment."""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask, has_request_context, request
from flask_babel import format_datetime, format_timedelta, get_locale
from flask_login import current_user

from .audience import is_for_programs
from .extensions import babel
from .models import utcnow

# The languages of the site, each in its own words. Add one here and run `make translations`.
LANGUAGES = {"en": "English", "zh_Hans": "简体中文"}

LANGUAGE_COOKIE = "lang"
THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")

# What browsers call them. Readers of traditional characters (zh-TW, zh-HK, zh-Hant) are not
# served by simplified ones.
_TAGS = {"en": "en", "zh": "zh_Hans"}
_SIMPLIFIED = {"hans", "cn", "sg"}


def init_app(app: Flask) -> None:
    """Give every page its language, its theme and the filters that write times."""
    babel.init_app(app, locale_selector=select_locale)
    app.context_processor(_language_and_theme)
    app.add_template_filter(ago)
    app.add_template_filter(exact)
    app.add_template_filter(isotime)


def select_locale() -> str | None:
    """Return the reader's language: as switched, as saved, as the browser prefers, or None."""
    if not has_request_context():
        return None
    if is_for_programs():  # the API speaks one language
        return "en"
    for chosen in (request.cookies.get(LANGUAGE_COOKIE), getattr(current_user, "locale", None)):
        if chosen in LANGUAGES:
            return chosen
    for tag, quality in request.accept_languages:
        if not quality:  # “anything but this”
            continue
        language, *more = tag.lower().split("-")
        traditional = language == "zh" and more and more[0] not in _SIMPLIFIED
        if language in _TAGS and not traditional:
            return _TAGS[language]
    return None


def ago(moment: datetime) -> str:
    """Return how long ago `moment` was: “3 hours ago”."""
    elapsed = max(utcnow() - moment, timedelta(seconds=1))
    return str(format_timedelta(-elapsed, add_direction=True, granularity="minute"))


def exact(moment: datetime) -> str:
    """Return date and time of `moment` in UTC, as the reader's language writes them."""
    return f"{format_datetime(moment, 'long', rebase=False)}"


def isotime(moment: datetime) -> str:
    """Return `moment` in ISO 8601, for programs."""
    return moment.isoformat(timespec="seconds")


def _language_and_theme() -> dict[str, Any]:
    locale = str(get_locale() or "en")
    theme = request.cookies.get(THEME_COOKIE) if has_request_context() else None
    return {
        "locale": locale,
        "lang": locale.replace("_", "-"),
        "languages": LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
    }
