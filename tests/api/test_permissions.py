"""Every route of the API, requested by every kind of client."""

import pytest
from flask import Flask

from app.api.openapi import routes
from tests.support.api_client import ApiClient
from tests.support.factories import Factory
from tests.support.roles import ExampleSite
from tests.support.rows import Snapshot

ANONYMOUS, UNCONFIRMED, READ_ONLY = "anonymous", "unconfirmed", "read-only"
MEMBERS = ("user", "author", "moderator", "administrator")
CLIENTS = (ANONYMOUS, UNCONFIRMED, *MEMBERS, READ_ONLY)  # READ_ONLY: a token of the author


def everyone(status: int) -> dict[str, int]:
    """Return `status` for all clients, but 403 for the unconfirmed one."""
    return dict.fromkeys(CLIENTS, status) | {UNCONFIRMED: 403}


def members(status: int) -> dict[str, int]:
    """Return `status` for all clients with a token, 401 for the anonymous one."""
    return everyone(status) | {ANONYMOUS: 401}


def writers(status: int) -> dict[str, int]:
    """Return `status` for all clients with a token that is not read-only."""
    return members(status) | {READ_ONLY: 403}


def only(*allowed: str, status: int) -> dict[str, int]:
    """Return `status` for the allowed clients, 403 for the others."""
    return writers(403) | dict.fromkeys(allowed, status)


DELETERS = ("author", "moderator", "administrator")
MODERATORS = ("moderator", "administrator")
BODY = {"body": "Some text"}
READ = {"until": "2026-11-28T00:00:00Z"}

# Endpoint, path, JSON body, status for each client.
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
    ("edit_comment", "/comments/{comment}", BODY, only("author", "administrator", status=200)),
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
    ("blocked_users", "/me/blocked/", None, members(200)),
    ("block", "/me/blocked/{other_id}", None, writers(204)),
    ("unblock", "/me/blocked/{other_id}", None, writers(204)),
    ("muted_users", "/me/muted/", None, members(200)),
    ("mute", "/me/muted/{other_id}", None, writers(204)),
    ("unmute", "/me/muted/{other_id}", None, writers(204)),
    ("search_posts", "/search/posts/?q=some", None, everyone(200)),
    ("search_comments", "/search/comments/?q=some", None, everyone(200)),
    ("search_users", "/search/users/?q=o", None, everyone(200)),
    ("notifications", "/notifications/", None, members(200)),
    ("read_notifications", "/notifications/read", READ, writers(204)),
    ("report_user", "/users/{other_id}/report", {"reason": "spam"}, writers(204)),
    (
        "report_post",
        "/posts/{post}/report",
        {"reason": "spam"},
        writers(204) | {"author": 403},
    ),
    (
        "report_comment",
        "/comments/{comment}/report",
        {"reason": "spam"},
        writers(204) | {"author": 403},
    ),
    ("me", "/me", None, members(200)),
    ("edit_me", "/me", {"name": "Ann"}, writers(200)),
    ("tokens", "/tokens/", None, members(200)),
    ("token", "/tokens/{token}", None, members(404)),  # of another user
    (
        "create_token",
        "/tokens/",
        {"name": "x"},
        dict.fromkeys(CLIENTS, 401),
    ),  # requires a password
    ("revoke_token", "/tokens/{token}", None, writers(404)),
    ("revoke_tokens", "/tokens/", None, writers(204)),
]


class Clients:
    """A client of every kind, on a site that is restored from a snapshot."""

    def __init__(self, app: Flask) -> None:
        self.site = ExampleSite(app, Factory(app))
        other = ApiClient(app, self.site.users["other"])
        self.site.values["token"] = other.get("/tokens/").get_json()["tokens"][0]["id"]
        self._clients = {
            name: ApiClient(app, self.site.users[name]) for name in (UNCONFIRMED, *MEMBERS)
        }
        self._clients[ANONYMOUS] = ApiClient(app)
        self._clients[READ_ONLY] = ApiClient(app, self.site.users["author"], read_only=True)
        self.site.unconfirm()
        self._snapshot = Snapshot(app)

    def status(self, name: str, method: str, path: str, body: object) -> int:
        """Send a request on an unchanged site; return the status."""
        path = path.format(**self.site.values)
        status = self._clients[name].send(method, path, json=body).status_code
        if method != "GET" and status < 400:
            self._snapshot.restore()
        return status


@pytest.mark.slow
def test_every_client_gets_the_status_of_the_table(app: Flask) -> None:
    clients = Clients(app)
    methods = {route.endpoint.removeprefix("api."): route.method for route in routes(app)}

    for endpoint, path, body, expected in TABLE:
        statuses = {name: clients.status(name, methods[endpoint], path, body) for name in CLIENTS}
        assert statuses == expected, endpoint


def test_table_has_every_route_once(app: Flask) -> None:
    endpoints = sorted(route.endpoint.removeprefix("api.") for route in routes(app))

    assert sorted(row[0] for row in TABLE) == endpoints
