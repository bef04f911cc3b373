"""API tokens and login sessions: stored as a digest, valid until they expire or are revoked."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.extensions import db
from app.models import AccessToken, LoginSession, User, utcnow
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]

Model = type[AccessToken] | type[LoginSession]
ISSUE: dict[Model, Callable[[User], str]] = {
    AccessToken: lambda user: AccessToken.issue(user, "backup", days=1)[1],
    LoginSession: lambda user: LoginSession.issue(user, remember=False),
}
each_model = pytest.mark.parametrize("model", ISSUE)


def only_row(model: Model) -> AccessToken | LoginSession:
    row: AccessToken | LoginSession = db.session.scalars(db.select(model)).one()
    return row


@each_model
def test_secret_authenticates_its_user_and_is_not_stored(model: Model) -> None:
    ann, bob = create_user("ann"), create_user("bob")
    secret = ISSUE[model](ann)
    row = only_row(model)
    ISSUE[model](bob)

    found = model.authenticate(secret)

    assert found is not None
    assert (found[0], found[1].id) == (ann, row.id)
    assert secret not in row.digest
    for other in (f"{secret}x", "", "1", row.digest, "\udcff", "\0"):
        assert model.authenticate(other) is None


@each_model
def test_expired_secret_is_invalid_and_deleted_when_another_is_issued(model: Model) -> None:
    ann = create_user()
    secret = ISSUE[model](ann)
    row = only_row(model)
    row.expires_at = utcnow()
    db.session.flush()

    assert model.authenticate(secret) is None
    ISSUE[model](ann)
    assert only_row(model).id != row.id or only_row(model).expires_at > utcnow()


@each_model
def test_new_security_stamp_invalidates_secrets(model: Model) -> None:
    ann = create_user()
    secret = ISSUE[model](ann)

    ann.renew_security_stamp()
    db.session.flush()

    assert model.authenticate(secret) is None


@each_model
def test_revoked_secret_is_invalid(model: Model) -> None:
    ann, bob = create_user("ann"), create_user("bob")
    secret = ISSUE[model](ann)
    row = only_row(model)

    assert model.revoke(bob, row.id) == 0
    assert model.authenticate(secret) is not None
    assert model.revoke(ann, row.id) == 1
    assert model.authenticate(secret) is None


@each_model
def test_last_use_is_recorded_at_most_once_a_minute(model: Model) -> None:
    secret = ISSUE[model](create_user())
    for age, is_stale in ((None, True), (59, False), (61, True)):
        row = only_row(model)
        row.last_used_at = before = utcnow() - timedelta(seconds=age) if age else None
        db.session.commit()
        found = model.authenticate(secret)
        assert found is not None

        assert found[1].last_used_is_stale() is is_stale
        found[1].record_use()
        assert (only_row(model).last_used_at != before) is is_stale
