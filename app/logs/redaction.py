"""Redact secrets in text before it is logged or sent.

Values of secret settings are replaced wherever they occur, and other secrets by patterns: tokens,
passwords, cookies, and data that PostgreSQL adds to its errors.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "[hidden]"

MIN_SECRET_LENGTH = 4  # shorter values occur in ordinary words

SECRET_SETTINGS = ("SECRET_KEY", "MAIL_PASSWORD", "METRICS_TOKEN", "SENTRY_DSN")
URL_SETTINGS = (
    "SQLALCHEMY_DATABASE_URI",
    "DATABASE_URL",
    "REDIS_URL",
    "RATELIMIT_STORAGE_URI",
)

# Every quantifier is bounded, or ends at a character that the next one cannot match: the time must
# be linear in the length of the text (ReDoS).
QUOTED = r"""[\[(]?[bru]{0,2}(?:"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)"""
SECRET_WORDS = (
    r"(?:passw(?:or)?d|passphrase|secret(?:[_-]?key)?|api[_-]?key|private[_-]?key|token)"  # noqa: S105 - a pattern
)
HEADER_WORDS = r"(?:authorization|cookie)"
PATTERNS = (
    # Links in emails: their path contains a token.
    (
        re.compile(
            r"(/auth/(?:reset|confirm|change-email|restore-email|unsubscribe)/)[^\s/?#\"'<>]+"
        ),
        rf"\1{HIDDEN}",
    ),
    # Data signed by itsdangerous: sessions, tokens in links, CSRF tokens.
    (re.compile(r"(?<![\w-])(?:eyJ|\.eJ|Ij)[\w-]{8,}(?:\.[\w-]{6,}){1,2}"), HIDDEN),
    (re.compile(r"(?<![\w-])flasky_[\w-]{43,}"), HIDDEN),  # API tokens
    (re.compile(r"\|[0-9a-f]{128}(?![0-9a-f])"), f"|{HIDDEN}"),  # remember-me cookie
    # Details of PostgreSQL errors: rows (with password hashes), and statements with their values.
    (re.compile(r"(\bDETAIL:\s{1,3})(?:[^\n]|\n(?!\n))+"), rf"\1{HIDDEN}"),
    (re.compile(r"(\bLINE [0-9]{1,9}: )[^\n]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\bscrypt(?::[0-9]{1,9}){3}\$[^\s$]{1,64}\$[0-9a-f]+"), HIDDEN),
    (re.compile(r"(://[^\s:/@\"']*:)[^\s/\"']+@"), rf"\1{HIDDEN}@"),  # a URL with a password
    (re.compile(r"(\bbearer )[\w.~+/=-]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # `Cookie: …` to the end of the line, `"Cookie": "…"` and `("Cookie", "…")` to the quote.
    (
        re.compile(
            rf"({HEADER_WORDS}(?:[\"']\s{{0,3}}[:=,]|\s?[:=])\s{{0,3}})(?:{QUOTED}|[^\n\"']+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            rf"({SECRET_WORDS}\w{{0,20}}(?:[\"']\s{{0,3}}[:=,]|\s{{0,3}}[:=](?!=))\s{{0,3}})"
            rf"(?:{QUOTED}|[^\s,;&)}}\]\"']+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
SECRET_NAME = re.compile(f"{SECRET_WORDS}|{HEADER_WORDS}", re.IGNORECASE)


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Return `text` with `secrets`, and whatever matches a pattern of a secret, replaced."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def is_secret(name: str) -> bool:
    """Return True if values with this name must be hidden."""
    return SECRET_NAME.search(name) is not None


def secrets_in(settings: Mapping[str, Any]) -> list[str]:
    """Return the secret values of `settings`, in every encoding in which they may occur."""
    values = [settings.get(name) for name in SECRET_SETTINGS]
    values += settings.get("SECRET_KEY_FALLBACKS") or []
    values += [password_in(settings.get(name) or "") for name in URL_SETTINGS]
    variants = {
        variant
        for value in filter(None, values)
        for decoded in (value, unquote(value))
        for variant in encodings(decoded)
    }
    return sorted(variant for variant in variants if len(variant) >= MIN_SECRET_LENGTH)


def password_in(url: str) -> str:
    """Return the password in `url`, not decoded, or an empty string."""
    match = re.search(r"://[^\s:/@]*:([^\s]+)@", url)
    return match[1] if match else ""


def encodings(value: str) -> Iterator[str]:
    """Yield `value` as it is, and as encoded in URLs, Python literals and JSON."""
    yield value
    yield from (quote(value, safe=""), quote_plus(value))
    yield from (encode(value)[1:-1] for encode in (repr, ascii, json.dumps))
