"""The steps of `setup`, run as root: from a bare Debian or Ubuntu to a server for `git push`."""

import json
import shlex
from pathlib import Path

from . import nginx
from .agent.keys import authorized_keys_line
from .agent.paths import App
from .plan import Plan
from .provision import Step, as_user, digest, directory, file, files, packages

PACKAGES = (
    "nginx git python3 python3-venv openssl ufw unattended-upgrades dbus-user-session logrotate"
)
AGENT = Path(__file__).parent / "agent"
MAIN = "import sys\n\nfrom agent.dispatch import main\n\nsys.exit(main(sys.argv[1:]))\n"
PRIVATE = ("repo.git", "config", "state", "releases", "venvs", "backups", "redis", ".ssh",
           ".config", "home")  # fmt: skip
SHARED = ("run", "static")  # nginx may read these
SSHD = """PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
# Close connections of clients that have not responded for 30 seconds.
ClientAliveInterval 10
ClientAliveCountMax 3
"""
JOURNAL = "[Journal]\nStorage=persistent\nSystemMaxUse=1G\n"
KEEP_JOURNAL = "mkdir -p /var/log/journal; systemctl restart systemd-journald; journalctl --flush"
PSQL = "runuser -u postgres -- psql --no-psqlrc -qAtc"
UPDATES = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'


def steps(plan: Plan) -> list[Step]:
    """Return all steps in order."""
    return [
        packages(*PACKAGES.split()),
        Step(
            "Python 3.11", "python3 -c 'import tomllib'", "echo 'The server is too old.'; exit 1"
        ),
        nginx.domain_is_free(plan),
        *machine(),
        *user(plan),
        *(postgres(plan) if plan.postgres else []),
        *(redis() if plan.redis else []),
        *nginx.steps(plan),
        *app(plan),
    ]


def machine() -> list[Step]:
    """Configure sshd, the firewall, security updates and the journal."""
    ports = "$(sshd -T | sed -n 's/^port //p')"
    return [
        file("/etc/ssh/sshd_config.d/10-hosting.conf", SSHD, then="sshd -t; systemctl reload ssh"),
        file("/etc/apt/apt.conf.d/20auto-upgrades", UPDATES),
        file("/etc/systemd/journald.conf.d/hosting.conf", JOURNAL, then=KEEP_JOURNAL),
        Step(
            "firewall: only ssh, http and https",
            "ufw status | grep -q '^Status: active' && ufw status | grep -q '^80,443/tcp'",
            f"for port in {ports}; do ufw allow $port/tcp; done; ufw allow 80,443/tcp; "
            "ufw --force enable",
        ),
    ]


def user(plan: Plan) -> list[Step]:
    """Create the app's user, its directories, its first ssh key and its systemd instance."""
    own = f"{plan.app}:{plan.app}"
    bus = f"test -S /run/user/$(id -u {plan.app})/bus"
    keys = f"{plan.root}/.ssh/authorized_keys"
    entry = authorized_keys_line(App(Path(plan.root)), plan.key_name, plan.key).strip()
    return [
        Step(
            f"user {plan.app}",
            f"id {plan.app}",
            f"useradd --home-dir {plan.root} -M --user-group --shell /bin/sh {plan.app}",
        ),
        directory(plan.root, "711", "root:root"),
        *(directory(f"{plan.root}/{name}", "700", own) for name in PRIVATE),
        *(directory(f"{plan.root}/{name}", "2750", f"{plan.app}:www-data") for name in SHARED),
        Step(
            f"key {plan.key_name}",
            as_user(plan.app, f"timeout 5 grep -qF {shlex.quote(plan.key)} {keys}"),
            as_user(plan.app, f"umask 077; echo {shlex.quote(entry)} >>{keys}"),
        ),
        Step(
            f"systemd for {plan.app}, from boot",
            f"test -e /var/lib/systemd/linger/{plan.app} && {bus}",
            f"loginctl enable-linger {plan.app}; "
            f"for _ in $(seq 100); do {bus} && exit 0; sleep 0.1; done; exit 1",
        ),
    ]


def postgres(plan: Plan) -> list[Step]:
    """Create a database with peer authentication that only the app's user can open."""
    role = f"{PSQL} 'SELECT rolname FROM pg_roles'"
    database = f"{PSQL} 'SELECT datname FROM pg_database'"
    public = f"{PSQL} 'SELECT datname FROM pg_database WHERE datacl IS NULL'"
    return [
        packages("postgresql"),
        Step(
            f"database {plan.app}",
            f"{database} | grep -qx {plan.app} && ! {public} | grep -qx {plan.app}",
            f"""{role} | grep -qx {plan.app} || {PSQL} 'CREATE ROLE "{plan.app}" LOGIN'; """
            f"{database} | grep -qx {plan.app} || "
            f"""{PSQL} 'CREATE DATABASE "{plan.app}" OWNER "{plan.app}" ENCODING UTF8 """
            """LOCALE "C.UTF-8" TEMPLATE template0'; """
            f"""{PSQL} 'REVOKE CONNECT ON DATABASE "{plan.app}" FROM PUBLIC'""",
        ),
    ]


def redis() -> list[Step]:
    """Install Redis and disable the shared instance; each app runs its own."""
    return [
        packages("redis-server"),
        Step(
            "no shared Redis",
            "! systemctl is-enabled redis-server",
            "systemctl disable --now redis-server",
        ),
    ]


def app(plan: Plan) -> list[Step]:
    """Install the agent, and run its `init` as the app's user."""
    site = json.dumps({"domain": plan.domain, "variables": plan.variables()})
    parts = [path for path in sorted(AGENT.rglob("*.*")) if path.suffix != ".pyc"]
    package = {f"agent/{path.relative_to(AGENT)}": path.read_text() for path in parts}
    package["__main__.py"] = MAIN
    init = f"env XDG_RUNTIME_DIR=/run/user/$(id -u) python3 -I {plan.root}/hosting init"
    marker = f"{plan.root}/state/initialized"
    version = digest([site, *package.values()])
    kept = f"/var/backups/{plan.app}"
    return [
        file(f"{plan.root}/site.json", site, "640", f"root:{plan.app}"),
        files(f"{plan.root}/hosting", package),
        Step(
            f"backups of a deleted app {plan.app}",
            f"! test -d {kept}",
            f"cp -a {kept}/. {plan.root}/backups/; chown -R {plan.app}: {plan.root}/backups; "
            f"chmod 700 {plan.root}/backups; rm -r {kept}",
        ),
        Step(
            f"app {plan.app}",
            as_user(plan.app, f'[ "$(timeout 5 cat {marker})" = {version} ]'),
            as_user(plan.app, f"{init}; echo {version} >{marker}"),
        ),
    ]
