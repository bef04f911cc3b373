"""`flask users`: accounts, for whoever has a shell on the server."""

from datetime import timedelta

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .. import addresses, passwords
from ..extensions import db
from ..forms import USERNAME_PATTERN
from ..models import Role, User, delete_user, utcnow
from .telling import TellingGroup

users = TellingGroup("users", help="Accounts: make, promote, list and delete them.")


@users.command("create")
@click.argument("email")
@click.argument("username")
@click.option("--role", "role_name", help="Which role (default: as if they had registered).")
@click.password_option(help="The password; asked for when it is not given.")
def create(email: str, username: str, role_name: str | None, password: str) -> None:
    """Make an account that is confirmed already: EMAIL and USERNAME.

    Example: flask users create ann@example.com ann --role Moderator
    """
    _check(email, username, password)
    user = User(email=email, username=username, password=password, confirmed=True)
    user.role = _role(role_name) if role_name else user.role or _role(Role.DEFAULT)
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        raise click.ClickException("This address or username has an account already.") from None
    click.echo(f"Made {username} ({user.role.name}).")


@users.command("promote")
@click.argument("username")
@click.argument("role_name", metavar="ROLE", default="Administrator")
def promote(username: str, role_name: str) -> None:
    """Give USERNAME the role ROLE (User, Moderator, Administrator).

    Example: flask users promote ann Moderator
    """
    user = _user(username)
    role = _role(role_name)
    user.role = role
    db.session.commit()
    click.echo(f"{user.username} has the role {role.name} now.")


@users.command("list")
@click.option("--role", "role_name", help="Only accounts with this role.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many.")
def list_users(role_name: str | None, limit: int) -> None:
    """List accounts, newest first."""
    query = select(User).order_by(User.id.desc()).limit(limit)
    if role_name:
        query = query.where(User.role_id == _role(role_name).id)
    found = db.session.scalars(query).all()
    if not found:
        click.echo("No accounts yet. Make one: flask users create EMAIL USERNAME")
    for user in found:
        role = user.role.name if user.role else "no role"
        note = "" if user.confirmed else ", not confirmed"
        click.echo(f"{user.id}  {user.username}  {user.email}  ({role}{note})")


@users.command("delete")
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(username: str, yes: bool) -> None:
    """Delete the account USERNAME with its posts, comments and follows."""
    user = _user(username)
    if not yes:
        click.confirm(f"Delete {user.username} and everything they wrote?", abort=True)
    delete_user(user)
    db.session.commit()
    click.echo(f"Deleted {username}.")


@users.command("prune")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1), help="How old.")
def prune(days: int) -> None:
    """Delete registrations that nobody confirmed, and free the names they took.

    Only accounts that were never used go: unconfirmed, without posts and comments.
    """
    since = utcnow() - timedelta(days=days)
    found = db.session.scalars(User.abandoned(since)).all()
    for user in found:
        delete_user(user)
    User.free_held_usernames(since)
    db.session.commit()
    click.echo(f"Deleted {len(found)} registrations that nobody confirmed in {days} days.")


def _check(email: str, username: str, password: str) -> None:
    try:
        addresses.normalise(email)
    except addresses.AddressError:
        raise click.ClickException(f"{email!r} is not an e-mail address.") from None
    if not USERNAME_PATTERN.fullmatch(username) or len(username) > 64:
        raise click.ClickException(
            f"{username!r} cannot be a username: letters, digits, dots and underscores, at most "
            "64, beginning with a letter."
        )
    if len(password) < passwords.MIN_LENGTH:
        raise click.ClickException(
            f"The password needs at least {passwords.MIN_LENGTH} characters."
        )
    if passwords.is_common(password):
        raise click.ClickException("This password is among the most common ones: choose another.")


def _user(username: str) -> User:
    user = User.with_username(username)
    if user is None:
        raise click.ClickException(f"There is no user {username!r}. See: flask users list")
    return user


def _role(name: str) -> Role:
    name = name.capitalize() if name.capitalize() in Role.ROLES else name
    role = Role.named(name)
    if role is None:
        known = ", ".join(Role.ROLES)
        hint = "Run `flask deploy` first." if name in Role.ROLES else f"Choose one of {known}."
        raise click.ClickException(f"There is no role {name!r}. {hint}")
    return role
