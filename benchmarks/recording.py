"""What a page executes and returns: its statements, the buffers that they read, its bytes."""

from typing import Any, NamedTuple

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from tests.support.app_factory import make_app
from tests.support.servers import SECRET_KEY

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
LAYOUT, ROW, ROWS = 9_000, 700, 20  # bytes of a page without rows, bytes of a bare row, rows

Statement = tuple[str, dict[str, Any]]


class Page(NamedTuple):
    """A page, and the reader who is logged in."""

    name: str
    path: str
    reader: str | None = None


class Recorded(NamedTuple):
    """A page with its statements, the blocks of 8 KB that they read, length and media type."""

    page: Page
    headers: dict[str, str]
    statements: list[Statement]
    buffers: int
    length: int
    mimetype: str | None

    @property
    def name(self) -> str:
        """The path of the page in `benchmarks.bare`."""
        return self.page.name.replace(" ", "-")

    @property
    def bare(self) -> dict[str, Any]:
        """The specification for `benchmarks.bare`."""
        rows = ROWS if self.statements else 1
        return {
            "statements": self.statements,
            "length": self.length,
            "padding": "x" * max((self.length - LAYOUT) // rows - ROW, 0),
            "type": self.mimetype,
        }


def record(database: str, requests: list[tuple[Page, dict[str, str]]]) -> list[Recorded]:
    """Request each page with its headers, from an application in this process."""
    statements: list[Statement] = []

    def collect(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        # The specification is JSON, so that times are strings.
        plain = {key: value if value is None else str(value) for key, value in parameters.items()}
        statements.append((sql, plain))

    event.listen(Engine, "before_cursor_execute", collect)
    app = make_app(SQLALCHEMY_DATABASE_URI=database, SECRET_KEY=SECRET_KEY, LOG_LEVEL="ERROR")
    client, recorded = app.test_client(use_cookies=False), []
    for page, headers in requests:
        client.get(page.path, headers=headers)  # updates `last_seen`
        statements.clear()
        response = client.get(page.path, headers=headers)
        assert response.status_code == 200, response.text  # noqa: S101 - as in a test
        own, length = statements.copy(), len(response.data)
        recorded.append(Recorded(page, headers, own, 0, length, response.mimetype))
    event.remove(Engine, "before_cursor_execute", collect)
    return [one._replace(buffers=count_buffers(database, one.statements)) for one in recorded]


def count_buffers(database: str, statements: list[Statement]) -> int:
    """Return how many blocks of 8 KB the statements read, from memory or from disk."""
    engine, buffers = create_engine(database), 0
    with engine.connect() as connection:
        for sql, parameters in statements:
            explained = connection.exec_driver_sql(f"{EXPLAIN} {sql}", parameters).scalar_one()
            plan = explained[0]["Plan"]
            buffers += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    engine.dispose()
    return buffers
