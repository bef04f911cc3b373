"""Every setting of the site: its name, its default and the environment variable it comes from.

Settings are read once, here. Importing this module never fails and touches neither network nor
disk, except for files that variables name (SECRET_KEY_FILE). A value that cannot be read is
remembered and reported, together with everything else that is wrong, when a configuration is
chosen (`init_app`). What each setting does is told in docs/configuration.md.
"""

import os
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from settings import checks
from settings.checks import DEVELOPMENT_KEY
from settings.environment import Environment
from settings.origins import Origins
from settings.redis_urls import with_any_certificate

if TYPE_CHECKING:
    from flask import Flask

env = Environment()


class ConfigurationError(Exception):
    """The chosen configuration cannot run; the text lists everything that has to be mended."""


class Config:
    """What every configuration shares."""

    SECRET_KEY = env.text("SECRET_KEY")
    SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

    FLASKY_URL = env.address("FLASKY_URL")
    FLASKY_ADMIN = env.text("FLASKY_ADMIN")
    FLASKY_MAIL_SENDER = env.text("FLASKY_MAIL_SENDER", "Flasky <flasky@localhost>")
    FLASKY_MAIL_SUBJECT_PREFIX = env.text("FLASKY_MAIL_SUBJECT_PREFIX", "[Flasky]")
    FLASKY_POSTS_PER_PAGE = env.number("FLASKY_POSTS_PER_PAGE", 20)
    FLASKY_FOLLOWERS_PER_PAGE = env.number("FLASKY_FOLLOWERS_PER_PAGE", 50)
    FLASKY_COMMENTS_PER_PAGE = env.number("FLASKY_COMMENTS_PER_PAGE", 30)
    FLASKY_GRAVATAR = env.flag("FLASKY_GRAVATAR")
    FLASKY_DEMO = env.flag("FLASKY_DEMO")
    FLASKY_LINK_HOURS = env.number("FLASKY_LINK_HOURS", 24)
    FLASKY_DEPLOY_WAIT = env.number("FLASKY_DEPLOY_WAIT", 120)
    FLASKY_RELEASE = env.text("FLASKY_RELEASE")
    FLASKY_COMMIT = env.text("FLASKY_COMMIT")

    FLASKY_LOG_LEVEL = env.one_of("FLASKY_LOG_LEVEL", checks.LOG_LEVELS, "INFO")
    FLASKY_LOG_FORMAT = env.one_of("FLASKY_LOG_FORMAT", checks.LOG_FORMATS, "text")
    FLASKY_SYSLOG: str | None = None
    FLASKY_SLOW_DB_QUERY_TIME = env.seconds("FLASKY_SLOW_DB_QUERY_TIME", 0.5)
    FLASKY_SLOW_REQUEST_TIME = env.seconds("FLASKY_SLOW_REQUEST_TIME", 2)
    FLASKY_ERROR_MAIL_INTERVAL = env.number("FLASKY_ERROR_MAIL_INTERVAL", 600)
    FLASKY_ERROR_MAILS_PER_HOUR = env.number("FLASKY_ERROR_MAILS_PER_HOUR", 20)
    FLASKY_MONITOR_TOKEN = env.text("FLASKY_MONITOR_TOKEN")

    FLASKY_PROXIES = env.number("FLASKY_PROXIES", 0, minimum=0, maximum=10)
    FLASKY_PROXIES_HOST = env.number("FLASKY_PROXIES_HOST", 0, minimum=0, maximum=10)
    TRUSTED_HOSTS: list[str] | None = None
    SSL_REDIRECT = env.flag("SSL_REDIRECT")
    HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000, minimum=0, maximum=100_000_000)
    CSP_REPORT_ONLY = env.flag("CSP_REPORT_ONLY")
    STATIC_COLLECTED = env.text("STATIC_COLLECTED", "instance/collected")

    MAIL_SERVER = env.text("MAIL_SERVER")
    MAIL_PORT = env.number("MAIL_PORT", 25, maximum=65535)
    MAIL_USE_TLS = env.flag("MAIL_USE_TLS")
    MAIL_USE_SSL = env.flag("MAIL_USE_SSL")
    MAIL_USERNAME = env.text("MAIL_USERNAME")
    MAIL_PASSWORD = env.text("MAIL_PASSWORD")
    MAIL_TIMEOUT = env.number("MAIL_TIMEOUT", 10, maximum=600)
    MAIL_TO_CONSOLE = False
    ERROR_MAIL = False

    PASSWORD_HASH_METHOD = env.text("PASSWORD_HASH_METHOD", "scrypt:32768:8:1")
    REMEMBER_COOKIE_DURATION = timedelta(days=env.number("REMEMBER_COOKIE_DAYS", 30, maximum=3650))
    REMEMBER_COOKIE_NAME = "remember_token"
    REMEMBER_COOKIE_HTTPONLY = True
    REMEMBER_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SAMESITE = "Lax"

    REDIS_URL = env.text("REDIS_URL")
    QUEUE_URL = env.text("QUEUE_URL") or REDIS_URL
    RATELIMIT_STORAGE_URI = f"shared+{REDIS_URL}" if REDIS_URL else "memory://"
    RATELIMIT_LOGIN = env.text("RATELIMIT_LOGIN", "20 per minute")
    RATELIMIT_REGISTER = env.text("RATELIMIT_REGISTER", "10 per hour")
    RATELIMIT_LETTER = env.text("RATELIMIT_LETTER", "5 per hour")
    RATELIMIT_API = env.text("RATELIMIT_API", "600 per minute")

    API_TOKEN_DAYS = env.number("API_TOKEN_DAYS", 30, maximum=3650)
    API_ORIGINS = env.words("API_ORIGINS")

    SQLALCHEMY_DATABASE_URI: str | None = None
    SQLALCHEMY_ENGINE_OPTIONS: ClassVar[dict[str, object]] = {
        "pool_pre_ping": True,
        "hide_parameters": True,  # the log is no place for people's addresses and hashes
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
    WTF_CSRF_TIME_LIMIT = None  # a form may be filled in for as long as the session lasts
    MAX_CONTENT_LENGTH = 1024 * 1024
    JOBS_INLINE = False

    @classmethod
    def problems(cls) -> list[str]:
        """Return one sentence for each thing that keeps this configuration from running."""
        return [*env.unreadable.values(), *checks.everywhere(cls)]

    @classmethod
    def check(cls) -> None:
        """Raise ConfigurationError, naming all that keeps this configuration from running."""
        found = cls.problems()
        if found:
            lines = "\n".join(f"  * {problem}" for problem in found)
            raise ConfigurationError(
                f"{cls.__name__} cannot start. Mend this (see docs/configuration.md):\n{lines}"
            )

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        """Check this configuration, and let `flask config` know where it comes from."""
        app.extensions["origins"] = Origins(cls, env)
        cls.check()


class DevelopmentConfig(Config):
    """A laptop: a SQLite file, letters on the console, nothing to set."""

    SECRET_KEY = Config.SECRET_KEY or DEVELOPMENT_KEY
    FLASKY_URL = Config.FLASKY_URL or "http://127.0.0.1:5000"
    FLASKY_DEMO = env.flag("FLASKY_DEMO", default=True)
    MAIL_TO_CONSOLE = Config.MAIL_SERVER is None
    database_variable = "DEV_DATABASE_URL"
    SQLALCHEMY_DATABASE_URI = env.database("DEV_DATABASE_URL", "sqlite:///data-dev.sqlite")

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        super().init_app(app)
        if is_served_by_gunicorn():
            app.logger.warning(
                "THIS IS THE DEVELOPMENT CONFIGURATION, and gunicorn is serving it. Its secret "
                "key is public. Set FLASK_CONFIG=production before anyone else can reach it."
            )


def is_served_by_gunicorn() -> bool:
    """Tell whether gunicorn has started this program; it leaves a variable that says so."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")


class TestingConfig(Config):
    """The test suite: a database in memory unless told otherwise, cheap password hashes."""

    TESTING = True
    SECRET_KEY = DEVELOPMENT_KEY
    FLASKY_URL = "http://flasky.example"
    FLASKY_ADMIN = "admin@example.com"
    FLASKY_DEMO = True
    database_variable = "TEST_DATABASE_URL"
    SQLALCHEMY_DATABASE_URI = env.database("TEST_DATABASE_URL", "sqlite://")
    PASSWORD_HASH_METHOD = "scrypt:256:8:1"  # noqa: S105 - the name of a method, and a fast one
    JOBS_INLINE = True
    STATIC_COLLECTED = "instance/collected-testing"  # not the copies that this machine serves
    MAIL_SUPPRESS_SEND = False  # Flask-Mail would not send anything; the tests have a server


class ProductionConfig(Config):
    """A public site. It refuses to start without what it needs."""

    # Else an error would reach neither a page nor the administrator, and flask run would let
    # strangers type Python.
    DEBUG = False
    FLASK_DEBUG = env.flag("FLASK_DEBUG")
    SQLALCHEMY_DATABASE_URI = env.database("DATABASE_URL")
    FLASKY_LOG_FORMAT = env.one_of("FLASKY_LOG_FORMAT", checks.LOG_FORMATS, "json")
    ERROR_MAIL = True
    PREFERRED_URL_SCHEME = "https"
    TRUSTED_HOSTS = env.words("TRUSTED_HOSTS") or checks.host_of(Config.FLASKY_URL)
    SESSION_COOKIE_SECURE = REMEMBER_COOKIE_SECURE = Config.FLASKY_URL.startswith("https:")
    # Browsers take a cookie with the prefix __Host- from this very host over TLS alone.
    SESSION_COOKIE_NAME = f"{'__Host-' if SESSION_COOKIE_SECURE else ''}session"
    REMEMBER_COOKIE_NAME = f"{'__Host-' if SESSION_COOKIE_SECURE else ''}remember_token"

    @classmethod
    def problems(cls) -> list[str]:
        return [*super().problems(), *checks.in_production(cls)]

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        super().init_app(app)
        if not cls.MAIL_SERVER:
            app.logger.warning(
                "MAIL_SERVER is not set: letters wait in the outbox, so nobody can register, and "
                "errors are told to the log alone."
            )
        elif not cls.FLASKY_ADMIN:
            app.logger.warning("FLASKY_ADMIN is not set: errors are told to the log alone.")
        if not cls.REDIS_URL and is_served_by_gunicorn():  # a command counts nothing
            app.logger.warning(
                "REDIS_URL is not set: each process counts attempts (RATELIMIT_…) for itself, so "
                "several let more of them through."
            )


class HerokuConfig(ProductionConfig):
    """Heroku, and the platforms that work like it: one proxy, which ends TLS."""

    FLASKY_PROXIES = env.number("FLASKY_PROXIES", 1, minimum=0, maximum=10)
    FLASKY_RELEASE = Config.FLASKY_RELEASE or env.text("HEROKU_RELEASE_VERSION")
    FLASKY_COMMIT = Config.FLASKY_COMMIT or env.text("HEROKU_BUILD_COMMIT")
    SSL_REDIRECT = env.flag("SSL_REDIRECT", default=env.text("DYNO") is not None)
    if env.text("DYNO"):
        # Heroku's own Redis has signed its certificate itself, and nobody could check it. Its
        # address changes now and then, so that no operator can add this to it.
        REDIS_URL = with_any_certificate(Config.REDIS_URL)
        QUEUE_URL = with_any_certificate(Config.QUEUE_URL)
        RATELIMIT_STORAGE_URI = f"shared+{REDIS_URL}" if REDIS_URL else "memory://"


class DockerConfig(ProductionConfig):
    """A container: the log goes to stderr, and secrets come from files (SECRET_KEY_FILE)."""


class UnixConfig(ProductionConfig):
    """Your own server: the log goes to syslog."""

    FLASKY_SYSLOG = env.text("FLASKY_SYSLOG", "/dev/log")


config: dict[str, type[Config]] = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
    "heroku": HerokuConfig,
    "docker": DockerConfig,
    "unix": UnixConfig,
    "default": DevelopmentConfig,
}


def choose(name: str | None = None) -> type[Config]:
    """Return the configuration called `name`, else the one that the environment asks for.

    FLASK_CONFIG decides. Where it is not set, a Heroku dyno gets HerokuConfig and everything
    else DevelopmentConfig. An unknown name raises ConfigurationError.
    """
    asked = name or env.text("FLASK_CONFIG") or ("heroku" if env.text("DYNO") else "default")
    if asked not in config:
        known = ", ".join(sorted(config))
        raise ConfigurationError(f"FLASK_CONFIG is {asked!r}: choose one of {known}.")
    return config[asked]
