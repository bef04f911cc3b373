"""The steps of `delete`: the site first, so that nothing is written any more; then the data."""

from .provision import Step, as_user
from .setup import PSQL


def steps(app: str) -> list[Step]:
    """Return all steps. Backups are moved to /var/backups."""
    return [*site(app), *data(app)]


def site(app: str) -> list[Step]:
    """Remove the site, its certificate and its services."""
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
    ]


def data(app: str) -> list[Step]:
    """Create and keep a last backup, then remove database, user and files."""
    root, kept = f"/srv/{app}", f"/var/backups/{app}"
    dump = as_user(app, f"python3 -I {root}/hosting backup")
    # If PostgreSQL does not respond, stop: the backup would be missing.
    databases = f"databases=$({PSQL} 'SELECT datname FROM pg_database')"
    has_database = f"grep -q DATABASE_URL {root}/site.json"
    return [
        Step(
            f"last backup in {kept}",
            f"! test -e {root}/hosting",
            f"if {has_database}; then {databases}; "
            f'if echo "$databases" | grep -qx {app}; then {dump}; fi; fi; '
            f"install -d {kept}; cp -a {root}/backups/. {kept}/; "
            f"chown -R root: {kept}; chmod 700 {kept}; rm -r {root}/hosting",
        ),
        Step(
            "database",
            f'! command -v psql || {{ {databases} && ! echo "$databases" | grep -qx {app}; }}',
            f"""{PSQL} 'DROP DATABASE "{app}" WITH (FORCE)'; {PSQL} 'DROP ROLE "{app}"'""",
        ),
        Step(
            f"user {app} and its journal",
            f"! id {app}",
            f"rm -f /var/log/journal/*/user-$(id -u {app})*.journal; userdel --force {app}",
        ),
        Step(f"directory {root}", f"! test -e {root}", f"rm -rf --one-file-system {root}"),
    ]
