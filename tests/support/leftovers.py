"""What a test run leaves behind, in whatever way it ends: processes, containers, folders."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

# Runs beside the tests: its standard input closes when they end. The first argument is the folder
# to delete; processes that have a file in this or the second one open, or name it, are ended.
CLEANUP = r"""
trap '' INT TERM HUP
read -r _
for pod in "$0"/pod*/; do
    [ ! -e "$pod" ] ||
        CONTAINERS_CONF="${pod}containers.conf" CONTAINERS_STORAGE_CONF="${pod}storage.conf" \
            podman rm --force --all --time 0 --volumes
done
leftovers() {
    for folder in "$0" "$1"; do
        # In brackets, the pattern does not match itself.
        grep -l "[/]${folder#/}/" /proc/[0-9]*/cmdline /proc/[0-9]*/environ
        find /proc/[0-9]*/fd /proc/[0-9]*/cwd -maxdepth 1 -lname "$folder/*"
    done | cut -d / -f 3 | sort -u | grep -vx -e $$ -e $PPID
}
for signal in TERM 0 0 0 0 0 0 0 0 0 KILL; do # 0: only look
    found=$(leftovers "$1")
    [ -n "$found" ] || break
    kill -$signal $found
    sleep 0.5
done
awk '{ print $2 }' /proc/self/mounts | grep "^$0/" | sort -r | xargs -r -n 1 umount --lazy
rm -rf --one-file-system "$0"
"""


@contextmanager
def cleaned_up(basetemp: Path) -> Iterator[None]:
    """Use a temporary folder which is deleted even if this process is killed.

    Processes that use it, or pytest's own temporary folder `basetemp`, end with this process.
    """
    folder = tempfile.mkdtemp(prefix="tests-")
    Path(folder).chmod(0o755)  # PostgreSQL runs as another user than root
    null = subprocess.DEVNULL
    cleanup = subprocess.Popen(
        ["sh", "-c", CLEANUP, folder, str(basetemp)],
        stdin=subprocess.PIPE,
        stdout=null,
        stderr=null,
        start_new_session=True,  # Ctrl-C does not reach it
    )
    with patch.dict(os.environ, TMPDIR=folder), patch.object(tempfile, "tempdir", folder):
        yield
    cleanup.communicate()
