"""API tokens: stored as a digest, valid until they expire, are revoked or the password changes."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.models import AccessToken, TooManyTokens, User, utcnow
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")


def names(user: User) -> list[str]:
    return sorted(row.name for row in db.session.execute(AccessToken.active_rows(user)))


def test_token_authenticates_its_user_and_is_not_stored() -> None:
    ann = create_user()
    token, secret = AccessToken.issue(ann, "backup", days=1, read_only=True)
    db.session.flush()

    grant = AccessToken.authenticate(secret)

    assert grant is not None
    assert (grant.user, grant.token_id, grant.read_only) == (ann, token.id, True)
    assert secret.startswith("flasky_")
    assert secret not in token.digest
    assert AccessToken.authenticate(f"{secret}x") is None
    assert AccessToken.authenticate("\udcff") is None


def test_expired_token_is_invalid_and_deleted_when_another_is_issued() -> None:
    ann = create_user()
    token, secret = AccessToken.issue(ann, "old", days=1)
    token.expires_at = utcnow()
    db.session.flush()

    assert AccessToken.authenticate(secret) is None
    assert names(ann) == []
    AccessToken.issue(ann, "new", days=1)
    db.session.flush()
    assert db.session.scalars(db.select(AccessToken.name)).all() == ["new"]


def test_number_of_tokens_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccessToken, "MAX_PER_USER", 3)
    ann, bob = create_user("ann"), create_user("bob")
    first, *_ = [AccessToken.issue(ann, str(number), days=1)[0] for number in range(3)]

    with pytest.raises(TooManyTokens):
        AccessToken.issue(ann, "fourth", days=1)
    AccessToken.issue(bob, "first", days=1)
    first.expires_at = utcnow()
    AccessToken.issue(ann, "fourth", days=1)

    assert names(ann) == ["1", "2", "fourth"]


def test_new_security_stamp_invalidates_tokens() -> None:
    ann = create_user()
    _token, secret = AccessToken.issue(ann, "backup", days=1)

    ann.renew_security_stamp()
    db.session.flush()

    assert AccessToken.authenticate(secret) is None
    assert names(ann) == []


def test_revoking_deletes_only_tokens_of_this_user() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    first, _secret = AccessToken.issue(ann, "first", days=1)
    AccessToken.issue(ann, "second", days=1)
    other, _secret = AccessToken.issue(bob, "other", days=1)
    db.session.flush()

    assert AccessToken.revoke(ann, other.id) == 0
    assert AccessToken.revoke(ann, first.id) == 1
    assert (names(ann), names(bob)) == (["second"], ["other"])
    assert AccessToken.revoke(ann) == 1
    assert (names(ann), names(bob)) == ([], ["other"])


def test_last_use_is_recorded_at_most_once_a_minute() -> None:
    token, secret = AccessToken.issue(create_user(), "backup", days=1)
    db.session.flush()
    for age, is_stale in ((None, True), (59, False), (61, True)):
        token.last_used_at = utcnow() - timedelta(seconds=age) if age else None
        db.session.flush()
        grant = AccessToken.authenticate(secret)
        assert grant is not None

        assert grant.last_used_is_stale() is is_stale
        grant.record_use()
        db.session.refresh(token)
        assert (token.last_used_at != grant.last_used_at) is is_stale
