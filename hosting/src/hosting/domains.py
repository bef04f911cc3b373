"""`domains add`: give a site its own domain and a trusted certificate."""

import re
from dataclasses import replace

import click

from . import certificates, nginx, provision, servers, setup, ssh
from .agent import PROTOCOL
from .agent.paths import CommandError
from .options import root_options, run_steps
from .plan import Plan
from .provision import Step
from .servers import Server

DOMAIN = re.compile(r"(?=.{4,253}$)((?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
EMAIL = re.compile(r"\w[\w.+-]*@([\w-]+\.)+[\w-]+", re.ASCII)
LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"


@click.group()
def domains() -> None:
    """Manage the domain of the site and its certificate."""


@domains.command("add")
@click.argument("domain")
@click.option("--also", multiple=True, metavar="NAME", help="Another domain; can be repeated.")
@click.option("--email", default="", help="The contact for the certificate authority.")
@click.option("--server", "acme", default=LETS_ENCRYPT, metavar="URL", help="An ACME directory.")
@root_options
def add_domain(
    domain: str, also: tuple[str, ...], email: str, acme: str, admin: str, server: Server
) -> None:
    """Change the domains of the site and obtain a trusted certificate for them.

    Example: hosting domains add blog.example.org --email you@example.org
    """
    domain, *others = (one.lower() for one in (domain, *also))
    for one in (domain, *others):
        if not DOMAIN.fullmatch(one):
            raise click.UsageError(f"{one!r} is not a valid domain.")
    if email and not EMAIL.fullmatch(email):
        raise click.UsageError(f"{email!r} is not a valid email address.")
    empty = Plan(server.app, "", "", "")
    current = ssh.capture(server, ssh.ssh(server, empty.inspect_command(), admin))
    old = empty.merged(current, None)
    if not old.domain:
        raise CommandError(f"{server.app} is not set up at {server.name}: run hosting setup.")
    plan = replace(old, domain=domain, also=tuple(others))
    run_steps(server, admin, steps(old, plan, acme, email))
    servers.add(replace(server, url=f"https://{domain}"))
    click.echo(f"{server.app} at {server.name} is https://{domain}")


def steps(old: Plan, plan: Plan, acme: str, email: str) -> list[Step]:
    """Return the steps in an order in which the old or the new domain works at any time.

    The running release may reject the new domain, and the next one the old domain. nginx accepts
    both until a release is live that has the new one.
    """
    both = replace(plan, domain=f"{old.domain} {plan.domain}", also=old.also + plan.also)
    return [
        nginx.domain_is_free(plan),
        provision.packages("certbot"),
        certificates.obtained(plan.app, plan.names, acme, email),
        *certificates.installed(plan.app),
        nginx.global_limits(),
        *(nginx.site(both) if plan != old else []),
        *setup.app(plan),
        restarted(plan),
        *nginx.site(plan),
    ]


def restarted(plan: Plan) -> Step:
    """Restart the app unless the live release is newer than the domain, or there is none."""
    current = f"{plan.root}/state/current"
    return Step(
        f"release with {plan.domain}",
        f"! test -L {current} || find {current} -newer {plan.root}/site.json | grep -q .",
        provision.as_user(
            plan.app,
            f"SSH_ORIGINAL_COMMAND='hosting {PROTOCOL} restart' "
            f"python3 -I {plan.root}/hosting dispatch root",
        ),
    )
