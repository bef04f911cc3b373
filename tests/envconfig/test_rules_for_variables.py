"""Values of variables are checked and parsed; an error says what to use."""

import pytest

from tests.support.app_factory import settings_from

# A variable that is invalid, and the start of the one error.
INVALID = [
    (
        {"SECRET_KEY_FALLBACKS": f"{'o' * 40} short"},
        "SECRET_KEY_FALLBACKS is invalid: use keys of",
    ),
    ({"SECRET_KEY_FALLBACKS": "ключ" * 10}, "SECRET_KEY_FALLBACKS is invalid: use keys of"),
    ({"REDIS_URL": "http://host"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "localhost:6379"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://host:x/0"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://host/0?family=0"}, "REDIS_URL is invalid: use redis://:password@host"),
    ({"REDIS_URL": "redis://host/cache"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://:wo[rd@host"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://host?db=x"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://host?retry=3"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://host?db=1&encoding=x"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://host?ssl_cert_reqs=none"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "rediss://host?ssl_cert_reqs=maybe"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://:12/word@host:6379/0"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://:12?word@host:6379/0"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "redis://:12#word@host:6379/0"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "unix:///run/redis.sock?ssl_cert_reqs=none"}, "REDIS_URL is invalid"),
    ({"REDIS_URL": "unix://run/redis.sock"}, "REDIS_URL is invalid"),
    ({"FLASKY_ADMIN": "boss"}, "FLASKY_ADMIN is 'boss': use one email address. For one"),
    ({"FLASKY_ADMIN": "boss@site.local"}, "FLASKY_ADMIN is 'boss@site.local': use one email"),
    ({"FLASKY_ADMIN": "boss@site.test"}, "FLASKY_ADMIN is 'boss@site.test': use one email"),
    (
        {"EMAIL_ALLOWED_SPECIAL_DOMAINS": "local,intern"},
        "EMAIL_ALLOWED_SPECIAL_DOMAINS is 'local,intern': choose from arpa, invalid, local,",
    ),
    ({"EMAIL_ALLOWED_SPECIAL_DOMAINS": "site.local"}, "EMAIL_ALLOWED_SPECIAL_DOMAINS is 'site.l"),
    ({"FLASKY_ADMIN": "böss@example.com"}, "FLASKY_ADMIN is 'böss@example.com': use one email"),
    ({"FLASKY_ADMIN": "Ann <ann@example.com>"}, "FLASKY_ADMIN is 'Ann <ann@example.com>': use"),
    ({"FLASKY_MAIL_SENDER": '"Acme <a@b.com>'}, "FLASKY_MAIL_SENDER is '\"Acme <a@b.com>'"),
    ({"FLASKY_MAIL_SENDER": "Acme a@b.com"}, "FLASKY_MAIL_SENDER is 'Acme a@b.com': use"),
    ({"FLASKY_MAIL_SENDER": "A <a@bücher.de>"}, "FLASKY_MAIL_SENDER is 'A <a@bücher.de>': use"),
    ({"FLASKY_MAIL_SENDER": "a@b.com, c@d.com"}, "FLASKY_MAIL_SENDER is 'a@b.com, c@d.com'"),
    ({"FLASKY_MAIL_SENDER": "A\nB <a@b.com>"}, "FLASKY_MAIL_SENDER is 'A\\nB <a@b.com>': use"),
    ({"FLASKY_MAIL_SUBJECT_PREFIX": "\udcff"}, "FLASKY_MAIL_SUBJECT_PREFIX is '\\udcff': use"),
    ({"MAIL_SERVER": "smtp.example.com:587"}, "MAIL_SERVER is 'smtp.example.com:587': use a host"),
    ({"MAIL_SERVER": "smtp://example.com"}, "MAIL_SERVER is 'smtp://example.com': use a host"),
    ({"MAIL_SERVER": "bücher.example"}, "MAIL_SERVER is 'bücher.example': use a host name"),
    ({"MAIL_SERVER": "a.example b.example"}, "MAIL_SERVER is 'a.example b.example': use a host"),
    ({"MAIL_SERVER": "::0.."}, "MAIL_SERVER is '::0..': use a host name"),
    ({"REDIS_URL": "unix:///a\nb?ssl_cert_reqs=none"}, "REDIS_URL is invalid"),
    ({"MAIL_PASSWORD": "sésame"}, "MAIL_PASSWORD is invalid: use ASCII"),
    ({"MAIL_USERNAME": "änn"}, "MAIL_USERNAME is 'änn': use ASCII"),
    ({"FLASKY_MAIL_SENDER": "Fl<asky"}, "FLASKY_MAIL_SENDER is 'Fl<asky': use an email"),
    ({"FLASKY_MAIL_SUBJECT_PREFIX": "x" * 101}, "FLASKY_MAIL_SUBJECT_PREFIX is 'xxx"),
    (
        {"FLASKY_MAIL_SUBJECT_PREFIX": "x\ny"},
        "FLASKY_MAIL_SUBJECT_PREFIX is 'x\\ny': use one line",
    ),
    ({"METRICS_TOKEN": "t" * 15}, "METRICS_TOKEN is invalid: use 16 or more"),
    ({"METRICS_TOKEN": "open " * 4}, "METRICS_TOKEN is invalid: use 16 or more"),
    ({"METRICS_TOKEN": "a=b" * 6}, "METRICS_TOKEN is invalid: use 16 or more"),
    ({"METRICS_TOKEN": "ö" * 16}, "METRICS_TOKEN is invalid: use 16 or more"),
    (
        {"TRUSTED_HOSTS": "https://example.com"},
        "TRUSTED_HOSTS is 'https://example.com': use host names",
    ),
    ({"TRUSTED_HOSTS": "example.com *"}, "TRUSTED_HOSTS is 'example.com *'"),
    ({"TRUSTED_HOSTS": "example.com,,a.example"}, "TRUSTED_HOSTS is 'example.com,,a"),
    ({"TRUSTED_HOSTS": "my_site"}, "TRUSTED_HOSTS is 'my_site': use host names of letters"),
    ({"TRUSTED_HOSTS": "\u05d0a.example"}, "TRUSTED_HOSTS is '\u05d0a.example': use host names"),
    ({"FLASKY_MAIL_SUBJECT_PREFIX": "x\u2028y"}, "FLASKY_MAIL_SUBJECT_PREFIX is 'x\\u2028y': use"),
    ({"FLASKY_MAIL_SENDER": "A\x85B <a@b.com>"}, "FLASKY_MAIL_SENDER is 'A\\x85B <a@b.com>': use"),
    ({"REDIS_URL": "redis://host:655\u0660"}, "REDIS_URL is invalid"),
    ({"TRUSTED_HOSTS": "a.example -b"}, "TRUSTED_HOSTS is 'a.example -b': use host names"),
    ({"TRUSTED_HOSTS": "a" * 64}, "TRUSTED_HOSTS is 'aaa"),
    ({"RELEASE": "4\n2"}, "RELEASE is '4\\n2'"),
    ({"RELEASE": "é"}, "RELEASE is 'é'"),
    ({"HEROKU_RELEASE_VERSION": "é"}, "HEROKU_RELEASE_VERSION is 'é'"),
    (
        {"CORS_ORIGINS": "https://a.example/x"},
        "CORS_ORIGINS is 'https://a.example/x': use origins without",
    ),
    ({"CORS_ORIGINS": "https://a.example *"}, "CORS_ORIGINS is 'https://a.example *'"),
    ({"RATELIMIT_LOGIN": "ten a minute"}, "RATELIMIT_LOGIN is 'ten a minute': use"),
    ({"RATELIMIT_EMAIL": "5 per hour; many"}, "RATELIMIT_EMAIL is '5 per hour; many'"),
    ({"RATELIMIT_REGISTER": "0 per hour"}, "RATELIMIT_REGISTER is '0 per hour'"),
    ({"RATELIMIT_API": "5 per year"}, "RATELIMIT_API is '5 per year'"),
    ({"PASSWORD_HASH_METHOD": "md5"}, "PASSWORD_HASH_METHOD is 'md5': use scrypt"),
    ({"PASSWORD_HASH_METHOD": "scrypt:1000:8:1"}, "PASSWORD_HASH_METHOD is"),
    ({"PASSWORD_HASH_METHOD": "scrypt:128:1:1"}, "PASSWORD_HASH_METHOD is"),
    ({"PASSWORD_HASH_METHOD": "scrypt:1024:0:1"}, "PASSWORD_HASH_METHOD is"),
    ({"PASSWORD_HASH_METHOD": "scrypt:16777216:8:1"}, "PASSWORD_HASH_METHOD is"),
    ({"TWO_FACTOR_ROLES": "Admin"}, "TWO_FACTOR_ROLES is 'Admin': choose from User, Moderator"),
    ({"UPLOAD_STORAGE": "https://bucket.example"}, "UPLOAD_STORAGE is 'https://bucket.example': "),
    ({"UPLOAD_STORAGE": "s3:/bucket"}, "UPLOAD_STORAGE is 's3:/bucket': use a folder, such as"),
    ({"UPLOAD_STORAGE": "s3://a:b@bucket"}, "UPLOAD_STORAGE is 's3://a:b@bucket': use a folder"),
    ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'loud': choose one of DEBUG"),
    ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is 'xml': choose one of text"),
    ({"SENTRY_DSN": "https://key@[x/7"}, "SENTRY_DSN is invalid"),
    ({"SENTRY_DSN": "https://ключ@sentry.example/7"}, "SENTRY_DSN is invalid"),
    ({"SENTRY_DSN": "https://key@sentry.example/\u0667"}, "SENTRY_DSN is invalid"),
    ({"SENTRY_DSN": "https://sentry.example/7"}, "SENTRY_DSN is invalid: use a DSN such as"),
]


def errors_in_development(**variables: str) -> list[str]:
    errors: list[str] = settings_from("development", **variables).validation_errors()
    return errors


def test_invalid_value_is_one_error() -> None:
    for changes, start in INVALID:
        [error] = errors_in_development(**changes)

        assert error.startswith(start), changes


def test_valid_values_are_accepted() -> None:
    for changes in [
        {"REDIS_URL": "redis://:secret@host:6379/0"},
        {"REDIS_URL": "rediss://host"},
        {"REDIS_URL": "redis://user:p@ss@host/0"},
        {"REDIS_URL": "unix:///run/redis.sock"},
        {"TRUSTED_HOSTS": "a.example EXAMPLE.com:8443"},
        {"TRUSTED_HOSTS": ".example.com"},
        {"TRUSTED_HOSTS": ".com b\u00fccher.example"},
        {"FLASKY_ADMIN": "ann@example.com", "FLASKY_MAIL_SENDER": "site@example.com"},
        {"FLASKY_ADMIN": "ann@b\u00fccher.example"},
        {"FLASKY_MAIL_SUBJECT_PREFIX": "x" * 100},
        {"MAIL_SERVER": "smtp.example.com"},
        {"MAIL_SERVER": "localhost"},
        {"MAIL_SERVER": "127.0.0.1"},
        {"MAIL_SERVER": "2001:db8::25"},
        {"METRICS_TOKEN": "aB3-._~+/aB3-._~+/=="},
        {"METRICS_TOKEN": "t" * 16},
        {"SENTRY_DSN": "https://0a1b@o1.ingest.sentry.io/2"},
        {"SENTRY_DSN": "http://key@errors.example:8000/path/2"},
        {"CORS_ORIGINS": "https://a.example http://localhost:3000"},
        {"CORS_ORIGINS": "https://a.example,http://localhost:3000"},
        {"RATELIMIT_LOGIN": "1 per second; 10 per day"},
        {"RATELIMIT_LOGIN": "1 per second, 10 per day"},
        {"PASSWORD_HASH_METHOD": "scrypt:256:8:1"},
        {"TWO_FACTOR_ROLES": "Moderator, Administrator"},
    ]:
        assert errors_in_development(**changes) == [], changes


@pytest.mark.parametrize(
    "text", ["a.example .b.example", "a.example,.b.example", "a.example , .b.example"]
)
def test_lists_have_spaces_or_commas(text: str) -> None:
    hosts = settings_from("production", TRUSTED_HOSTS=text).TRUSTED_HOSTS

    assert hosts == ["a.example", ".b.example"]


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("1 per second;1 per second", "1 per second"),
        ("5 per hour, 1 per day,5 per hour", "5 per hour; 1 per day"),
    ],
)
def test_repeated_limit_counts_once(text: str, limits: str) -> None:
    read = settings_from("production", RATELIMIT_API=text).RATELIMIT_API

    assert read == limits


# The bounds of each number.
NUMBERS = {
    "FLASKY_POSTS_PER_PAGE": (1, 1_000_000),
    "FLASKY_FOLLOWERS_PER_PAGE": (1, 1_000_000),
    "FLASKY_COMMENTS_PER_PAGE": (1, 1_000_000),
    "EMAIL_LINK_TTL_HOURS": (1, 1_000_000),
    "DEPLOY_LOCK_TIMEOUT": (1, 1_000_000),
    "ERROR_EMAIL_INTERVAL": (1, 1_000_000),
    "ERROR_EMAILS_PER_HOUR": (1, 1_000_000),
    "TRUSTED_PROXY_COUNT": (0, 10),
    "TRUSTED_HOST_PROXY_COUNT": (0, 10),
    "HSTS_SECONDS": (0, 100_000_000),
    "MAIL_PORT": (1, 65535),
    "MAIL_TIMEOUT": (1, 600),
    "REMEMBER_COOKIE_DAYS": (1, 3650),
    "REAUTHENTICATION_MINUTES": (1, 1440),
    "API_TOKEN_TTL_DAYS": (1, 3650),
    "DATABASE_POOL_SIZE": (1, 1000),
    "DATABASE_POOL_OVERFLOW": (0, 1000),
    "DATABASE_POOL_TIMEOUT": (0, 1_000_000),
    "DATABASE_POOL_RECYCLE": (1, 1_000_000),
    "DATABASE_CONNECT_TIMEOUT": (1, 1_000_000),
}


def test_numbers_have_bounds() -> None:
    for name, (minimum, maximum) in NUMBERS.items():
        expected = f"use a whole number from {minimum} to {maximum}, such as "
        for value in (minimum, maximum):
            assert errors_in_development(**{name: str(value)}) == []
        for value in (minimum - 1, maximum + 1):
            [error] = errors_in_development(**{name: str(value)})
            assert error.startswith(f"{name} is '{value}': {expected}")


def test_malformed_values_are_errors_in_development_too() -> None:
    variables = {
        "GRAVATAR_ENABLED": "maybe",
        "ALLOW_DEMO_DATA": "maybe",  # demo-only
        "MAIL_USE_TLS": "maybe",
        "MAIL_USE_SSL": "maybe",
        "CSP_REPORT_ONLY": "maybe",
        "SLOW_REQUEST_TIME": "-1",
        "FLASKY_SLOW_DB_QUERY_TIME": "x",
        "DATABASE_STATEMENT_TIMEOUT": "x",
        "DATABASE_LOCK_TIMEOUT": "x",
    }
    errors = errors_in_development(**variables)

    assert sorted(error.split()[0] for error in errors) == sorted(variables)


def test_syslog_address_must_be_a_socket_or_a_valid_port() -> None:
    """logging.handlers.SysLogHandler would wrap a port above 65535 silently."""
    for address in ("host:65536", "host", "host:", ":514", "host:port", "udp://host:514"):
        assert errors_in_development(SYSLOG_ADDRESS=address) == [
            f"SYSLOG_ADDRESS is {address!r}: use /dev/log or host:514."
        ]
    for address in ("/dev/log", "host:65535", "[::1]:514", "127.0.0.1:514"):
        assert errors_in_development(SYSLOG_ADDRESS=address) == []
