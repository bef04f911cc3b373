"""Ask the site in this container how it is; exit with 1 if it is not well.

Without an argument it is asked whether it is alive, and what is behind it does not matter: whoever
replaces containers that are not healthy must not do so because the database is away. With
`/readyz` it is asked whether it can do its work. A container that does not serve is not asked.
"""

import http.client
import os
import sys
from contextlib import suppress
from pathlib import Path

PATIENCE = 4  # seconds, less than the healthcheck has


def main(path: str = "/healthz") -> int:
    """Print what the site says, and return the exit code."""
    if not is_serving():
        print("Nothing serves here, so there is nothing to ask.")
        return 0
    port = int(os.environ.get("PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        print(response.status, response.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        print(f"{path} is not answered: {error!r}")
        return 1
    return 0 if response.status == http.client.OK else 1


def is_serving() -> bool:
    """Tell whether some process here is the web, and not a worker or another command."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"web" in words:
                return True
    return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
