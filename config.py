"""Every setting of the site: its name, its default and the environment variable it comes from.

Settings are read once, here. Importing this module never fails and touches neither network nor
disk: a value that cannot be read is remembered and reported, together with everything else that
is wrong, when a configuration is chosen (`init_app`). What each setting does is told in
docs/configuration.md.
"""

import logging
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import config_checks
from config_checks import DEVELOPMENT_KEY

if TYPE_CHECKING:
    from flask import Flask

environment_names = {"FLASK_CONFIG", "DYNO"}  # see choose(); the rest is added as it is read
_unreadable: list[str] = []


class ConfigurationError(Exception):
    """The chosen configuration cannot run; the text lists everything that has to be mended."""


def text(name: str, default: str | None = None) -> str | None:
    """Return the environment variable `name`; an empty one counts as not set."""
    environment_names.add(name)
    return os.environ.get(name, "").strip() or default


def number(name: str, default: int, minimum: int = 1, maximum: int = 1_000_000) -> int:
    """Return the environment variable `name` as a whole number from `minimum` to `maximum`."""
    value = text(name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value) or not minimum <= int(value) <= maximum:
        _unreadable.append(
            f"{name} is {value!r}: write a whole number from {minimum} to {maximum}, "
            f"such as {default}."
        )
        return default
    return int(value)


def flag(name: str, default: bool = False) -> bool:
    """Return the environment variable `name` as a switch: 1/0, true/false, yes/no, on/off."""
    value = text(name)
    if value is None:
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() not in {"0", "false", "no", "off"}:
        _unreadable.append(f"{name} is {value!r}: write true or false.")
        return default
    return False


def names(name: str) -> list[str]:
    """Return the environment variable `name` as a list: values separated by white space."""
    return (text(name) or "").split()


def database(name: str, default: str | None = None) -> str | None:
    """Return a database URL in the form that SQLAlchemy needs to pick the psycopg2 driver.

    Platforms hand out `postgres://`, which SQLAlchemy refuses; and SQLAlchemy 2.1 reads a plain
    `postgresql://` as psycopg 3, which is not installed.
    """
    url = text(name, default)
    return url and re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url)


class Config:
    """What every configuration shares."""

    SECRET_KEY = text("SECRET_KEY")
    SECRET_KEY_FALLBACKS = names("SECRET_KEY_FALLBACKS")

    FLASKY_URL = (text("FLASKY_URL") or "").rstrip("/")
    FLASKY_ADMIN = text("FLASKY_ADMIN")
    FLASKY_MAIL_SENDER = text("FLASKY_MAIL_SENDER", "Flasky <flasky@localhost>")
    FLASKY_MAIL_SUBJECT_PREFIX = text("FLASKY_MAIL_SUBJECT_PREFIX", "[Flasky]")
    FLASKY_POSTS_PER_PAGE = number("FLASKY_POSTS_PER_PAGE", 20)
    FLASKY_FOLLOWERS_PER_PAGE = number("FLASKY_FOLLOWERS_PER_PAGE", 50)
    FLASKY_COMMENTS_PER_PAGE = number("FLASKY_COMMENTS_PER_PAGE", 30)
    FLASKY_GRAVATAR = flag("FLASKY_GRAVATAR")
    FLASKY_DEMO = flag("FLASKY_DEMO")
    FLASKY_LINK_HOURS = number("FLASKY_LINK_HOURS", 24)
    FLASKY_DEPLOY_WAIT = number("FLASKY_DEPLOY_WAIT", 120)

    MAIL_SERVER = text("MAIL_SERVER")
    MAIL_PORT = number("MAIL_PORT", 25, maximum=65535)
    MAIL_USE_TLS = flag("MAIL_USE_TLS")
    MAIL_USE_SSL = flag("MAIL_USE_SSL")
    MAIL_USERNAME = text("MAIL_USERNAME")
    MAIL_PASSWORD = text("MAIL_PASSWORD")
    MAIL_TIMEOUT = number("MAIL_TIMEOUT", 10, maximum=600)
    MAIL_TO_CONSOLE = False

    PASSWORD_HASH_METHOD = text("PASSWORD_HASH_METHOD", "scrypt:32768:8:1")
    REMEMBER_COOKIE_DURATION = timedelta(days=number("REMEMBER_COOKIE_DAYS", 30, maximum=3650))
    REMEMBER_COOKIE_HTTPONLY = True
    REMEMBER_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SAMESITE = "Lax"

    RATELIMIT_STORAGE_URI = "memory://"
    RATELIMIT_LOGIN = text("RATELIMIT_LOGIN", "20 per minute")
    RATELIMIT_REGISTER = text("RATELIMIT_REGISTER", "10 per hour")
    RATELIMIT_LETTER = text("RATELIMIT_LETTER", "5 per hour")

    SQLALCHEMY_DATABASE_URI: str | None = None
    SQLALCHEMY_ENGINE_OPTIONS: ClassVar[dict[str, object]] = {
        "pool_pre_ping": True,
        "hide_parameters": True,  # the log is no place for people's addresses and hashes
    }
    database_variable = "DATABASE_URL"

    BABEL_DEFAULT_LOCALE = "en"
    BOOTSTRAP_SERVE_LOCAL = True
    WTF_CSRF_TIME_LIMIT = None  # a form may be filled in for as long as the session lasts
    MAX_CONTENT_LENGTH = 1024 * 1024
    JOBS_INLINE = False

    @classmethod
    def problems(cls) -> list[str]:
        """Return one sentence for each thing that keeps this configuration from running."""
        return [*dict.fromkeys(_unreadable), *config_checks.everywhere(cls)]

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        """Check this configuration; raise ConfigurationError naming all that is wrong."""
        found = cls.problems()
        if found:
            lines = "\n".join(f"  * {problem}" for problem in found)
            raise ConfigurationError(
                f"{cls.__name__} cannot start. Mend this (see docs/configuration.md):\n{lines}"
            )


class DevelopmentConfig(Config):
    """A laptop: a SQLite file, letters on the console, nothing to set."""

    SECRET_KEY = Config.SECRET_KEY or DEVELOPMENT_KEY
    FLASKY_URL = Config.FLASKY_URL or "http://127.0.0.1:5000"
    FLASKY_DEMO = flag("FLASKY_DEMO", default=True)
    MAIL_TO_CONSOLE = Config.MAIL_SERVER is None
    database_variable = "DEV_DATABASE_URL"
    SQLALCHEMY_DATABASE_URI = database("DEV_DATABASE_URL", "sqlite:///data-dev.sqlite")

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        super().init_app(app)
        logging.getLogger("werkzeug").addFilter(is_worth_reading)
        # gunicorn leaves this variable for the programs it starts.
        if os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
            app.logger.warning(
                "THIS IS THE DEVELOPMENT CONFIGURATION, and gunicorn is serving it. Its secret "
                "key is public. Set FLASK_CONFIG=production before anyone else can reach it."
            )


def is_worth_reading(record: logging.LogRecord) -> bool:
    """Leave out what the development server says of static files that were served."""
    return not re.search(
        r'"(\x1b\[\d+m)*GET (/bootstrap)?/static/.*" (200|304) ', record.getMessage()
    )


class TestingConfig(Config):
    """The test suite: a database in memory unless told otherwise, cheap password hashes."""

    TESTING = True
    SECRET_KEY = DEVELOPMENT_KEY
    FLASKY_URL = "http://flasky.example"
    FLASKY_ADMIN = "admin@example.com"
    FLASKY_DEMO = True
    database_variable = "TEST_DATABASE_URL"
    SQLALCHEMY_DATABASE_URI = database("TEST_DATABASE_URL", "sqlite://")
    PASSWORD_HASH_METHOD = "scrypt:256:8:1"  # noqa: S105 - the name of a method, and a fast one
    JOBS_INLINE = True
    MAIL_SUPPRESS_SEND = False  # Flask-Mail would not send anything; the tests have a server


class ProductionConfig(Config):
    """A public site. It refuses to start without what it needs."""

    SQLALCHEMY_DATABASE_URI = database("DATABASE_URL")
    PREFERRED_URL_SCHEME = "https"
    SESSION_COOKIE_SECURE = Config.FLASKY_URL.startswith("https:")
    REMEMBER_COOKIE_SECURE = Config.FLASKY_URL.startswith("https:")

    @classmethod
    def problems(cls) -> list[str]:
        return [*super().problems(), *config_checks.in_production(cls)]

    @classmethod
    def init_app(cls, app: "Flask") -> None:
        super().init_app(app)
        if not cls.MAIL_SERVER:
            app.logger.warning(
                "MAIL_SERVER is not set: letters wait in the outbox, so nobody can register."
            )


class HerokuConfig(ProductionConfig):
    """Heroku, and the platforms that work like it."""


class DockerConfig(ProductionConfig):
    """A container."""


class UnixConfig(ProductionConfig):
    """Your own server."""


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
    asked = name or text("FLASK_CONFIG") or ("heroku" if text("DYNO") else "default")
    if asked not in config:
        known = ", ".join(sorted(config))
        raise ConfigurationError(f"FLASK_CONFIG is {asked!r}: choose one of {known}.")
    return config[asked]
