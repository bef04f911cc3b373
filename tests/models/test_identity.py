"""Accounts at an issuer belong to one user, and a user has one at each issuer."""

import pytest

from app.extensions import db
from app.models import Identity
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]

ISSUER, OTHER = "https://a.example", "https://b.example"


def test_account_is_linked_once() -> None:
    ann, bob = create_user("ann"), create_user("bob")

    assert Identity.add(ann, ISSUER, "1", "ann@example.com")
    assert not Identity.add(bob, ISSUER, "1", "ann@example.com")
    assert not Identity.add(ann, ISSUER, "2", "ann@example.com")
    assert Identity.add(ann, OTHER, "1", "ann@example.com")

    assert Identity.find_user(ISSUER, "1") == ann
    assert Identity.find_user(ISSUER, "2") is None
    assert Identity.of(bob, ISSUER) is None


def test_accounts_are_unlinked() -> None:
    ann = create_user("ann")
    for issuer in (ISSUER, OTHER):
        Identity.add(ann, issuer, "1", "ann@example.com")

    assert Identity.remove(ann, ISSUER)
    assert not Identity.remove(ann, ISSUER)
    assert Identity.find_user(OTHER, "1") == ann
    assert Identity.remove(ann)
    assert Identity.find_user(OTHER, "1") is None


def test_subjects_are_case_sensitive() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    Identity.add(ann, ISSUER, "Abc", "ann@example.com")

    assert Identity.add(bob, ISSUER, "abc", "bob@example.com")
    db.session.flush()

    assert Identity.find_user(ISSUER, "abc") == bob
