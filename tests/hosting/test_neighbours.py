"""Two apps on one server see nothing of each other."""

import pytest

from .hosted import Hosted

SECRET = (
    "config/settings.json",
    "site.json",
    "releases",
    "repo.git",
    "run",
    "static",
    "backups",
    "state",
    ".ssh/authorized_keys",
    "redis",
)


def typed_by_neighbour(flasky: Hosted, script: str) -> str:
    """Let the other app's user type a script; return all that it shows."""
    return flasky.server.root("runuser -u tiny -- sh 2>&1", said=script, check=False)


def test_another_app_reads_nothing(flasky: Hosted) -> None:
    places = " ".join(f"/srv/flasky/{what}" for what in SECRET)
    read = f"for it in {places}; do (ls -A $it/ || cat $it) 2>/dev/null && echo it is read; done"

    shown = typed_by_neighbour(flasky, f"{read}; echo all was tried")

    assert shown == "all was tried\n"
    assert flasky.server.root(read, check=False).count("it is read\n") == len(SECRET)


def test_another_app_has_no_database_of_ours(flasky: Hosted) -> None:
    shown = typed_by_neighbour(flasky, "psql flasky -c 'select 1'")

    assert 'role "tiny" does not exist' in shown


def test_another_app_does_not_reach_our_processes(flasky: Hosted) -> None:
    look = """
        cat /proc/$(pgrep -o -u flasky gunicorn)/environ | tr '\\0' ' '
        redis-cli -s /srv/flasky/redis/socket ping
        python3 -c "import socket; socket.socket(1).connect('/srv/flasky/run/live.sock')"
    """

    shown = typed_by_neighbour(flasky, look)

    assert shown.count("Permission denied") == 3, shown


def test_another_app_reads_no_log_of_ours(flasky: Hosted) -> None:
    logs = "cat /var/log/nginx/flasky.log; journalctl --quiet --no-pager _UID=$(id -u flasky)"

    shown = typed_by_neighbour(flasky, logs)

    assert shown == "cat: /var/log/nginx/flasky.log: Permission denied\n"


def test_another_app_cannot_change_what_root_has_put_there(flasky: Hosted) -> None:
    shown = typed_by_neighbour(
        flasky, "echo x >/srv/tiny/hosting/__main__.py; mv /srv/tiny/hosting x"
    )

    assert shown.count("Permission denied") == 2, shown


pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("hosting"),
    pytest.mark.usefixtures("neighbour"),
]
