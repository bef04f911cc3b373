"""Check the health of the web server in this container; exit with 1 if it is unhealthy.

The default is `/healthz`, which does not depend on other services: replacing the container would
not help if the database is unavailable. `/readyz` also checks the database. A container that runs
no web server is healthy.
"""

import http.client
import os
import sys
from contextlib import suppress
from pathlib import Path

TIMEOUT = 4  # seconds, less than that of the HEALTHCHECK


def main(path: str = "/healthz") -> int:
    """Print the response and return the exit code."""
    if not is_web_running():
        print("No web server runs in this container.")
        return 0
    port = int(os.environ.get("PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        print(response.status, response.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        print(f"{path} did not respond: {error!r}")
        return 1
    return 0 if response.status == http.client.OK else 1


def is_web_running() -> bool:
    """Return True if a process in this container was started with the command `web`."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process has exited
            if b"web" in (process / "cmdline").read_bytes().split(b"\0"):
                return True
    return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
