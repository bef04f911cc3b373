"""Flasky: the application factory, which is its table of contents."""

from flask import Flask

import config

from . import (
    assets,
    avatars,
    cli,
    copies,
    error_mail,
    errors,
    extensions,
    headers,
    health,
    https,
    i18n,
    jobs,
    keys,
    logs,
    metrics,
    models,
    postgresql,
    presence,
    proxies,
    security,
    slowness,
    sqlite,
)
from .api import api as api_blueprint
from .api import docs as api_docs_blueprint
from .auth import auth as auth_blueprint
from .extensions import db
from .main import main as main_blueprint

__all__ = ["create_app", "db"]

# Functions that run before requests do so in this order; those that run after them, backwards.
# What a part wraps around the whole application lies outside of what the parts before it did.
PARTS = (
    metrics,
    slowness,
    health,
    headers,
    security,
    keys,
    i18n,
    avatars,
    assets,
    copies,
    proxies,
    errors,
    jobs,
    presence,
    cli,
)


def create_app(config_name: str | None = None) -> Flask:
    """Return the application in the configuration `config_name`, or FLASK_CONFIG's.

    Raise config.ConfigurationError, naming everything to mend, if that cannot run.
    """
    app = Flask(__name__)
    settings = config.choose(config_name)
    app.config.from_object(settings)
    for part in (logs, error_mail):  # first, so that they hear of everything
        part.init_app(app)
    settings.init_app(app)

    for part in (sqlite, postgresql):  # before the engine is made
        part.init_app(app)
    https.init_app(app)  # before the extensions, one of which asks forms for a token
    init_extensions(app)
    for part in PARTS:
        part.init_app(app)

    app.register_blueprint(main_blueprint)
    app.register_blueprint(auth_blueprint, url_prefix="/auth")
    app.register_blueprint(api_blueprint, url_prefix="/api/v1")
    app.register_blueprint(api_docs_blueprint)
    app.context_processor(lambda: {"Permission": models.Permission, "site_name": "Flasky"})
    app.shell_context_processor(lambda: {name: getattr(models, name) for name in models.__all__})
    return app


def init_extensions(app: Flask) -> None:
    """Tie the extensions to `app`."""
    extensions.bootstrap.init_app(app)
    extensions.csrf.init_app(app)
    extensions.db.init_app(app)
    extensions.limiter.init_app(app)
    extensions.mail.init_app(app)
    extensions.migrate.init_app(app, db, compare_type=True, render_as_batch=True)
    extensions.login_manager.anonymous_user = models.AnonymousUser
    extensions.login_manager.init_app(app)
