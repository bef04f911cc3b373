"""`flask demo`: sample users, posts and comments for an empty site.

The content is in demo_content/. To remove the command, delete that folder, this module and its
entry in COMMANDS.
"""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask import current_app
from sqlalchemy import select

from .. import jobs
from ..deletion import delete_rows_of_user, delete_user
from ..extensions import db
from ..models import (
    Comment,
    HiddenUser,
    Notification,
    Post,
    Report,
    Role,
    Target,
    User,
    utcnow,
)
from .reporting import ReportingGroup, count

CONTENT = Path(__file__).with_name("demo_content")
PASSWORD = "demo-password"  # noqa: S105 - public; see seed()
LOGINS = 3  # the first users of users.toml have a password

demo = ReportingGroup("demo", help="Create and delete demo data (not for production).")


@demo.command("seed")
@click.option("--if-empty", is_flag=True, help="Do nothing if there are other users.")
def seed(if_empty: bool) -> None:
    """Create demo users, posts, follows and comments; print three logins."""
    if not current_app.config["ALLOW_DEMO_DATA"]:
        if if_empty:
            click.echo("Skipped demo data: ALLOW_DEMO_DATA is false.")
            return
        raise click.ClickException(
            "Demo users have a public password, so they are not allowed here. "
            "On a test site, set ALLOW_DEMO_DATA=true."
        )
    if db.session.scalar(select(User.id).limit(1)) is None:
        _seed()
    elif not _demo_users() and not if_empty:
        raise click.ClickException(
            "The database has users already; demo data needs an empty one. "
            "Set DATABASE_URL (in development: DEV_DATABASE_URL) to another database."
        )
    _print_logins()


@demo.command("clear")
def clear() -> None:
    """Delete the demo users with everything they wrote. Other users are kept."""
    users = _demo_users()
    user_ids = [user.id for user in users]
    for user in users:
        delete_user(user)
    db.session.commit()
    for user_id in user_ids:
        jobs.run_now(delete_rows_of_user, user_id)
    click.echo(f"Deleted {count(len(users), 'demo user')} with their posts and comments.")


def _seed() -> None:
    roles = {role.name: role for role in db.session.scalars(select(Role))}
    if not roles:
        raise click.ClickException("The database has no roles. Run: flask deploy")
    click.echo("Creating demo data …")
    now = utcnow()
    users = _add_users(roles, now)
    posts = _add_posts(users, now)
    _add_comments(users, posts)
    _add_reports(users, posts)
    db.session.commit()


def _add_users(roles: dict[str, Role], now: datetime) -> dict[str, User]:
    """Add the users, their follows and mutes; return the users by username."""
    users = {}
    for index, row in enumerate(_content("users")):
        users[row["username"]] = user = User(
            email=_email(row["username"]),
            username=row["username"],
            confirmed=True,
            member_since=now - timedelta(days=row["days"]),
            notifications_read_at=now - timedelta(days=2),
            role=roles[row["role"]],
            **{key: row[key] or None for key in ("name", "location", "about_me", "locale")},
        )
        if index < LOGINS:
            user.password = PASSWORD
        db.session.add(user)
    for row in _content("users"):
        user = users[row["username"]]
        for index, followed in enumerate(users[name] for name in row["follows"]):
            age = 0.9 * (now - max(user.member_since, followed.member_since))
            timestamp = now - max(age - timedelta(index), timedelta(1))
            user.follow(followed, timestamp)
            Notification.add_follow(user, followed, timestamp)
        for name in row.get("mutes", []):
            HiddenUser.mute(user, users[name])
    return users


def _add_posts(users: dict[str, User], now: datetime) -> dict[str, Post]:
    """Add the posts from the oldest to the newest; return them by key."""
    posts = {}
    for row in sorted(_content("posts"), key=lambda row: -row["hours_ago"]):
        posts[row["key"]] = post = Post(
            body=row["body"].strip(),
            author=users[row["author"]],
            timestamp=now - timedelta(hours=row["hours_ago"]),
        )
        if "edited_hours_ago" in row:
            post.edited_at = now - timedelta(hours=row["edited_hours_ago"])
        db.session.add(post)
    return posts


def _add_comments(users: dict[str, User], posts: dict[str, Post]) -> None:
    """Add the comments from the oldest to the newest."""

    def timestamp(row: dict[str, Any]) -> datetime:
        return posts[row["post"]].timestamp + timedelta(minutes=row["minutes_after"])

    for row in sorted(_content("comments"), key=timestamp):
        comment = Comment(
            body=row["body"].strip(),
            author=users[row["author"]],
            post=posts[row["post"]],
            timestamp=timestamp(row),
        )
        if "disabled_by" in row:
            comment.suspend(by=users[row["disabled_by"]])
            comment.disabled_at = comment.timestamp + timedelta(minutes=30)
        db.session.add(comment)


def _add_reports(users: dict[str, User], posts: dict[str, Post]) -> None:
    """Add the reports; the moderators have reviewed none of them."""
    db.session.flush()
    for row in _content("reports"):
        user = users[row["user"]]
        target = Target("user", user.id, user.id)
        if "post" in row:
            post = posts[row["post"]]
            target = Target("post", post.id, user.id)
            if post.author != user:
                own = (Comment.post_id == post.id) & (Comment.author_id == user.id)
                comment_id = db.session.scalars(select(Comment.id).where(own).limit(1)).one()
                target = Target("comment", comment_id, user.id)
        Report.file(users[row["reporter"]], target, row["reason"], row["text"])


def _print_logins() -> None:
    users = [user for user in _demo_users() if user.password_hash is not None]
    if users:
        click.echo("You can log in as:")
    for user in users:
        role = user.role.name if user.role else ""
        click.echo(f"  {role:<14} email: {user.email:<18} password: {PASSWORD}")


def _demo_users() -> list[User]:
    """Return the demo users in the database, in the order of users.toml."""
    emails = [_email(user["username"]) for user in _content("users")]
    return list(db.session.scalars(select(User).where(User.email.in_(emails)).order_by(User.id)))


def _email(username: str) -> str:
    return f"{username}@example.com"


def _content(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((CONTENT / f"{name}.toml").read_text("utf-8"))[name]
    return rows
