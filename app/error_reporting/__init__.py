"""Emails about unhandled errors to FLASKY_ADMIN: queued, throttled, redacted.

`sentry` sends them to Sentry as well, if SENTRY_DSN is set. To remove both: delete this package
and its line in `create_app`.
"""

from flask import Flask

from . import handler, sentry


def init_app(app: Flask) -> None:
    """Report errors by email and to Sentry, as far as they are configured."""
    handler.init_app(app)
    sentry.init_app(app)
