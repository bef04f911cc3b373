"""Sites to try: one with everything that production has, and one with a SQLite file.

They are started as deploy/ says, by what the tests start servers with.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, text

from benchmarks.crowd import Visitors, Writer
from benchmarks.outbox import FlaskWorker, PostOfficeServer
from tests.databases import EphemeralPostgres, new_sqlite_url
from tests.factories import PASSWORD
from tests.mailbox import free_port
from tests.redis_server import EphemeralRedis
from tests.small_disk import SmallDisk
from tests.system.nginx import Nginx
from tests.system.servers import Gunicorn, eventually, flask, production
from tests.system.traffic import Connect
from tests.system.units import HeldSocket, Service, WebService, read_unit
from tests.system.visitor import Browser

PEOPLE = ("ann", "bob")
WORKERS = "2"
DRAIN = 180  # seconds until all letters must have gone out
MANY = "1000000 per minute"  # the crowd has one address


class WorkerService(Service, FlaskWorker):
    """flasky-worker.service."""

    unit = read_unit("flasky-worker")


class Site:
    """Has people, takes posts, and sends letters to an office that remembers them."""

    connect: Connect
    environment: dict[str, str]
    engine: Engine

    def __init__(self, stack: ExitStack, url: str, mail_host: str = "127.0.0.1") -> None:
        self.url = url
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outages")))
        self.office = stack.enter_context(PostOfficeServer(self.folder / "ledger", mail_host))
        self.numbers = count(1)

    def visitors(self, clients: int) -> Visitors:
        """Return people who are ready to begin."""
        members = [f"{name}@example.com" for name in PEOPLE]
        return Visitors(self.url, self.connect, members, clients, self.numbers)

    def posts(self) -> set[str]:
        """Return the posts that there are."""
        with self.engine.connect() as connection:
            return set(connection.scalars(text("SELECT body FROM posts")))

    def letters(self) -> set[str]:
        """Return to whom letters have come, once no letter waits."""
        eventually(lambda: self._waiting() == 0, "all letters go out", DRAIN)
        return {recipient for recipient, _name in self.office.taken()}

    def _waiting(self) -> int:
        with self.engine.connect() as connection:
            query = text("SELECT count(*) FROM letters WHERE sent_at IS NULL")
            return int(connection.scalar(query) or 0)

    def flask(self, *words: str) -> str:
        """Run a command of the site, and return what it printed."""
        return flask(self.environment, *words)

    def _make(self, database: str, **settings: object) -> None:
        """Say what the site is like, and make its tables and people."""
        self.engine = create_engine(database, poolclass=NullPool)
        usual: dict[str, object] = {
            "FLASKY_ADMIN": "admin@example.com",
            "MAIL_SERVER": self.office.host,
            "MAIL_PORT": self.office.port,
            "MAIL_TIMEOUT": 1,
            "PASSWORD_HASH_METHOD": "scrypt:256:8:1",
            "RATELIMIT_LOGIN": MANY,
            "RATELIMIT_REGISTER": MANY,
            "RATELIMIT_LETTER": MANY,
        }
        self.environment = production(self.url, database, **(usual | settings))
        self.flask("deploy")
        for name in PEOPLE:
            words = ("users", "create", f"{name}@example.com", name, "--password", PASSWORD)
            self.flask(*words)

    def _begin(self) -> None:
        """Publish the first post, which everybody reads."""
        writer = Writer(Browser(self.url, self.connect), "ann@example.com", self.numbers)
        eventually(lambda: writer.ask().startswith("3"), "the first post is taken")


class WholeSite(Site):
    """nginx, gunicorn, `flask worker`, PostgreSQL, and Redis for the queue and the limits.

    What systemd would start again is started after `pause` seconds, else as its unit says.
    """

    def __init__(
        self,
        stack: ExitStack,
        pause: float | None = None,
        site: str = "manage:app",
        **settings: object,
    ) -> None:
        self.nginx = stack.enter_context(Nginx())
        super().__init__(stack, self.nginx.url)
        self.connect = self.nginx.connect
        self.redis = stack.enter_context(EphemeralRedis())
        self.postgres = stack.enter_context(EphemeralPostgres())
        self._make(
            self.postgres.new_database(),
            REDIS_URL=self.redis.url,
            FLASKY_PROXIES=1,
            STATIC_COLLECTED=self.nginx.static,
            WEB_CONCURRENCY=WORKERS,
            **settings,
        )
        held = HeldSocket(self.nginx.socket)
        stack.callback(held.close)
        self.web = WebService(self.environment, held, site)
        self.worker = WorkerService(self.environment)
        for service in (self.web, self.worker):
            if pause is not None:
                service.unit = replace(service.unit, pause=pause)
            stack.enter_context(service)
        self._begin()


class SmallSite(Site):
    """gunicorn alone, with a SQLite file on a small disk of its own."""

    def __init__(self, stack: ExitStack) -> None:
        port = free_port()
        super().__init__(stack, f"http://127.0.0.1:{port}")
        self.disk = stack.enter_context(SmallDisk())
        self._make(new_sqlite_url(self.disk.folder), WEB_CONCURRENCY=WORKERS)
        web = Gunicorn(self.environment, bind=f"127.0.0.1:{port}")
        self.connect = web.connect
        self.web = stack.enter_context(web)
        self._begin()
