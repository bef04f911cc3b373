"""The worker of gunicorn for the process `live`, and the ASGI application in it."""

import asyncio
import io
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from gunicorn.workers.gasgi import ASGIWorker  # type: ignore[import-untyped]  # it has none
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from ..metrics.definitions import LIVE_LISTENERS
from .listeners import Listener
from .poller import Poller

INTERVAL = 1.0  # seconds
THREADS = 4  # that authenticate requests; each uses a connection to the database
MAX_PER_USER = 10  # open pages; others ask once a minute
RESERVED_FILES = 100  # open files other than the connections of listeners
REFUSED = (b'{"error": "too many listeners"}', "503", [("Retry-After", "60")])


class LiveWorker(ASGIWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves `manage:app` to GET requests; `--worker-connections` limits the listeners."""

    def load_wsgi(self) -> None:
        """Load the application; allow as many open files as the system does."""
        super().load_wsgi()
        allowed, files = resource.getrlimit(resource.RLIMIT_NOFILE)
        if allowed < files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        limit = min(self.worker_connections, files - RESERVED_FILES)
        self.asgi: Any = LiveServer(self.asgi, self, limit)


class LiveServer:
    """The ASGI application: requests are handled by `app`, and listeners are kept."""

    def __init__(self, app: Flask, worker: Any, max_listeners: int) -> None:
        self.app, self.worker, self.max_listeners = app, worker, max_listeners
        app.config["JOBS_IN_WEB"] = False  # the other processes run them
        self.listeners: set[Listener] = set()
        self.poller = Poller(app, self.listeners)
        self.threads = ThreadPoolExecutor(THREADS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a connection."""
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
        else:
            await self.respond(scope, send)

    async def live(self, receive: Any, send: Any) -> None:
        """Poll until the process stops."""
        await receive()
        await asyncio.to_thread(self.poller.poll)
        tasks = [asyncio.create_task(self.poll()), asyncio.create_task(self.tick())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def poll(self) -> None:
        """Poll once a second."""
        while True:
            await asyncio.sleep(INTERVAL)
            await asyncio.to_thread(self.poller.poll)
            for listener in self.listeners:
                listener.wake()

    async def tick(self) -> None:
        """Keep connections open, even if the database is slow; end all as the process stops."""
        second = 0
        while True:
            await asyncio.sleep(INTERVAL)
            second += 1
            LIVE_LISTENERS.set(len(self.listeners))
            for listener in self.listeners:
                listener.is_closed = listener.is_closed or not self.worker.alive
                listener.wake(second)

    async def respond(self, scope: Any, send: Any) -> None:
        """Let the application handle a request; keep the connection if it starts to listen."""
        if len(self.listeners) >= self.max_listeners or not self.worker.alive:
            await send_response(send, *REFUSED)
            return
        listener = Listener()
        self.listeners.add(listener)
        try:
            environ = wsgi_environ(scope)
            if scope["method"] == "GET":
                environ["live.listener"] = listener
            response = await asyncio.get_running_loop().run_in_executor(
                self.threads, self.call, environ
            )
            if listener.user_id is None or not response[1].startswith("200"):
                await send_response(send, *response)
            elif sum(one.user_id == listener.user_id for one in self.listeners) > MAX_PER_USER:
                await send_response(send, *REFUSED)
            else:
                await send_events(send, listener, response[2])
        finally:
            self.listeners.discard(listener)

    def call(self, environ: dict[str, Any]) -> tuple[bytes, str, list[tuple[str, str]]]:
        """Return the body, the status and the headers of the application's response."""
        body, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        return b"".join(body), status, list(headers)


async def send_response(
    send: Any, body: bytes, status: str, headers: list[tuple[str, str]]
) -> None:
    """Send a whole response."""
    await send(start(status, headers))
    await send({"type": "http.response.body", "body": body})


async def send_events(send: Any, listener: Listener, headers: list[tuple[str, str]]) -> None:
    """Send server-sent events until the listener is closed, or the client is gone.

    gunicorn cancels this some seconds after the client has closed the connection.
    """
    kept = Headers(headers)
    kept.pop("Content-Length", None)
    kept["Content-Type"] = "text/event-stream"
    await send(start("200", list(kept)))
    while message := await listener.next_message():
        await send({"type": "http.response.body", "body": message, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def start(status: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the message that starts a response."""
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": int(status[:3]), "headers": encoded}


def wsgi_environ(scope: Any) -> dict[str, Any]:
    """Return the WSGI environment of a request without its body."""
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for header, value in scope["headers"]:
        name = "HTTP_" + header.decode("latin-1").upper().replace("-", "_")
        values = [environ[name]] if name in environ else []
        separator = "; " if name == "HTTP_COOKIE" else ","
        environ[name] = separator.join([*values, value.decode("latin-1")])
    return environ
