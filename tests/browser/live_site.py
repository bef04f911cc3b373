"""The site as a browser reaches it: served over HTTP, with the headers that it has by itself."""

from ssl import SSLContext
from threading import Thread
from typing import Any, Self

from flask import Flask, abort
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.factories import Factory
from tests.mailbox import Mailbox, free_port
from tests.settings import make_app

# Browsers of these tests come from one address and are quicker than people.
NO_HURRY = "100000 per hour"


class QuietHandler(WSGIRequestHandler):
    """Answers requests without a line on the console for each."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name it has
        """Say nothing."""


class LiveSite:
    """Serves an application in a thread, at the address that its letters name."""

    def __init__(self, app: Flask, tls: SSLContext | None = None) -> None:
        self.app = app
        self.address: str = app.config["FLASKY_URL"]
        self.make = Factory(app)
        port = int(self.address.rpartition(":")[2])
        self.server = make_server(
            "127.0.0.1",
            port,
            app,
            threaded=True,
            request_handler=QuietHandler,
            ssl_context=tls,
        )
        self.thread = Thread(target=self.server.serve_forever, name=self.address)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def make_live_app(database: str, mailbox: Mailbox, **settings: Any) -> Flask:
    """Return the application for a live site; `/error/<code>` there shows any error page."""
    usual = {
        "FLASKY_URL": f"http://127.0.0.1:{free_port()}",
        "RATELIMIT_LOGIN": NO_HURRY,
        "RATELIMIT_REGISTER": NO_HURRY,
        "RATELIMIT_LETTER": NO_HURRY,
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,  # files do not change meanwhile; asking takes time
    }
    app = make_app(SQLALCHEMY_DATABASE_URI=database, **(usual | mailbox.settings | settings))
    app.add_url_rule("/error/<int:code>", "error", abort)
    return app
