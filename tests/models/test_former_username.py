"""Former usernames: reserved for their owner until they expire."""

import pytest
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import FormerUsername, TooManyUsernames, User, username_is_available, utcnow
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def is_available(username: str, exclude: User | None = None) -> bool:
    return username_is_available(username, "new@example.com", exclude)


def expire() -> None:
    db.session.execute(db.update(FormerUsername).values(expires_at=utcnow()))


def names() -> list[str]:
    return list(db.session.scalars(db.select(FormerUsername.username)))


def test_old_name_is_reserved_and_found_until_it_expires() -> None:
    ann, bob = create_user("ann"), create_user("bob")

    FormerUsername.change(ann, "anna")

    assert ann.username == "anna"
    assert FormerUsername.find_user("Ann") == ann
    assert not is_available("ANN")
    assert not is_available("ann", exclude=bob)
    assert is_available("ann", exclude=ann)

    expire()
    assert FormerUsername.find_user("ann") is None
    assert is_available("ann")


def test_other_spelling_of_the_same_name_is_not_reserved() -> None:
    ann = create_user("ann")

    FormerUsername.change(ann, "Ann")

    assert ann.username == "Ann"
    assert names() == []


def test_name_can_be_taken_back() -> None:
    ann = create_user("ann")
    FormerUsername.change(ann, "anna")

    FormerUsername.change(ann, "Ann")

    assert ann.username == "Ann"
    assert names() == ["anna"]


def test_expired_name_can_be_reserved_again() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    FormerUsername.change(ann, "anna")
    expire()

    FormerUsername.change(bob, "Ann")
    FormerUsername.change(bob, "bobby")

    assert FormerUsername.find_user("ann") == bob


def test_number_of_reserved_names_is_limited() -> None:
    ann = create_user("ann")
    for number in range(FormerUsername.MAX_PER_USER):
        FormerUsername.change(ann, f"ann{number}")
    db.session.commit()

    with pytest.raises(TooManyUsernames):
        FormerUsername.change(ann, "another")
    db.session.rollback()

    expire()
    FormerUsername.change(ann, "another")
    assert ann.username == "another"


def test_name_that_was_taken_in_the_meantime_is_refused() -> None:
    ann = create_user("ann")
    create_user("bob")

    with pytest.raises(IntegrityError):
        FormerUsername.change(ann, "BOB")


def test_deleted_user_gets_no_name() -> None:
    ann = create_user("ann")
    ann.erase()

    FormerUsername.change(ann, "anna")

    assert ann.username == f"~{ann.id}"
    assert names() == []
