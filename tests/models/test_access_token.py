"""API tokens: their names, and which are listed and revoked."""

import pytest

from app.extensions import db
from app.models import AccessToken, TooManyTokens, User, utcnow
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")


def names(user: User) -> list[str]:
    return sorted(row.name for row in db.session.execute(AccessToken.active_rows(user)))


def test_token_says_whether_it_is_read_only() -> None:
    for read_only in (True, False):
        _token, secret = AccessToken.issue(create_user(f"ann{read_only}"), "a", 1, read_only)
        found = AccessToken.authenticate(secret)

        assert found is not None
        assert found[1].read_only is read_only
        assert secret.startswith("flasky_")


def test_only_valid_tokens_are_listed() -> None:
    ann = create_user()
    token, _secret = AccessToken.issue(ann, "old", days=1)
    token.expires_at = utcnow()
    AccessToken.issue(ann, "new", days=1)
    db.session.flush()
    assert db.session.scalars(db.select(AccessToken.name)).all() == ["new"]
    assert names(ann) == ["new"]

    ann.renew_security_stamp()
    db.session.flush()
    assert names(ann) == []


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
