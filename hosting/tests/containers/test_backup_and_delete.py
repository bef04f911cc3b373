"""Backups restore the data; a deleted app leaves nothing but its backups; `doctor` checks."""

import pytest

from .hosted_app import TINY, HostedApp
from .workstation import Workstation

COUNT = "select count(*), sum(n) from numbers"
CREATE = "create table numbers as select generate_series(1, 1000) as n"


@pytest.fixture(scope="module")
def other(site: HostedApp, tmp_path_factory: pytest.TempPathFactory) -> Workstation:
    """The workstation for an app called `gone`."""
    workstation = Workstation(tmp_path_factory.mktemp("gone"), TINY)
    site.server.authorize(workstation.public_key)
    return workstation


def psql(app: HostedApp, user: str, sql: str) -> str:
    """Run SQL as a user; return the result or the error."""
    return app.server.root(
        f"runuser -u {user} -- psql -h /srv/{user}/postgres -Atc '{sql}' 2>&1", check=False
    )


def test_deleted_app_is_restored_from_its_backup(site: HostedApp, other: Workstation) -> None:
    server, options = site.server, ("--postgres", "--region", "fra")
    other.set_up(server, "gone", *options, domain="gone.example")
    psql(site, "gone", CREATE)

    refused = other.hosting("delete", "gone", check=False)
    other.hosting("delete", "gone", "--confirm", "gone")
    folders = "/srv/gone /etc/nginx/gone /etc/ssl/gone"
    left = server.root(f"id gone; ls -d {folders}; ls /home /srv", check=False)
    other.set_up(server, "gone", *options, domain="gone.example")
    empty = psql(site, "gone", COUNT)
    name = other.hosting("backup", "list").stdout.split()[0]
    other.hosting("backup", "restore", name, "--yes")

    assert refused.returncode == 2
    assert "no such user" in left
    assert "/srv/gone\n" not in left
    assert "/etc/ssl/gone\n" not in left
    assert 'relation "numbers" does not exist' in empty
    assert psql(site, "gone", COUNT) == "1000|500500\n"


def test_drill_reports_the_rows_or_the_failure(site: HostedApp, other: Workstation) -> None:
    other.set_up(site.server, "gone", "--postgres", "--region", "fra", domain="gone.example")
    psql(site, "gone", f"drop table if exists numbers; {CREATE}")
    name = other.hosting("backup", "create").stdout.strip()

    restored = other.hosting("backup", "drill").stdout
    status = other.hosting("status").stdout
    site.server.root("echo no backup >/srv/gone/backups/99990101T000000.000000Z.dump")
    failed = other.hosting("backup", "drill", check=False)
    check = other.hosting("check", check=False)
    site.server.root("rm /srv/gone/backups/9999*")

    assert f"restored 1000 rows in 1 tables from {name} at" in restored
    assert "restore drill: restored 1000 rows" in status
    assert "drill.timer: active" in status
    assert failed.returncode == check.returncode == 1
    assert "The restore drill failed: " in check.stdout
    assert "does not appear to be a valid archive" in check.stdout
    assert "drill" not in psql(site, "gone", "select datname from pg_database")


def test_restore_replaces_all_data(site: HostedApp) -> None:
    workstation = site.workstation
    psql(site, "site", CREATE)
    name = workstation.hosting("backup", "create").stdout.strip()
    psql(site, "site", "delete from numbers; create table newer as select 1")

    shown = workstation.hosting("backup", "restore", name, "--yes").stdout

    assert psql(site, "site", COUNT) == "1000|500500\n"
    assert 'relation "newer" does not exist' in psql(site, "site", "table newer")
    assert "Backed up the current data as" in shown
    assert name in workstation.hosting("backup", "list").stdout
    assert site.get("/").status == 200


def test_restore_does_not_delete_the_oldest_backup(site: HostedApp) -> None:
    workstation, oldest = site.workstation, "20200101T000000Z.dump"
    name = workstation.hosting("backup", "create").stdout.strip()
    site.server.root(
        f"cd /srv/site/backups; cp -p {name} {oldest}; "
        f"for hour in $(seq 10 23); do cp -p {name} 20200102T${{hour}}0000Z.dump; done"
    )

    shown = workstation.hosting("backup", "restore", oldest, "--yes").stdout

    assert f"Restored {oldest}." in shown
    assert oldest in workstation.hosting("backup", "list").stdout


def test_concurrent_backups_have_different_names(site: HostedApp) -> None:
    backup = "runuser -u site -- python3 -I /srv/site/hosting backup"

    names = site.server.root(f"{backup} & {backup} & {backup} & wait").split()

    assert len(set(names)) == 3
    assert set(names) <= set(site.server.root("ls /srv/site/backups").split())


def test_doctor_says_what_to_do(site: HostedApp) -> None:
    done = site.workstation.hosting("doctor", check=False)

    assert "ok       firewall is active\n" in done.stdout
    assert "ok       ssh requires keys\n" in done.stdout
    assert "to do    certificate is trusted - hosting domains add" in done.stdout
    assert done.returncode == 1
