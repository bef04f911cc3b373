"""Sites under test: one with everything that production has, and one with a SQLite file.

They start as the files of deploy/ say, by means of the servers in tests/support/.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, text

from benchmarks.load_clients import PostingClient, SiteClients
from benchmarks.outbox import FlaskWorker, SMTPSinkServer
from tests.platforms.server.units import ListeningSocket, Service, WebService, read_unit
from tests.support.databases import EphemeralPostgres, new_sqlite_url
from tests.support.factories import PASSWORD
from tests.support.mailbox import free_port
from tests.support.nginx import Nginx
from tests.support.raw_browser import RawBrowser
from tests.support.redis_server import EphemeralRedis
from tests.support.servers import Gunicorn, eventually, flask, production
from tests.support.small_disk import SmallDisk
from tests.support.traffic import Connect

USERNAMES = ("ann", "bob")
WORKERS = "2"
DRAIN_TIMEOUT = 180  # seconds for all email to be sent
UNLIMITED = "1000000 per minute"  # all clients have one IP address


class WorkerService(Service, FlaskWorker):
    """flasky-worker.service."""

    unit = read_unit("flasky-worker")


class Stack:
    """A site with users; its email goes to an SMTP server that records it."""

    connect: Connect
    environment: dict[str, str]
    engine: Engine

    def __init__(self, stack: ExitStack, url: str, mail_host: str = "127.0.0.1") -> None:
        self.url = url
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stack")))
        self.smtp_sink = stack.enter_context(SMTPSinkServer(self.folder / "accepted", mail_host))
        self.numbers = count(1)

    def clients(self, count: int) -> SiteClients:
        """Return `count` clients of the site, connected and logged in."""
        emails = [f"{name}@example.com" for name in USERNAMES]
        return SiteClients(self.url, self.connect, emails, count, self.numbers)

    def posts(self) -> set[str]:
        """Return the bodies of all posts."""
        with self.engine.connect() as connection:
            return set(connection.scalars(text("SELECT body FROM posts")))

    def emails(self) -> set[str]:
        """Return the recipients of all email, once none is pending."""
        eventually(lambda: self._pending() == 0, "all email is sent", DRAIN_TIMEOUT)
        return {recipient for recipient, _message_id in self.smtp_sink.accepted()}

    def _pending(self) -> int:
        with self.engine.connect() as connection:
            query = text("SELECT count(*) FROM outbox_emails WHERE sent_at IS NULL")
            return int(connection.scalar(query) or 0)

    def flask(self, *arguments: str) -> str:
        """Run a `flask` command of the site, and return its output."""
        return flask(self.environment, *arguments)

    def _create(self, database: str, **settings: object) -> None:
        """Configure the site, and create its tables and users."""
        self.engine = create_engine(database, poolclass=NullPool)
        defaults: dict[str, object] = {
            "FLASKY_ADMIN": "admin@example.com",
            "MAIL_SERVER": self.smtp_sink.host,
            "MAIL_PORT": self.smtp_sink.port,
            "MAIL_TIMEOUT": 1,
            "PASSWORD_HASH_METHOD": "scrypt:256:8:1",
            "RATELIMIT_LOGIN": UNLIMITED,
            "RATELIMIT_REGISTER": UNLIMITED,
            "RATELIMIT_EMAIL": UNLIMITED,
            "RATELIMIT_CHANGE": UNLIMITED,
        }
        self.environment = production(self.url, database, **(defaults | settings))
        self.flask("deploy")
        for name in USERNAMES:
            arguments = ("users", "create", f"{name}@example.com", name, "--password", PASSWORD)
            self.flask(*arguments)

    def _publish_first_post(self) -> None:
        """Publish the post that all clients read."""
        client = PostingClient(RawBrowser(self.url, self.connect), "ann@example.com", self.numbers)
        eventually(lambda: client.send().startswith("3"), "the first post is published")


class ProductionStack(Stack):
    """nginx, gunicorn, `flask worker`, PostgreSQL, and Redis for the rate limits.

    A service that is killed starts again after `pause` seconds, or after its unit's RestartSec.
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
        self._create(
            self.postgres.new_database(),
            REDIS_URL=self.redis.url,
            JOBS_IN_WEB=False,
            TRUSTED_PROXY_COUNT=1,
            STATIC_ROOT=self.nginx.static,
            WEB_CONCURRENCY=WORKERS,
            **settings,
        )
        listener = ListeningSocket(self.nginx.socket)
        stack.callback(listener.close)
        self.web = WebService(self.environment, listener, site)
        self.worker = WorkerService(self.environment)
        for service in (self.web, self.worker):
            if pause is not None:
                service.unit = replace(service.unit, pause=pause)
            stack.enter_context(service)
        self._publish_first_post()


class SQLiteStack(Stack):
    """gunicorn alone, with a SQLite file on a small disk."""

    def __init__(self, stack: ExitStack) -> None:
        port = free_port()
        super().__init__(stack, f"http://127.0.0.1:{port}")
        self.disk = stack.enter_context(SmallDisk())
        self._create(new_sqlite_url(self.disk.folder), WEB_CONCURRENCY=WORKERS)
        web = Gunicorn(self.environment, bind=f"127.0.0.1:{port}")
        self.connect = web.connect
        self.web = stack.enter_context(web)
        self._publish_first_post()
