"""Every endpoint of the pages, requested as every role."""

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from tests.support.endpoints import (
    BAD_REQUEST,
    DONE,
    ENDPOINTS,
    FORBIDDEN,
    FORMS,
    LOGIN,
    NOT_FOUND,
    OK,
    PAGES,
    POST_ONLY,
    ROLES,
    UNCONFIRMED,
    Endpoint,
)
from tests.support.http_client import REDIRECTS
from tests.support.roles import RoleClients

STATUSES = {400: BAD_REQUEST, 403: FORBIDDEN, 404: NOT_FOUND, 405: POST_ONLY}


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_endpoint_has_the_outcome_of_the_table(role_clients: RoleClients, role: str) -> None:
    outcomes = {str(endpoint): request(role_clients, endpoint, role) for endpoint in ENDPOINTS}

    assert outcomes == {str(endpoint): endpoint.outcomes[role] for endpoint in ENDPOINTS}


def request(role_clients: RoleClients, endpoint: Endpoint, role: str) -> str:
    """Request the endpoint as `role`, on an unchanged site; return the outcome."""
    if endpoint.method == "POST":  # others change nothing: see test_methods.py
        role_clients.restore()
    client, token = role_clients.client(role)
    path, fields = role_clients.site.path(endpoint), role_clients.site.fields(endpoint)
    data = {"csrf_token": token, **fields} if endpoint.method == "POST" else {}
    with client.open(path, method=endpoint.method, data=data) as response:
        return outcome(response, endpoint)


def outcome(response: Response, endpoint: Endpoint) -> str:
    """Return the outcome that a response stands for."""
    if response.status_code in STATUSES:
        return STATUSES[response.status_code]
    if response.status_code not in REDIRECTS:
        assert response.status_code == 200, response.status
        return OK
    path, _, query = response.headers["Location"].partition("?")
    if path == "/auth/login" and (
        query.startswith("next=") or endpoint.outcomes["anonymous"] == LOGIN
    ):
        return LOGIN
    if path == "/auth/unconfirmed" and not endpoint.name.startswith("auth."):
        return UNCONFIRMED
    return DONE


def test_table_holds_every_endpoint(app: Flask) -> None:
    routes = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith("api.")  # see tests/api/test_permissions.py
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }

    assert {(endpoint.name, endpoint.method) for endpoint in ENDPOINTS} == routes


def test_get_is_not_allowed_where_only_post_is(role_clients: RoleClients) -> None:
    names = {endpoint.name for endpoint in PAGES}
    post_only = [endpoint for endpoint in FORMS if endpoint.name not in names]
    client, _token = role_clients.client("administrator")

    statuses = {
        endpoint.name: client.get(role_clients.site.path(endpoint)).status_code
        for endpoint in post_only
    }

    assert "main.follow" in statuses
    assert set(statuses.values()) == {405}, statuses


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/post/4711"),
        ("POST", "/post/4711"),
        ("GET", "/edit/4711"),
        ("GET", "/comment/4711/deletion"),
        ("POST", "/comment/4711/suspension"),
        ("GET", "/edit-profile/4711"),
        ("GET", "/user/missing"),
        ("POST", "/follow/missing"),
        ("GET", "/missing"),
    ],
)
def test_missing_row_is_not_found(role_clients: RoleClients, method: str, path: str) -> None:
    client, token = role_clients.client("administrator")

    response = client.open(path, method=method, data={"csrf_token": token, "body": "x"})

    assert response.status_code == 404
