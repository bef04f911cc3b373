"""The counts that pages show, compared with the rows that they count."""

from sqlalchemy import func, select

from app.extensions import db
from app.models import Comment, Follow, Post, User


def wrong_counts() -> list[str]:
    """Return every count that differs from the rows it counts."""
    db.session.expire_all()
    wrong = []
    for user in db.session.scalars(select(User)):
        shown = (user.post_count, user.follower_count, user.following_count)
        real = (
            _count(Post.author_id == user.id),
            _count(Follow.followed_id == user.id, Follow.follower_id != user.id),
            _count(Follow.follower_id == user.id, Follow.followed_id != user.id),
        )
        if shown != real:
            wrong.append(f"{user}: posts, followers, following are {real}, shown {shown}")
    for post in db.session.scalars(select(Post)):
        comments = _count(Comment.post_id == post.id)
        if post.comment_count != comments:
            wrong.append(f"{post}: comments are {comments}, shown {post.comment_count}")
    return wrong


def orphans() -> list[str]:
    """Return every row that refers to one that does not exist."""
    found = []
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias()
            lost = (
                select(func.count())
                .select_from(table.outerjoin(target, key.parent == target.c[key.column.name]))
                .where(key.parent.is_not(None), target.c[key.column.name].is_(None))
            )
            if db.session.scalar(lost):
                found.append(f"{table.name}.{key.parent.name}")
    return found


def _count(*conditions: object) -> int:
    return db.session.scalar(select(func.count()).where(*conditions)) or 0  # type: ignore[arg-type]  # comparisons of columns
