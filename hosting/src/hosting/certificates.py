"""Certificates: self-signed ones, and those that certbot obtains and renews."""

import re
import shlex
from collections.abc import Sequence

from .provision import Step

LETSENCRYPT = "/etc/letsencrypt"
RELOAD = "systemctl reload nginx"


def self_signed(app: str, domain: str) -> Step:
    """Create a self-signed certificate, unless there is a certificate for the domain."""
    folder, name = f"/etc/ssl/{app}", alternative_name(domain)
    check = "-checkip" if name.startswith("IP:") else "-checkhost"
    output = f"-keyout {folder}/privkey.pem -out {folder}/fullchain.pem"
    return Step(
        f"certificate of {domain}",
        f"openssl x509 -in {folder}/fullchain.pem -noout {check} {domain} | grep -q 'does match'",
        # The files may be symbolic links to certbot's, which must not be overwritten.
        f"mkdir -p -m 755 {folder}; rm -f {folder}/*.pem; umask 077; "
        "openssl req -x509 -newkey ec -nodes -days 3650 "
        f"-pkeyopt ec_paramgen_curve:P-256 {output} -subj /CN={domain} "
        f"-addext subjectAltName={name}",
    )


def alternative_name(domain: str) -> str:
    """Return the subjectAltName of a domain or an IP address."""
    is_ip = re.fullmatch(r"[\d.]+|[\da-f:]*:[\da-f:]*", domain)
    return f"IP:{domain}" if is_ip else f"DNS:{domain}"


def obtained(app: str, names: Sequence[str], server: str, email: str) -> Step:
    """Obtain a certificate with certbot; until then the old one stays in use."""
    wanted = " ".join(sorted(f"DNS:{one}" for one in names))
    show = f"openssl x509 -noout -in {LETSENCRYPT}/live/{app}/fullchain.pem"
    # Exactly these: renewals would fail when another one is gone.
    listed = f"{show} -ext subjectAltName | grep -o 'DNS:[^,]*' | sort | xargs"
    account = f"--email {email}" if email else "--register-unsafely-without-email"
    certbot = (
        f"certbot certonly --webroot -w /var/www/acme -d {','.join(names)} --cert-name {app} "
        f"{account} --server {shlex.quote(server)} --key-type ecdsa --non-interactive --agree-tos "
        f"--force-renewal --deploy-hook '{RELOAD}'"
    )
    why = f"{' or '.join(names)} does not resolve to this server, or its port 80 is unreachable."
    shorten = f"/^($|Hint|Ask for|Saving)/d; s/^Some challenges have failed.*/{why}/"
    return Step(
        f"certificate of {names[0]} from {server}",
        f"{show} -checkend 0 && [ \"$({listed})\" = '{wanted}' ] && "
        f"grep -qxF {shlex.quote(f'server = {server}')} {LETSENCRYPT}/renewal/{app}.conf",
        f"""output=$({certbot} 2>&1) || {{ echo "$output" | sed -E '{shorten}'; exit 1; }}""",
    )


def installed(app: str) -> list[Step]:
    """Let nginx use certbot's certificate, now and after each renewal."""
    folder, live = f"/etc/ssl/{app}", f"{LETSENCRYPT}/live/{app}"
    return [
        Step(
            f"certificate in {folder}",
            f"test {folder}/fullchain.pem -ef {live}/fullchain.pem && "
            f"test {folder}/privkey.pem -ef {live}/privkey.pem",
            f"ln -sf {live}/fullchain.pem {live}/privkey.pem {folder}/; nginx -t; {RELOAD}",
        ),
        Step(
            "certificate renewal",
            "systemctl is-enabled certbot.timer && systemctl is-active certbot.timer",
            "systemctl enable --now certbot.timer",
        ),
    ]
