"""What variables and settings can be. Each error is a sentence that says what to set."""

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from warnings import catch_warnings

from email_validator import SPECIAL_USE_DOMAIN_NAMES, validate_email
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DEVELOPMENT_KEY = "development only: set SECRET_KEY in production"
GENERATE_KEY = "Generate one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
SPECIAL_DOMAINS = tuple(SPECIAL_USE_DOMAIN_NAMES)  # with which no email address is valid
MIN_SCRYPT_N = 256  # below this, scrypt needs more memory than Werkzeug allows
MAX_SCRYPT_MEMORY = 2**30  # bytes, for one password check

# Parts of patterns.
KEY = r"[ -~]{32,}"
LIMIT = r"[1-9][0-9]* per (second|minute|hour|day)"
HOSTNAME = r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*"
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
MAILBOX = rf"{ATOM}(\.{ATOM})*@{HOSTNAME}"
CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
SENDER_NAME = rf'[^<>"\\{CONTROL}]+'
PORT = (
    r"(?a::(6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3}))"  # 1 to 65535
)
HOST = rf"\.?[^\W_](-|[^\W_]){{,62}}(\.(-|[^\W_]){{1,63}})*({PORT})?"
ORIGIN = rf"https?://[a-z0-9.-]+({PORT})?"  # as browsers send it
PATH = r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*"  # of characters that are never encoded
SITE_URL = rf"https?://({HOSTNAME})({PORT})?{PATH}"
SERVER = rf"([^/?#\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^@:/?#\s]*)({PORT})?"
REDIS_OPTION = r"(db=[0-9]{1,5}|ssl_(cert_reqs=(none|optional|required)|ca_certs=/[^&#@\s]+))"
DATABASE_URL = rf"(sqlite|postgresql\+psycopg2)://(?![^/?#]*@[^/?#]*@){SERVER}([/?#].*)?"
UNNAMED_DATABASE = r"postgresql\+psycopg2://[^/?#]*/?(\?(?!(.*&)?(dbname|service)=).*)?"
UNIX_SOCKET = r"(?i)^(postgresql\+psycopg2://(?:[^/?#@]*@)?)(%2F[^/?#:@]*)((?::\d+)?/[^?]*)\??"
IN_MEMORY = r"sqlite://(/|/:memory:)?(\?.*)?"


def separated(pattern: str, separator: str = r"\s*[,\s]\s*") -> str:
    """Return the pattern of one or more texts that match `pattern`."""
    return f"{pattern}({separator}{pattern})*"


def split(text: str) -> list[str]:
    """Return the values of a list with spaces or commas."""
    return text.replace(",", " ").split()


class Rule(NamedTuple):
    """A rule for the text of a variable, and a hint for the error if it is broken.

    `parse` is called with a text that matches `pattern`, and may raise ValueError.
    """

    hint: str
    pattern: str = r"(?s).*"
    parse: Callable[[str], Any] = str

    def read(self, text: str) -> Any:
        """Return the parsed text; raise ValueError if it is invalid."""
        if not re.fullmatch(self.pattern, text):
            raise ValueError(text)
        return self.parse(text)


def parse_hosts(text: str) -> list[str]:
    """Return a list of hosts; raise ValueError for one that Werkzeug cannot encode."""
    return [host for host in split(text) if host.strip(".").encode("idna")]


def parse_url(text: str) -> str:
    """Return a URL with a lower-case scheme, without trailing slash."""
    scheme, colon, rest = text.partition(":")
    return f"{scheme.lower()}{colon}{rest}".rstrip("/")


def parse_database(url: str) -> str:
    """Return a database URL that selects the psycopg2 driver for PostgreSQL.

    Platforms provide `postgres://`, which SQLAlchemy rejects, and SQLAlchemy 2.1 selects psycopg 3
    for `postgresql://`. A Unix socket as the host, which it does not know, becomes an option.
    """
    url = re.sub("^postgres(ql)?://", "postgresql+psycopg2://", url)
    return re.sub(UNIX_SOCKET, r"\1\3?host=\2&", url)


def is_database_url(url: str) -> bool:
    """Return True if `url` has the form of a database URL, and options that its driver knows."""
    try:
        parsed = make_url(url)
        dialect = parsed.get_dialect()
        with catch_warnings(action="ignore"):  # SQLAlchemy warns again when it creates the engine
            _arguments, options = dialect().create_connect_args(parsed)
    except (ArgumentError, ValueError):
        return False
    if parsed.get_backend_name() == "postgresql" and find_spec("psycopg2"):
        psycopg2: Any = dialect.import_dbapi()
        try:
            psycopg2.extensions.make_dsn(**options)
        except psycopg2.Error:
            return False
    return re.fullmatch(DATABASE_URL, url) is not None and "%00" not in url


def parse_limits(text: str) -> str:
    """Return rate limits without repetitions, which would count each request twice."""
    return "; ".join(dict.fromkeys(re.split("[;,] ?", text)))


def parse_redis(url: str) -> str:
    """Return `url`; raise ValueError for the hosts with brackets for which redis-py would."""
    urlsplit(url)
    return url


def without_certificate_check(url: str | None) -> str | None:
    """Return a Redis URL with certificate verification off, unless it sets that itself."""
    if url is None or not url.startswith("rediss:") or "ssl_cert_reqs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=none"


def allow_special_domains(names: list[str]) -> None:
    """Let email-validator accept addresses in these special domains; it has no other way."""
    allowed = {name.strip(".").lower() for name in names}
    SPECIAL_USE_DOMAIN_NAMES[:] = [name for name in SPECIAL_DOMAINS if name not in allowed]


def parse_email(text: str) -> str:
    """Return an email address in ASCII; raise ValueError for those that accounts cannot have."""
    valid = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    return str(valid.ascii_email)


def parse_sender(text: str) -> str:
    """Return a sender with its name, if any, in quotes, which commas and brackets require."""
    name, bracket, address = text.rpartition(" <")
    return f'"{name.strip().strip(chr(34))}" <{address}' if bracket else text


def parse_scrypt(method: str) -> str:
    """Return `method`; raise ValueError if Werkzeug cannot hash passwords with it."""
    n, r, p = map(int, method.split(":")[1:])
    if n & (n - 1) or n < MIN_SCRYPT_N or not 0 < 132 * n * r * p <= MAX_SCRYPT_MEMORY:
        raise ValueError(method)
    return method


TEXT = Rule("")
URL = Rule("", parse=parse_url)
DATABASE = Rule("", parse=parse_database)
FLAG = Rule(
    "use true or false",
    r"(?i)1|true|yes|on|0|false|no|off",
    lambda text: text.lower() in {"1", "true", "yes", "on"},
)
KEYS = Rule("use keys of 32 ASCII characters or more", separated(r"[!-~]{32,}", r"\s+"), str.split)
TOKEN = Rule("use 16 or more of letters, digits and -._~+/", r"(?a)(?=.{16})[\w.~+/-]+=*")
ASCII = Rule("use ASCII characters only, since SMTP logins have no others", r"[ -~]+")
EMAIL = Rule(
    "use one email address. For one in .local or .test, set EMAIL_ALLOWED_SPECIAL_DOMAINS",
    parse=parse_email,
)
SPECIAL = Rule(
    f"choose from {', '.join(SPECIAL_DOMAINS)}. Others, such as internal, are always allowed",
    separated(rf"(?i:\.?({'|'.join(SPECIAL_DOMAINS)}))"),
    split,
)
ROLE_NAMES = ("User", "Moderator", "Administrator")  # those of app/models/role.py
ROLES = Rule(f"choose from {', '.join(ROLE_NAMES)}", separated(f"({'|'.join(ROLE_NAMES)})"), split)
SENDER = Rule(
    "use an email address, with or without a name: "
    "Flasky <flasky@example.com>. "
    "Write an international domain in ASCII (xn--…)",
    rf'{MAILBOX}|("{SENDER_NAME}"|{SENDER_NAME}) <{MAILBOX}>',
    parse_sender,
)
MAIL_SERVER = Rule(
    "use a host name without scheme and port, such as smtp.example.com, and set MAIL_PORT",
    rf"{HOSTNAME}|(?=.*:.*:)[0-9A-Fa-f:.]+",
    lambda text: str(ip_address(text)) if ":" in text else text,
)
PREFIX = Rule("use one line of 100 characters or less", rf"[^{CONTROL}]{{1,100}}")
RELEASE = Rule("use printable ASCII, since it is sent as a header", r"[ -~]+")
LOG_LEVEL = Rule(
    "choose one of DEBUG, INFO, WARNING, ERROR", r"(?i)debug|info|warning|error", str.upper
)
LOG_FORMAT = Rule("choose one of text, json", r"(?i)text|json", str.lower)
STORAGE = Rule(
    "use a folder, such as /var/lib/flasky/uploads, or s3://bucket or s3://bucket/prefix",
    rf"[^:{CONTROL}]+|s3://[a-z0-9.-]{{3,63}}(/[\w.-]+)*/?",
)
SYSLOG = Rule("use /dev/log or host:514", rf"/\S+|(\[[0-9a-f:]+\]|[^\s:/]+){PORT}")
HOSTS = Rule(
    "use host names of letters, digits, dots and hyphens, separated by spaces or commas, as in "
    "a.org .b.org",
    separated(HOST),
    parse_hosts,
)
ORIGINS = Rule("use origins without a path, as in https://a.org", separated(ORIGIN), split)
LIMITS = Rule(
    "use a limit such as 10 per minute; 50 per hour", separated(LIMIT, "[;,] ?"), parse_limits
)
REDIS = Rule(
    "use redis://:password@host:6379/0, rediss:// (TLS) or unix:///path, with no options but db "
    "and, for TLS, ssl_cert_reqs and ssl_ca_certs. In the password, write %2F for /, %3F for ? "
    "and %23 for #",
    rf"(?!(redis|unix):.*[?&]ssl_)(rediss?://{SERVER}(/[0-9]*)?|unix://([^/?#\s]*@)?/[^?#@\s]+)"
    rf"(\?{REDIS_OPTION}(&{REDIS_OPTION})*)?",
    parse_redis,
)
SENTRY = Rule(
    "use a DSN such as https://key@example.ingest.sentry.io/1",
    rf"(?a)https?://\w+@{HOSTNAME}({PORT})?/([\w.~-]+/)*\d+",
)
ISSUER = Rule(
    "use the https URL of an OpenID Connect issuer, such as https://accounts.google.com",
    rf"(?a)(https://{HOSTNAME}|http://(localhost|127\.0\.0\.1))({PORT})?{PATH}/?",
)
SCRYPT = Rule(
    "use scrypt:N:r:p, where N is a power of two, such as scrypt:32768:8:1",
    r"scrypt(:[0-9]{1,9}){3}",
    parse_scrypt,
)


def add_host(hosts: list[str], site_url: str) -> list[str]:
    """Add the host of a valid `site_url` to `hosts`, and return them."""
    match = re.fullmatch(SITE_URL, site_url)
    if match and match[1].lower() not in hosts:
        hosts.append(match[1].lower())
    return hosts


def validate_common(settings: Any) -> Iterator[str]:
    """Yield the errors of any configuration."""
    if settings.MAIL_USE_TLS and settings.MAIL_USE_SSL:
        yield (
            "MAIL_USE_TLS and MAIL_USE_SSL are both on: use MAIL_USE_TLS with port 587 or "
            "MAIL_USE_SSL with port 465."
        )
    if settings.SSL_REDIRECT and not settings.SITE_URL.startswith("https:"):
        yield "SSL_REDIRECT is on, but SITE_URL does not start with https: change one of them."
    if not re.fullmatch(SITE_URL, settings.SITE_URL):
        yield (
            "SITE_URL is missing or invalid: set it to the public URL of the site, such as "
            "https://example.com or https://example.com/blog. Its host can have letters, digits, "
            "dots and hyphens; write an international domain in ASCII (xn--…). IPv6 addresses are "
            "not supported. Its path can have letters, digits, dots, hyphens, underscores and ~."
        )
    if settings.OIDC_ISSUER and not (settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET):
        yield "OIDC_ISSUER is set: set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, too."
    if settings.OIDC_ISSUER and not (find_spec("authlib") and find_spec("requests")):
        yield (
            "OIDC_ISSUER is set, but Authlib is not installed: add Authlib and requests to "
            "requirements/common.in and run make lock."
        )
    url = settings.SQLALCHEMY_DATABASE_URI
    if url and not is_database_url(url):
        yield (
            f"{settings.database_variable} is invalid: use "
            "postgresql://user:password@host:5432/database or sqlite:////absolute/path. In the "
            "password, write %40 for @ and %3A for : and %2F for /. Several hosts are options: "
            "/database?host=a:5432&host=b:5432. Other options are those of PostgreSQL's client "
            "library."
        )
    elif url and re.fullmatch(UNNAMED_DATABASE, url):
        yield (
            f"{settings.database_variable} names no database: write its name after the host, as "
            "in postgresql://user:password@host:5432/database."
        )


def validate_production(settings: Any) -> Iterator[str]:
    """Yield the errors that matter on a public site only."""
    key, url = settings.SECRET_KEY, settings.SQLALCHEMY_DATABASE_URI
    if settings.FLASK_DEBUG:
        yield "FLASK_DEBUG is on: unset it, or set FLASK_CONFIG=development."
    if not key:
        yield f"SECRET_KEY is not set. {GENERATE_KEY}"
    elif key == DEVELOPMENT_KEY or not re.fullmatch(KEY, key):
        yield f"SECRET_KEY is public, too short or not ASCII. {GENERATE_KEY}"
    if not url or re.fullmatch(IN_MEMORY, url):
        yield (
            f"DATABASE_URL is {'an in-memory database' if url else 'not set'}: use "
            "postgresql://user:password@host/database or sqlite:////absolute/path."
        )
    if settings.SENTRY_DSN and find_spec("sentry_sdk") is None:
        yield (
            "SENTRY_DSN is set, but sentry-sdk is not installed: add it to requirements/prod.in "
            "and run make lock."
        )
    if settings.MAIL_USERNAME and not settings.MAIL_PASSWORD:
        yield "MAIL_USERNAME is set, but MAIL_PASSWORD is not: set both or neither."
