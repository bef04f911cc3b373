"""The site in nginx: the files of deploy/nginx/, as they are for an app."""

import re
from pathlib import Path

from .certificates import self_signed
from .plan import Plan
from .steps import Step, digest, file, files, folder

NGINX = Path(__file__).parents[1] / "deploy/nginx"
WORD = "flasky"  # what the files in deploy/nginx/ call the app
SITES = "/etc/nginx/sites-enabled"
# `maintenance on --message` writes into the file that closes the site; the page shows it.
CLOSED = "<h1>The site is closed for maintenance</h1>"
MESSAGE = """<!--# block name="none" --><!--# endblock -->
  <p><!--# include virtual="/_nginx/message" stub="none" --></p>"""
MESSAGE_AT = """
location = /_nginx/message {{
    internal;
    alias {root}/run/maintenance;
    default_type text/html;
    disable_symlinks if_not_owner from={root}/run;
    error_page 403 404 = @nothing;
}}
location @nothing {{
    return 200 "";
}}
"""


def nginx(plan: Plan) -> list[Step]:
    """nginx, with a site that it serves."""
    acme = folder("/var/www/acme", "755", "root:root")
    return [room(), self_signed(plan.app, plan.domain), acme, *served(plan)]


def room() -> Step:
    """Room for many connections, and for names of sites that are longer than forty letters."""
    conf, names = "/etc/nginx/nginx.conf", "server_names_hash_bucket_size"
    return Step(
        "more connections for nginx, and longer names",
        f"grep -q 'worker_connections 4096;' {conf} && grep -Eq '^\\s*{names}' {conf}",
        f"sed -i -E 's/worker_connections [0-9]+;/worker_connections 4096;/' {conf}; "
        f"grep -Eq '^\\s*{names}' {conf} || sed -i 's/^http {{/&\\n    {names} 512;/' {conf}; "
        f"grep -q rlimit_nofile {conf} || sed -i '1i worker_rlimit_nofile 16384;' {conf}",
    )


def free(plan: Plan) -> Step:
    """A name that is no other app's."""
    others = f"ls {SITES}/*.conf | grep -vx {SITES}/{plan.app}.conf | xargs -r grep -lE"
    name = plan.domain.replace(".", "[.]")
    return Step(
        f"no other app is {plan.domain}",
        f"""[ -z "$({others} '^ *server_name( .*)? {name}[ ;]')" ]""",
        "echo 'Another app on this server has that name: it needs one of its own.'; exit 1",
    )


def served(plan: Plan) -> list[Step]:
    """The files of deploy/nginx/ as they are for this app; nginx takes them."""
    pages = {
        str(path.relative_to(NGINX / WORD)): named(path.read_text(), plan)
        for path in sorted((NGINX / WORD).rglob("*"))
        if path.is_file()
    }
    pages["pages/503.html"] = pages["pages/503.html"].replace(CLOSED, f"{CLOSED}{MESSAGE}")
    pages["errors.conf"] += MESSAGE_AT.format(root=plan.root)
    site = named((NGINX / f"{WORD}.conf").read_text(), plan)
    mark, taken = digest([site, *pages.values()]), f"/etc/nginx/{plan.app}/.taken"
    return [
        # Who has visited one app is nothing to the users of the others.
        folder("/var/log/nginx", "750", "root:www-data"),
        files(f"/etc/nginx/{plan.app}", pages),
        file(f"/etc/nginx/sites-available/{plan.app}.conf", site),
        Step(
            f"site {plan.app}",
            f"test -L {SITES}/{plan.app}.conf && ! test -e {SITES}/default",
            f"ln -sf ../sites-available/{plan.app}.conf {SITES}/; rm -f {SITES}/default",
        ),
        Step(
            "nginx takes it",
            f'[ "$(cat {taken})" = {mark} ]',
            f"nginx -t; systemctl reload-or-restart nginx; echo {mark} >{taken}",
        ),
    ]


def named(text: str, plan: Plan) -> str:
    """Return a file of deploy/nginx/ with the names and folders of this app."""
    places = {
        f"/etc/letsencrypt/live/{WORD}.example.com": f"/etc/ssl/{plan.app}",
        f"{WORD}.example.com": plan.domain,
        f"/run/{WORD}/web.sock": f"{plan.root}/run/live.sock",
        f"/var/cache/{WORD}/static": f"{plan.root}/static",
        f"/etc/nginx/{WORD}/maintenance": f"{plan.root}/run/maintenance",
        f"{WORD}_": f"{plan.app.replace('-', '_')}_",  # variables
        WORD: plan.app,
    }
    if not plan.ipv6:  # nginx would not start
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    # All at once: what has been put in may hold the word as well.
    return re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], text)
