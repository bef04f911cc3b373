"""The profile of a user, as the current user sees it."""

import pytest

from app.models import HiddenUser, Profile
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def test_profile_is_found_by_the_username_in_any_case() -> None:
    ann = create_user("ann")
    ids = dict.fromkeys(("current_user_id", "hides_for_id"))

    profile = Profile.find("ANN", **ids)

    assert profile is not None
    assert profile.user == ann
    assert Profile.find("unknown", **ids) is None


def test_profile_includes_follows_in_both_directions() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    ann.follow(bob)

    def flags(username: str, user_id: int | None) -> tuple[bool, bool]:
        profile = Profile.find(username, current_user_id=user_id, hides_for_id=None)
        assert profile is not None
        return profile.is_following, profile.follows_me

    assert flags("bob", ann.id) == (True, False)
    assert flags("ann", bob.id) == (False, True)
    assert flags("ann", None) == (False, False)


def test_profile_includes_blocks_in_both_directions_and_own_mutes() -> None:
    ann, bob, cat = (create_user(name) for name in ("ann", "bob", "cat"))
    HiddenUser.block(ann, bob)
    HiddenUser.mute(ann, cat)

    def flags(username: str, user_id: int) -> tuple[str | None, bool]:
        profile = Profile.find(username, current_user_id=user_id, hides_for_id=user_id)
        assert profile is not None
        return profile.hidden_as, profile.has_blocked_me

    assert flags("bob", ann.id) == ("block", False)
    assert flags("ann", bob.id) == (None, True)
    assert flags("cat", ann.id) == ("mute", False)
    assert flags("ann", cat.id) == (None, False)
