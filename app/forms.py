"""What every form of the site shares: its validators, with messages in the reader's language."""

import re
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.i18n import translations
from wtforms import Field, SubmitField, ValidationError
from wtforms.validators import DataRequired, Length, Regexp, StopValidation

from . import addresses
from .models import User

USERNAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_.]*", re.ASCII)


class OwnWords:
    """What WTForms itself says: where a reader can meet it, in the words of the site.

    Every validator here brings its message; fields that offer a choice have one built in.
    """

    not_offered = ("Not a valid choice.", "Invalid Choice: could not coerce.")

    def gettext(self, text: str) -> str:
        """Return `text` in the reader's language."""
        own = text in self.not_offered
        return str(gettext("Please choose one.") if own else translations.gettext(text))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return the form of a text that goes with `number`, in the reader's language."""
        return str(translations.ngettext(singular, plural, number))


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form protected against forgery; surrounding white space is no part of an answer."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF has no types
        """How WTForms treats every form of the site."""

        def get_translations(self, _form: Any) -> OwnWords:
            """Return what gives WTForms its words."""
            return OwnWords()

    def was_previewed(self) -> bool:
        """Tell whether the button pressed was “Preview”."""
        return bool(self.is_submitted() and "preview" in request.form)


class ConfirmForm(Form):
    """A question with one answer: the button."""

    submit = SubmitField(_l("Yes, do it"))


def strip(value: str | None) -> str | None:
    """Remove white space around what was typed."""
    return value.strip() if value else value


def required() -> Any:
    """Refuse an empty answer."""
    return DataRequired(_l("Please fill in this field."))


def at_most(length: int) -> Any:
    """Refuse an answer of more than `length` characters."""
    return AtMost(max=length, message=_l("Use at most %(max)d characters."))


class AtMost(Length):
    """A limit that comes before all other checks, which may take long on a long text."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation if the answer is too long."""
        try:
            super().__call__(form, field)
        except ValidationError as error:
            raise StopValidation(*error.args) from error


def email_address() -> list[Any]:
    """Return the validators of an e-mail address."""
    return [required(), at_most(addresses.MAX_LENGTH), deliverable]


def deliverable(_form: Any, field: Field) -> None:
    """Refuse an address that no letter can be sent to."""
    try:
        addresses.normalise(field.data)
    except addresses.AddressError as error:
        raise ValidationError(_l("Write an address such as ann@example.com.")) from error


def as_address(value: str | None) -> str | None:
    """Write an address in the one way that it is stored."""
    return addresses.normalise_if_valid(value) if value else value


def username_rules() -> list[Any]:
    """Return the validators of a username."""
    return [
        required(),
        at_most(64),
        Regexp(
            re.compile(rf"{USERNAME_PATTERN.pattern}\Z", re.ASCII),
            message=_l("Use letters, digits, dots and underscores, and begin with a letter."),
        ),
    ]


class UniqueUsername:
    """Refuse a name that somebody else has, in whatever case it is written."""

    def __call__(self, form: Any, field: Field) -> None:
        """Raise ValidationError if the name is taken by someone other than `form.user`."""
        user, asked_by = getattr(form, "user", None), getattr(form, "asked_by", None)
        if not User.username_is_free(field.data or "", besides=user, asked_by=asked_by):
            raise ValidationError(_l("This name is taken. Please choose another."))
