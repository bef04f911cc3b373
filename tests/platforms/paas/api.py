"""A local server for the Heroku Platform API. Its routes are in routes.py."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.platforms.paas.app_platform import Platform, Rejected
from tests.platforms.paas.router import Endpoints
from tests.platforms.paas.routes import ROUTES, Call, Heroku, Missing
from tests.platforms.paas.slug import BuildFailed


class Api(ThreadingHTTPServer):
    """Serves the Heroku CLI. `requests` records all requests."""

    daemon_threads = True

    def __init__(self, platform: Platform, endpoints: Endpoints) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.heroku = Heroku(platform, endpoints, self.url)
        self.requests: list[tuple[str, str, Any]] = []
        self.unknown: list[str] = []
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_call(self, method: str, path: str, body: Any) -> Any:
        """Handle a request; return the body of the response."""
        self.requests.append((method, path, body))
        for wanted, pattern, do in ROUTES:
            found = re.fullmatch(pattern, path.partition("?")[0])
            if wanted == method and found:
                with self._one_at_a_time:
                    return do(self.heroku, Call(found.groups(), body))
        self.unknown.append(f"{method} {path}")
        raise Missing(path)


class Handler(BaseHTTPRequestHandler):
    """Parses JSON or text, and responds."""

    server: Api

    def respond(self) -> None:
        """Respond to a request of any method."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        body = json.loads(raw) if raw and is_json else raw
        try:
            self.send(200, self.server.handle_call(self.command, self.path, body))
        except Missing as error:
            self.send(404, {"id": "not_found", "message": f"Couldn't find that: {error}"})
        except Rejected as error:
            self.send(422, {"id": "invalid_params", "message": str(error)})
        except BuildFailed as error:
            self.send(422, str(error))

    do_GET = do_POST = do_PATCH = do_DELETE = respond  # noqa: N815 - names of http.server

    def send(self, status: int, body: Any) -> None:
        """Send text unchanged (log lines as server-sent events), and anything else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/event-stream" if text.startswith("retry:") else "application/json"
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""
