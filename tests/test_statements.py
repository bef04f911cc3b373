"""How often a page asks the database: the same whether there are five rows or fifty."""

import pytest
from flask import Flask

from .addresses import ADDRESSES
from .databases import counted_statements
from .factories import Factory, Person
from .reader import Reader

# A profile and a list of people first find the person.
STRANGERS = {"/": 1, "/post/{post}": 2, "/user/ann": 2, "/followers/ann": 2, "/followed-by/ann": 2}
# Who is reading is one more, and whether the two follow one another is two more.
MEMBERS = {
    "/": 3,
    "/followed": 3,
    "/moderate": 3,
    "/followers/boss": 3,
    "/followed-by/boss": 3,
    "/user/boss": 3,
    "/post/{post}": 3,
    "/followers/ann": 3,
    "/user/ann": 5,
}
WRITING = ("INSERT", "UPDATE", "DELETE")


class Crowd:
    """Ann and the boss, whom everyone follows and answers, and who write much."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.ann = make.user("ann")
        self.boss = make.user("boss", role="Administrator")
        self.post = make.post(self.ann)
        self.number = 0

    def grow(self, rows: int) -> None:
        """Add `rows` of everything."""
        for _ in range(rows):
            self.number += 1
            one = self.make.user(f"person{self.number}")
            for other in (self.ann, self.boss):
                self._befriend(one, other)
            self.make.comment(one, self.post)

    def _befriend(self, one: Person, other: Person) -> None:
        self.make.follow(one, other)
        self.make.follow(other, one)
        self.make.post(other)


@pytest.fixture
def crowd(make: Factory) -> Crowd:
    """A site with five rows in every list."""
    crowd = Crowd(make)
    crowd.grow(5)
    return crowd


def statements(app: Flask, reader: Reader, path: str) -> list[str]:
    with counted_statements(app) as seen:
        assert reader.client.get(path).status_code == 200
    return seen


@pytest.mark.parametrize(("path", "number"), STRANGERS.items())
def test_stranger_is_answered_by_few_statements_whatever_the_number_of_rows(
    app: Flask, crowd: Crowd, reader: Reader, path: str, number: int
) -> None:
    path = path.format(post=crowd.post)
    assert len(statements(app, reader, path)) == number

    crowd.grow(45)

    assert len(statements(app, reader, path)) == number


@pytest.mark.parametrize(("path", "number"), MEMBERS.items())
def test_member_is_answered_by_few_statements_whatever_the_number_of_rows(
    app: Flask, crowd: Crowd, reader: Reader, path: str, number: int
) -> None:
    path = path.format(post=crowd.post)
    reader.log_in(crowd.boss)
    assert len(statements(app, reader, path)) <= number

    crowd.grow(45)

    assert len(statements(app, reader, path)) <= number


@pytest.mark.parametrize("path", [*STRANGERS, "/followed", "/moderate", "/edit-profile"])
def test_reading_writes_nothing(app: Flask, crowd: Crowd, reader: Reader, path: str) -> None:
    reader.log_in(crowd.boss)

    seen = statements(app, reader, path.format(post=crowd.post))

    assert [statement for statement in seen if statement.lstrip().startswith(WRITING)] == []


@pytest.mark.parametrize("path", [*STRANGERS, "/followed", "/moderate"])
def test_no_page_counts_rows_or_skips_over_them(
    app: Flask, crowd: Crowd, reader: Reader, path: str
) -> None:
    reader.log_in(crowd.boss)

    seen = " ".join(statements(app, reader, path.format(post=crowd.post))).lower()

    assert "count(" not in seen
    assert "sum(" not in seen
    assert "offset ?" not in seen
    assert "offset %" not in seen


@pytest.mark.parametrize(
    "path",
    [address.path for address in ADDRESSES if address.endpoint.endswith("static")],
)
@pytest.mark.parametrize("member", [False, True], ids=["stranger", "member"])
def test_static_file_needs_no_database(
    app: Flask, make: Factory, reader: Reader, path: str, member: bool
) -> None:
    if member:
        reader.log_in(make.user())

    with counted_statements(app) as seen:
        reader.client.get(path).close()

    assert seen == []
