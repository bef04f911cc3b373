"""Authenticator apps and recovery codes: each code works once."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import Authenticator, RecoveryCode, User, accept_code
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.concurrency import run_concurrently
from tests.support.factories import Factory, UserData

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ann(app: Flask, make: Factory) -> UserData:
    return make.user("ann")


def accepts(app: Flask, user: UserData, code: str) -> bool:
    with app.app_context():
        accepted = accept_code(db.session.get_one(User, user.id), code)
        db.session.commit()
        return accepted


def column(app: Flask, name: str) -> str:
    with app.app_context():
        return str(db.session.execute(db.select(getattr(Authenticator, name))).scalar_one())


def test_code_is_accepted_once(app: Flask, ann: UserData, phone: AuthenticatorApp) -> None:
    phone.add_to(app, ann)
    assert not accepts(app, ann, phone.code())  # switched it on

    code = phone.next_code()

    assert accepts(app, ann, f" {code[:3]} {code[3:]} ")
    assert not accepts(app, ann, code)
    assert not accepts(app, ann, phone.code(-1))
    assert accepts(app, ann, phone.next_code())
    assert accepts(app, ann, phone.code(+1))
    assert not accepts(app, ann, phone.code())


def test_one_of_concurrent_requests_can_use_a_code(
    app: Flask, ann: UserData, phone: AuthenticatorApp
) -> None:
    [recovery_code, *_] = phone.add_to(app, ann)
    for code in (phone.next_code(), recovery_code):
        results = run_concurrently(*[lambda code=code: accepts(app, ann, code)] * 4)

        assert sorted(results) == [False, False, False, True]


def test_recovery_code_works_once_in_any_spelling(
    app: Flask, ann: UserData, phone: AuthenticatorApp
) -> None:
    codes = phone.add_to(app, ann)
    assert len(set(codes)) == RecoveryCode.NUMBER

    assert accepts(app, ann, codes[0].upper().replace("-", " "))
    assert not accepts(app, ann, codes[0])
    assert accepts(app, ann, codes[1])


@pytest.mark.parametrize(
    "code", ["", "000000", "\uff11\uff12\uff13\uff14\uff15\uff16", "é", "\0", "a" * 64]
)
def test_other_codes_are_refused(
    app: Flask, ann: UserData, phone: AuthenticatorApp, code: str
) -> None:
    assert not accepts(app, ann, code)
    phone.add_to(app, ann)

    assert not accepts(app, ann, code)


def test_secrets_are_not_stored_as_text(
    app: Flask, ann: UserData, phone: AuthenticatorApp
) -> None:
    codes = phone.add_to(app, ann)

    with app.app_context():
        digests = "".join(db.session.scalars(db.select(RecoveryCode.digest)))
    assert phone.secret not in column(app, "secret")
    assert not any(code.replace("-", "") in digests for code in codes)


def test_codes_of_another_user_are_refused(
    app: Flask, make: Factory, ann: UserData, phone: AuthenticatorApp
) -> None:
    [recovery_code, *_] = phone.add_to(app, ann)
    bob = make.user("bob")
    code, phone.secret = phone.next_code(), "A" * 32
    phone.add_to(app, bob)

    assert not accepts(app, bob, recovery_code)
    assert not accepts(app, bob, code)


def test_secret_is_encrypted_with_the_new_key_when_a_code_is_used(
    app: Flask,
    ann: UserData,
    phone: AuthenticatorApp,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    [recovery_code, *_] = phone.add_to(app, ann)
    old, new = app.config["SECRET_KEY"], "n" * 32
    monkeypatch.setitem(app.config, "SECRET_KEY", new)
    assert not accepts(app, ann, phone.next_code())
    assert "flask users reset-two-factor" in caplog.text
    assert accepts(app, ann, recovery_code)

    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert accepts(app, ann, phone.next_code())

    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])
    assert accepts(app, ann, phone.next_code())


def test_second_authenticator_is_not_added(
    app: Flask, ann: UserData, phone: AuthenticatorApp
) -> None:
    phone.add_to(app, ann)
    with app.app_context():
        user = db.session.get_one(User, ann.id)
        assert not Authenticator.add(user, phone.secret, phone.next_code())
        assert Authenticator.remove(user)
        assert RecoveryCode.count(user) == 0
        assert not Authenticator.remove(user)
