"""What else root does, now and then: look whether all is well, and take an app away."""

from .steps import Step


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
            f"! systemctl --user -M {app}@ list-units --failed --plain --no-legend | grep -q ."
        ),
    }
    return [Step(name, look, "") for name, look in looks.items()]


def removal(app: str) -> list[Step]:
    """Return what takes an app away, but for its backups: they go to /var/backups."""
    root, kept = f"/srv/{app}", f"/var/backups/{app}"
    as_user = (
        f"runuser -u {app} -- env -i HOME={root} PATH=/usr/bin:/bin python3 -I {root}/hosting"
    )
    psql = "runuser -u postgres -- psql --no-psqlrc -qAtc"
    nginx, renewal = f"/etc/nginx/{app}", f"/etc/letsencrypt/renewal/{app}.conf"
    return [
        Step(
            f"last backup, kept in {kept}",
            f"! test -e {root}/hosting",
            f"if grep -q DATABASE_URL {root}/site.json; then {as_user} backup; fi; "
            f"install -d -m 700 {kept}; cp -a {root}/backups/. {kept}/",
        ),
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
            "database",
            f"! {psql} 'SELECT datname FROM pg_database' | grep -qx {app}",  # noqa: S608 - an app has a plain name
            f"""{psql} 'DROP DATABASE "{app}" WITH (FORCE)'; {psql} 'DROP ROLE "{app}"'""",
        ),
        Step(f"user {app}", f"! id {app}", f"userdel --force {app}"),
        Step(f"folder {root}", f"! test -e {root}", f"rm -rf --one-file-system {root}"),
    ]
