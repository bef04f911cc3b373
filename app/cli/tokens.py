"""`flask tokens`: the API tokens of a user."""

import click
from flask import current_app

from ..extensions import db
from ..models import AccessToken, TooManyTokens
from .reporting import ReportingGroup, count
from .users import get_user

tokens = ReportingGroup("tokens", help="Create, list and revoke API tokens.")


@tokens.command("create")
@click.argument("username")
@click.option("--name", default="command line", help="Name of the token.")
@click.option(
    "--days", type=click.IntRange(1, 3650), help="Lifetime (default: API_TOKEN_TTL_DAYS)."
)
@click.option("--read-only", is_flag=True, help="Only allow reading.")
def create(username: str, name: str, days: int | None, read_only: bool) -> None:
    """Create an API token for USERNAME and print it. It is not shown again.

    Example: flask tokens create ann --name backup --days 365 --read-only
    """
    if not name.strip() or len(name) > AccessToken.name.type.length:
        raise click.ClickException("The name must have 1 to 64 characters.")
    user = get_user(username)
    if not user.confirmed:
        raise click.ClickException(
            f"{user.username} has not confirmed their email address, so the token would not work."
        )
    if not user.is_active:
        raise click.ClickException(f"{user.username} is suspended, so the token would not work.")
    lifetime = days or current_app.config["API_TOKEN_TTL_DAYS"]
    try:
        _token, secret = AccessToken.issue(user, name.strip(), lifetime, read_only)
    except TooManyTokens:
        raise click.ClickException(
            f"{user.username} has {AccessToken.MAX_PER_USER} tokens. Revoke one first: "
            f"flask tokens revoke {user.username} ID"
        ) from None
    db.session.commit()
    click.echo(secret)


@tokens.command("list")
@click.argument("username")
def list_tokens(username: str) -> None:
    """List the valid tokens of USERNAME, newest first."""
    query = AccessToken.active_rows(get_user(username)).order_by(AccessToken.id.desc())
    rows = db.session.execute(query).all()
    if not rows:
        click.echo(f"No tokens. Create one: flask tokens create {username}")
    for row in rows:
        # Control characters could move the cursor of the terminal.
        label = "".join(character if character.isprintable() else "?" for character in row.name)
        used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never"
        details = f"expires {row.expires_at:%Y-%m-%d}, last used {used}"
        suffix = ", read-only" if row.read_only else ""
        click.echo(f"{row.id}  {label}  ({details}{suffix})")


@tokens.command("revoke")
@click.argument("username")
@click.argument("token_id", metavar="[ID]", type=int, required=False)
@click.option("--all", "revoke_all", is_flag=True, help="Revoke every token of this user.")
def revoke(username: str, token_id: int | None, revoke_all: bool) -> None:
    """Revoke the token ID of USERNAME. For the IDs, see: flask tokens list USERNAME"""
    if (token_id is None) != revoke_all:
        raise click.UsageError("Give the ID of a token, or --all.")
    revoked = AccessToken.revoke(get_user(username), token_id)
    db.session.commit()
    if not revoked and not revoke_all:
        raise click.ClickException(
            f"{username} has no token {token_id}. See: flask tokens list {username}"
        )
    click.echo(f"Revoked {count(revoked, 'token')} of {username}.")
