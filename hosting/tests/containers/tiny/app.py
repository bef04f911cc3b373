"""A minimal app that reports its release; it accepts the domain in SITE_URL only."""

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
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
    release, broken = os.environ["RELEASE"], os.environ.get("BROKEN")
    if path == "/slow":
        wait_for_drain(int(release))
    start_response("503 Broken" if broken else "200 OK", [("X-Release", release)])
    return [json.dumps({"release": release, "database": broken or "ok"}).encode()]


def wait_for_drain(number: int) -> None:
    """Return a second after a later release has begun to wait for this one's last requests."""
    releases = Path(os.environ["HOME"], "../releases")
    while not any(
        int(log.parent.name) > number and " drain: " in log.read_text()
        for log in releases.glob("*/build.log")
    ):
        time.sleep(0.1)
    time.sleep(1)


if __name__ == "__main__":
    print("Nothing to migrate.")
