"""Languages, themes and times: select the locale, and format timestamps in templates."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from babel.dates import format_timedelta
from flask import Flask, has_request_context, request
from flask_babel import format_datetime, get_locale
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from .api_requests import is_api_request
from .extensions import babel
from .models import utcnow

# The available languages, by their own names: see docs/languages.md.
LANGUAGES = {
    "en": "English",
    "zh_Hans": "简体中文",  # chinese-only
}
# The language tags of browsers, as regular expressions.
LANGUAGE_TAGS = {
    "en": "en(-.*)?",
    "zh_Hans": "zh(-(hans|cn|sg)(-.*)?)?",  # not zh-TW and zh-HK # chinese-only
}
MINUTE = timedelta(minutes=1)
THEMES = {"auto": _l("System"), "light": _l("Light"), "dark": _l("Dark")}

LANGUAGE_COOKIE = "lang"
THEME_COOKIE = "theme"


def init_app(app: Flask) -> None:
    """Set up Flask-Babel, and add the language, the theme and the time filters to templates."""
    babel.init_app(app, locale_selector=select_locale)
    app.context_processor(lambda: {"lang": str(get_locale()).replace("_", "-")})
    app.add_template_global(current_theme)
    app.add_template_filter(ago)
    app.add_template_filter(duration)
    app.add_template_filter(exact)


def select_locale() -> str | None:
    """Return the locale of the request, or None for the default.

    The order is: the language cookie, the account, the browser. The API is always in English.
    """
    if not has_request_context():
        return None
    if is_api_request():
        return "en"
    for chosen in (request.cookies.get(LANGUAGE_COOKIE), getattr(current_user, "locale", None)):
        if chosen in LANGUAGES:
            return chosen
    for tag, quality in request.accept_languages:
        for language, pattern in LANGUAGE_TAGS.items():
            if quality and re.fullmatch(pattern, tag, re.IGNORECASE):  # q=0: not acceptable
                return language
    return None


def current_theme() -> str:
    """Return the theme in the cookie of the request, or “auto”."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return theme if theme in THEMES else "auto"


def ago(moment: datetime, locale: str | None = None) -> str:
    """Return the time since `moment`, by default in the language of the request: “3 hours ago”."""
    minutes = (utcnow() - moment) // MINUTE
    return _minutes_ago(max(minutes, 1), locale or str(get_locale()))


@lru_cache(10_000)
def _minutes_ago(minutes: int, locale: str) -> str:
    elapsed = timedelta(minutes=-minutes)
    return str(format_timedelta(elapsed, add_direction=True, locale=locale))


def duration(seconds: int) -> str:
    """Return a number of seconds as “45 seconds”, “12 minutes” or “2 hours”, rounded up."""
    unit = next((unit for unit in (3600, 60) if seconds > unit), 1)
    rounded = timedelta(seconds=-(-seconds // unit) * unit)
    return str(format_timedelta(rounded, threshold=1, locale=str(get_locale())))


def exact(moment: datetime) -> str:
    """Return the date and time of `moment` in UTC, localized."""
    return str(format_datetime(moment, "long", rebase=False))
