"""An app can be taken away, all of it but its backups; and they bring everything back."""

import shutil

import pytest

from .conftest import TINY, Hosted
from .laptop import Laptop

COUNT = "select count(*), sum(n) from numbers"


@pytest.fixture(scope="module")
def other(flasky: Hosted, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """The laptop of somebody with an app called `gone`."""
    laptop = Laptop(tmp_path_factory.mktemp("gone"))
    shutil.copytree(TINY, laptop.clone, ignore=shutil.ignore_patterns("__pycache__"))
    laptop.git("init", "--quiet", "--initial-branch=main")
    laptop.commit("All")
    flasky.server.root("cat >>/root/.ssh/authorized_keys", said=laptop.public)
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


def test_doctor_tells_what_to_do(flasky: Hosted) -> None:
    done = flasky.laptop.hosting("doctor", check=False)

    assert "ok       firewall is on" in done.stdout
    assert "ok       ssh takes keys alone" in done.stdout
    assert "to do    certificate is one that browsers believe - domains add" in done.stdout
    assert done.returncode == 1


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting")]
