"""The queue carries names and ids as JSON, and its outage costs a request next to nothing."""

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.queueing import Line, Queue, QueueUnreachable, close
from tests.mailbox import free_port
from tests.redis_server import EphemeralRedis

KINDS = ["sqlite", pytest.param("redis", marks=pytest.mark.slow)]


class Worker:
    """Takes jobs out, as a worker does, and remembers them."""

    def __init__(self, queue: Queue) -> None:
        self.done: list[tuple[str, list[Any]]] = []
        self.line: Line = queue.for_workers(lambda name, ids: self.done.append((name, ids)))

    def work(self) -> None:
        """Do one job, if there is one."""
        task = self.line.dequeue()
        if task is not None:
            self.line.execute(task)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return what the queue wrote into the log; huey and redis may write there, too."""
    ours = [record for record in caplog.records if record.name == "app.queueing"]
    return [(record.levelno, record.getMessage()) for record in ours]


@pytest.fixture(params=KINDS)
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    if request.param == "sqlite":
        yield Queue(f"sqlite:///{tmp_path}/queue.sqlite", "site")
        return
    with EphemeralRedis() as server:
        yield Queue(server.url, "site")


@pytest.fixture
def worker(queue: Queue) -> Iterator[Worker]:
    worker = Worker(queue)
    yield worker
    close(worker.line)


@pytest.fixture
def dead() -> Queue:
    """A queue where nobody listens."""
    return Queue(f"redis://:sesame@127.0.0.1:{free_port()}/0", "site")


def test_worker_gets_what_was_put_in_and_in_that_order(queue: Queue, worker: Worker) -> None:
    for number in range(3):
        assert queue.put("deliver", (number, "x"))

    assert queue.size() == 3
    for _ in range(4):
        worker.work()

    assert worker.done == [("deliver", [number, "x"]) for number in range(3)]
    assert queue.size() == 0


def test_two_sites_can_share_a_server(queue: Queue, worker: Worker) -> None:
    Queue(queue.url, "another").put("deliver", (1,))

    worker.work()

    assert worker.done == []


def test_queue_holds_json_and_no_python(queue: Queue, worker: Worker) -> None:
    queue.put("deliver", (7,))

    [message] = worker.line.storage.enqueued_items()

    assert json.loads(bytes(message))[1:] == ["deliver", [7], None]


@pytest.mark.parametrize(
    "message", [b"\x80\x04K\x01.", b"{}", b'["1", "deliver", 7, null]', b"[]", b'"x"', b"null"]
)
def test_foreign_message_is_told_and_stops_nothing(
    queue: Queue, worker: Worker, caplog: pytest.LogCaptureFixture, message: bytes
) -> None:
    worker.line.storage.enqueue(message)
    queue.put("deliver", (7,))

    worker.work()
    worker.work()

    assert "is not a job" in caplog.text
    assert worker.done == [("deliver", [7])]


def test_job_can_be_put_back_for_later(queue: Queue, worker: Worker) -> None:
    queue.put("deliver", (7,))
    task = worker.line.dequeue()
    worker.line.add_schedule(task)

    assert queue.size() == 1
    [again] = worker.line.read_schedule()
    worker.line.execute(again)

    assert worker.done == [("deliver", [7])]


def test_dead_queue_takes_nothing_and_is_told_once(
    dead: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    dead.outage.pause = 0

    assert [dead.put("deliver", (number,)) for number in range(3)] == [False] * 3

    [(_level, line)] = told(caplog)
    assert line.startswith("The queue cannot be reached; jobs wait for a sweep")
    assert "sesame" not in line


def test_silent_server_is_asked_once_and_then_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0)
        queue = Queue(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", "site")

        assert [queue.put("deliver", (number,)) for number in range(3)] == [False] * 3

        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.slow
def test_queue_that_comes_back_is_used_again(caplog: pytest.LogCaptureFixture) -> None:
    with EphemeralRedis() as server:
        queue = Queue(server.url, "site")
        queue.outage.pause = 0
        worker = Worker(queue)
        server.kill()

        assert not queue.put("deliver", (1,))
        worker.work()
        server.start()
        assert queue.put("deliver", (2,))
        worker.work()

        assert worker.done == [("deliver", [2])]
        close(worker.line)
    assert [level for level, _words in told(caplog)] == [logging.WARNING] * 4


def test_question_that_got_no_answer_ends_no_outage() -> None:
    """A silent server lets the wait for a job time out, which looks like an empty queue."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0?socket_timeout=0.1"
        worker = Worker(Queue(url, "site"))
        worker.line.outage.begin()

        worker.work()

        assert not worker.line.outage.begin(), "The outage is taken to be over."
        close(worker.line)


def test_ping_returns_when_the_queue_answers(queue: Queue) -> None:
    queue.ping(5)


@pytest.mark.parametrize(
    "url", ["redis://:sesame@127.0.0.1:{port}/0", "sqlite:////nowhere/at/all/queue.sqlite"]
)
def test_ping_says_which_queue_does_not_answer_and_keeps_its_password(url: str) -> None:
    queue = Queue(url.format(port=free_port()), "site")

    for question in (lambda: queue.ping(0.2), queue.size):
        with pytest.raises(QueueUnreachable) as caught:
            question()
        assert str(caught.value).startswith(queue.place)
        assert "sesame" not in str(caught.value)
