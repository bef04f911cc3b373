"""Checks of the server for `doctor`."""

from .provision import Step


def checks(app: str) -> list[Step]:
    """Return the checks; each name contains what to do if it fails, after the dash."""
    certificate = f"/etc/ssl/{app}/fullchain.pem"
    failed = (
        f"systemctl --user -M {app}@ list-units --plain --no-legend --state=failed,auto-restart"
    )
    commands = {
        "firewall is active - run setup again": "ufw status | grep -q '^Status: active'",
        "ssh requires keys - run setup again": "sshd -T | grep -qx 'passwordauthentication no'",
        "packages are up to date - apt-get upgrade": "! apt-get -s upgrade | grep -q ^Inst",
        "no reboot is required - reboot": "! test -e /run/reboot-required",
        "disk has space - delete files": "test $(df --output=pcent /srv | tr -dc 0-9) -lt 85",
        "clock is synchronized - apt-get install systemd-timesyncd": (
            "timedatectl show --property=NTPSynchronized --value | grep -qx yes"
        ),
        "certificate is valid for two weeks - certbot renew": (
            f"openssl x509 -in {certificate} -noout -checkend 1209600"
        ),
        "certificate is trusted - hosting domains add": (
            f"openssl verify -untrusted {certificate} {certificate}"
        ),
        "nginx configuration is valid - nginx -t": "nginx -t",
        f"all services run - systemctl --user -M {app}@ --failed": (
            f'units=$({failed}) && [ -z "$units" ]'
        ),
    }
    return [Step(name, command, "") for name, command in commands.items()]
