"""Two apps on one server cannot access each other."""

import pytest

from .hosted_app import HostedApp

PRIVATE = (
    "config/settings.json", "site.json", "releases", "repo.git", "run", "static", "backups",
    "state", ".ssh/authorized_keys", "redis",
)  # fmt: skip


def run_as_neighbor(site: HostedApp, script: str) -> str:
    """Run a script as the user of the other app; return its output."""
    return site.server.root("runuser -u tiny -- sh 2>&1", stdin=script, check=False)


def test_other_app_cannot_read_files(site: HostedApp) -> None:
    paths = " ".join(f"/srv/site/{name}" for name in PRIVATE)
    read = (
        f"for path in {paths}; do (ls -A $path/ || cat $path) 2>/dev/null && echo readable; done"
    )

    assert run_as_neighbor(site, f"{read}; echo end") == "end\n"
    assert site.server.root(read, check=False).count("readable\n") == len(PRIVATE)


def test_other_app_cannot_open_the_database(site: HostedApp) -> None:
    assert 'role "tiny" does not exist' in run_as_neighbor(site, "psql site -c 'select 1'")


def test_other_app_cannot_reach_processes_and_sockets(site: HostedApp) -> None:
    script = """
        cat /proc/$(pgrep -o -u site gunicorn)/environ | tr '\\0' ' '
        redis-cli -s /srv/site/redis/socket ping
        python3 -c "import socket; socket.socket(1).connect('/srv/site/run/live.sock')"
    """

    shown = run_as_neighbor(site, script)

    assert shown.count("Permission denied") == 3, shown


def test_other_app_cannot_read_logs(site: HostedApp) -> None:
    logs = "cat /var/log/nginx/site.log; journalctl --quiet --no-pager _UID=$(id -u site)"

    assert run_as_neighbor(site, logs) == "cat: /var/log/nginx/site.log: Permission denied\n"


def test_app_cannot_change_the_agent(site: HostedApp) -> None:
    agent = "/srv/tiny/hosting"

    shown = run_as_neighbor(site, f"echo x >{agent}/__main__.py; mv {agent} x")

    assert shown.count("Permission denied") == 2, shown


pytestmark = pytest.mark.usefixtures("neighbor", "site")
