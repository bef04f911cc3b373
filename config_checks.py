"""What is wrong with a configuration: one sentence for each thing, which says what to do.

These are questions about values alone: they touch neither network nor disk.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

DEVELOPMENT_KEY = "development only: set SECRET_KEY in production"
PUBLIC_KEYS = {DEVELOPMENT_KEY, "hard to guess string", "change-me"}
MINIMUM_KEY_LENGTH = 32
LONGEST_PREFIX = 100
LEAST_HASH = 256  # with fewer rounds, scrypt does not get along with the memory Werkzeug allows
LARGEST_HASH = 2**30  # bytes of memory that checking one password may take

ONE_LIMIT = r"[1-9][0-9]* per (second|minute|hour|day)"
RATE_LIMIT = re.compile(rf"{ONE_LIMIT}(; ?{ONE_LIMIT})*")
ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
SENDER = re.compile(rf"{ADDRESS.pattern}|[^<>@\r\n]+ <{ADDRESS.pattern}>")
LIMITS = ("RATELIMIT_LOGIN", "RATELIMIT_REGISTER", "RATELIMIT_LETTER")


def everywhere(settings: Any) -> Iterator[str]:
    """Tell what keeps any configuration from running."""
    yield from _mail(settings)
    yield from _database(settings)
    if not _can_hash(settings.PASSWORD_HASH_METHOD):
        yield (
            f"PASSWORD_HASH_METHOD is {settings.PASSWORD_HASH_METHOD!r}: write scrypt:N:r:p with "
            "N a power of two, such as scrypt:32768:8:1."
        )
    for name in LIMITS:
        if not RATE_LIMIT.fullmatch(getattr(settings, name)):
            yield (
                f"{name} is {getattr(settings, name)!r}: write a number and a span, such as "
                "10 per minute; separate several with semicolons."
            )


def in_production(settings: Any) -> Iterator[str]:
    """Tell what else keeps a public site from running."""
    yield from _keys(settings)
    yield from _addresses(settings)
    if settings.FLASKY_ADMIN and not settings.MAIL_SERVER:
        yield "MAIL_SERVER is not set, and FLASKY_ADMIN waits for letters."
    if settings.MAIL_USERNAME and not settings.MAIL_PASSWORD:
        yield "MAIL_PASSWORD is not set, and MAIL_USERNAME is."


def _mail(settings: Any) -> Iterator[str]:
    if settings.MAIL_USE_TLS and settings.MAIL_USE_SSL:
        yield (
            "MAIL_USE_TLS and MAIL_USE_SSL are both on: keep MAIL_USE_TLS for port 587, "
            "MAIL_USE_SSL for port 465."
        )
    if settings.FLASKY_ADMIN and not ADDRESS.fullmatch(settings.FLASKY_ADMIN):
        yield f"FLASKY_ADMIN is {settings.FLASKY_ADMIN!r}: write one e-mail address."
    if not SENDER.fullmatch(settings.FLASKY_MAIL_SENDER):
        yield (
            f"FLASKY_MAIL_SENDER is {settings.FLASKY_MAIL_SENDER!r}: write an address, or a name "
            "and an address: Flasky <flasky@example.com>."
        )
    prefix = settings.FLASKY_MAIL_SUBJECT_PREFIX
    if len(prefix) > LONGEST_PREFIX or not prefix.isprintable():
        yield f"FLASKY_MAIL_SUBJECT_PREFIX: write one line of at most {LONGEST_PREFIX} characters."


def _keys(settings: Any) -> Iterator[str]:
    hint = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' prints a good one."
    key = settings.SECRET_KEY
    if not key:
        yield f"SECRET_KEY is not set: {hint}"
    elif key in PUBLIC_KEYS:
        yield f"SECRET_KEY is the public default: {hint}"
    elif len(key) < MINIMUM_KEY_LENGTH:
        yield f"SECRET_KEY has fewer than {MINIMUM_KEY_LENGTH} characters: {hint}"
    if any(len(old) < MINIMUM_KEY_LENGTH for old in settings.SECRET_KEY_FALLBACKS):
        yield "SECRET_KEY_FALLBACKS holds a short key: leave it out, it can be guessed."


def _addresses(settings: Any) -> Iterator[str]:
    site = _split(settings.FLASKY_URL)
    if site.scheme not in {"http", "https"} or not site.hostname or site.query or site.fragment:
        yield "FLASKY_URL must be the site's public address, such as https://example.com."
    url = settings.SQLALCHEMY_DATABASE_URI
    if not url:
        yield "DATABASE_URL is not set: such as postgresql://user:password@host/database."
    elif _split(url).scheme == "sqlite" and _split(url).path in {"", "/", "/:memory:"}:
        yield "DATABASE_URL names a database in memory: write sqlite:////absolute/path."


def _database(settings: Any) -> Iterator[str]:
    url = settings.SQLALCHEMY_DATABASE_URI
    if url and _split(url).scheme not in {"sqlite", "postgresql+psycopg2"}:
        yield (
            f"{settings.database_variable} cannot be read: write "
            "postgresql://user:password@host:5432/database or sqlite:////absolute/path (and in a "
            "password %40 for @, %3A for :, %2F for /)."
        )


def _can_hash(method: str) -> bool:
    """Tell whether Werkzeug can hash passwords with these numbers."""
    parts = re.fullmatch(r"scrypt:([0-9]{1,9}):([0-9]{1,3}):([0-9]{1,3})", method)
    if parts is None:
        return False
    n, r, p = map(int, parts.groups())
    is_power_of_two = n & (n - 1) == 0
    return is_power_of_two and n >= LEAST_HASH and 0 < 132 * n * r * p <= LARGEST_HASH


def _split(url: str) -> SplitResult:
    """Return the parts of `url`; all of them empty if it is none, or has no good port."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is only looked at here
    except ValueError:
        return urlsplit("")
    return parts
