"""Logging: text or JSON to stderr or syslog, an access log with request IDs, redacted secrets.

`setup` configures the handlers, `formatters` the format, `redaction` removes secrets, `access_log`
logs requests, `slow` warns about slow statements. To remove it: delete this package and its line
in `create_app`; Flask's default logging takes over.
"""

from flask import Flask

from . import access_log, setup, slow


def init_app(app: Flask) -> None:
    """Configure logging for `app`."""
    setup.init_app(app)
    access_log.init_app(app)
    slow.init_app()
