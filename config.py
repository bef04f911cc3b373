"""The settings: their names, defaults and environment variables. See docs/configuration.md.

Importing this module reads the environment, and the files that variables such as SECRET_KEY_FILE
name, and never fails. Invalid values are reported when a configuration is used (`init_app`).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from envconfig import rules
from envconfig.environment import Environment, is_served_by_gunicorn

if TYPE_CHECKING:
    from flask import Flask

env = Environment()


class ConfigurationError(Exception):
    """The configuration is invalid; the message lists every error and what to set."""


class Config:
    """The settings that all configurations share."""

    SECRET_KEY = env.text("SECRET_KEY")
    SECRET_KEY_FALLBACKS = env.strings("SECRET_KEY_FALLBACKS", rules.KEYS)
    SITE_URL = env.text("SITE_URL", rule=rules.URL) or ""
    EMAIL_ALLOWED_SPECIAL_DOMAINS = env.strings("EMAIL_ALLOWED_SPECIAL_DOMAINS", rules.SPECIAL)
    rules.allow_special_domains(EMAIL_ALLOWED_SPECIAL_DOMAINS)  # before addresses are read
    FLASKY_ADMIN = env.text("FLASKY_ADMIN", rule=rules.EMAIL)
    SECURITY_CONTACT = env.text("SECURITY_CONTACT", rule=rules.EMAIL)
    FLASKY_MAIL_SENDER = env.text("FLASKY_MAIL_SENDER", "Flasky <flasky@localhost>", rules.SENDER)
    FLASKY_MAIL_SUBJECT_PREFIX = env.text("FLASKY_MAIL_SUBJECT_PREFIX", "[Flasky]", rules.PREFIX)
    # demo-only: begin
    FLASKY_POSTS_PER_PAGE = env.number("FLASKY_POSTS_PER_PAGE", 20)
    FLASKY_FOLLOWERS_PER_PAGE = env.number("FLASKY_FOLLOWERS_PER_PAGE", 50)
    FLASKY_COMMENTS_PER_PAGE = env.number("FLASKY_COMMENTS_PER_PAGE", 30)
    ALLOW_DEMO_DATA = env.flag("ALLOW_DEMO_DATA")
    LIVE_STREAM = env.flag("LIVE_STREAM")
    # demo-only: end
    GRAVATAR_ENABLED = env.flag("GRAVATAR_ENABLED")
    EMAIL_LINK_TTL_HOURS = env.number("EMAIL_LINK_TTL_HOURS", 24)
    DEPLOY_LOCK_TIMEOUT = env.number("DEPLOY_LOCK_TIMEOUT", 120)
    RELEASE = env.text("RELEASE", rule=rules.RELEASE)
    COMMIT = env.text("COMMIT")

    LOG_LEVEL = env.text("LOG_LEVEL", "INFO", rules.LOG_LEVEL)
    LOG_FORMAT = env.text("LOG_FORMAT", "text", rules.LOG_FORMAT)
    SYSLOG_ADDRESS: str | None = None
    FLASKY_SLOW_DB_QUERY_TIME = env.seconds("FLASKY_SLOW_DB_QUERY_TIME", 0.5)
    SLOW_REQUEST_TIME = env.seconds("SLOW_REQUEST_TIME", 2)
    ERROR_EMAIL_INTERVAL = env.number("ERROR_EMAIL_INTERVAL", 600)
    ERROR_EMAILS_PER_HOUR = env.number("ERROR_EMAILS_PER_HOUR", 20)
    METRICS_TOKEN = env.text("METRICS_TOKEN", rule=rules.TOKEN)

    TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0, minimum=0, maximum=10)
    TRUSTED_HOST_PROXY_COUNT = env.number("TRUSTED_HOST_PROXY_COUNT", 0, minimum=0, maximum=10)
    TRUSTED_HOSTS: list[str] | None = None
    SSL_REDIRECT = env.flag("SSL_REDIRECT")
    HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000, minimum=0, maximum=100_000_000)
    CSP_REPORT_ONLY = env.flag("CSP_REPORT_ONLY")
    STATIC_ROOT = env.text("STATIC_ROOT", "instance/collected")
    UPLOAD_STORAGE = env.text("UPLOAD_STORAGE", rule=rules.STORAGE)
    UPLOAD_MAX_MEGABYTES = env.number("UPLOAD_MAX_MEGABYTES", 5, maximum=100)

    MAIL_SERVER = env.text("MAIL_SERVER", rule=rules.MAIL_SERVER)
    MAIL_PORT = env.number("MAIL_PORT", 25, maximum=65535)
    MAIL_USE_TLS = env.flag("MAIL_USE_TLS")
    MAIL_USE_SSL = env.flag("MAIL_USE_SSL")
    MAIL_USERNAME = env.text("MAIL_USERNAME", rule=rules.ASCII)
    MAIL_PASSWORD = env.text("MAIL_PASSWORD", rule=rules.ASCII)
    MAIL_TIMEOUT = env.number("MAIL_TIMEOUT", 10, maximum=600)
    MAIL_CONSOLE = False
    ERROR_EMAILS = False
    SENTRY_DSN: str | None = None

    PASSWORD_HASH_METHOD = env.text("PASSWORD_HASH_METHOD", "scrypt:32768:8:1", rules.SCRYPT)
    REMEMBER_COOKIE_DAYS = env.number("REMEMBER_COOKIE_DAYS", 30, maximum=3650)
    REMEMBER_COOKIE_DURATION = timedelta(days=REMEMBER_COOKIE_DAYS)
    PERMANENT_SESSION_LIFETIME = timedelta(days=31)
    TWO_FACTOR_ROLES = env.strings("TWO_FACTOR_ROLES", rules.ROLES)
    REAUTHENTICATION_MINUTES = env.number("REAUTHENTICATION_MINUTES", 15, maximum=1440)
    OIDC_ISSUER = env.text("OIDC_ISSUER", rule=rules.ISSUER)
    OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
    OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
    OIDC_NAME = env.text("OIDC_NAME")
    REMEMBER_COOKIE_NAME = "remember_token"
    REMEMBER_COOKIE_HTTPONLY = True
    REMEMBER_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SAMESITE = "Lax"

    REDIS_URL = env.text("REDIS_URL", rule=rules.REDIS)
    RATELIMIT_STORAGE_URI = f"shared+{REDIS_URL}" if REDIS_URL else "memory://"
    RATELIMIT_LOGIN = env.text("RATELIMIT_LOGIN", "20 per minute", rules.LIMITS)
    RATELIMIT_ACCOUNT = env.text("RATELIMIT_ACCOUNT", "50 per hour", rules.LIMITS)
    RATELIMIT_CODE = env.text("RATELIMIT_CODE", "10 per hour", rules.LIMITS)
    RATELIMIT_REGISTER = env.text("RATELIMIT_REGISTER", "10 per hour", rules.LIMITS)
    RATELIMIT_EMAIL = env.text("RATELIMIT_EMAIL", "5 per hour", rules.LIMITS)
    RATELIMIT_CHANGE = env.text("RATELIMIT_CHANGE", "60 per minute; 1000 per hour", rules.LIMITS)
    RATELIMIT_EXPORT = env.text("RATELIMIT_EXPORT", "5 per hour", rules.LIMITS)
    RATELIMIT_PREVIEW = env.text("RATELIMIT_PREVIEW", "100 per minute", rules.LIMITS)  # demo-only
    RATELIMIT_SEARCH = env.text("RATELIMIT_SEARCH", "60 per minute", rules.LIMITS)  # demo-only
    RATELIMIT_API = env.text("RATELIMIT_API", "600 per minute", rules.LIMITS)
    API_TOKEN_TTL_DAYS = env.number("API_TOKEN_TTL_DAYS", 30, maximum=3650)
    CORS_ORIGINS = env.strings("CORS_ORIGINS", rules.ORIGINS)

    SQLALCHEMY_DATABASE_URI: str | None = None
    SQLALCHEMY_ENGINE_OPTIONS: ClassVar[dict[str, object]] = {
        "pool_pre_ping": True,
        "hide_parameters": True,  # keep email addresses and hashes out of the log
    }
    DATABASE_POOL_SIZE = env.number("DATABASE_POOL_SIZE", 5, maximum=1000)
    DATABASE_POOL_OVERFLOW = env.number("DATABASE_POOL_OVERFLOW", 10, minimum=0, maximum=1000)
    DATABASE_POOL_TIMEOUT = env.number("DATABASE_POOL_TIMEOUT", 10, minimum=0)
    DATABASE_POOL_RECYCLE = env.number("DATABASE_POOL_RECYCLE", 1800)
    DATABASE_CONNECT_TIMEOUT = env.number("DATABASE_CONNECT_TIMEOUT", 5)
    DATABASE_STATEMENT_TIMEOUT = env.seconds("DATABASE_STATEMENT_TIMEOUT", 15)
    DATABASE_LOCK_TIMEOUT = env.seconds("DATABASE_LOCK_TIMEOUT", 5)
    database_variable = "DATABASE_URL"

    BABEL_DEFAULT_LOCALE = "en"
    BOOTSTRAP_SERVE_LOCAL = True
    WTF_CSRF_TIME_LIMIT = None  # a form is valid as long as the session
    MAX_CONTENT_LENGTH = 1024 * 1024
    MAX_FORM_PARTS = 1000  # fields
    JOBS_IN_WEB = env.flag("JOBS_IN_WEB", default=True)
    JOBS_EAGER = False

    @classmethod
    def validation_errors(cls) -> list[str]:
        """Return one sentence for each error, which says what to set."""
        return [*env.errors.values(), *rules.validate_common(cls)]

    @classmethod
    def validate(cls) -> None:
        """Raise ConfigurationError, which lists every error, if there is one."""
        errors = cls.validation_errors()
        if errors:
            lines = "\n".join(f"  * {error}" for error in errors)
            about = f"{cls.__name__} has errors (see docs/configuration.md)"
            raise ConfigurationError(f"Invalid configuration: {about}:\n{lines}")

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        """Validate this configuration; make it available to `flask config`."""
        app.extensions["configuration"] = cls
        app.extensions["environment"] = env
        cls.validate()


class DevelopmentConfig(Config):
    """Your machine: a SQLite file, email on the console, nothing to set."""

    SECRET_KEY = Config.SECRET_KEY or rules.DEVELOPMENT_KEY
    SITE_URL = Config.SITE_URL or "http://127.0.0.1:5000"
    ALLOW_DEMO_DATA = env.flag("ALLOW_DEMO_DATA", default=True)  # demo-only
    MAIL_CONSOLE = Config.MAIL_SERVER is None
    UPLOAD_STORAGE = Config.UPLOAD_STORAGE or "instance/uploads"
    database_variable = "DEV_DATABASE_URL"
    SQLALCHEMY_DATABASE_URI = env.text(
        "DEV_DATABASE_URL", "sqlite:///data-dev.sqlite", rules.DATABASE
    )

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        super().init_app(app)
        if is_served_by_gunicorn():
            app.logger.warning(
                "gunicorn is serving the DEVELOPMENT CONFIGURATION, whose secret key is public. "
                "Set FLASK_CONFIG=production before the site is reachable by others."
            )


class TestingConfig(Config):
    """The test suite: an in-memory database by default, cheap password hashes."""

    TESTING = True
    SECRET_KEY = rules.DEVELOPMENT_KEY
    SITE_URL = "http://flasky.example"
    FLASKY_ADMIN = "admin@example.com"
    ALLOW_DEMO_DATA = True  # demo-only
    database_variable = "TEST_DATABASE_URL"
    SQLALCHEMY_DATABASE_URI = env.text("TEST_DATABASE_URL", "sqlite://", rules.DATABASE)
    PASSWORD_HASH_METHOD = "scrypt:256:8:1"  # noqa: S105 - the name of a method, and a fast one
    REAUTHENTICATION_MINUTES = 1440  # some sessions are shared by all tests
    JOBS_EAGER = True
    UPLOAD_STORAGE = "memory://"
    STATIC_ROOT = "instance/collected-testing"  # not the files that `make run` serves
    MAIL_SUPPRESS_SEND = False  # Flask-Mail suppresses email in tests; ours have a mail server


class ProductionConfig(Config):
    """A public site. It does not start unless all required settings are valid."""

    # The debugger would replace error pages and error emails, and allows remote code execution.
    DEBUG = False
    FLASK_DEBUG = env.flag("FLASK_DEBUG")
    SQLALCHEMY_DATABASE_URI = env.text("DATABASE_URL", rule=rules.DATABASE)
    LOG_FORMAT = env.text("LOG_FORMAT", "json", rules.LOG_FORMAT)
    ERROR_EMAILS = True
    SENTRY_DSN = env.text("SENTRY_DSN", rule=rules.SENTRY)
    PREFERRED_URL_SCHEME = "https"
    TRUSTED_HOSTS = rules.add_host(env.strings("TRUSTED_HOSTS", rules.HOSTS), Config.SITE_URL)
    SESSION_COOKIE_SECURE = REMEMBER_COOKIE_SECURE = Config.SITE_URL.startswith("https:")
    # Browsers accept cookies with this prefix only over TLS and, for __Host-, only from exactly
    # this host and with Path=/, which a site below a path does not use.
    cookie_prefix = "__Host-" if Config.SITE_URL.count("/") == 2 else "__Secure-"
    cookie_prefix = cookie_prefix if SESSION_COOKIE_SECURE else ""
    SESSION_COOKIE_NAME = f"{cookie_prefix}session"
    REMEMBER_COOKIE_NAME = f"{cookie_prefix}remember_token"

    @classmethod
    def validation_errors(cls) -> list[str]:
        return [*super().validation_errors(), *rules.validate_production(cls)]

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        super().init_app(app)
        if not cls.MAIL_SERVER:
            app.logger.warning(
                "MAIL_SERVER is not set: email is queued but not sent, so new accounts cannot be "
                "confirmed; errors are only logged."
            )
        elif not cls.FLASKY_ADMIN:
            app.logger.warning("FLASKY_ADMIN is not set: errors are only logged.")
        is_local = "@localhost" in (cls.FLASKY_MAIL_SENDER or "")
        if cls.MAIL_SERVER and is_local and is_served_by_gunicorn():
            app.logger.warning("Servers can reject email from localhost: set FLASKY_MAIL_SENDER.")
        if not cls.REDIS_URL and is_served_by_gunicorn():  # commands are not rate limited
            app.logger.warning(
                "REDIS_URL is not set: each process counts rate limit hits (RATELIMIT_…) by "
                "itself, so the effective limits are higher."
            )


# heroku-only: begin
class HerokuConfig(ProductionConfig):
    """Heroku and similar platforms: one proxy, which terminates TLS; logs to stderr."""

    TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 1, minimum=0, maximum=10)
    RELEASE = Config.RELEASE or env.text("HEROKU_RELEASE_VERSION", rule=rules.RELEASE)
    COMMIT = Config.COMMIT or env.text("HEROKU_BUILD_COMMIT")
    is_dyno = env.text("DYNO") is not None
    SSL_REDIRECT = env.flag("SSL_REDIRECT", default=is_dyno)
    if is_dyno:
        # Heroku's Redis has a self-signed certificate, and Heroku rotates the URL, so an
        # operator cannot add the option.
        REDIS_URL = rules.without_certificate_check(Config.REDIS_URL)
        RATELIMIT_STORAGE_URI = f"shared+{REDIS_URL}" if REDIS_URL else "memory://"

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        super().init_app(app)
        is_sqlite = (cls.SQLALCHEMY_DATABASE_URI or "").startswith("sqlite:")
        if is_sqlite and cls.is_dyno and is_served_by_gunicorn():
            app.logger.warning(
                "DATABASE_URL is a SQLite file: Heroku deletes it whenever the dyno restarts. "
                "Add PostgreSQL: heroku addons:create heroku-postgresql"
            )


# heroku-only: end


class DockerConfig(ProductionConfig):  # docker-only
    """A container: logs to stderr; secrets can come from files."""  # docker-only


class UnixConfig(ProductionConfig):
    """Your own server: logs to syslog."""

    SYSLOG_ADDRESS = env.text("SYSLOG_ADDRESS", "/dev/log", rules.SYSLOG)


config: dict[str, type[Config]] = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
    "heroku": HerokuConfig,  # heroku-only
    "docker": DockerConfig,  # docker-only
    "unix": UnixConfig,
    "default": DevelopmentConfig,
}


def get_config(name: str | None = None) -> type[Config]:
    """Return the configuration called `name`; raise ConfigurationError if there is none.

    The default is FLASK_CONFIG or, without it, DevelopmentConfig, except on Heroku.
    """
    name = name or env.text("FLASK_CONFIG")
    name = name or ("heroku" if env.text("DYNO") else None)  # heroku-only
    name = name or "default"
    if name not in config:
        message = f"FLASK_CONFIG is {name!r}: choose one of {', '.join(sorted(config))}."
        raise ConfigurationError(f"Invalid configuration: {message}")
    return config[name]
