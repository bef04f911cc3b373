"""Forms for registration, login, passwords, email addresses and API tokens."""

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
from wtforms.validators import DataRequired, EqualTo, Length, NumberRange

from ..forms import REQUIRED, USERNAME_TAKEN, Form, MaxLength, email_field, strip, username_field
from ..models import Registration, User, username_is_available
from ..security import passwords


def new_password_field(label: Any) -> PasswordField:
    """Return a field for a new password."""
    min_length = Length(passwords.MIN_LENGTH, message=_l("Use at least %(min)d characters."))
    return PasswordField(
        label,
        [REQUIRED, min_length, MaxLength(passwords.MAX_LENGTH), not_common],
        description=_l("At least 8 characters. A phrase of several words works well."),
    )


def not_common(_form: Any, field: Field) -> None:
    """Reject one of the most common passwords, ignoring case."""
    if passwords.is_common(field.data):
        raise ValidationError(_l("This password is too common. Choose another."))


def repeat_field() -> PasswordField:
    """Return a field that must equal `password`."""
    return PasswordField(
        _l("Confirm password"), [REQUIRED, EqualTo("password", _l("Passwords must match."))]
    )


def own_password(_form: Any, field: Field) -> None:
    """Reject any password but that of the current user."""
    if not current_user.verify_password(field.data):
        raise ValidationError(_l("Incorrect password."))


class LoginForm(Form):
    """Log in."""

    email = email_field()
    password = PasswordField(_l("Password"), [REQUIRED])
    remember_me = BooleanField(_l("Keep me logged in"))
    submit = SubmitField(_l("Log in"))


class RegistrationForm(Form):
    """Create an account."""

    email = email_field()
    username = username_field(
        _l("Public. Use letters, digits, dots and underscores, starting with a letter.")
    )
    password = new_password_field(_l("Password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Sign up"))

    def validate_username(self, field: Field) -> None:
        """Reject a username that is taken, except by an earlier registration of the email."""
        if not username_is_available(field.data or "", self.email.data or ""):
            raise ValidationError(USERNAME_TAKEN)


class ConfirmAccountForm(Form):
    """Confirm an account with its password: see `registration.confirm`."""

    password = PasswordField(_l("Password"), [REQUIRED])
    submit = SubmitField(_l("Confirm email"))

    def __init__(self, account: User | Registration) -> None:
        super().__init__()
        self.account = account

    def validate_password(self, field: Field) -> None:
        """Reject any password but that of the account."""
        if not self.account.verify_password(field.data):
            raise ValidationError(
                _l("Incorrect password. Enter the one you chose when you signed up.")
            )


class EmailForm(Form):
    """Request an email."""

    email = email_field()
    submit = SubmitField(_l("Send email"))


class NewPasswordForm(Form):
    """Set a new password with a reset link."""

    password = new_password_field(_l("New password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Set password"))


class ChangePasswordForm(Form):
    """Change the password, given the current one."""

    old_password = PasswordField(_l("Current password"), [REQUIRED, own_password])
    password = new_password_field(_l("New password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Change password"))


class ChangeEmailForm(Form):
    """Request a change of the email address."""

    email = email_field()
    password = PasswordField(_l("Password"), [REQUIRED, own_password])
    submit = SubmitField(_l("Change email address"))


DAYS_MESSAGE = _l("Enter a number from 1 to 3650.")


class TokenForm(Form):
    """Create an API token."""

    name = StringField(
        _l("Name"),
        [REQUIRED, MaxLength(64)],
        filters=[strip],
        description=_l("For example, the app that uses the token."),
    )
    days = IntegerField(
        _l("Expires in (days)"),
        [DataRequired(DAYS_MESSAGE), NumberRange(1, 3650, DAYS_MESSAGE)],
    )
    read_only = BooleanField(_l("Read-only"))
    password = PasswordField(_l("Password"), [REQUIRED, own_password])
    submit = SubmitField(_l("Create token"))


class DeleteAccountForm(Form):
    """Delete the account of the current user."""

    password = PasswordField(_l("Password"), [REQUIRED, own_password])
    submit = SubmitField(_l("Delete my account"))
