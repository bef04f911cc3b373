"""Whatever is killed comes back by itself, and `check` asks every part instead of assuming."""

import pytest

from .hosted_app import HostedApp
from .web import wait_until

MAIN_PID = "systemctl show --value --property=MainPID"
OF_USER = "systemctl --user -M site@ show --value --property=MainPID"
# What is killed, and the command that prints its process.
PROCESSES = {
    "nginx": f"{MAIN_PID} nginx",
    "sshd": f"{MAIN_PID} ssh",
    "systemd of the app": f"{MAIN_PID} user@$(id -u site)",
    "PostgreSQL": f"{OF_USER} postgres.service",
    "Redis": f"{OF_USER} redis.service",
    "gunicorn": f"{OF_USER} 'process-web@*'",
}


def has_no_problems(site: HostedApp) -> bool:
    """Return True if the site responds, the server is consistent and `check` finds nothing."""
    return site.is_ready() and site.workstation.hosting("check", check=False).returncode == 0


@pytest.mark.parametrize("name", PROCESSES)
def test_killed_process_comes_back(site: HostedApp, name: str) -> None:
    def pid() -> str:
        return site.server.root(PROCESSES[name], check=False).strip()

    before = pid()
    site.server.root(f"kill -KILL {before}")

    wait_until(lambda: pid() not in (before, "0", ""), f"{name} runs again")
    wait_until(lambda: has_no_problems(site), "everything runs again")
    site.wait_until_consistent()
    assert site.get("/").status == 200


def test_stopped_services_are_reported(site: HostedApp) -> None:
    stop = "systemctl {0} nginx; systemctl --user -M site@ {0} redis"
    site.server.root(stop.format("stop"))
    try:
        status = site.workstation.hosting("status").stdout
        check = site.workstation.hosting("check", check=False)
        doctor = site.workstation.hosting("doctor", check=False).stdout
    finally:
        site.server.root(stop.format("start"))

    assert "redis: inactive" in status
    assert check.returncode == 1
    assert "The site does not respond: ConnectionRefusedError" in check.stdout
    assert "redis.service does not run: it is inactive." in check.stdout
    assert "to do    nginx runs" in doctor
    assert "to do    site has no problems" in doctor
    assert "ok       ssh runs" in doctor
    wait_until(lambda: has_no_problems(site), "everything runs again")


def test_limits_of_an_app_can_be_set(tiny: HostedApp) -> None:
    show = "systemctl show --property=MemoryMax --property=TasksMax user-$(id -u tiny).slice"
    before = tiny.server.root(show)
    options = ("--memory", "300M", "--tasks", "500")
    tiny.workstation.set_up(tiny.server, "tiny", *options, domain=tiny.domain)
    kept = tiny.workstation.set_up(tiny.server, "tiny", domain=tiny.domain).stdout
    limited = tiny.server.root(show)
    options = ("--memory", "80%", "--tasks", "2048")
    tiny.workstation.set_up(tiny.server, "tiny", *options, domain=tiny.domain)

    assert "MemoryMax=infinity" not in before
    assert "TasksMax=2048" in before
    assert limited == f"MemoryMax={300 * 1024**2}\nTasksMax=500\n"
    assert "changed" not in kept
    assert tiny.server.root(show) == before
