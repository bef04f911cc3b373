"""The application served over HTTP, for browsers and other real clients."""

from ssl import SSLContext
from threading import Thread
from typing import Any, Self

from flask import Flask, abort
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.app_factory import make_app
from tests.support.factories import Factory
from tests.support.mailbox import Mailbox, free_port

UNLIMITED = "100000 per hour"  # all clients of a test have the same IP address


class QuietHandler(WSGIRequestHandler):
    """Serves requests without logging them to the console."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - overridden
        """Log nothing."""


class LiveSite:
    """Serves an application in a thread, at its own SITE_URL."""

    def __init__(self, app: Flask, tls: SSLContext | None = None) -> None:
        self.app = app
        self.url: str = app.config["SITE_URL"]
        self.make = Factory(app)
        port = int(self.url.rpartition(":")[2])
        self.server = make_server(
            "127.0.0.1",
            port,
            app,
            threaded=True,
            request_handler=QuietHandler,
            ssl_context=tls,
        )
        self.thread = Thread(target=self.server.serve_forever, name=self.url)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def make_live_app(database: str, mailbox: Mailbox, **settings: Any) -> Flask:
    """Return an application for a LiveSite; `/error/<status>` shows any error page."""
    defaults = {
        "SITE_URL": f"http://127.0.0.1:{free_port()}",
        "RATELIMIT_LOGIN": UNLIMITED,
        "RATELIMIT_REGISTER": UNLIMITED,
        "RATELIMIT_EMAIL": UNLIMITED,
        "RATELIMIT_CHANGE": UNLIMITED,
        "RATELIMIT_PREVIEW": UNLIMITED,
        "RATELIMIT_SEARCH": UNLIMITED,
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,  # saves the requests that revalidate static files
    }
    app = make_app(SQLALCHEMY_DATABASE_URI=database, **(defaults | mailbox.settings | settings))
    app.add_url_rule("/error/<int:code>", "error", abort)
    return app
