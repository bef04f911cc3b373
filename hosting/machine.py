"""What else root does, now and then: look whether all is well, and take an app away."""

from .setup import PSQL
from .steps import Step, as_user


def health(app: str) -> list[Step]:
    """Return what is looked at; the name of each tells what to do if it is not so."""
    certificate = f"/etc/ssl/{app}/fullchain.pem"
    looks = {
        "firewall is on - run setup again": "ufw status | grep -q '^Status: active'",
        "ssh takes keys alone - run setup again": (
            "sshd -T | grep -qx 'passwordauthentication no'"
        ),
        "updates are installed - apt-get upgrade": (
            "test $(apt-get --simulate upgrade | grep -c ^Inst) = 0"
        ),
        "no update waits for a reboot - reboot": "! test -e /run/reboot-required",
        "disk has room - delete what is not needed": (
            "test $(df --output=pcent /srv | tr -dc 0-9) -lt 85"
        ),
        "clock is right - apt-get install systemd-timesyncd": (
            "timedatectl show --property=NTPSynchronized --value | grep -qx yes"
        ),
        "certificate is good for two weeks - certbot renew": (
            f"openssl x509 -in {certificate} -noout -checkend 1209600"
        ),
        "certificate is one that browsers believe - domains add": (
            f"openssl verify -untrusted {certificate} {certificate}"
        ),
        "nginx takes its configuration - nginx -t": "nginx -t",
        f"all services run - systemctl --user -M {app}@ --failed": (
            f"found=$(systemctl --user -M {app}@ list-units --plain --no-legend "
            '--state=failed,auto-restart) && [ -z "$found" ]'
        ),
    }
    return [Step(name, look, "") for name, look in looks.items()]


def removal(app: str) -> list[Step]:
    """Return what takes an app away, but for its backups: they go to /var/backups."""
    root, kept = f"/srv/{app}", f"/var/backups/{app}"
    dump = as_user(app, f"python3 -I {root}/hosting backup")
    # Where PostgreSQL does not answer, nothing is known, and nothing is done.
    known = f"found=$({PSQL} 'SELECT datname FROM pg_database')"  # noqa: S608 - nothing is put in
    is_ours = f"grep -q DATABASE_URL {root}/site.json"
    nginx, renewal = f"/etc/nginx/{app}", f"/etc/letsencrypt/renewal/{app}.conf"
    return [
        Step(
            "site",
            f"! test -e {nginx}",
            f"rm -rf {nginx} /etc/nginx/sites-*/{app}.conf; systemctl reload nginx",
        ),
        Step(
            "certificate",
            f"! test -e /etc/ssl/{app} && ! test -e {renewal}",
            f"rm -rf /etc/ssl/{app}; "
            f"if test -e {renewal}; then certbot delete --non-interactive --cert-name {app}; fi",
        ),
        Step(
            "services",
            f"! test -e /var/lib/systemd/linger/{app}",
            f"loginctl disable-linger {app}; systemctl stop user@$(id -u {app})",
        ),
        Step(
            f"last backup, kept in {kept}",
            f"! test -e {root}/hosting",
            f"if {is_ours}; then {known}; "
            f'if echo "$found" | grep -qx {app}; then {dump}; fi; fi; '
            f"install -d {kept}; cp -a {root}/backups/. {kept}/; "
            f"chown -R root: {kept}; chmod 700 {kept}; rm -r {root}/hosting",
        ),
        Step(
            "database",
            f'! command -v psql || {{ {known} && ! echo "$found" | grep -qx {app}; }}',
            f"""{PSQL} 'DROP DATABASE "{app}" WITH (FORCE)'; {PSQL} 'DROP ROLE "{app}"'""",
        ),
        Step(
            f"user {app}, and what it has logged",
            f"! id {app}",
            f"rm -f /var/log/journal/*/user-$(id -u {app})*.journal; userdel --force {app}",
        ),
        Step(f"folder {root}", f"! test -e {root}", f"rm -rf --one-file-system {root}"),
    ]
