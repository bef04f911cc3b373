"""An app can be taken away, all of it but its backups; and they bring everything back."""

import pytest

from .conftest import TINY
from .hosted import Hosted
from .laptop import Laptop

COUNT = "select count(*), sum(n) from numbers"


@pytest.fixture(scope="module")
def other(flasky: Hosted, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """The laptop of somebody with an app called `gone`."""
    laptop = Laptop(tmp_path_factory.mktemp("gone"), TINY)
    flasky.server.let_in(laptop.public)
    return laptop


def test_deleted_app_comes_back_from_its_backup(flasky: Hosted, other: Laptop) -> None:
    server = flasky.server
    psql = "runuser -u gone -- psql -Atc"
    other.set_up(server, "gone", "--postgres", "--region", "sjc", domain="gone.example")
    server.root(f"{psql} 'create table numbers as select generate_series(1, 1000) as n'")
    before = server.root(f"{psql} '{COUNT}'")

    refused = other.hosting("delete", "gone", check=False)
    other.hosting("delete", "gone", "--confirm", "gone")
    folders = "/srv/gone /etc/nginx/gone /etc/ssl/gone"
    left = server.root(f"id gone; ls -d {folders}; ls /home /srv", check=False)
    other.set_up(server, "gone", "--postgres", "--region", "sjc", domain="gone.example")
    emptied = server.root(f"{psql} '{COUNT}' 2>&1", check=False)
    name = other.hosting("backup", "list").stdout.split()[0]
    other.hosting("backup", "restore", name, "--yes")

    assert refused.returncode == 2
    assert "no such user" in left
    assert "/srv/gone\n" not in left
    assert "/etc/ssl/gone\n" not in left
    assert 'relation "numbers" does not exist' in emptied
    assert server.root(f"{psql} '{COUNT}'") == before == "1000|500500\n"


def test_restored_backup_has_the_same_rows(flasky: Hosted) -> None:
    laptop = flasky.laptop
    count = "runuser -u flasky -- psql -Atc 'select count(*) from users'"
    create = "users create {0}@example.com {0} --password canary-password-{0}"
    for name in ("ann", "ben"):
        laptop.hosting("run", "--", "flask", *create.format(name).split(), said="x" * 20 + "\n")
    before = flasky.server.root(count)

    name = laptop.hosting("backup", "create").stdout.strip()
    flasky.server.root(
        "runuser -u flasky -- psql -qc 'delete from follows; delete from users; "
        "create table newer (who int references users)'"
    )
    emptied = flasky.server.root(count)
    said = laptop.hosting("backup", "restore", name, "--yes").stdout

    assert int(before) >= 2
    assert int(emptied) == 0
    assert flasky.server.root(count) == before
    newer = "runuser -u flasky -- psql -Atc 'table newer' 2>&1"
    assert 'relation "newer" does not exist' in flasky.server.root(newer, check=False)
    assert "What there is now was kept" in said
    assert name in laptop.hosting("backup", "list").stdout


def test_oldest_backup_is_still_there_when_it_is_restored(flasky: Hosted) -> None:
    laptop, server = flasky.laptop, flasky.server
    name, oldest = laptop.hosting("backup", "create").stdout.strip(), "20200101T000000Z.dump"
    server.root(
        f"cd /srv/flasky/backups; cp -p {name} {oldest}; "
        f"for hour in $(seq 10 23); do cp -p {name} 20200102T${{hour}}0000Z.dump; done"
    )

    said = laptop.hosting("backup", "restore", oldest, "--yes").stdout

    assert f"The database is that of {oldest}." in said
    assert oldest in laptop.hosting("backup", "list").stdout


def test_no_backup_takes_the_place_of_another(flasky: Hosted) -> None:
    backup = "runuser -u flasky -- python3 -I /srv/flasky/hosting backup"

    names = flasky.server.root(f"{backup} & {backup} & {backup} & wait").split()

    assert len(set(names)) == 3  # although it was the same second
    assert set(names) <= set(flasky.server.root("ls /srv/flasky/backups").split())


def test_doctor_tells_what_to_do(flasky: Hosted) -> None:
    done = flasky.laptop.hosting("doctor", check=False)

    assert "ok       firewall is on" in done.stdout
    assert "ok       ssh takes keys alone" in done.stdout
    assert "to do    certificate is one that browsers believe - domains add" in done.stdout
    assert done.returncode == 1


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
