"""`flask demo`: a small community, so that a new site has something to look at.

What they say is in demo_content/. To do without, delete that folder, this file and its line in
__init__.py.
"""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import current_app
from sqlalchemy import select

from ..extensions import db
from ..models import Comment, Post, Role, User, delete_user, utcnow
from .telling import TellingGroup

CONTENT = Path(__file__).with_name("demo_content")
PASSWORD = "demo-password"  # noqa: S105 - everybody may know it: see _refuse_in_production()
LOGINS = 3  # so many of the people, from the first, can log in

demo = TellingGroup("demo", help="A small community to look at; not for production.")


@demo.command("seed")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are accounts already.")
def seed(if_empty: bool) -> None:
    """Fill the site with people, posts, follows and comments, and print three logins."""
    if if_empty and not current_app.config["FLASKY_DEMO"]:
        click.echo("No demo data, since FLASKY_DEMO is false.")
        return
    _refuse_in_production()
    if db.session.scalar(select(User.id).limit(1)) is None:
        _seed(utcnow())
    elif _demo_user(_content("people")[0]["username"]) is None and not if_empty:
        raise click.ClickException(
            "There are accounts already, and demo data belongs on an empty site. "
            "Use another database, or delete them."
        )
    _print_logins()


@demo.command("clear")
def clear() -> None:
    """Delete the people of the demo with everything they wrote; others stay."""
    known = (_demo_user(person["username"]) for person in _content("people"))
    users = [user for user in known if user is not None]
    for user in users:
        delete_user(user)
    db.session.commit()
    click.echo(f"Deleted {len(users)} demo accounts and what they wrote.")


def _refuse_in_production() -> None:
    if not current_app.config["FLASKY_DEMO"]:
        raise click.ClickException(
            "Demo accounts have a password that everybody knows, so they are not made here. "
            "If this site is for trying things out, set FLASKY_DEMO=true."
        )


def _seed(now: datetime) -> None:
    people, posts, comments = (_content(name) for name in ("people", "posts", "comments"))
    if Role.named(Role.DEFAULT) is None:
        raise click.ClickException("The database has no roles yet. Run: flask deploy")
    steps = [
        *_making_people(people, now),
        *_making_follows(people, now),
        *_making_posts(posts, comments, now),
    ]
    with click.progressbar(steps, label="Filling the site with demo data") as bar:
        for step in bar:
            step()
    db.session.commit()


def _making_people(people: list[dict[str, Any]], now: datetime) -> Iterator[Any]:
    for number, person in enumerate(people):
        yield partial(_add_person, person, number, now)


def _add_person(person: dict[str, Any], number: int, now: datetime) -> None:
    user = User(
        email=_email(person["username"]),
        username=person["username"],
        confirmed=True,
        member_since=now - timedelta(days=person["days"]),
        **{key: person[key] or None for key in ("name", "location", "about_me", "locale")},
    )
    user.role = Role.named(person["role"])
    if number < LOGINS:
        user.password = PASSWORD
    db.session.add(user)


def _making_follows(people: list[dict[str, Any]], now: datetime) -> Iterator[Any]:
    days = {person["username"]: person["days"] for person in people}
    for person in people:
        for number, name in enumerate(person["follows"]):
            since = min(days[person["username"]], days[name]) * 0.9 - number
            at = now - timedelta(days=max(since, 1))
            yield partial(_follow, person["username"], name, at)


def _follow(follower: str, followed: str, at: datetime) -> None:
    one, other = User.with_username(follower), User.with_username(followed)
    if one is not None and other is not None:
        one.follow(other, at)


def _making_posts(
    posts: list[dict[str, Any]], comments: list[dict[str, Any]], now: datetime
) -> Iterator[Any]:
    """Oldest first, so that ids grow with time as they do in life."""
    made: dict[str, Post] = {}
    for post in sorted(posts, key=lambda post: -post["hours_ago"]):
        yield partial(_add_post, made, post, now)
    hours_ago = {post["key"]: post["hours_ago"] for post in posts}
    minutes_ago = {
        number: hours_ago[comment["post"]] * 60 - comment["minutes_after"]
        for number, comment in enumerate(comments)
    }
    for number in sorted(minutes_ago, key=lambda number: -minutes_ago[number]):
        yield partial(_add_comment, made, comments[number])


def _add_post(made: dict[str, Post], post: dict[str, Any], now: datetime) -> None:
    timestamp = now - timedelta(hours=post["hours_ago"])
    author = User.with_username(post["author"])
    row = Post(body=post["body"].strip(), author=author, timestamp=timestamp)
    db.session.add(row)
    made[post["key"]] = row


def _add_comment(made: dict[str, Post], comment: dict[str, Any]) -> None:
    post = made[comment["post"]]
    timestamp = post.timestamp + timedelta(minutes=comment["minutes_after"])
    author = User.with_username(comment["author"])
    moderator = User.with_username(comment.get("disabled_by", ""))
    row = Comment(body=comment["body"].strip(), author=author, post=post, timestamp=timestamp)
    if moderator is not None:
        row.suspend(by=moderator)
        row.disabled_at = timestamp + timedelta(minutes=30)
    db.session.add(row)


def _print_logins() -> None:
    people = _content("people")[:LOGINS]
    users = [user for user in (_demo_user(person["username"]) for person in people) if user]
    if users:
        click.echo("Log in as:")
    for user in users:
        if user.role is not None:
            click.echo(f"  {user.role.name:<14} {user.email:<20} password: {PASSWORD}")


def _demo_user(username: str) -> User | None:
    user = User.with_username(username)
    return user if user is not None and user.email == _email(username) else None


def _email(username: str) -> str:
    return f"{username}@example.com"


def _content(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((CONTENT / f"{name}.toml").read_text("utf-8"))[name]
    return rows
