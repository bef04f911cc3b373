"""Forms for registration, login, passwords, second factors, email addresses and API tokens."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
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

USERNAME_HINT = _l("Public. Use letters, digits, dots and underscores, starting with a letter.")


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


def code_field(description: Any) -> StringField:
    """Return a field for a code of the second factor."""
    return StringField(_l("Code"), [REQUIRED, MaxLength(64)], description=description)


CODE_HINT = _l("The six digits in your authenticator app, or one of your recovery codes.")


class CodeForm(Form):
    """Complete a login."""

    code = code_field(CODE_HINT)
    submit = SubmitField(_l("Log in"))


class ReauthenticationForm(Form):
    """Log in again."""

    password = PasswordField(_l("Password"), [REQUIRED, own_password])
    code = code_field(CODE_HINT)
    submit = SubmitField(_l("Confirm"))


class SetUpTwoFactorForm(Form):
    """Switch two-factor authentication on."""

    secret = HiddenField()
    code = code_field(_l("The six digits that the app shows now."))
    submit = SubmitField(_l("Turn on"))


class RegistrationForm(Form):
    """Create an account."""

    email = email_field()
    username = username_field(USERNAME_HINT)
    password = new_password_field(_l("Password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Sign up"))

    def validate_username(self, field: Field) -> None:
        """Reject a username that is taken, except by an earlier registration of the email."""
        if not username_is_available(field.data or "", self.email.data or ""):
            raise ValidationError(USERNAME_TAKEN)


class OpenIDRegistrationForm(Form):
    """Create an account with an email address that an OpenID Connect issuer has verified."""

    username = username_field(USERNAME_HINT)
    password = new_password_field(_l("Password"))
    password2 = repeat_field()
    submit = SubmitField(_l("Sign up"))

    def __init__(self, email: str) -> None:
        super().__init__()
        self.address = email

    def validate_username(self, field: Field) -> None:
        """Reject a username that is taken, except by an earlier registration of the email."""
        if not username_is_available(field.data or "", self.address):
            raise ValidationError(USERNAME_TAKEN)


class LinkIdentityForm(Form):
    """Link an account at an OpenID Connect issuer to the account with the same address."""

    password = PasswordField(_l("Password"), [REQUIRED])
    submit = SubmitField(_l("Log in"))


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


class ChangeUsernameForm(Form):
    """Change the username."""

    username = username_field(USERNAME_HINT)
    password = PasswordField(_l("Password"), [REQUIRED, own_password])
    submit = SubmitField(_l("Change username"))

    def validate_username(self, field: Field) -> None:
        """Reject a username that another user has, had a short time ago, or registers."""
        if not username_is_available(field.data or "", current_user.email, exclude=current_user):
            raise ValidationError(USERNAME_TAKEN)


class ChangeEmailForm(Form):
    """Request a change of the email address."""

    email = email_field()
    password = PasswordField(_l("Password"), [REQUIRED, own_password])
    submit = SubmitField(_l("Change email address"))


def passkey_name_field() -> StringField:
    """Return a field for the name of a passkey."""
    return StringField(
        _l("Name"),
        [REQUIRED, MaxLength(64)],
        filters=[strip],
        description=_l("For example, the device or password manager that keeps it."),
    )


class AddPasskeyForm(Form):
    """Add a passkey, which a script puts into `credential`."""

    name = passkey_name_field()
    credential = HiddenField()
    submit = SubmitField(_l("Add passkey"))


class RenamePasskeyForm(Form):
    """Rename a passkey."""

    name = passkey_name_field()
    submit = SubmitField(_l("Save"))


class PasskeyLoginForm(Form):
    """Log in with a passkey."""

    credential = HiddenField()
    remember_me = BooleanField()


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
