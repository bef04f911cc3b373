"""`flask users`: accounts."""

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .. import jobs
from ..deletion import delete_rows_of_user, delete_user
from ..extensions import db
from ..forms import USERNAME_PATTERN
from ..mail import messages
from ..models import Authenticator, LoginSession, Role, SecurityEvent, User, email_address
from ..security import passwords
from .reporting import ReportingGroup

users = ReportingGroup("users", help="Create, promote, list and delete users.")


@users.command("create")
@click.argument("email")
@click.argument("username")
@click.option("--role", "role_name", help="Role (default: as with registration).")
@click.password_option(help="Password (default: prompt for it).")
def create(email: str, username: str, role_name: str | None, password: str) -> None:
    """Create a user whose email address is already confirmed.

    Example: flask users create ann@example.com ann --role Moderator
    """
    _validate(email, username, password)
    user = User(email=email, username=username, password=password, confirmed=True)
    user.role = _get_role(role_name) if role_name else user.role or _get_role(Role.DEFAULT)
    db.session.add(user)
    try:
        SecurityEvent.record_action(None, "user_created", user, user.role.name)
        db.session.commit()
    except IntegrityError:
        raise click.ClickException(
            "A user with this email address or username exists. See: flask users list"
        ) from None
    click.echo(f"Created user {username} ({user.role.name}).")


@users.command("promote")
@click.argument("username")
@click.argument("role_name", metavar="[ROLE]", default="Administrator")
def promote(username: str, role_name: str) -> None:
    """Set the role of USERNAME (default: Administrator).

    ROLE is User, Moderator or Administrator.

    Example: flask users promote ann Moderator
    """
    user = get_user(username)
    old_role, user.role = user.role, _get_role(role_name)
    change = f"{old_role and old_role.name} → {user.role.name}"
    SecurityEvent.record_action(None, "role_changed", user, change)
    db.session.commit()
    click.echo(f"{user.username} now has the role {user.role.name}.")


@users.command("list")
@click.option("--role", "role_name", help="Only users with this role.")
@click.option("--limit", default=100, type=click.IntRange(1), help="Maximum number.")
def list_users(role_name: str | None, limit: int) -> None:
    """List users, newest first."""
    query = select(User).where(User.deleted_at.is_(None)).order_by(User.id.desc()).limit(limit)
    if role_name:
        query = query.where(User.role_id == _get_role(role_name).id)
    rows = db.session.scalars(query).all()
    if not rows:
        click.echo("No users. Create one: flask users create EMAIL USERNAME")
    for user in rows:
        role = user.role.name if user.role else "no role"
        suffix = "" if user.confirmed else ", unconfirmed"
        suffix += "" if user.is_active else ", suspended"
        click.echo(f"{user.id}  {user.username}  {user.email}  ({role}{suffix})")


@users.command("delete")
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
def delete(username: str, yes: bool) -> None:
    """Delete USERNAME with everything they have created."""
    user = get_user(username)
    if not yes:
        click.confirm(f"Delete {user.username} with everything they have created?", abort=True)
    user_id = user.id
    SecurityEvent.record_action(None, "user_deleted", user)
    delete_user(user)
    db.session.commit()
    jobs.run_now(delete_rows_of_user, user_id)
    click.echo(f"Deleted user {username}.")


@users.command("reset-two-factor")
@click.argument("username")
def reset_two_factor(username: str) -> None:
    """Turn off two-factor authentication for USERNAME, and end their sessions.

    For users who have lost both their authenticator app and their recovery codes. Make sure that
    the request is theirs: someone who knows the password can log in afterwards.
    """
    user = get_user(username)
    if not Authenticator.remove(user):
        raise click.ClickException(f"{user.username} does not use two-factor authentication.")
    LoginSession.revoke(user)
    SecurityEvent.record_action(None, "two_factor_disabled", user)
    messages.send_security_change(user, "two_factor_disabled")
    db.session.commit()
    click.echo(f"Turned off two-factor authentication for {user.username}.")


def get_user(username: str) -> User:
    """Return the user with this username; raise ClickException if there is none."""
    user = User.find_by_username(username)
    if user is None:
        raise click.ClickException(f"User {username!r} not found. See: flask users list")
    return user


def _validate(email: str, username: str, password: str) -> None:
    try:
        email_address.normalize(email)
    except email_address.InvalidEmailAddress:
        raise click.ClickException(f"{email!r} is not a valid email address.") from None
    if not USERNAME_PATTERN.fullmatch(username) or len(username) > 64:
        raise click.ClickException(
            f"{username!r} is not a valid username. Use at most 64 letters, digits, dots and "
            "underscores, starting with a letter."
        )
    if len(password) < passwords.MIN_LENGTH:
        raise click.ClickException(
            f"The password must have at least {passwords.MIN_LENGTH} characters."
        )
    if passwords.is_common(password):
        raise click.ClickException("This password is too common. Choose another.")


def _get_role(name: str) -> Role:
    name = name.capitalize() if name.capitalize() in Role.ROLES else name
    role = Role.find_by_name(name)
    if role is None:
        choices = ", ".join(Role.ROLES)
        hint = "Run: flask deploy" if name in Role.ROLES else f"Choose one of {choices}."
        raise click.ClickException(f"Role {name!r} not found. {hint}")
    return role
