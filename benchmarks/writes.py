"""Measure writes of 32 concurrent API clients, compared with the same statements in bare Flask.

    python -m benchmarks.writes

The site and `benchmarks.bare_writes` run under the same gunicorn, on the same database, and `wrk`
loads them in turn. Each request is by the next of 32 users. The result is a Markdown table.
"""

import re
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

from sqlalchemy import create_engine, text

from benchmarks import wrk
from benchmarks.processes import Bare
from tests.support.api_client import issue_token
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.factories import Factory
from tests.support.servers import Gunicorn, deploy, production

CLIENTS = 32
ROUNDS = 5
SECONDS = 3
FIRST_ID = 100  # of the users who are followed
# The method and path of each write; %d is an id, the next one every 32 requests.
WRITES = {
    "create a post": ("POST", "/api/v1/posts/"),
    "comment on posts": ("POST", "/api/v1/posts/%d/comments/"),
    "comment on one post": ("POST", "/api/v1/posts/1/comments/"),
    "follow users": ("PUT", "/api/v1/me/following/%d"),
}
BODY = '{"body": "Some *words* about [something](https://example.com)."}'
SCRIPT = """
local tokens, number = {TOKENS}, START * CLIENTS
request = function()
  number = number + 1
  local path = string.format("PATH", math.floor(number / CLIENTS))
  local headers = {["Content-Type"] = "application/json"}
  headers["Authorization"] = "Bearer " .. tokens[number % CLIENTS + 1]
  return wrk.format("METHOD", path, headers, 'BODY')
end
"""
USERS = """
INSERT INTO users
  (id, email, username, security_stamp, confirmed, avatar_hash, member_since, last_seen)
  SELECT id, id || '@example.com', 'user' || id, '-', true, '-', now(), now()
  FROM generate_series(100, 30000) AS id
"""
POSTS = """
INSERT INTO posts (body, body_html, timestamp, author_id)
  SELECT '-', '-', now(), 100 FROM generate_series(1, 30000)
"""


def measure() -> Iterator[tuple[str, float, str]]:
    """Yield the name of each write, requests per second, and the ratio with its range."""
    with ExitStack() as stack:
        database = stack.enter_context(EphemeralPostgres()).new_database()
        limits = dict.fromkeys(("RATELIMIT_API", "RATELIMIT_CHANGE"), wrk.UNLIMITED)
        environment = production("http://127.0.0.1", database, **limits, LOG_LEVEL="WARNING")
        deploy(environment)
        tokens = create_tokens(database)
        with create_engine(database).begin() as connection:
            for statement in (USERS, POSTS):
                connection.execute(text(statement))
        site = stack.enter_context(Gunicorn(environment, *wrk.WORKERS))
        options = {"site": "benchmarks.bare_writes:app"}
        bare = stack.enter_context(
            Bare({**environment, "DATABASE_URL": database}, *wrk.WORKERS, **options)
        )
        script = site.folder / "script.lua"
        ids = count(FIRST_ID, 500)  # each load has other ids
        for name, (method, path) in WRITES.items():
            rates, ratios = [], []
            for _ in range(ROUNDS):
                for server in (site, bare):
                    script.write_text(lua(method, path, tokens, next(ids)))
                    rates.append(wrk.load(server.url, {}, SECONDS, f"-s{script}").rate)
                ratios.append(rates[-2] / rates[-1])
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
            yield name, statistics.median(rates[::2]), ratio


def lua(method: str, path: str, tokens: list[str], first_id: int) -> str:
    """Return a script for wrk."""
    values = {
        "TOKENS": ", ".join(f'"{token}"' for token in tokens),
        "CLIENTS": CLIENTS,
        "START": first_id,
        "METHOD": method,
        "PATH": path,
        "BODY": BODY,
    }
    return re.sub("|".join(values), lambda match: str(values[match[0]]), SCRIPT)


def create_tokens(database: str) -> list[str]:
    """Return the tokens of the users who write."""
    app = make_app(SQLALCHEMY_DATABASE_URI=database)
    make = Factory(app)
    return [issue_token(app, make.user(f"writer{number}")) for number in range(CLIENTS)]


def main() -> None:
    """Print a table."""
    print("| write | × bare | requests/s |\n|---|---:|---:|")
    for name, rate, ratio in measure():
        print(f"| {name} | {ratio} | {rate:.0f} |", flush=True)


if __name__ == "__main__":
    main()
