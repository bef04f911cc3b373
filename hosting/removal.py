"""Taking an app away: what serves first, then what it has kept; its backups stay."""

from .setup import PSQL
from .steps import Step, as_user


def removal(app: str) -> list[Step]:
    """Return what takes an app away, but for its backups: they go to /var/backups."""
    return [*site(app), *data(app)]


def site(app: str) -> list[Step]:
    """Return what closes the site, so that nothing is written any more."""
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
    """Return what keeps the last backup, and takes everything else."""
    root, kept = f"/srv/{app}", f"/var/backups/{app}"
    dump = as_user(app, f"python3 -I {root}/hosting backup")
    # Where PostgreSQL does not answer, nothing is known, and nothing is done.
    known = f"found=$({PSQL} 'SELECT datname FROM pg_database')"
    is_ours = f"grep -q DATABASE_URL {root}/site.json"
    return [
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
