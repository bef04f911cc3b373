"""Single values of the rows of the book."""

from datetime import UTC, datetime

import pytest
from werkzeug.security import check_password_hash, generate_password_hash

from app.cli.book_rows import Converter, is_password_hash
from tests.cli import book_database as book


@pytest.mark.parametrize(
    "method", ["pbkdf2:sha1:1000", "pbkdf2:sha256", "pbkdf2:sha512:2000", "scrypt:1024:8:1"]
)
def test_hashes_that_can_be_checked_are_kept(method: str) -> None:
    password_hash = generate_password_hash("cat", method)

    assert is_password_hash(password_hash)
    assert check_password_hash(password_hash, "cat")


@pytest.mark.parametrize(
    "password_hash",
    [
        *("", "cat", "sha1$abc$0123", "plain$$cat", "pbkdf2:none$a$00", "pbkdf2:sha1$a$0g"),
        *("pbkdf2:shake_128$a$00", "scrypt:1024:8:1$a$00"),
    ],
)
def test_other_hashes_are_not_kept(password_hash: str) -> None:
    assert not is_password_hash(password_hash)


@pytest.mark.parametrize("method", ["scrypt:1024:8:1", "pbkdf2:sha512:2000"])
def test_hashes_that_the_column_cut_off_are_not_kept(method: str) -> None:
    assert not is_password_hash(generate_password_hash("cat", method)[:128])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2014-05-17 18:30:00.123456", datetime(2014, 5, 17, 18, 30, 0, 123456, UTC)),
        ("2014-05-17 18:30:00", datetime(2014, 5, 17, 18, 30, tzinfo=UTC)),
        (book.TIME, book.TIME.replace(tzinfo=UTC)),
    ],
)
def test_times_are_utc(value: object, expected: datetime) -> None:
    row = book.user(1, "ann", last_seen=value)

    assert Converter({}, None).user(row)["last_seen"] == expected


@pytest.mark.parametrize("value", [None, "", "yesterday"])
def test_missing_times_are_now(value: object) -> None:
    before = datetime.now(UTC)
    row = book.user(1, "ann", last_seen=value)

    assert before <= Converter({}, None).user(row)["last_seen"] <= datetime.now(UTC)


def test_changed_usernames_are_unique() -> None:
    names = ["user_2", None, "ann", "ANN", "ann_5", "ann_4", "a" * 65]
    convert = Converter({}, None).user

    rows = [convert(book.user(number, name)) for number, name in enumerate(names, 1)]

    assert [row["username"] for row in rows] == [
        *("user_2", "user_2_", "ann", "ANN_4", "ann_5", "ann_4_6", "user_7")
    ]
