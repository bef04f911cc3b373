"""Lists: parts of them, stable while rows arrive, at the same price whatever their length."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.models import utcnow
from tests.api.program import Program, token_of
from tests.databases import counted_statements
from tests.factories import Factory, Person

PATHS = [
    "/posts/",
    "/comments/",
    "/posts/{post}/comments/",
    "/users/{ann}/posts/",
    "/users/{ann}/timeline/",
    "/users/{ann}/followers/",
    "/users/{ann}/following/",
    "/tokens/",
]


def fill(app: Flask, make: Factory, number: int) -> tuple[Person, dict[str, int]]:
    """Make `number` rows of everything that is listed."""
    ann = make.user("ann")
    posts = [
        make.post(ann, f"Post {index}", utcnow() - timedelta(minutes=index))
        for index in range(number)
    ]
    for index in range(number):
        make.comment(ann, posts[0], f"Comment {index}")
        other = make.user(f"u{index}", password_hash="x")
        make.follow(other, ann)
        make.follow(ann, other)
        token_of(app, ann, f"token {index}")
    return ann, {"ann": ann.id, "post": posts[0]}


def rows(answer: Any) -> list[Any]:
    [listed] = [value for value in answer.get_json().values() if isinstance(value, list)]
    return listed


@pytest.mark.parametrize("path", PATHS)
def test_list_is_cut_in_parts_that_lead_to_one_another(
    app: Flask, make: Factory, path: str
) -> None:
    ann, names = fill(app, make, 5)
    program = Program(app, ann)
    whole = rows(program.get(path.format(**names)))

    seen: list[Any] = []
    url: str | None = path.format(**names) + "?limit=2"
    last = None
    while url:
        answer = program.get(url.removeprefix("http://localhost"))
        seen += rows(answer)
        url, last = answer.get_json()["next_url"], answer

    assert [one["id"] for one in seen] == [one["id"] for one in whole]
    assert last is not None
    before = program.get(last.get_json()["prev_url"].removeprefix("http://localhost"))
    assert len(rows(before)) == 2


def test_part_stays_while_rows_arrive(app: Flask, make: Factory) -> None:
    ann, _names = fill(app, make, 4)
    program = Program(app, ann)
    first = program.get("/posts/?limit=2").get_json()
    make.post(ann, "New")

    second = program.get(first["next_url"].removeprefix("http://localhost")).get_json()

    assert [one["body"] for one in second["posts"]] == ["Post 2", "Post 3"]


@pytest.mark.parametrize("path", [*PATHS, "/me", "/users/{ann}", "/posts/{post}"])
def test_number_of_statements_does_not_grow_with_the_rows(
    app: Flask, make: Factory, path: str
) -> None:
    numbers = []
    ann, names = fill(app, make, 1)
    program = Program(app, ann)
    for size in (1, 4):
        if size == 4:
            for index in range(3):
                make.comment(ann, make.post(ann), "More")
                make.comment(ann, names["post"], "More")
                other = make.user(f"v{index}", password_hash="x")
                make.follow(other, ann)
                make.follow(ann, other)
                token_of(app, ann)
        program.get("/me")  # the visit is noted
        with counted_statements(app) as statements:
            assert program.get(path.format(**names)).status_code == 200
        numbers.append(len(statements))
        assert not [one for one in statements if "count(*)" in one.lower()]

    assert numbers[0] == numbers[1] <= 3


def test_counts_are_those_of_the_counters(app: Flask, make: Factory) -> None:
    ann, names = fill(app, make, 3)
    program = Program(app, ann)

    for path in PATHS[2:4] + PATHS[5:7]:
        assert program.get(path.format(**names) + "?limit=1").get_json()["count"] == 3


def test_part_beyond_the_end_is_empty_and_leads_back(app: Flask, make: Factory) -> None:
    ann, _names = fill(app, make, 1)

    answer = Program(app, ann).get("/posts/?before=1-1").get_json()

    assert answer["posts"] == []
    assert answer["prev_url"].endswith("/api/v1/posts/")
