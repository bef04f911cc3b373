"""Compare the denormalized counts with the rows."""

from sqlalchemy import func, select

from app.extensions import db
from app.models import Comment, Follow, Post, User


def wrong_counts() -> list[str]:
    """Return a line for each user and post whose counts are wrong."""
    db.session.expire_all()
    wrong = []
    for user in db.session.scalars(select(User)):
        stored = (user.post_count, user.follower_count, user.following_count)
        expected = (
            _count(Post.author_id == user.id),
            _count(Follow.followed_id == user.id, Follow.follower_id != user.id),
            _count(Follow.follower_id == user.id, Follow.followed_id != user.id),
        )
        if stored != expected:
            wrong.append(f"{user}: posts, followers, following: {stored}, expected {expected}")
    for post in db.session.scalars(select(Post)):
        comments = _count(Comment.post_id == post.id)
        if post.comment_count != comments:
            wrong.append(f"{post}: comments: {post.comment_count}, expected {comments}")
    return wrong


def dangling_references() -> list[str]:
    """Return the foreign key columns with values that refer to no row."""
    columns = []
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias()
            dangling = (
                select(func.count())
                .select_from(table.outerjoin(target, key.parent == target.c[key.column.name]))
                .where(key.parent.is_not(None), target.c[key.column.name].is_(None))
            )
            if db.session.scalar(dangling):
                columns.append(f"{table.name}.{key.parent.name}")
    return columns


def _count(*conditions: object) -> int:
    return db.session.scalar(select(func.count()).where(*conditions)) or 0  # type: ignore[arg-type]  # comparisons of columns
