"""Who may do what: every route of the API, for every kind of caller."""

import pytest
from flask import Flask

from app.api.document import routes
from tests.api.program import Program
from tests.cast import Cast
from tests.databases import clean
from tests.factories import Factory
from tests.rows import Snapshot

pytestmark = pytest.mark.slow

CALLERS = (
    "anonymous", "unconfirmed", "user", "author", "moderator", "administrator", "read-only",
)  # fmt: skip
READ_ONLY = "read-only"  # a token of the author's


def everyone(status: int, **others: int) -> dict[str, int]:
    """Return `status` for all, but 403 for the unconfirmed, and what `others` says."""
    return dict.fromkeys(CALLERS, status) | {"unconfirmed": 403} | named(others)


def members(status: int, **others: int) -> dict[str, int]:
    """Return `status` for those with a token that may write; strangers get a 401."""
    return everyone(status) | {"anonymous": 401} | named(others)


def writers(status: int, **others: int) -> dict[str, int]:
    return members(status) | {READ_ONLY: 403} | named(others)


def only(*allowed: str, status: int) -> dict[str, int]:
    return writers(403) | dict.fromkeys(allowed, status)


def named(others: dict[str, int]) -> dict[str, int]:
    return {name.replace("_", "-"): status for name, status in others.items()}


DELETERS = ("author", "moderator", "administrator")
MODERATORS = ("moderator", "administrator")
BODY = {"body": "Some words"}

# endpoint, path, what is sent, what each caller gets
TABLE: list[tuple[str, str, object, dict[str, int]]] = [
    ("posts", "/posts/", None, everyone(200)),
    ("create_post", "/posts/", BODY, writers(201)),
    ("post", "/posts/{post}", None, everyone(200)),
    ("edit_post", "/posts/{post}", BODY, only("author", "administrator", status=200)),
    ("delete_post", "/posts/{post}", None, only(*DELETERS, status=204)),
    ("post_comments", "/posts/{post}/comments/", None, everyone(200)),
    ("create_comment", "/posts/{post}/comments/", BODY, writers(201)),
    ("comments", "/comments/", None, everyone(200)),
    ("comment", "/comments/{comment}", None, everyone(200)),
    ("delete_comment", "/comments/{comment}", None, only(*DELETERS, status=204)),
    ("suspend_comment", "/comments/{comment}/suspension", None, only(*MODERATORS, status=200)),
    ("restore_comment", "/comments/{comment}/suspension", None, only(*MODERATORS, status=200)),
    ("user", "/users/{other_id}", None, everyone(200)),
    ("user_posts", "/users/{other_id}/posts/", None, everyone(200)),
    ("timeline", "/users/{other_id}/timeline/", None, members(403)),
    ("followers", "/users/{other_id}/followers/", None, everyone(200)),
    ("following", "/users/{other_id}/following/", None, everyone(200)),
    ("follow", "/me/following/{other_id}", None, writers(204)),
    ("unfollow", "/me/following/{other_id}", None, writers(204)),
    ("me", "/me", None, members(200)),
    ("edit_me", "/me", {"name": "Ann"}, writers(200)),
    ("tokens", "/tokens/", None, members(200)),
    ("token", "/tokens/{token}", None, members(404)),  # another person's
    ("create_token", "/tokens/", {"name": "x"}, dict.fromkeys(CALLERS, 401)),  # by token alone
    ("revoke_token", "/tokens/{token}", None, writers(404)),
    ("revoke_tokens", "/tokens/", None, writers(204)),
]


class Programs:
    """A program of every caller, and the site as they find it, each time anew."""

    def __init__(self, app: Flask) -> None:
        self.cast = Cast(app, Factory(app))
        stranger = Program(app, self.cast.people["other"])
        self.cast.values["token"] = stranger.get("/tokens/").get_json()["tokens"][0]["id"]
        self._programs = {"anonymous": Program(app)}
        for caller in CALLERS[1:-1]:
            self._programs[caller] = Program(app, self.cast.people[caller])
        self._programs[READ_ONLY] = Program(app, self.cast.people["author"], read_only=True)
        self.cast.take_confirmation_back()
        self._beginning = Snapshot(app)

    def enter(self, caller: str) -> Program:
        """Begin anew, as if nothing had been done; return the program of a caller."""
        self._beginning.put_back()
        return self._programs[caller]


@pytest.fixture(scope="module")
def programs(shared_app: Flask) -> Programs:
    """The programs, before any test."""
    made = Programs(shared_app)
    clean(shared_app)
    return made


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_route_answers_each_caller_as_the_table_says(
    app: Flask, programs: Programs, row: tuple[str, str, object, dict[str, int]]
) -> None:
    endpoint, path, sent, statuses = row
    path = path.format(**programs.cast.values)
    [method] = [route.method for route in routes(app) if route.endpoint == f"api.{endpoint}"]

    def status_for(caller: str) -> int:
        return programs.enter(caller).send(method, path, json=sent).status_code

    assert {caller: status_for(caller) for caller in CALLERS} == statuses


def test_table_holds_every_route_once(app: Flask) -> None:
    told = sorted(route.endpoint.removeprefix("api.") for route in routes(app))

    assert sorted(row[0] for row in TABLE) == told
