"""Checks of the server for `doctor`."""

from .provision import Step, as_user

APPS = "cd /srv && for file in */site.json; do test -e $file && dirname $file; done; true"


def checks(app: str, apps: list[str]) -> list[Step]:
    """Return the checks; each name contains what to do if it fails, after the dash.

    `apps` are all apps of the server, `app` is the one whose certificate is checked.
    """
    certificate = f"/etc/ssl/{app}/fullchain.pem"
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
        **{
            f"{service} runs - journalctl -u {service}": f"systemctl is-active {service}"
            for service in ("nginx", "ssh", "systemd-journald")
        },
        **{f"{one} has no problems - hosting check --app {one}": asked(one) for one in apps},
    }
    return [Step(name, command, "") for name, command in commands.items()]


def asked(app: str) -> str:
    """Return shell that asks the agent of an app for problems."""
    check = f"XDG_RUNTIME_DIR=/run/user/$(id -u) python3 -I /srv/{app}/hosting run-check"
    return f"systemctl is-active user@$(id -u {app}) && {as_user(app, check)}"
