"""Security events: bounded per user, and kept for the audit log."""

from datetime import timedelta
from typing import Any

import pytest

from app.extensions import db
from app.models import AccessToken, SecurityEvent, User, utcnow
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]

DEVICE = ("Firefox", "Linux", "203.0.113.0/24")


def names(rows: Any) -> list[str]:
    """Return the names of the events in `rows`, newest first."""
    ordered = rows.order_by(SecurityEvent.timestamp.desc(), SecurityEvent.id.desc())
    return [row.name for row in db.session.execute(ordered)]


def add_login(user: User, *device: str | None) -> None:
    SecurityEvent.record(user, "login")
    event = db.session.scalars(db.select(SecurityEvent).order_by(SecurityEvent.id.desc())).first()
    assert event is not None
    event.browser, event.system, event.network = device
    db.session.flush()


def test_own_events_and_actions_on_the_account_are_in_the_security_log() -> None:
    ann, boss = create_user("ann"), create_user("boss")
    SecurityEvent.record(ann, "password_changed")
    SecurityEvent.record(boss, "login")
    SecurityEvent.record_action(boss, "role_changed", ann, "User → Moderator")
    SecurityEvent.record_action(boss, "comment_disabled", ann, "#1")

    assert names(SecurityEvent.own_rows(ann)) == ["role_changed", "password_changed"]
    assert names(SecurityEvent.own_rows(boss)) == ["login"]
    assert names(SecurityEvent.audit_rows()) == ["comment_disabled", "role_changed"]


def test_audit_log_has_the_names_at_the_time_and_the_present_ones() -> None:
    ann, boss = create_user("ann"), create_user("boss")
    SecurityEvent.record_action(boss, "role_changed", ann)
    SecurityEvent.record_action(None, "user_created", ann)
    ann.username = "anna"
    boss.erase()
    db.session.commit()

    rows = db.session.execute(SecurityEvent.audit_rows().order_by(SecurityEvent.id)).all()

    assert [(row.username, row.current_username) for row in rows] == [("ann", "anna")] * 2
    assert [(row.actor_name, row.current_actor) for row in rows] == [("boss", None), ("", None)]


def test_number_of_events_is_limited_per_user_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecurityEvent, "MAX_PER_NAME", 3)
    ann, bob = create_user("ann"), create_user("bob")
    SecurityEvent.record_action(bob, "role_changed", ann)
    for user in (ann, bob):
        SecurityEvent.record(user, "login")

    for number in range(5):
        SecurityEvent.record(ann, "token_created", f"{number}")

    assert names(SecurityEvent.own_rows(ann)) == [*["token_created"] * 3, "login", "role_changed"]
    details = db.select(SecurityEvent.detail).where(SecurityEvent.name == "token_created")
    assert set(db.session.scalars(details)) == {"2", "3", "4"}
    assert names(SecurityEvent.own_rows(bob)) == ["login"]


def test_long_detail_is_cut_off() -> None:
    ann = create_user()

    SecurityEvent.record(ann, "token_created", "x" * 300)

    assert db.session.scalars(db.select(SecurityEvent.detail)).one() == "x" * 255


@pytest.mark.parametrize(
    ("device", "is_new"),
    [
        (DEVICE, False),
        (("Chrome", *DEVICE[1:]), True),
        (("Firefox", "Windows", DEVICE[2]), True),
        ((*DEVICE[:2], "198.51.100.0/24"), True),
        ((None, None, None), True),
    ],
)
def test_device_is_new_without_an_earlier_login(
    device: tuple[str | None, ...], is_new: bool
) -> None:
    ann, bob = create_user("ann"), create_user("bob")
    add_login(ann, *DEVICE)
    add_login(bob, None, None, None)

    assert SecurityEvent.is_new_device(ann, *device) is is_new


def test_unknown_device_is_recognized() -> None:
    ann = create_user()
    add_login(ann, None, None, None)

    assert not SecurityEvent.is_new_device(ann, None, None, None)


@pytest.mark.parametrize(
    ("days", "has_token", "is_new"),
    [(0, False, False), (30, False, False), (120, False, True), (0, True, True)],
)
def test_first_login_is_from_a_new_device_if_the_log_has_lost_earlier_ones(
    days: int, has_token: bool, is_new: bool
) -> None:
    ann = create_user()
    ann.member_since, ann.last_seen = utcnow() - timedelta(500), utcnow() - timedelta(days)
    SecurityEvent.record(ann, "password_changed")
    if has_token:
        AccessToken.issue(ann, "Phone", days=30)

    assert SecurityEvent.is_new_device(ann, *DEVICE) is is_new


def test_actions_are_kept_when_their_users_are_deleted() -> None:
    ann, boss = create_user("ann"), create_user("boss")
    SecurityEvent.record_action(boss, "role_changed", ann)
    for name in ("login", "password_changed"):
        SecurityEvent.record(ann, name)
    SecurityEvent.record(boss, "login")

    for user in (ann, boss):
        while SecurityEvent.forget_user(user.id, limit=1):
            pass

    event = db.session.scalars(db.select(SecurityEvent)).one()
    assert (event.user_id, event.username) == (None, "ann")
    assert (event.actor_id, event.actor_name) == (None, "boss")
