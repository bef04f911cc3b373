"""Passwords are hashed in one place, a bounded number at a time."""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore, Event, get_native_id
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.test import TestResponse

from app.gunicorn_worker import PASSWORD_REQUEST
from app.models import User
from app.security import password_hashing
from app.security.password_hashing import (
    MAX_RUNNING,
    MAX_RUNNING_OR_WAITING,
    NICENESS,
    RETRY_AFTER,
    hash_slot,
)
from tests.auth.actions import NEW, NEW_PASSWORD
from tests.support.api_client import ApiClient
from tests.support.concurrency import prepared_submission, run_concurrently
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import SiteClient
from tests.support.repository import ROOT
from tests.support.rows import count_rows, token_for

Request = Callable[[], TestResponse]

CHOSEN = {"password": NEW_PASSWORD, "password2": NEW_PASSWORD}
# Every form with a password that a visitor, or a user who is logged in, can submit.
VISITOR_FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "login": ("/auth/login", {"email": "ann@example.com", "password": PASSWORD}),
    "login of an unknown user": ("/auth/login", {"email": NEW, "password": PASSWORD}),
    "login without a password": ("/auth/login", {"email": "none@example.com", "password": "x"}),
    "registration": ("/auth/register", {"email": NEW, "username": "new", **CHOSEN}),
    "registration of an account": (
        "/auth/register",
        {"email": "ann@example.com", "username": "new", **CHOSEN},
    ),
    "confirmation": ("confirm", {"password": PASSWORD}),
    "reset": ("reset", CHOSEN),
}
USER_FORMS = {
    "change password": ("/auth/change-password", {"old_password": PASSWORD, **CHOSEN}),
    "change email": ("/auth/change-email", {"email": NEW, "password": PASSWORD}),
    "create token": ("/auth/tokens", {"name": "x", "password": PASSWORD}),
    "delete account": ("/auth/delete-account", {"password": PASSWORD}),
}
BASIC_AUTH = {"API": "ann@example.com", "API, unknown user": NEW}
PLACES = [*VISITOR_FORMS, *USER_FORMS, *BASIC_AUTH]


@pytest.fixture
def prepare(app: Flask, make: Factory) -> Callable[[str], Request]:
    """Create accounts; return a function that prepares the request for one of PLACES."""
    ann, pending = make.user("ann"), make.user("pending", confirmed=False)
    make.user("none", password_hash=None)

    def prepare(place: str) -> Request:
        client = SiteClient(app)
        if place in BASIC_AUTH:
            auth = (BASIC_AUTH[place], PASSWORD)
            return lambda: ApiClient(app).post("/tokens/", {"name": "x"}, auth=auth)
        if place in USER_FORMS:
            client.log_in(ann)
        path, fields = (VISITOR_FORMS | USER_FORMS)[place]
        if not path.startswith("/"):
            owner = pending if path == "confirm" else ann
            path = f"/auth/{path}/{token_for(app, owner, path)}"
        submit = prepared_submission(client, path, fields)
        return lambda: submit().response

    return prepare


@contextmanager
def busy() -> Iterator[None]:
    """Occupy every slot."""
    with ExitStack() as slots:
        for semaphore in (password_hashing.running, password_hashing.running_or_waiting):
            while semaphore.acquire(blocking=False):
                slots.callback(semaphore.release)
        yield


def expect_busy(response: TestResponse) -> None:
    assert response.status_code == 503
    assert response.headers["Retry-After"] == str(RETRY_AFTER)


def expect_free() -> None:
    """Check that all slots are free, and that there are not more than before."""
    for semaphore, size in (
        (password_hashing.running, MAX_RUNNING),
        (password_hashing.running_or_waiting, MAX_RUNNING_OR_WAITING),
    ):
        acquired = [semaphore.acquire(blocking=False) for _ in range(size + 1)]
        assert acquired == [True] * size + [False]
        semaphore.release(size)


@pytest.mark.parametrize("place", PLACES)
def test_every_request_with_a_password_is_503_while_all_slots_are_taken(
    app: Flask, prepare: Callable[[str], Request], place: str
) -> None:
    send, users = prepare(place), count_rows(app, User)

    with busy():
        expect_busy(send())

    assert count_rows(app, User) == users
    assert send().status_code < 500  # the form, and a link with a token, can be sent again
    expect_free()


def test_requests_wait_for_each_other(
    prepare: Callable[[str], Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = ["login", "login of an unknown user", "login without a password", "registration"] * 3
    requests = [prepare(place) for place in places]
    everyone_waits, hashing, most, scrypt = Event(), [0], [0], hashlib.scrypt
    arrivals: list[None] = []

    class Recorder(BoundedSemaphore):
        def acquire(self, *arguments: Any, **options: Any) -> bool:
            arrivals.append(None)
            if len(arrivals) == len(places):
                everyone_waits.set()
            return super().acquire(*arguments, **options)

    def count(*arguments: Any, **options: Any) -> bytes:
        hashing[0] += 1
        most[0] = max(most[0], hashing[0])
        assert everyone_waits.wait(timeout=30)
        hashing[0] -= 1
        return scrypt(*arguments, **options)

    monkeypatch.setattr(password_hashing, "running", Recorder(MAX_RUNNING))
    monkeypatch.setattr(password_hashing, "MAX_WAIT", 30)
    monkeypatch.setattr(hashlib, "scrypt", count)

    responses = run_concurrently(*requests)

    assert {response.status_code for response in responses} == {200}
    assert most[0] == MAX_RUNNING


def test_a_request_that_waits_too_long_is_503(
    prepare: Callable[[str], Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAIT", 0.01)
    send = prepare("login")

    with hash_slot():
        expect_busy(send())

    assert send().status_code == 200
    expect_free()


def test_a_failure_releases_the_slot() -> None:
    for _ in range(MAX_RUNNING_OR_WAITING + 1):
        with pytest.raises(ZeroDivisionError), hash_slot():
            _ = 1 / 0
        with busy(), pytest.raises(ServiceUnavailable), hash_slot():
            pass

    expect_free()


def test_no_other_module_hashes_passwords() -> None:
    hashing = re.compile("hashlib.scrypt|pbkdf2_hmac|(check|generate)_password_hash")
    files = [path for path in ROOT.glob("app/**/*.py") if hashing.search(path.read_text("utf-8"))]
    assert [path.name for path in files] == ["password_hashing.py"]


@pytest.mark.parametrize("place", PLACES)
def test_requests_with_a_password_wait_in_the_queue_of_gunicorn(place: str) -> None:
    path, _fields = (VISITOR_FORMS | USER_FORMS).get(place, ("/api/v1/tokens/", {}))
    path = path if path.startswith("/") else f"/auth/{path}/token"
    for prefix in ("", "/blog", "https://flasky.example"):
        assert PASSWORD_REQUEST.match(f"POST {prefix}{path} HTTP/1.1\r\n".encode())
    assert not PASSWORD_REQUEST.match(f"GET {path} HTTP/1.1\r\n".encode())
    assert not PASSWORD_REQUEST.match(f"POST /?next={path} HTTP/1.1\r\n".encode())


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities on Linux only")
def test_passwords_are_hashed_at_a_lower_priority() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, get_native_id())

    lower = min(niceness() + NICENESS, 19)  # the lowest priority
    assert password_hashing.hashing.submit(niceness).result() == lower
