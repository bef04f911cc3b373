"""Heroku's API on a port of this machine. What it answers is in routes.py."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.paas.app_platform import Platform, Refused
from tests.paas.router import Doors
from tests.paas.routes import ROUTES, Asked, Heroku, Missing
from tests.paas.slug import BuildFailed


class Api(ThreadingHTTPServer):
    """Does what Heroku's command line asks for. `heard` holds all requests."""

    daemon_threads = True

    def __init__(self, platform: Platform, doors: Doors) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.heroku = Heroku(platform, doors, self.url)
        self.heard: list[tuple[str, str, Any]] = []
        self.unknown: list[str] = []
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()

    def answer(self, method: str, path: str, body: Any) -> Any:
        """Do what is asked, and return what there is to say."""
        self.heard.append((method, path, body))
        for wanted, pattern, do in ROUTES:
            found = re.fullmatch(pattern, path.partition("?")[0])
            if wanted == method and found:
                with self._one_at_a_time:
                    return do(self.heroku, Asked(found.groups(), body))
        self.unknown.append(f"{method} {path}")
        raise Missing(path)


class Handler(BaseHTTPRequestHandler):
    """Takes JSON or text, and sends it."""

    server: Api

    def answer(self) -> None:
        """Answer a request of any method."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        body = json.loads(raw) if raw and is_json else raw
        try:
            self.send(200, self.server.answer(self.command, self.path, body))
        except Missing as error:
            self.send(404, {"id": "not_found", "message": f"Couldn't find that: {error}"})
        except Refused as error:
            self.send(422, {"id": "invalid_params", "message": str(error)})
        except BuildFailed as error:
            self.send(422, str(error))

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that are called

    def send(self, status: int, told: Any) -> None:
        """Send text as it is (lines of a log as events), and anything else as JSON."""
        text = told if isinstance(told, str) else json.dumps(told)
        kind = "text/event-stream" if text.startswith("retry:") else "application/json"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
