"""The site as a browser reaches it: served over HTTP, under a strict content security policy."""

from collections.abc import Callable, Iterable
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from flask import Flask, abort
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.factories import Factory
from tests.mailbox import Mailbox, free_port
from tests.settings import make_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Stricter than any site needs to be, so that a page which works here works under every policy
# that somebody may want.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Browsers of these tests come from one address and are quicker than people.
NO_HURRY = "100000 per hour"


class QuietHandler(WSGIRequestHandler):
    """Answers requests without a line on the console for each."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name it has
        """Say nothing."""


class LiveSite:
    """Serves an application in a thread, at the address that its letters name."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.address: str = app.config["FLASKY_URL"]
        self.make = Factory(app)
        port = int(self.address.rpartition(":")[2])
        self.server = make_server(
            "127.0.0.1", port, strict(app), threaded=True, request_handler=QuietHandler
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
    app = make_app(
        SQLALCHEMY_DATABASE_URI=database,
        FLASKY_URL=f"http://127.0.0.1:{free_port()}",
        RATELIMIT_LOGIN=NO_HURRY,
        RATELIMIT_REGISTER=NO_HURRY,
        RATELIMIT_LETTER=NO_HURRY,
        SEND_FILE_MAX_AGE_DEFAULT=3600,  # files do not change meanwhile; asking again takes time
        **mailbox.settings,
        **settings,
    )
    app.add_url_rule("/error/<int:code>", "error", abort)
    return app


def strict(site: "WSGIApplication") -> "WSGIApplication":
    """Return `site` with POLICY on every answer."""

    def served(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Callable[[bytes], object]:
            headers = [*headers, ("Content-Security-Policy", POLICY)]
            return start_response(status, headers, *error)

        return site(environ, start)

    return served
