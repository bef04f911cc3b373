"""Fill an empty, migrated PostgreSQL database with the same rows each time."""

from sqlalchemy import Connection, text
from werkzeug.security import generate_password_hash

# Readers, and a condition on the ids of those whom they follow, of 10,000 users. Every 50th user
# is silent: their posts are older than all others. The first user has written every fifth post.
FEEDS = {
    "follows50": "id % 200 = 7",
    "follows1000": "id % 10 = 3",
    "follows5000": "id % 2 = 1",
    "follows_nobody": "false",
    "follows_silent": "id % 50 = 0",
    "follows_prolific": "id = 1",
}
USERS = """
INSERT INTO users (id, email, username, name, security_stamp, confirmed, avatar_hash,
                   member_since, last_seen, role_id)
SELECT id, 'user' || id || '@example.com', 'user' || id, 'Ada ' || id, md5(id::text), true,
       md5(id::text), now() - interval '10 years', now(),
       (SELECT id FROM roles WHERE name = 'User')
FROM generate_series(1, 10000) AS id
"""
READER = """
INSERT INTO users (id, email, username, password_hash, security_stamp, confirmed, avatar_hash,
                   member_since, last_seen, role_id)
VALUES (:id, :name || '@example.com', :name, :password, md5(:name), true, md5(:name), now(), now(),
        (SELECT id FROM roles WHERE name = 'User'))
"""
POSTS = """
INSERT INTO posts (id, body, body_html, timestamp, author_id)
SELECT number, body, '<p>' || body || '</p>',
       now() - make_interval(secs => (:posts - number) * 30)
           - CASE WHEN author % 50 = 0 THEN interval '5 years' ELSE interval '0' END,
       author
FROM (SELECT number, repeat('word ' || number % 97 || ' ', 30) AS body,
             CASE WHEN number % 5 = 0 THEN 1 ELSE number::bigint * 7919 % 10000 + 1 END AS author
      FROM generate_series(1, :posts) AS number) AS numbers
"""
COMMENTS = """
INSERT INTO comments (body, body_html, timestamp, disabled, author_id, post_id)
SELECT 'Comment ' || number, '<p>Comment ' || number || '</p>',
       now() - make_interval(secs => :posts * 2 - number), false, number % 10000 + 1,
       CASE WHEN number <= 45 THEN :posts ELSE number % :posts + 1 END
FROM generate_series(1, :posts * 2) AS number
"""
COUNTS = """
UPDATE posts SET comment_count = counted.number
FROM (SELECT post_id, count(*) AS number FROM comments GROUP BY post_id) AS counted
WHERE counted.post_id = posts.id AND posts.id > :posts - 10000
"""


def seed(connection: Connection, posts: int, password: str) -> None:
    """Insert users, `posts` posts, twice as many comments, and the readers of FEEDS."""
    password_hash = generate_password_hash(password)
    connection.execute(text(USERS))
    for number, (name, followed) in enumerate(FEEDS.items(), 10_001):
        values = {"id": number, "name": name, "password": password_hash}
        connection.execute(text(READER), values)
        connection.execute(
            text(
                "INSERT INTO follows SELECT :id, id, now() - make_interval(secs => id) FROM users "  # noqa: S608 - of FEEDS
                f"WHERE ({followed}) AND id <= 10000 OR id = :id"
            ),
            {"id": number},
        )
    for statement in (POSTS, COMMENTS, COUNTS):
        connection.execute(text(statement), {"posts": posts})
    for table in ("users", "posts", "comments"):
        connection.execute(
            text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")  # noqa: S608 - no input
        )
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
