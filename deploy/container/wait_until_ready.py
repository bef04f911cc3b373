"""Return once this release can do its work: `python3 -m deploy.container.wait_until_ready`.

It asks what /readyz asks: the database, its migrations, the queue. Kubernetes starts no worker of
a new release before (deploy/kubernetes/base/worker.yaml). The log tells what is missing.
"""

import signal
import sys
import time
from http import HTTPStatus

from manage import app

PAUSE = 2.0  # seconds


def main() -> None:
    """Ask again and again."""
    # Process number 1 of a container ignores what it has not asked for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    client = app.test_client()
    while client.get("/readyz").status_code != HTTPStatus.OK:
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
