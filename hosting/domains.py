"""A name of its own for a site, and a certificate that browsers believe: domains add."""

import re
from dataclasses import replace

import click

from . import certificates, regions, setup, site, ssh, steps
from .options import as_root
from .plan import Plan
from .regions import Region
from .server import PROTOCOL
from .steps import Step

DOMAIN = re.compile(r"(?=.{4,253}$)((?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
EMAIL = re.compile(r"\w[\w.+-]*@([\w-]+\.)+[\w-]+", re.ASCII)
LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"


@click.group()
def domains() -> None:
    """The name of the site, and its certificate."""


@domains.command("add")
@click.argument("domain")
@click.option("--email", default="", help="Where the authority may write to.")
@click.option(
    "--server", default=LETS_ENCRYPT, metavar="URL", help="An authority (default: Let's Encrypt)."
)
@as_root
def add_domain(domain: str, email: str, server: str, admin: str, region: Region) -> None:
    """Let the site have this name, and a certificate for it that browsers believe.

    Example: python -m hosting domains add blog.example.org --email you@example.org
    """
    domain = domain.lower()
    if not DOMAIN.fullmatch(domain):
        raise click.UsageError(f"{domain!r} is no name of a site: blog.example.org would be one.")
    if email and not EMAIL.fullmatch(email):
        raise click.UsageError(f"{email!r} is no address of somebody's.")
    empty = Plan(region.app, "", "", "")
    shown = ssh.ask(region, ssh.ssh(region, empty.look(), admin))
    was = empty.with_what_is_there(shown, None)
    if not was.domain:
        raise ssh.Unreachable(f"There is no {region.app} at {region.name} yet: set it up first.")
    text = steps.script(named(was, domain, server, email), dry=False)
    if ssh.go(region, ssh.ssh(region, ["sh", "-s"], admin), text):
        raise SystemExit(1)
    regions.remember(replace(region, url=f"https://{domain}"))
    click.echo(f"{region.app} at {region.name} is https://{domain}")


def named(was: Plan, domain: str, server: str, email: str) -> list[Step]:
    """Return what gives a site its name, in an order in which the old name or the new one works.

    The release that runs may refuse the new name, and the next one the old: nginx knows both until
    a release is live that was told the new one.
    """
    plan, both = replace(was, domain=domain), replace(was, domain=f"{was.domain} {domain}")
    return [
        site.free(plan),
        steps.packages("certbot"),
        certificates.obtained(plan.app, domain, server, email),
        *certificates.kept(plan.app),
        site.room(),
        *(site.served(both) if plan != was else []),
        *setup.app(plan),
        told(plan),
        *site.served(plan),
    ]


def told(plan: Plan) -> Step:
    """A release that was told the name, unless there is none at all yet."""
    current = f"{plan.root}/state/current"
    return Step(
        f"release that knows {plan.domain}",
        f"! test -L {current} || find {current} -newer {plan.root}/site.json | grep -q .",
        steps.as_user(
            plan.app,
            f"SSH_ORIGINAL_COMMAND='hosting {PROTOCOL} restart' "
            f"python3 -I {plan.root}/hosting gate root",
        ),
    )
