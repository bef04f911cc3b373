"""`flask tokens`: tokens for programs, for whoever has a shell on the server."""

import click
from flask import current_app

from ..extensions import db
from ..models import AccessToken, User, rows_changed
from .telling import TellingGroup

tokens = TellingGroup("tokens", help="Tokens for programs: make, list and revoke them.")


@tokens.command("create")
@click.argument("username")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long (default: API_TOKEN_DAYS).")
@click.option("--read-only", is_flag=True, help="It may change nothing.")
def create(username: str, name: str, days: int | None, read_only: bool) -> None:
    """Make a token for USERNAME, and print it: nobody will see it again.

    Example: flask tokens create ann --name backup --days 365 --read-only
    """
    if not name.strip() or len(name) > AccessToken.name.type.length:
        raise click.ClickException("The name of a token has 1 to 64 characters.")
    user = _user(username)
    if not user.confirmed:
        raise click.ClickException(f"{user.username} is not confirmed: the token would not work.")
    lasting = days or current_app.config["API_TOKEN_DAYS"]
    _token, secret = AccessToken.issue(user, name.strip(), lasting, read_only)
    db.session.commit()
    click.echo(secret)


@tokens.command("list")
@click.argument("username")
def list_tokens(username: str) -> None:
    """List the tokens of USERNAME that work, newest first."""
    rows = AccessToken.rows_of(_user(username)).order_by(AccessToken.id.desc())
    found = db.session.execute(rows).all()
    if not found:
        click.echo(f"No tokens. Make one: flask tokens create {username}")
    for row in found:
        used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never"
        note = ", read-only" if row.read_only else ""
        until = f"{row.expires_at:%Y-%m-%d}"
        click.echo(f"{row.id}  {_printable(row.name)}  (until {until}, last used {used}{note})")


@tokens.command("revoke")
@click.argument("username")
@click.argument("token_id", type=int, required=False)
@click.option("--all", "is_all", is_flag=True, help="Every token of this account.")
def revoke(username: str, token_id: int | None, is_all: bool) -> None:
    """End the token TOKEN_ID of USERNAME, or all of them. See: flask tokens list USERNAME"""
    if (token_id is None) != is_all:
        raise click.UsageError("Say which: the number of one token, or --all.")
    ended = rows_changed(db.session.execute(AccessToken.revoke(_user(username), token_id)))
    db.session.commit()
    if not ended and not is_all:
        raise click.ClickException(f"{username} has no token {token_id}.")
    click.echo(f"Ended {ended} token{'' if ended == 1 else 's'} of {username}.")


def _user(username: str) -> User:
    user = User.with_username(username)
    if user is None:
        raise click.ClickException(f"There is no user {username!r}. See: flask users list")
    return user


def _printable(name: str) -> str:
    """Return the name without what would move the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)
