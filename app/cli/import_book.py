"""`flask import-book`: move the database of the application in the Flask book to this site.

Ids, password hashes, roles, follows and comments are kept. It is one transaction, and needs a
database without users, so running it again does no harm. To remove the command, delete this
module and its entry in COMMANDS.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from urllib.parse import quote

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, create_engine, func, insert, inspect, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ..database.timeouts import without_timeouts
from ..extensions import db
from ..models import Comment, Follow, Permission, Post, Role, User
from .book_rows import Converter, Lost, Row
from .reporting import count, one_line

BATCH = 1000  # rows
ADMINISTER = 0x80  # of the first edition

# The columns by which the rows of a table are read. Of users with the same email address or
# username, the first one keeps it: a confirmed one.
ORDER = {
    "roles": "id",
    "users": "coalesce(confirmed, false) DESC, id",
    "posts": "id",
    "comments": "id",
    "follows": "follower_id, followed_id",
}


@click.command("import-book")
@click.argument("url")
@with_appcontext
def import_book(url: str) -> None:
    """Import the database of the application in the book Flask Web Development.

    URL is that of its database, such as sqlite:////srv/book/data.sqlite or
    postgresql://user:password@host/book. It is only read. Users, posts, comments and follows are
    copied; this site must not have users yet.
    """
    try:
        with without_timeouts(), connect(url) as source:
            check_target()
            importer = Importer(source)
            importer.run()
            db.session.commit()
    except SQLAlchemyError as error:
        db.session.rollback()
        raise click.ClickException(
            f"Database error: {one_line(error)}. Nothing was imported."
        ) from None
    for line in importer.lost:
        click.echo(f"Not kept: {line}.")
    click.echo("Imported " + ", ".join(count(*copied) for copied in importer.copied) + ".")


def check_target() -> None:
    """Raise ClickException unless the database of the site has roles, but no users."""
    if db.session.scalar(select(Role.id).limit(1)) is None:
        raise click.ClickException("The database has no roles. Run: flask deploy")
    if db.session.scalar(select(User.id).limit(1)) is not None:
        raise click.ClickException(
            "The database has users already. Ids are kept, so an import needs one without users. "
            "Nothing was imported."
        )


@contextmanager
def connect(url: str) -> Iterator[Connection]:
    """Connect to the database of the book; raise ClickException."""
    try:
        engine = create_engine(_parse(url))
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise click.ClickException(
            "This is not the URL of a database. Examples: sqlite:////srv/book/data.sqlite, "
            "postgresql://user:password@host/book"
        ) from None
    with engine.connect() as source:
        if missing := {"roles", "users", "posts"} - {*inspect(source).get_table_names()}:
            raise click.ClickException(
                f"The database has no table {min(missing)}: is it the one of the book?"
            )
        yield source


def _parse(url: str) -> URL:
    parsed = make_url(re.sub("^postgres(ql)?://", "postgresql+psycopg2://", url))
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        # Read-only: a missing file is an error, and is not created.
        name, options = f"file:{quote(parsed.database)}", {"mode": "ro", "uri": "true"}
        parsed = parsed.set(database=name, query=options)
    return parsed


class Importer:
    """Copies the rows of `source`.

    `copied` has the number and the kind of rows; `lost`, sentences on what could not be kept.
    """

    def __init__(self, source: Connection) -> None:
        self.source = source
        self.copied: list[tuple[int, str]] = []
        self.lost: list[str] = []

    def run(self) -> None:
        """Copy all tables, into the current transaction."""
        default = db.session.scalar(select(Role.id).where(Role.default.is_(True)))
        converter = Converter(self.copy_roles(), default)
        self.copy("user", User, converter.user)
        self.copy("post", Post, converter.post)
        self.copy("comment", Comment, converter.comment)
        self.copy("follow", Follow, converter.follow)
        self.lost = converter.changed + self.lost
        User.add_self_follows()
        update_counts()
        update_sequences()

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of a table of the source; none if there is no such table."""
        if inspect(self.source).has_table(name):
            rows = text(f"SELECT * FROM {name} ORDER BY {ORDER[name]}")  # noqa: S608 - constants
            result = self.source.execute(rows, execution_options={"yield_per": BATCH})
            for row in result.mappings():
                yield {column: _clean(value) for column, value in row.items()}

    def copy(self, noun: str, model: type[Any], convert: Callable[[Row], Row]) -> None:
        """Insert the converted rows of a table."""
        rows, number = self.rows(f"{noun}s"), 0
        while batch := list(islice(rows, BATCH)):
            new = list(self._converted(noun, batch, convert))
            if new:
                db.session.execute(insert(model), new)
            number += len(new)
        self.copied.append((number, noun))

    def _converted(
        self, noun: str, rows: list[Row], convert: Callable[[Row], Row]
    ) -> Iterator[Row]:
        for row in rows:
            try:
                yield convert(row)
            except Lost as error:
                self.lost.append(f"{noun} {row.get('id', '')}: {error}".replace(" :", ":"))

    def copy_roles(self) -> dict[int, int]:
        """Add the roles that this site lacks; return the ids of all, by those of the book."""
        ids = {}
        for row in self.rows("roles"):
            name, old = row["name"] or f"Role {row['id']}", row["permissions"] or 0
            role = Role.find_by_name(name)
            if role is None:
                permissions = old & (Permission.ADMIN - 1)
                if old & (Permission.ADMIN | ADMINISTER):
                    permissions |= Permission.ADMIN
                role = Role(name=name, permissions=int(permissions))
                db.session.add(role)
                db.session.flush()
            ids[row["id"]] = role.id
        return ids


def update_counts() -> None:
    """Set the counts of all users and posts."""
    others = Follow.follower_id != Follow.followed_id
    users = update(User).values(
        post_count=_count(Post.author_id == User.id),
        follower_count=_count(Follow.followed_id == User.id, others),
        following_count=_count(Follow.follower_id == User.id, others),
    )
    posts = update(Post).values(comment_count=_count(Comment.post_id == Post.id))
    for statement in (users, posts):
        db.session.execute(statement, execution_options={"synchronize_session": False})


def _count(*conditions: Any) -> Any:
    return select(func.count()).where(*conditions).scalar_subquery()


def update_sequences() -> None:
    """Let PostgreSQL continue after the highest id; SQLite does so by itself."""
    if db.engine.dialect.name == "postgresql":
        for model in (User, Post, Comment):
            sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
            db.session.execute(select(func.setval(sequence, func.max(model.id))))


def _clean(value: Any) -> Any:
    """Return a value without NUL characters, which PostgreSQL cannot store."""
    return value.replace("\0", "") if isinstance(value, str) else value
