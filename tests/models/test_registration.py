"""Registrations: their tokens, usernames and confirmation."""

import pytest
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import Registration, User, username_is_available
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]

PASSWORD = "cat and dog"


def save(email: str = "ann@example.com", username: str = "ann") -> Registration:
    registration = Registration.save(email, username, PASSWORD, "en")
    db.session.commit()
    return registration


def find(token: str) -> Registration | None:
    db.session.expire_all()
    return Registration.find_by_token(token)


def test_confirmed_registration_becomes_a_user() -> None:
    token = save(" Ann@Example.com").generate_confirmation_token()
    registration = find(token)
    assert registration is not None

    user = registration.confirm()

    assert user is not None
    assert (user.email, user.username, user.locale) == ("ann@example.com", "ann", "en")
    assert user.confirmed
    assert user.verify_password(PASSWORD)
    assert find(token) is None


def test_later_registration_of_the_address_replaces_the_earlier() -> None:
    first = save(username="first")
    token = first.generate_confirmation_token()
    loaded = find(token)
    assert loaded is not None
    db.session.expunge(loaded)

    save("ANN@example.com", "second")

    assert find(token) is None
    assert loaded.confirm() is None, "replaced after it was loaded"
    assert username_is_available("first", "bob@example.com")


def test_invalid_token_finds_nothing() -> None:
    registration, user = save(), create_user("bob")
    tokens = [
        registration.generate_confirmation_token(-1),
        user.generate_confirmation_token(),
        user.generate_reset_token(),
        *("", "x", "a.b", "☃", "." * 1000),
    ]

    assert [token for token in tokens if find(token)] == []
    assert User.find_by_token("confirm", registration.generate_confirmation_token()) is None


@pytest.mark.parametrize("taken", [{"username": "ANN"}, {"email": "ann@example.com"}])
def test_name_or_address_taken_in_the_meantime_is_an_error(taken: dict[str, str]) -> None:
    token = save().generate_confirmation_token()
    create_user(**{"username": "bob", "email": "bob@example.com", **taken})
    registration = find(token)
    assert registration is not None

    with pytest.raises(IntegrityError):
        registration.confirm()


def test_username_is_available_unless_a_user_or_another_registration_has_it() -> None:
    ann = create_user("ann")
    save("bob@example.com", "Bob")

    assert username_is_available("eve", "eve@example.com")
    assert username_is_available("Ann", ann.email, exclude=ann)
    assert not username_is_available("ANN", ann.email)
    assert not username_is_available("bob", "eve@example.com")
    assert not username_is_available("bob", ann.email, exclude=ann)
    assert username_is_available("bob", " BOB@example.com")


def test_username_of_another_registration_is_an_error() -> None:
    save()

    with pytest.raises(IntegrityError):
        save("bob@example.com", "ANN")


def test_only_an_existing_registration_is_renewed() -> None:
    registration = save()
    token, expires_at = registration.generate_confirmation_token(), registration.expires_at

    renewed = Registration.renew(" ANN@example.com")

    assert renewed is not None
    assert renewed.expires_at > expires_at
    assert find(token) is renewed
    assert Registration.renew("bob@example.com") is None
