"""Changes of email addresses that can be undone."""

import pytest

from app.extensions import db
from app.models import EmailChange, User
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def change_email(user: User, email: str) -> EmailChange:
    old_email, user.email = user.email, email
    change = EmailChange.record(user, old_email)
    db.session.commit()
    return change


def test_change_is_found_by_its_token_until_it_is_undone() -> None:
    ann = create_user(password="cat and dog")
    change = change_email(ann, "new@example.com")
    token, stamp = change.generate_restore_token(), ann.security_stamp
    assert EmailChange.find_by_token(token) is change

    assert change.restore() is ann

    assert (ann.email, ann.password_hash) == ("ann@example.com", None)
    assert ann.security_stamp != stamp
    assert EmailChange.find_by_token(token) is None


def test_later_changes_of_the_same_user_are_undone_too() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    first = change_email(ann, "second@example.com")
    second = change_email(ann, "third@example.com")
    change_email(ann, "fourth@example.com")
    others = change_email(bob, "bobby@example.com")
    remaining = db.select(EmailChange.id).order_by(EmailChange.id)

    second.restore()

    assert ann.email == "second@example.com"
    assert db.session.scalars(remaining).all() == [first.id, others.id]


def test_change_that_was_undone_meanwhile_restores_nothing() -> None:
    ann = create_user()
    change = change_email(ann, "new@example.com")
    db.session.refresh(change)
    db.session.expunge(change)
    EmailChange.delete_all(ann)

    assert change.restore() is None
    assert ann.email == "new@example.com"


def test_ids_are_not_used_again() -> None:
    """An old token must not restore the address of another user."""
    first = change_email(create_user("ann"), "new@example.com")
    token, first_id = first.generate_restore_token(), first.id
    first.restore()
    db.session.commit()

    second = change_email(create_user("bob"), "newer@example.com")

    assert second.id > first_id
    assert EmailChange.find_by_token(token) is None
