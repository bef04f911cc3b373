"""The smallest site that can be hosted: it says which release it is, slowly if it is asked to.

As Flasky does, it answers to the name in FLASKY_URL alone, but for probes.
"""

import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

NAME = os.environ["FLASKY_URL"].removeprefix("https://")
Start = Callable[[str, list[tuple[str, str]]], object]


def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Answer with the number of the release, and log what was asked for."""
    print(environ["PATH_INFO"], flush=True)
    if environ["PATH_INFO"] != "/readyz" and environ["HTTP_HOST"] != NAME:
        start("400 Bad Request", [])
        return []
    if environ["PATH_INFO"] == "/slow":
        time.sleep(20)
    release = os.environ["FLASKY_RELEASE"]
    broken = os.environ.get("BROKEN")
    checks = {"database": {"ok": not broken, "detail": broken}}
    start("503 Broken" if broken else "200 OK", [("X-Release", release)])
    return [json.dumps({"release": release, "checks": checks}).encode()]


if __name__ == "__main__":
    print("Nothing to prepare.")
