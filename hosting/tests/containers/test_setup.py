"""`setup` prepares a bare server without a command typed on it, and is idempotent."""

from .hosted_app import HostedApp


def test_first_deploy_runs_with_a_database(site: HostedApp) -> None:
    shown = site.deployed.stdout

    assert "Closing this command now will not affect your deployment." in shown
    assert "Your site [ site ] at [ fra ] is up: https://localhost" in shown
    assert site.get("/").status == 200
    variables = site.workstation.hosting("run", "--", "env").stdout
    assert "DATABASE_URL=postgresql:///site?host=/srv/site/postgres\n" in variables
    assert "REDIS_URL=unix:///srv/site/redis/socket\n" in variables


def test_second_setup_changes_nothing(site: HostedApp) -> None:
    options = ("--postgres", "--redis", "--region", "fra")

    again = site.workstation.set_up(site.server, "site", *options, domain="localhost").stdout

    assert "changed" in site.set_up.stdout
    assert {line.split()[0] for line in again.splitlines()[:-1]} == {"ok"}, again


def test_dry_run_changes_nothing(site: HostedApp) -> None:
    shown = site.workstation.set_up(site.server, "other", "--dry-run", domain="other.example")

    assert "to do    user other" in shown.stdout
    assert site.server.root("id other", check=False).endswith("no such user\n")
    assert "other" not in site.workstation.hosting("regions").stdout


def test_domain_of_another_app_is_rejected(site: HostedApp) -> None:
    done = site.workstation.set_up(site.server, "third", domain="localhost", check=False)

    assert done.returncode == 1
    assert "Another app on this server has this domain." in done.stdout
    assert site.server.root("id third", check=False).endswith("no such user\n")


def test_site_starts_after_reboot(site: HostedApp) -> None:
    site.server.cut_power()

    site.wait_until_consistent()
    shown = site.workstation.hosting("status").stdout
    assert "through nginx: ready" in shown
    assert "worker-" in shown


def test_only_ssh_and_http_ports_are_open(site: HostedApp) -> None:
    shown = site.server.root("cat /proc/net/tcp /proc/net/tcp6")

    rows = [line.split() for line in shown.splitlines()]
    listening = [row[1].split(":") for row in rows if len(row) > 3 and row[3] == "0A"]
    public = {int(port, 16) for address, port in listening if not int(address, 16)}
    assert public == {22, 80, 443}
