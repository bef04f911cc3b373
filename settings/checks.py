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
MINIMUM_TOKEN_LENGTH = 16
LONGEST_PREFIX = 100
LEAST_HASH = 256  # with fewer rounds, scrypt does not get along with the memory Werkzeug allows
LARGEST_HASH = 2**30  # bytes of memory that checking one password may take

ONE_LIMIT = r"[1-9][0-9]* per (second|minute|hour|day)"
RATE_LIMIT = re.compile(rf"{ONE_LIMIT}(; ?{ONE_LIMIT})*")
ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
SENDER = re.compile(rf"{ADDRESS.pattern}|[^<>@\r\n]+ <{ADDRESS.pattern}>")
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # what can stand behind "Bearer"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
HOST = re.compile(r"\.?[\w-]+(\.[\w-]+)*(:[0-9]+)?")
DATABASE = re.compile(r"(sqlite|postgresql\+psycopg2)://")
REDIS_SCHEMES = ("redis", "rediss", "unix")
SYSLOG = re.compile(r"/\S+|(\[[0-9a-f:]+\]|[^\s:/]+):[0-9]{1,5}")
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")  # as browsers write it
LIMITS = ("RATELIMIT_LOGIN", "RATELIMIT_REGISTER", "RATELIMIT_LETTER", "RATELIMIT_API")


def everywhere(settings: Any) -> Iterator[str]:
    """Tell what keeps any configuration from running."""
    yield from _mail(settings)
    yield from _database(settings)
    yield from _queues(settings)
    syslog = settings.FLASKY_SYSLOG
    if syslog and not (SYSLOG.fullmatch(syslog) and _split(f"syslog://{syslog}").scheme):
        yield f"FLASKY_SYSLOG is {syslog!r}: write /dev/log or host:514."
    yield from _https(settings)
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
    for origin in settings.API_ORIGINS:
        if not ORIGIN.fullmatch(origin):
            yield f"API_ORIGINS holds {origin!r}: write https://app.example.com, without a path."


def in_production(settings: Any) -> Iterator[str]:
    """Tell what else keeps a public site from running."""
    if settings.FLASK_DEBUG:
        yield "FLASK_DEBUG is on: that is for FLASK_CONFIG=development alone."
    yield from _keys(settings)
    yield from _addresses(settings)
    yield from _hosts(settings)
    token = settings.FLASKY_MONITOR_TOKEN
    if token and len(token) < MINIMUM_TOKEN_LENGTH:
        yield f"FLASKY_MONITOR_TOKEN has fewer than {MINIMUM_TOKEN_LENGTH} characters."
    elif token and not TOKEN.fullmatch(token):
        yield "FLASKY_MONITOR_TOKEN cannot be sent: write letters, digits and - . _ ~ + / alone."
    if settings.MAIL_USERNAME and not settings.MAIL_PASSWORD:
        yield "MAIL_PASSWORD is not set, and MAIL_USERNAME is."


def host_of(url: str) -> list[str]:
    """Return the host that `url` names, as the list of hosts that the site answers to."""
    host = _split(url).hostname
    return [host] if host else []


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
    elif not key.isascii():
        yield f"SECRET_KEY holds characters that not every cookie can be signed with: {hint}"
    if any(len(old) < MINIMUM_KEY_LENGTH for old in settings.SECRET_KEY_FALLBACKS):
        yield "SECRET_KEY_FALLBACKS holds a short key: leave it out, it can be guessed."
    elif not all(old.isascii() for old in settings.SECRET_KEY_FALLBACKS):
        yield "SECRET_KEY_FALLBACKS holds a key that is not ASCII, and never signed: leave it out."


def _addresses(settings: Any) -> Iterator[str]:
    site = _split(settings.FLASKY_URL)
    more = site.path or site.query or site.fragment or "@" in site.netloc
    if site.scheme not in {"http", "https"} or not site.hostname or more:
        yield "FLASKY_URL must be the site's public address alone, such as https://example.com."
    url = settings.SQLALCHEMY_DATABASE_URI
    if not url:
        yield "DATABASE_URL is not set: such as postgresql://user:password@host/database."
    elif _split(url).scheme == "sqlite" and _split(url).path in {"", "/", "/:memory:"}:
        yield "DATABASE_URL names a database in memory: write sqlite:////absolute/path."


def _hosts(settings: Any) -> Iterator[str]:
    trusted = settings.TRUSTED_HOSTS or []
    own = _split(settings.FLASKY_URL).hostname
    wrong = [name for name in trusted if not _is_host(name)]
    if wrong:
        yield (
            f"TRUSTED_HOSTS holds {wrong[0]!r}: write names of hosts, such as example.com or "
            ".example.com, separated by spaces. An address of IPv6 cannot be one."
        )
    elif own and not any(_takes_in(name, own) for name in trusted):
        yield f"TRUSTED_HOSTS does not hold {own}, the host of FLASKY_URL."


def _https(settings: Any) -> Iterator[str]:
    if settings.SSL_REDIRECT and _split(settings.FLASKY_URL).scheme != "https":
        yield "SSL_REDIRECT is on, and FLASKY_URL does not begin with https: set one or the other."
    release = settings.FLASKY_RELEASE
    if release and not (release.isascii() and release.isprintable()):
        yield f"FLASKY_RELEASE is {release!r}: write letters and figures; it becomes a header."


def _database(settings: Any) -> Iterator[str]:
    url = settings.SQLALCHEMY_DATABASE_URI
    if url and not (DATABASE.match(url) and _split(url).scheme):
        yield (
            f"{settings.database_variable} cannot be read: write "
            "postgresql://user:password@host:5432/database or sqlite:////absolute/path (and in a "
            "password %40 for @, %3A for :, %2F for /)."
        )


def _queues(settings: Any) -> Iterator[str]:
    redis, queue = settings.REDIS_URL, settings.QUEUE_URL
    if redis and _split(redis).scheme not in REDIS_SCHEMES:
        yield "REDIS_URL cannot be read: write redis://:password@host:6379/0 (rediss: for TLS)."
    elif queue and _split(queue).scheme not in {*REDIS_SCHEMES, "sqlite"}:
        yield "QUEUE_URL cannot be read: write sqlite:////absolute/path or redis://host:6379/0."
    elif queue and _split(queue).scheme == "sqlite" and not _split(queue).path.startswith("//"):
        yield "QUEUE_URL names no absolute path: write sqlite:////absolute/path (four slashes)."


def _can_hash(method: str) -> bool:
    """Tell whether Werkzeug can hash passwords with these numbers."""
    parts = re.fullmatch(r"scrypt:([0-9]{1,9}):([0-9]{1,3}):([0-9]{1,3})", method)
    if parts is None:
        return False
    n, r, p = map(int, parts.groups())
    is_power_of_two = n & (n - 1) == 0
    return is_power_of_two and n >= LEAST_HASH and 0 < 132 * n * r * p <= LARGEST_HASH


def _is_host(name: str) -> bool:
    """Tell whether `name` can be compared with the hosts that requests are for."""
    try:
        name.removeprefix(".").encode("idna")
    except UnicodeError:
        return False
    return HOST.fullmatch(name) is not None


def _takes_in(name: str, host: str) -> bool:
    """Tell whether `name`, of TRUSTED_HOSTS, is `host`, or a domain that it belongs to."""
    plain = name.lower().removeprefix(".").partition(":")[0]
    return host == plain or (name.startswith(".") and host.endswith(f".{plain}"))


def _split(url: str) -> SplitResult:
    """Return the parts of `url`; all of them empty if it is none, or has no good port."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is only looked at here
    except ValueError:
        return urlsplit("")
    return parts
