"""The settings of notifications, and unsubscribing by a link."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import User
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import token_for, user_column


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann", email_digest=True)


@pytest.fixture
def link(app: Flask, ann: UserData) -> str:
    return f"/auth/unsubscribe/{token_for(app, ann, 'unsubscribe')}"


def wants_email(app: Flask, user: UserData) -> bool:
    return bool(user_column(app, user, "email_digest"))


def test_email_is_off_until_a_user_asks_for_it(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    bob = make.user("bob")
    assert not wants_email(app, bob)

    page = client.log_in(bob).submit("/auth/notifications", {"email": "daily"})
    assert "Your settings have been saved" in page.text
    assert wants_email(app, bob)

    client.submit("/auth/notifications", {"email": "off"})
    assert not wants_email(app, bob)


def test_invalid_choice_changes_nothing(app: Flask, client: SiteClient, ann: UserData) -> None:
    page = client.log_in(ann).submit("/auth/notifications", {"email": "hourly"})

    assert "Select an option" in page.text
    assert wants_email(app, ann)


def test_opening_the_link_does_not_unsubscribe(
    app: Flask, client: SiteClient, ann: UserData, link: str
) -> None:
    page = client.open(link)
    assert page.status == 200
    assert wants_email(app, ann)

    page = client.send(page, {})
    assert "You’re unsubscribed" in page.text
    assert not wants_email(app, ann)


def test_email_client_unsubscribes_by_one_request(app: Flask, ann: UserData, link: str) -> None:
    """Without cookies, a CSRF token or a login, and without following a redirect (RFC 8058)."""
    for _ in range(2):
        response = app.test_client().post(link, data={"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200
        assert not wants_email(app, ann)


def test_changed_links_are_refused(app: Flask, ann: UserData, link: str) -> None:
    token = link.rpartition("/")[2]
    for broken in ("x", token[:-2], token_for(app, ann, "reset")):
        response = app.test_client().post(f"/auth/unsubscribe/{broken}")
        assert response.status_code == 400
        assert "no longer valid" in response.text
    assert wants_email(app, ann)

    with app.app_context():
        assert User.find_by_token("reset", token) is None  # it is good for nothing else


def test_other_forms_need_a_csrf_token(app: Flask, client: SiteClient, ann: UserData) -> None:
    client.log_in(ann)

    response = client.client.post("/auth/notifications", data={"email": "off"})

    assert response.status_code == 400
    assert wants_email(app, ann)


def test_link_of_a_deleted_user_is_harmless(app: Flask, link: str) -> None:
    with app.app_context():
        db.session.execute(db.delete(User))
        db.session.commit()

    assert app.test_client().post(link).status_code == 200
