"""Two apps on one server cannot access each other."""

from pathlib import Path

import pytest

from .hosted_app import HostedApp

PRIVATE = (
    "config/settings.json", "site.json", "releases", "repo.git", "run", "static", "backups",
    "state", "authorized_keys", "audit.jsonl", "redis", "postgres", "/var/backups/site",
)  # fmt: skip


def run_as_neighbor(site: HostedApp, script: str) -> str:
    """Run a script as the user of the other app; return its output."""
    return site.server.root("runuser -u tiny -- sh 2>&1", stdin=script, check=False)


def test_other_app_cannot_read_files(site: HostedApp) -> None:
    paths = " ".join(str(Path("/srv/site", name)) for name in PRIVATE)
    read = (
        f"for path in {paths}; do (ls -A $path/ || cat $path) 2>/dev/null && echo readable; done"
    )

    assert run_as_neighbor(site, f"{read}; echo end") == "end\n"
    assert site.server.root(read, check=False).count("readable\n") == len(PRIVATE)


def test_other_app_cannot_open_the_database(site: HostedApp) -> None:
    socket = "psql -h /srv/site/postgres site -c 'select 1'"

    assert "Permission denied" in run_as_neighbor(site, socket)
    assert "(1 row)" in site.server.root(f"runuser -u site -- {socket}")


def test_other_app_cannot_reach_processes_and_sockets(site: HostedApp) -> None:
    show = "systemctl --user -M site@ show --value --property=MainPID 'process-web@*'"
    script = f"""
        cat /proc/{site.server.root(show).strip()}/environ
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


def test_app_cannot_change_what_root_owns(site: HostedApp) -> None:
    site.server.root("systemctl start hosting-backup@site")
    show = "cd /srv/site; cat authorized_keys; ls /var/backups/site; cat /var/backups/site/*"
    digest = f"({show}; head -n 1 audit.jsonl) | sha256sum"
    before, entries = site.server.root(digest), site.server.root("wc -l </srv/site/audit.jsonl")
    script = """
        cd /srv/site
        for file in authorized_keys audit.jsonl /var/backups/site/*; do
            echo x >$file; rm -f $file; mv $file home/; ln -f $file home/link; echo tried
        done 2>&1
        mkdir .ssh; echo x >/etc/x
    """

    shown = site.workstation.hosting("run", "--", "sh", "-c", script, check=False).stdout

    assert shown.count("tried") >= 3
    assert shown.count("Read-only file system") >= 3
    assert site.server.root(digest) == before
    assert int(site.server.root("wc -l </srv/site/audit.jsonl")) > int(entries)


def test_app_sees_only_its_own_processes_and_databases(site: HostedApp) -> None:
    processes = (
        "cat /proc/[0-9]*/comm; psql -h /srv/site/postgres -Atc 'select datname from pg_database'"
    )

    shown = site.workstation.hosting("run", "--", "sh", "-c", processes).stdout.splitlines()

    assert {"postgres", "redis-server", "gunicorn", "site"} <= set(shown)
    assert not {"nginx", "sshd", "systemd-logind", "systemd-journal"} & set(shown)
    assert [name for name in shown if "tiny" in name] == []


def test_sandbox_is_that_of_a_hardened_service(site: HostedApp) -> None:
    shown = site.server.root("systemd-analyze security --no-pager user@$(id -u site)")

    assert float(shown.rpartition("Overall exposure level")[2].split()[2]) < 2.5, shown


pytestmark = pytest.mark.usefixtures("neighbor", "site")
