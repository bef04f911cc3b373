"""From a bare Debian or Ubuntu to a server that takes `git push`: what root does, once."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .certificates import self_signed
from .server.keys import line
from .server.places import App
from .steps import Step, as_user, file, files, folder, packages

NEEDED = "nginx git python3 python3-venv openssl ufw unattended-upgrades dbus-user-session"
NGINX = Path(__file__).parents[1] / "deploy/nginx"
WORD = "flasky"  # what the files in deploy/nginx/ call the app
SERVER = Path(__file__).parent / "server"
MAIN = "import sys\n\nfrom server.gate import main\n\nsys.exit(main(sys.argv[1:]))\n"
OWN = ("repo.git", "config", "state", "releases", "venvs", "backups", "redis", ".ssh", ".config",
       "home")  # fmt: skip
WEB = ("run", "static")  # what nginx, too, may enter
SSHD = """# Keys alone; who hangs for half a minute is let go.
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
ClientAliveInterval 10
ClientAliveCountMax 3
"""
# `maintenance on --message` writes into the file that closes the site; the page shows it.
CLOSED = "<h1>The site is closed for maintenance</h1>"
MESSAGE = """<!--# block name="none" --><!--# endblock -->
  <p><!--# include virtual="/_nginx/message" stub="none" --></p>"""
MESSAGE_AT = """
location = /_nginx/message {{
    internal;
    alias {root}/run/maintenance;
    default_type text/html;
    disable_symlinks if_not_owner from={root}/run;
    error_page 403 404 = @nothing;
}}
location @nothing {{
    return 200 "";
}}
"""
JOURNAL = "[Journal]\nStorage=persistent\nSystemMaxUse=1G\n"
KEEP_JOURNAL = "mkdir -p /var/log/journal; systemctl restart systemd-journald; journalctl --flush"
PSQL = "runuser -u postgres -- psql --no-psqlrc -qAtc"
UPDATES = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'


@dataclass(frozen=True)
class Plan:
    """What is wanted: an app, the name of its site, and whether it has databases of its own."""

    app: str
    domain: str
    key_name: str
    key: str
    postgres: bool = False
    redis: bool = False
    ipv6: bool = True

    @property
    def root(self) -> str:
        """The folder of the app."""
        return f"/srv/{self.app}"

    def look(self) -> list[str]:
        """Return the command that shows what an earlier setup has decided, and what there is."""
        site = f"cat {self.root}/site.json 2>/dev/null || echo '{{}}'"
        return ["sh", "-c", f"{site}; echo; test -e /proc/net/if_inet6 && echo ipv6; true"]

    def with_what_is_there(self, shown: str, domain: str | None) -> "Plan":
        """Return the plan, so that what the app has it keeps, whatever was said this time."""
        site, _, machine = shown.partition("\n")
        there = json.loads(site)
        variables = there.get("variables", {})
        return replace(
            self,
            domain=domain or there.get("domain", self.domain),
            postgres=self.postgres or "DATABASE_URL" in variables,
            redis=self.redis or "REDIS_URL" in variables,
            ipv6="ipv6" in machine,
        )

    def variables(self) -> dict[str, str]:
        """Return what every process of the app is told."""
        found = {"FLASKY_URL": f"https://{self.domain}"}
        if self.postgres:  # the kernel tells PostgreSQL who asks: there is no password
            found["DATABASE_URL"] = f"postgresql:///{self.app}?host=/run/postgresql"
        if self.redis:
            found["REDIS_URL"] = f"unix://{self.root}/redis/socket"
        return found


def steps(plan: Plan) -> list[Step]:
    """Return everything that setup does, in its order."""
    return [
        packages(*NEEDED.split()),
        *machine(),
        *user(plan),
        *(postgres(plan) if plan.postgres else []),
        *(redis() if plan.redis else []),
        *nginx(plan),
        *app(plan),
    ]


def machine() -> list[Step]:
    """Close what is open, keep it up to date, keep the log."""
    ports = "$(sshd -T | sed -n 's/^port //p')"
    return [
        file("/etc/ssh/sshd_config.d/10-hosting.conf", SSHD, then="sshd -t; systemctl reload ssh"),
        file("/etc/apt/apt.conf.d/20auto-upgrades", UPDATES),
        file(
            "/etc/systemd/journald.conf.d/hosting.conf",
            JOURNAL,
            then=KEEP_JOURNAL,
        ),
        Step(
            "firewall: ssh, http and https alone",
            "ufw status | grep -q '^Status: active' && ufw status | grep -q '^80,443/tcp'",
            f"for port in {ports}; do ufw allow $port/tcp; done; ufw allow 80,443/tcp; "
            "ufw --force enable",
        ),
    ]


def user(plan: Plan) -> list[Step]:
    """The user whose the app is: no password, its own services, and one door for each key."""
    own = f"{plan.app}:{plan.app}"
    bus = f"test -S /run/user/$(id -u {plan.app})/bus"
    keys = f"{plan.root}/.ssh/authorized_keys"
    entry = line(App(Path(plan.root)), plan.key_name, plan.key).strip()
    return [
        Step(
            f"user {plan.app}",
            f"id {plan.app}",
            f"useradd --home-dir {plan.root} -M --user-group --shell /bin/sh {plan.app}",
        ),
        folder(plan.root, "711", "root:root"),
        *(folder(f"{plan.root}/{name}", "700", own) for name in OWN),
        *(folder(f"{plan.root}/{name}", "2750", f"{plan.app}:www-data") for name in WEB),
        Step(
            f"key {plan.key_name}",
            as_user(plan.app, f"timeout 5 grep -qF {shlex.quote(plan.key)} {keys}"),
            as_user(plan.app, f"umask 077; echo {shlex.quote(entry)} >>{keys}"),
        ),
        Step(
            "services of its own, from boot on",
            f"test -e /var/lib/systemd/linger/{plan.app} && {bus}",
            f"loginctl enable-linger {plan.app}; "
            f"for _ in $(seq 100); do {bus} && exit 0; sleep 0.1; done; exit 1",
        ),
    ]


def postgres(plan: Plan) -> list[Step]:
    """A database that this user alone may open, without a password."""
    is_there = f"{PSQL} 'SELECT datname FROM pg_database' | grep -qx {plan.app}"
    is_open = f"{PSQL} 'SELECT datname FROM pg_database WHERE datacl IS NULL'"
    return [
        packages("postgresql"),
        Step(
            f"role {plan.app}",
            f"{PSQL} 'SELECT rolname FROM pg_roles' | grep -qx {plan.app}",
            f"""{PSQL} 'CREATE ROLE "{plan.app}" LOGIN'""",
        ),
        Step(
            f"database {plan.app}",
            is_there,
            f"""{PSQL} 'CREATE DATABASE "{plan.app}" OWNER "{plan.app}"'""",
        ),
        Step(
            "no one else opens it",
            f"{is_there} && ! {is_open} | grep -qx {plan.app}",
            f"""{PSQL} 'REVOKE CONNECT ON DATABASE "{plan.app}" FROM PUBLIC'""",
        ),
    ]


def redis() -> list[Step]:
    """Redis, of which each app runs one of its own; the one for everybody is off."""
    return [
        packages("redis-server"),
        Step(
            "no Redis for everybody",
            "! systemctl is-enabled redis-server",
            "systemctl disable --now redis-server",
        ),
    ]


def nginx(plan: Plan) -> list[Step]:
    """nginx, with a site that it serves."""
    acme = folder("/var/www/acme", "755", "root:root")
    return [room(), self_signed(plan.app, plan.domain), acme, *served(plan)]


def room() -> Step:
    """Room for many connections, and for names of sites that are longer than forty letters."""
    conf, names = "/etc/nginx/nginx.conf", "server_names_hash_bucket_size"
    return Step(
        "more connections for nginx, and longer names",
        f"grep -q 'worker_connections 4096;' {conf} && grep -Eq '^\\s*{names}' {conf}",
        f"sed -i -E 's/worker_connections [0-9]+;/worker_connections 4096;/' {conf}; "
        f"grep -Eq '^\\s*{names}' {conf} || sed -i 's/^http {{/&\\n    {names} 512;/' {conf}; "
        f"grep -q rlimit_nofile {conf} || sed -i '1i worker_rlimit_nofile 16384;' {conf}",
    )


def served(plan: Plan) -> list[Step]:
    """The files of deploy/nginx/ as they are for this app; nginx takes them."""
    pages = {
        str(path.relative_to(NGINX / WORD)): named(path.read_text(), plan)
        for path in sorted((NGINX / WORD).rglob("*"))
        if path.is_file()
    }
    pages["pages/503.html"] = pages["pages/503.html"].replace(CLOSED, f"{CLOSED}{MESSAGE}")
    pages["errors.conf"] += MESSAGE_AT.format(root=plan.root)
    site = named((NGINX / f"{WORD}.conf").read_text(), plan)
    sites = "/etc/nginx/sites-enabled"
    mark, taken = digest([site, *pages.values()]), f"/etc/nginx/{plan.app}/.taken"
    others = f"ls {sites}/*.conf 2>/dev/null | grep -vx {sites}/{plan.app}.conf"
    names = "|".join(plan.domain.replace(".", "[.]").split())
    return [
        Step(
            f"no other app is {plan.domain}",
            f"""[ -z "$({others} | xargs -r grep -lE '^ *server_name( .*)? ({names})[ ;]')" ]""",
            "echo 'Another app on this server has that name: say another --domain.'; exit 1",
        ),
        # Who has visited one app is nothing to the users of the others.
        folder("/var/log/nginx", "750", "root:www-data"),
        files(f"/etc/nginx/{plan.app}", pages),
        file(f"/etc/nginx/sites-available/{plan.app}.conf", site),
        Step(
            f"site {plan.app}",
            f"test -L {sites}/{plan.app}.conf && ! test -e {sites}/default",
            f"ln -sf ../sites-available/{plan.app}.conf {sites}/; rm -f {sites}/default",
        ),
        Step(
            "nginx takes it",
            f'[ "$(cat {taken})" = {mark} ]',
            f"nginx -t; systemctl reload-or-restart nginx; echo {mark} >{taken}",
        ),
    ]


def named(text: str, plan: Plan) -> str:
    """Return a file of deploy/nginx/ with the names and folders of this app."""
    places = {
        f"/etc/letsencrypt/live/{WORD}.example.com": f"/etc/ssl/{plan.app}",
        f"{WORD}.example.com": plan.domain,
        f"/run/{WORD}/web.sock": f"{plan.root}/run/live.sock",
        f"/var/cache/{WORD}/static": f"{plan.root}/static",
        f"/etc/nginx/{WORD}/maintenance": f"{plan.root}/run/maintenance",
        f"{WORD}_": f"{plan.app.replace('-', '_')}_",  # variables
        WORD: plan.app,
    }
    if not plan.ipv6:  # nginx would not start
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    # All at once: what has been put in may hold the word as well.
    return re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], text)


def app(plan: Plan) -> list[Step]:
    """What runs as the app's user: shipped, and told to make itself at home."""
    site = json.dumps({"domain": plan.domain, "variables": plan.variables()})
    parts = [path for path in sorted(SERVER.rglob("*.*")) if path.suffix != ".pyc"]
    package = {f"server/{path.relative_to(SERVER)}": path.read_text() for path in parts}
    package["__main__.py"] = MAIN
    init = f"env XDG_RUNTIME_DIR=/run/user/$(id -u) python3 -I {plan.root}/hosting init"
    at_home = f"{plan.root}/state/at-home"
    mark = digest([site, *package.values()])
    before = f"/var/backups/{plan.app}"
    return [
        file(f"{plan.root}/site.json", site, "640", f"root:{plan.app}"),
        files(f"{plan.root}/hosting", package),
        Step(
            "backups of an app of that name, if there was one",
            f"! test -d {before}",
            f"cp -a {before}/. {plan.root}/backups/; chown -R {plan.app}: {plan.root}/backups; "
            f"chmod 700 {plan.root}/backups; rm -r {before}",
        ),
        Step(
            f"{plan.app} is at home",
            as_user(plan.app, f'[ "$(timeout 5 cat {at_home})" = {mark} ]'),
            as_user(plan.app, f"{init}; echo {mark} >{at_home}"),
        ),
    ]


def digest(texts: Iterable[str]) -> str:
    """Return a short name for texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
