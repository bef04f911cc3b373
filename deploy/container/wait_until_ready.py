"""Wait until all checks of /readyz pass: `python3 -m deploy.container.wait_until_ready`.

Kubernetes runs it before the worker (deploy/kubernetes/base/worker.yaml). Failed
checks are logged.
"""

import signal
import sys
import time
from http import HTTPStatus

from manage import app

INTERVAL = 2.0  # seconds


def main() -> None:
    """Poll /readyz."""
    # PID 1 of a container ignores signals without a handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    client = app.test_client()
    while client.get("/readyz").status_code != HTTPStatus.OK:
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main()
