"""The application factory. Each package that it initializes is one concern and can be removed."""

from pathlib import Path

from flask import Flask

import config

from . import (
    avatars,
    cli,
    database,
    error_reporting,
    errors,
    extensions,
    health,
    i18n,
    jobs,
    kept,
    last_seen,
    logs,
    mail,
    metrics,
    models,
    rate_limiting,
    security,
    static_files,
    uploads,
)
from .admin import admin as admin_blueprint
from .api import api as api_blueprint
from .api import docs as api_docs_blueprint
from .auth import auth as auth_blueprint
from .extensions import db
from .main import main as main_blueprint
from .security import proxies
from .site_files import site_files as site_files_blueprint

__all__ = ["create_app", "db"]


def create_app(config_name: str | None = None) -> Flask:
    """Create the application with the configuration `config_name` (default: FLASK_CONFIG).

    The order matters: `before_request` functions run in the order of their registration,
    `after_request` functions in reverse, and WSGI middleware that is added later wraps the
    earlier.

    Raises:
        config.ConfigurationError: the configuration is invalid; the message lists every problem.
    """
    app = Flask(__name__)
    settings = config.get_config(config_name)
    app.config.from_object(settings)
    logs.init_app(app)  # first, so that everything after it is logged
    settings.init_app(app)
    error_reporting.init_app(app)
    init_extensions(app)
    init_packages(app)
    proxies.init_app(app)  # last: the middleware inside it sees the real address and scheme
    register_blueprints(app)
    return app


def init_extensions(app: Flask) -> None:
    """Initialize the extensions, and the packages that must come before them."""
    database.init_app(app)  # sets engine options, before Flask-SQLAlchemy reads them
    security.init_app(app)  # redirects to HTTPS before Flask-WTF checks CSRF tokens
    extensions.bootstrap.init_app(app)
    extensions.csrf.init_app(app)
    extensions.db.init_app(app)
    rate_limiting.init_app(app)  # before the limiter looks for a storage
    extensions.limiter.init_app(app)
    extensions.mail.init_app(app)
    migrations = Path(app.root_path).parent / "migrations"
    extensions.migrate.init_app(app, db, str(migrations), compare_type=True, render_as_batch=True)
    extensions.login_manager.anonymous_user = models.AnonymousUser
    extensions.login_manager.init_app(app)


def init_packages(app: Flask) -> None:
    """Initialize the other packages."""
    uploads.init_app(app)
    for package in (metrics, health, i18n, kept, avatars, static_files, errors, jobs, mail):
        package.init_app(app)
    last_seen.init_app(app)  # last, so that its `after_request` function runs first
    cli.init_app(app)


def register_blueprints(app: Flask) -> None:
    """Register the blueprints, and the variables of templates and of `flask shell`."""
    app.register_blueprint(main_blueprint)
    app.register_blueprint(site_files_blueprint)
    app.register_blueprint(admin_blueprint, url_prefix="/admin")
    app.register_blueprint(auth_blueprint, url_prefix="/auth")
    app.register_blueprint(api_blueprint, url_prefix="/api/v1")
    app.register_blueprint(api_docs_blueprint)
    app.context_processor(lambda: {"Permission": models.Permission, "site_name": "Flasky"})
    app.shell_context_processor(lambda: {name: getattr(models, name) for name in models.__all__})
