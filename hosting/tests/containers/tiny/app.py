"""A minimal app that reports its release; it accepts the domain in SITE_URL only."""

import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

DOMAIN = os.environ["SITE_URL"].removeprefix("https://")
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Log the path and return the number of the release."""
    path = environ["PATH_INFO"]
    print(path, flush=True)
    if path != "/readyz" and environ["HTTP_HOST"] != DOMAIN:
        start_response("400 Bad Request", [])
        return []
    if path == "/slow":
        time.sleep(20)
    release, broken = os.environ["RELEASE"], os.environ.get("BROKEN")
    start_response("503 Broken" if broken else "200 OK", [("X-Release", release)])
    return [json.dumps({"release": release, "database": broken or "ok"}).encode()]


if __name__ == "__main__":
    print("Nothing to migrate.")
