"""What root looks at, now and then: is all well?"""

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
            f"found=$(systemctl --user -M {app}@ list-units --plain --no-legend "
            '--state=failed,auto-restart) && [ -z "$found" ]'
        ),
    }
    return [Step(name, look, "") for name, look in looks.items()]
