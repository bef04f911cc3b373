"""The base class of all forms, and the fields, validators and filters that they share."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    Field,
    RadioField,
    StringField,
    SubmitField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, StopValidation

from .models import email_address

USERNAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_.]*\Z")
USERNAME_TAKEN = _l("This username is taken. Choose another.")
REQUIRED = DataRequired(_l("This field is required."))
# Translated names of the roles in models/role.py. Others are shown by their name.
ROLE_NAMES = {
    "User": _l("User"),
    "Moderator": _l("Moderator"),
    "Administrator": _l("Administrator"),
}
# Why users report something: `Reason` of models/report.py.
REPORT_REASONS = {
    "spam": _l("Spam or advertising"),
    "harassment": _l("Harassment or hate"),
    "illegal": _l("Illegal content"),
    "impersonation": _l("Pretending to be someone else"),
    "other": _l("Something else"),
}

SELECT_OPTION = _l("Select an option.")
# For values that are not among the choices: the messages of WTForms say “Invalid Choice”.
INVALID_CHOICE: Any = {f"invalid_{kind}_message": SELECT_OPTION for kind in ("choice", "value")}


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form with CSRF protection."""


class ConfirmForm(Form):
    """A form with only a button."""

    submit = SubmitField(_l("Confirm"))


class MaxLength(Length):
    """Reject text that is too long, and stop: other validators may be slow on it."""

    def __init__(self, length: int) -> None:
        super().__init__(max=length, message=_l("Use at most %(max)d characters."))

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation if the text is too long."""
        try:
            super().__call__(form, field)
        except ValidationError as error:
            raise StopValidation(*error.args) from error


def email_field() -> EmailField:
    """Return a field for an email address, normalized as it is stored."""
    return EmailField(
        _l("Email"),
        [REQUIRED, MaxLength(email_address.MAX_LENGTH), valid_email],
        filters=[lambda value: value and email_address.normalize_if_valid(value)],
    )


def valid_email(_form: Any, field: Field) -> None:
    """Reject an invalid email address."""
    try:
        email_address.normalize(field.data)
    except email_address.InvalidEmailAddress as error:
        raise ValidationError(
            _l("Enter a valid email address, such as ann@example.com.")
        ) from error


def username_field(description: Any = "") -> StringField:
    """Return a field for a username; the form checks whether it is available."""
    message = _l("Use letters, digits, dots and underscores, starting with a letter.")
    return StringField(
        _l("Username"),
        [REQUIRED, MaxLength(64), Regexp(USERNAME_PATTERN, message=message)],
        filters=[strip],
        description=description,
    )


def strip(value: str | None) -> str | None:
    """Filter: remove surrounding whitespace."""
    return value and value.strip()


def radio_field(label: Any, options: dict[str, Any]) -> RadioField:
    """Return a field that requires one of `options`, a dictionary of values and their labels."""
    choices = [SelectChoice(*option) for option in options.items()]
    return RadioField(label, [InputRequired(SELECT_OPTION)], choices=choices, **INVALID_CHOICE)
