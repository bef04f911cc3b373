"""The steps of `delete`: the site first, so that nothing is written any more; then the data."""

from .provision import Step


def steps(app: str) -> list[Step]:
    """Return all steps. Backups are moved to /var/backups."""
    return [*site(app), *data(app)]


def site(app: str) -> list[Step]:
    """Remove the site and its certificate."""
    nginx, renewal = f"/etc/nginx/{app}", f"/etc/letsencrypt/renewal/{app}.conf"
    return [
        Step(
            "site",
            f"! test -e {nginx}",
            f"systemctl disable --now hosting-nginx@{app}.path || :; "
            f"rm -rf {nginx} /etc/nginx/sites-*/{app}.conf /etc/nginx/hosting/{app}.*; "
            "systemctl reload nginx",
        ),
        Step(
            "certificate",
            f"! test -e /etc/ssl/{app} && ! test -e {renewal}",
            f"rm -rf /etc/ssl/{app}; "
            f"if test -e {renewal}; then certbot delete --non-interactive --cert-name {app}; fi",
        ),
    ]


def data(app: str) -> list[Step]:
    """Create and keep a last backup, then remove user and files."""
    root, kept = f"/srv/{app}", f"/var/backups/{app}"
    return [
        # With a database that does not respond, stop: the backup would be missing.
        Step(
            f"last backup in {kept}",
            f"! test -e {root}/hosting",
            f"systemctl --user -M {app}@ stop 'process-*'; "
            f"if test -d {root}/postgres/data; then python3 -I {root}/hosting keep-backup; fi; "
            f"install -d {kept}; cp -an {root}/backups/. {kept}/; "
            f"chown -R root: {kept}; chmod 700 {kept}; rm -r {root}/hosting",
        ),
        Step(
            "services",
            f"! test -e /var/lib/systemd/linger/{app}",
            f"systemctl disable --now hosting-backup@{app}.timer; "
            f"loginctl disable-linger {app}; systemctl stop user@$(id -u {app}); "
            f"rm -rf /etc/hosting/{app}.restic /etc/systemd/system/user[@-]$(id -u {app}).*.d; "
            "systemctl daemon-reload",
        ),
        Step(
            f"user {app} and its journal",
            f"! id {app}",
            f"rm -f /var/log/journal/*/user-$(id -u {app})*.journal; userdel --force {app}",
        ),
        Step(
            f"directory {root}",
            f"! test -e {root}",
            f"chattr -a {root}/audit.jsonl; rm -rf --one-file-system {root}",
        ),
    ]
