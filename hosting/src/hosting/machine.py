"""The steps of `setup` that keep a server running by itself, and apps apart from each other."""

from pathlib import Path

from .plan import Plan
from .provision import APT, UPDATE, Step, file

UNITS = Path(__file__).parent / "units"
JOURNAL = "[Journal]\nStorage=persistent\nSystemMaxUse=1G\n"
KEEP_JOURNAL = "mkdir -p /var/log/journal; systemctl restart systemd-journald; journalctl --flush"
RELOAD = "systemctl daemon-reload"
SSHD = "/etc/ssh/sshd_config.d"
SYSTEM = "/etc/systemd/system"


def steps() -> list[Step]:
    """Configure sshd, the firewall, updates, the journal, the clock, and restarts of services."""
    ports = "$(sshd -T | sed -n 's/^port //p')"
    clocks = "command -v chronyd || command -v ntpd"
    return [
        Step("group hosting", "getent group hosting", "groupadd --system hosting"),
        file(f"{SSHD}/10-hosting.conf", read("sshd.conf"), then="sshd -t; systemctl reload ssh"),
        file("/etc/apt/apt.conf.d/52hosting", read("apt.conf")),
        file("/etc/systemd/journald.conf.d/hosting.conf", JOURNAL, then=KEEP_JOURNAL),
        *(file(f"{SYSTEM}/{name}.service.d/hosting.conf", read("restart.conf"), then=RELOAD)
          for name in ("nginx", "ssh")),
        *(file(f"{SYSTEM}/{name}", read(name, "hardened.conf"), then=RELOAD)
          for name in ("hosting-backup@.service", "hosting-offsite@.service")),
        file(f"{SYSTEM}/hosting-backup@.timer", read("hosting-backup@.timer"), then=RELOAD),
        Step(
            "clock synchronization",
            f"{clocks} || systemctl is-enabled systemd-timesyncd",
            f"{UPDATE}; {APT} install -qq -y systemd-timesyncd; "
            "systemctl enable --now systemd-timesyncd",
        ),
        Step(
            "firewall: only ssh, http and https",
            "ufw status | grep -q '^Status: active' && ufw status | grep -q '^80,443/tcp'",
            f"for port in {ports}; do ufw allow $port/tcp; done; ufw allow 80,443/tcp; "
            "ufw --force enable",
        ),
    ]  # fmt: skip


def sandbox(plan: Plan) -> list[Step]:
    """Restrict the systemd of the app's user, restart it if it dies, and limit its resources."""
    uid = f"$(id -u {plan.app})"
    limits = (f"MemoryMax={plan.memory}", f"TasksMax={plan.tasks}")
    at_once = f"systemctl set-property --runtime user-{uid}.slice {' '.join(limits)}"
    restrictions = read("sandbox.conf", "hardened.conf").replace("@app@", plan.app)
    return [
        file(f"{SYSTEM}/user@{uid}.service.d/hosting.conf", restrictions, then=RELOAD),
        file(
            f"{SYSTEM}/user-{uid}.slice.d/hosting.conf",
            "\n".join(["[Slice]", *limits, ""]),
            then=f"{RELOAD}; {at_once}",
        ),
    ]


def read(*names: str) -> str:
    """Return files of units/, one after the other."""
    return "".join((UNITS / name).read_text() for name in names)
