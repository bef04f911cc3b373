"""Measure the process `live` with many pages that listen and do nothing.

    python -m benchmarks.listeners [--listeners 1000] [--seconds 60] [--posts 10]

It prints the memory of the process without and with the listeners, the processor time of the
process and of PostgreSQL's while nothing happens, and the time from the commit of a post to the
event.
"""

import argparse
import os
import random
import socket
import statistics
import time
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.live.worker import MAX_PER_USER
from app.models import LoginSession, Role, User
from tests.live.listening import LiveProcess
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, migrated
from tests.support.factories import Factory, UserData

TICKS = os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def processor_time(*pids: int) -> float:
    """Return the processor time of processes in seconds."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(field[11]) + int(field[12]) for field in fields) / TICKS


def cookies(app: Flask, number: int) -> list[str]:
    """Create users who are logged in, and return the cookies of so many pages."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's
    with app.app_context():
        role = db.session.scalars(db.select(Role).where(Role.default)).one()
        names = [f"listener{one}" for one in range(-(-number // MAX_PER_USER))]
        users = [
            User(email=f"{name}@example.com", username=name, confirmed=True, role=role)
            for name in names
        ]
        db.session.add_all(users)
        db.session.flush()
        with app.test_request_context():
            secrets = [LoginSession.issue(user, remember=False) for user in users]
        db.session.commit()
    values = [serializer.dumps({"_user_id": secret, "_fresh": True}) for secret in secrets]
    return [f"session={value}" for value in values for _ in range(MAX_PER_USER)][:number]


def listen(live: LiveProcess, cookie: str) -> socket.socket:
    """Open a stream, and return its socket once the first event has arrived."""
    host, _, port = live.bind.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    path = "/live/stream?feed=all&after=0-0"
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
    receive_event(connection)
    return connection


def receive_event(connection: socket.socket) -> None:
    """Wait for an event; ignore the headers and comments before it."""
    received = b""
    while b"data: " not in received:
        chunk = connection.recv(4096)
        if not chunk:
            raise ConnectionError(f"The stream has ended: {received!r}")
        received += chunk


def post_delays(connections: list[socket.socket], make: Factory, author: UserData) -> list[float]:
    """Commit a post; return the seconds until each connection has got the event."""
    time.sleep(random.random())  # noqa: S311 - otherwise right after a poll
    make.post(author)
    committed, delays = time.monotonic(), []
    for connection in connections:
        receive_event(connection)
        delays.append(time.monotonic() - committed)
    return delays


def measure(live: LiveProcess, app: Flask, arguments: argparse.Namespace) -> None:
    """Print the results."""
    (worker,) = live.workers
    make, before = Factory(app), memory(worker)
    author = make.user("author")
    values, started = cookies(app, arguments.listeners), time.monotonic()
    connections = [listen(live, cookie) for cookie in values]
    opened = time.monotonic() - started
    print(f"{len(connections)} listeners, opened one after the other in {opened:.1f} s")
    print(f"memory: {before:.1f} MB without, {memory(worker):.1f} MB with them")
    with app.app_context():
        rows = db.session.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL")
        )
        backends = [pid for (pid,) in rows]
        db.session.remove()
        processes = [(worker,), tuple(backends)]
        start = [processor_time(*pids) for pids in processes]
        time.sleep(arguments.seconds)
        used = [
            processor_time(*pids) - begin for pids, begin in zip(processes, start, strict=True)
        ]
    per_minute = [f"{seconds * 60 / arguments.seconds:.2f} s" for seconds in used]
    print(f"processor time per minute: {per_minute[0]}, and of the database {per_minute[1]}")
    delays = [
        one for _ in range(arguments.posts) for one in post_delays(connections, make, author)
    ]
    print(
        f"from commit to event: median {statistics.median(delays):.2f} s, max {max(delays):.2f} s"
    )
    print(f"memory after {arguments.posts} posts: {memory(worker):.1f} MB")


def main() -> None:
    """Start the process, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--posts", type=int, default=10)
    arguments = parser.parse_args()
    with EphemeralPostgres() as postgres:
        url = postgres.new_database()
        app = make_app(SQLALCHEMY_DATABASE_URI=url)
        environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing"}
        environment["TEST_DATABASE_URL"] = url.replace("+psycopg2", "")
        limit = ("--worker-connections", str(arguments.listeners))
        with migrated(app), LiveProcess(environment, *limit) as live:
            measure(live, app, arguments)


if __name__ == "__main__":
    main()
