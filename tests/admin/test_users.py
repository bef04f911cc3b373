"""The list of users: search, filters, pages."""

import re
from typing import Any

import pytest
from flask import Flask

from app.admin import users
from app.models import utcnow
from tests.support.databases import record_statements
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient

pytestmark = pytest.mark.both_databases

PROFILE = re.compile(r'class="plain-link" dir="auto" href="/user/([^"]+)"')


def shown(page: Page) -> list[str]:
    """Return the usernames in the list."""
    assert page.status == 200
    return PROFILE.findall(page.html)


def test_users_are_listed_newest_first(make: Factory, boss: SiteClient) -> None:
    make.user("ann")
    make.user("bob")
    make.user("gone", deleted_at=utcnow())

    page = boss.open("/admin/users")

    assert shown(page) == ["bob", "ann", "boss"]
    assert "ann@example.com" in page.text


def test_filters_can_be_combined(make: Factory, boss: SiteClient) -> None:
    make.user("ann")
    make.user("new", confirmed=False)
    bad: dict[str, Any] = {"suspended_at": utcnow(), "suspension_reason": "Spam"}
    make.user("bad", **bad)
    make.user("mo", "Moderator")
    make.user("worse", "Moderator", **bad)

    for query, expected in {
        "role=Moderator": ["worse", "mo"],
        "role=Administrator": ["boss"],
        "status=suspended": ["worse", "bad"],
        "status=unconfirmed": ["new"],
        "role=Moderator&status=suspended": ["worse"],
        "q=b&status=suspended": ["bad"],
        "q=m&role=Moderator": ["mo"],
        "role=&status=&q=": ["worse", "mo", "bad", "new", "ann", "boss"],
    }.items():
        assert shown(boss.open(f"/admin/users?{query}")) == expected, query


def test_search_finds_the_beginning_of_usernames_and_addresses(
    make: Factory, boss: SiteClient
) -> None:
    make.user("Anna", email="x1@example.com")
    make.user("ann", email="x2@example.com")
    make.user("zoe", email="ann.b@example.com")
    make.user("joann", email="x3@example.com")
    make.user("a_b", email="x4@example.com")
    make.user("axb", email="x5@example.com")

    for query, expected in {
        "ann": ["ann", "Anna", "zoe"],
        "ANN": ["ann", "Anna", "zoe"],
        " @ann ": ["ann", "Anna", "zoe"],
        "ann.b@": ["zoe"],
        "a_": ["a_b"],
        "a%25": [],
        "'": [],
        "missing": [],
    }.items():
        assert shown(boss.open(f"/admin/users?q={query}")) == expected, query
    assert "No users found" in boss.open("/admin/users?q=missing").text


def test_search_shows_a_limited_number(
    make: Factory, boss: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "MAX_FOUND", 3)
    for number in range(5):
        make.user(f"user{number}")

    page = boss.open("/admin/users?q=user")

    assert shown(page) == ["user0", "user1", "user2"]
    assert "Only the first 3 matches are shown" in page.text
    assert "Only the first" not in boss.open("/admin/users?q=user1").text


def test_list_is_paginated_and_keeps_the_filters(
    make: Factory, boss: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "PER_PAGE", 2)
    for number in range(5):
        make.user(f"user{number}", confirmed=number == 0)
    found, path = [], "/admin/users?status=unconfirmed"

    while path:
        page = boss.open(path)
        found.append(shown(page))
        path = next((link for link in page.links if "before=" in link), "")

    assert found == [["user4", "user3"], ["user2", "user1"]]


@pytest.mark.parametrize("query", ["role=4711", "status=x", "role=%27", f"q={'x' * 300}"])
def test_invalid_filter_is_refused_with_a_message(boss: SiteClient, query: str) -> None:
    page = boss.open(f"/admin/users?{query}")

    assert page.status == 400
    assert "Select an option." in page.text or "Use at most 254 characters." in page.text


def test_rows_link_to_the_pages_of_the_account(make: Factory, boss: SiteClient) -> None:
    ann = make.user("ann")
    make.user("bad", suspended_at=utcnow(), suspension_reason="Spam")

    links = set(boss.open("/admin/users").links)

    assert {f"/edit-profile/{ann.id}", "/user/ann/suspension", "/user/bad/reinstatement"} <= links
    assert "/user/boss/suspension" not in links  # administrators cannot suspend themselves


def test_number_of_statements_is_constant(app: Flask, make: Factory, boss: SiteClient) -> None:
    for number in range(3):
        make.user(f"user{number}")
        for query in ("", "?q=user", "?role=User&status=unconfirmed"):
            with record_statements(app) as executed:
                assert boss.client.get(f"/admin/users{query}").status_code == 200
            assert len(executed) == 3, query  # the current user, the roles, the list
