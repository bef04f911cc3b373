"""Certificates: one that nobody believes, and one of certbot's, which it renews."""

import re
import shlex

from .steps import Step

CERTBOT = "/etc/letsencrypt"
RELOAD = "systemctl reload nginx"


def self_signed(app: str, domain: str) -> Step:
    """A certificate that nobody believes, until there is a better one in its place."""
    place, names = f"/etc/ssl/{app}", alternative(domain)
    check = "-checkip" if names.startswith("IP:") else "-checkhost"
    made = f"-keyout {place}/privkey.pem -out {place}/fullchain.pem"
    return Step(
        f"certificate of {domain}, self-signed until there is a better one",
        f"openssl x509 -in {place}/fullchain.pem -noout {check} {domain} | grep -q 'does match'",
        # What certbot keeps is not written to, should links lead there.
        f"mkdir -p -m 755 {place}; rm -f {place}/*.pem; umask 077; "
        "openssl req -x509 -newkey ec -nodes -days 3650 "
        f"-pkeyopt ec_paramgen_curve:P-256 {made} -subj /CN={domain} "
        f"-addext subjectAltName={names}",
    )


def alternative(domain: str) -> str:
    """Return what a certificate calls a name, or an address."""
    return (
        f"IP:{domain}" if re.fullmatch(r"[\d.]+|[\da-f:]*:[\da-f:]*", domain) else f"DNS:{domain}"
    )


def obtained(app: str, domain: str, server: str, email: str) -> Step:
    """A certificate that browsers believe; the one before serves until it is there."""
    found = f"openssl x509 -noout -in {CERTBOT}/live/{app}/fullchain.pem"
    who = f"--email {email}" if email else "--register-unsafely-without-email"
    certbot = (
        f"certbot certonly --webroot -w /var/www/acme -d {domain} --cert-name {app} {who} "
        f"--server {shlex.quote(server)} --key-type ecdsa --non-interactive --agree-tos "
        f"--force-renewal --deploy-hook '{RELOAD}'"
    )
    wrong = f"{domain} does not lead to this server, or not everybody reaches its port 80."
    clear = f"/^($|Hint|Ask for|Saving)/d; s/^Some challenges have failed.*/{wrong}/"
    return Step(
        f"certificate of {domain} by {server}",
        f"{found} -checkend 0 && {found} -ext subjectAltName | grep -qx ' *DNS:{domain}' && "
        f"grep -qxF {shlex.quote(f'server = {server}')} {CERTBOT}/renewal/{app}.conf",
        f"""said=$({certbot} 2>&1) || {{ echo "$said" | sed -E '{clear}'; exit 1; }}""",
    )


def kept(app: str) -> list[Step]:
    """It is the one that nginx takes, now and whenever it was renewed."""
    ours, theirs = f"/etc/ssl/{app}", f"{CERTBOT}/live/{app}"
    return [
        Step(
            f"{ours} leads to it",
            f"test {ours}/fullchain.pem -ef {theirs}/fullchain.pem && "
            f"test {ours}/privkey.pem -ef {theirs}/privkey.pem",
            f"ln -sf {theirs}/fullchain.pem {theirs}/privkey.pem {ours}/; nginx -t; {RELOAD}",
        ),
        Step(
            "it is renewed in time",
            "systemctl is-enabled certbot.timer && systemctl is-active certbot.timer",
            "systemctl enable --now certbot.timer",
        ),
    ]
