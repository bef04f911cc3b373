"""What the processes of a unit listen on, for the message that it is the wrong address."""

import re

from .paths import call
from .processes import members, systemctl


def listeners(unit: str) -> list[str]:
    """Return the addresses on which the processes of a unit listen, such as 0.0.0.0:8000."""
    main_pid = call(systemctl("show", "--value", "--property=MainPID", unit)).strip()
    pids = {process.name for process in members(main_pid)}
    # Of iproute2, which nginx depends on. Each line contains `users:(("gunicorn",pid=12,fd=5))`.
    lines = call(["ss", "--no-header", "--listening", "--processes", "-txn"]).splitlines()
    return sorted(line.split()[4] for line in lines if pids & {*re.findall(r"pid=(\d+)", line)})
