"""Send errors to Sentry, or a server with the same API, if SENTRY_DSN is set."""

from importlib import import_module

from flask import Flask

from .report import ErrorReport


def init_app(app: Flask) -> None:
    """Send errors to SENTRY_DSN, if it is set, without secrets and user input."""
    if app.config["SENTRY_DSN"]:
        # Not installed by default; the validation of the configuration checks that it is.
        arguments = import_module("sentry_sdk.integrations.argv").ArgvIntegration()
        report = ErrorReport(app)
        import_module("sentry_sdk").init(
            app.config["SENTRY_DSN"],
            release=app.config["RELEASE"] or app.config["COMMIT"],
            include_local_variables=False,
            max_request_body_size="never",
            disabled_integrations=[arguments],  # the arguments of commands may be personal data
            # Events are deeper than log entries.
            before_send=lambda event, _hint: report.formatter().json_value(event, depth=-100),
        )
