"""Passkeys: challenges and options; adding and using them is tested in tests/auth."""

import pytest

from app.models import Passkey
from app.models.account import read_token
from app.models.passkey import CREATION, LOGIN, handle, new_challenge
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")


def test_challenges_differ_and_increase() -> None:
    first, second = new_challenge(LOGIN), new_challenge(LOGIN)

    claims = [read_token(challenge, LOGIN) for challenge in (first, second)]

    assert first != second
    assert claims[0] is not None
    assert claims[1] is not None
    assert claims[0]["issued"] < claims[1]["issued"]
    assert read_token(first, CREATION) is None


def test_options_require_a_verified_user_and_a_discoverable_passkey() -> None:
    user = create_user()

    creation, login = Passkey.creation_options(user), Passkey.login_options()

    selection = creation["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
    assert (login["userVerification"], login["allowCredentials"]) == ("required", [])
    assert user.email not in str(creation)
    assert handle(user.id) == str(user.id).encode()
