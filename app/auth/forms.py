"""The forms of registration, passwords and addresses."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    PasswordField,
    StringField,
    SubmitField,
    ValidationError,
)
from wtforms.validators import EqualTo, Length, NumberRange

from .. import passwords
from ..forms import (
    Form,
    UniqueUsername,
    as_address,
    at_most,
    email_address,
    required,
    strip,
    username_rules,
)
from ..models import User


def not_common(_form: Any, field: Field) -> None:
    """Refuse a password that everybody thinks of, in whatever case."""
    if passwords.is_common(field.data or ""):
        raise ValidationError(_l("This password is among the most common ones. Choose another."))


def email_field() -> StringField:
    """Return a field for an address that belongs to the reader."""
    return StringField(
        _l("E-mail address"),
        validators=email_address(),
        filters=[as_address],
        render_kw={"type": "email", "autocomplete": "email"},
    )


def new_password_field(label: Any) -> PasswordField:
    """Return a field for a password being chosen."""
    length = Length(passwords.MIN_LENGTH, message=_l("Use %(min)d characters or more."))
    return PasswordField(
        label,
        validators=[required(), length, at_most(passwords.MAX_LENGTH), not_common],
        description=_l("At least 8 characters. A few words are better than a few signs."),
        render_kw={"autocomplete": "new-password"},
    )


def repeat_field() -> PasswordField:
    """Return the field that repeats `password`."""
    return PasswordField(
        _l("Repeat the password"),
        validators=[required(), EqualTo("password", _l("The two passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


def current_password_field(label: Any, *checks: Any) -> PasswordField:
    """Return a field for the password one has, with further `checks` of it."""
    return PasswordField(
        label, validators=[required(), *checks], render_kw={"autocomplete": "current-password"}
    )


def own_password(_form: Any, field: Field) -> None:
    """Refuse any password but the reader's own."""
    if not current_user.verify_password(field.data):
        raise ValidationError(_l("This is not your password."))


class LoginForm(Form):
    """Who are you?"""

    email = email_field()
    password = current_password_field(_l("Password"))
    remember_me = BooleanField(_l("Keep me logged in"))
    submit = SubmitField(_l("Log in"))


class RegistrationForm(Form):
    """A new account."""

    email = email_field()
    username = StringField(
        _l("Username"),
        validators=[*username_rules(), UniqueUsername()],
        filters=[strip],
        description=_l(
            "Letters, digits, dots and underscores, beginning with a letter. Others see it."
        ),
        render_kw={"autocomplete": "username"},
    )
    password = new_password_field(_l("Password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Sign up"))

    user = None

    @property
    def asked_by(self) -> str | None:
        """Return the address that wants the name: asking for it again is no offence."""
        return self.email.data or None


class ConfirmAccountForm(Form):
    """The password again, so that nobody confirms an account that a stranger registered."""

    password = current_password_field(_l("Password"))
    submit = SubmitField(_l("Confirm my address"))

    def __init__(self, user: User, **fields: Any) -> None:
        super().__init__(**fields)
        self.user = user

    def validate_password(self, field: Field) -> None:
        """Refuse any password but the one the account was registered with."""
        if not self.user.verify_password(field.data or ""):
            raise ValidationError(_l("This is not the password that was chosen at registration."))


class EmailForm(Form):
    """An address to send a letter to."""

    email = email_field()
    submit = SubmitField(_l("Send me a letter"))


class NewPasswordForm(Form):
    """A new password, for someone who has followed the link in a letter."""

    password = new_password_field(_l("New password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Set the password"))


class ChangePasswordForm(Form):
    """A new password, for someone who knows the old one."""

    old_password = current_password_field(_l("Current password"), own_password)
    password = new_password_field(_l("New password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Change the password"))


class ChangeEmailForm(Form):
    """A new address."""

    email = email_field()
    password = current_password_field(_l("Password"), own_password)
    submit = SubmitField(_l("Change the address"))


class TokenForm(Form):
    """A token for a program."""

    name = StringField(
        _l("What is it for?"),
        validators=[required(), at_most(64)],
        filters=[strip],
        description=_l("Such as the name of an app, so that you know it again."),
    )
    days = IntegerField(
        _l("Days it works"),
        validators=[NumberRange(1, 3650, _l("Write a number of days from 1 to 3650."))],
    )
    read_only = BooleanField(_l("It may only read"))
    password = current_password_field(_l("Password"), own_password)
    submit = SubmitField(_l("Make a token"))


class DeleteAccountForm(Form):
    """Good-bye."""

    password = current_password_field(_l("Password"), own_password)
    submit = SubmitField(_l("Delete my account"))
