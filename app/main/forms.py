"""The forms of the pages for people."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs
from wtforms.validators import InputRequired

from ..extensions import db
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
from ..i18n import LANGUAGES
from ..models import Comment, Post, Role, User

# The roles of models/role.py in the reader's words. One that is not here is shown by its name.
ROLE_NAMES = {
    "User": _l("User"),
    "Moderator": _l("Moderator"),
    "Administrator": _l("Administrator"),
}


class PostForm(Form):
    """A post, new or edited."""

    body = TextAreaField(
        _l("What’s on your mind?"), validators=[required(), at_most(Post.MAX_LENGTH)]
    )
    preview = SubmitField(_l("Preview"))
    submit = SubmitField(_l("Publish"))


class EditPostForm(PostForm):
    """A post that is there already."""

    body = TextAreaField(_l("Your post"), validators=[required(), at_most(Post.MAX_LENGTH)])
    submit = SubmitField(_l("Save"))


class CommentForm(Form):
    """A comment below a post."""

    body = TextAreaField(_l("Your comment"), validators=[required(), at_most(Comment.MAX_LENGTH)])
    preview = SubmitField(_l("Preview"))
    submit = SubmitField(_l("Comment"))


class ProfileForm(Form):
    """What people say about themselves."""

    name = StringField(_l("Real name"), validators=[at_most(64)], filters=[strip])
    location = StringField(_l("Location"), validators=[at_most(64)], filters=[strip])
    about_me = TextAreaField(_l("About me"), validators=[at_most(1000)], filters=[strip])
    submit = SubmitField(_l("Save"))


class AdminProfileForm(Form):
    """What an administrator can change of anybody's account."""

    email = StringField(_l("E-mail address"), validators=email_address(), filters=[as_address])
    username = StringField(
        _l("Username"), validators=[*username_rules(), UniqueUsername()], filters=[strip]
    )
    confirmed = BooleanField(_l("The address is confirmed"))
    role = SelectField(_l("Role"), coerce=int)
    name = StringField(_l("Real name"), validators=[at_most(64)], filters=[strip])
    location = StringField(_l("Location"), validators=[at_most(64)], filters=[strip])
    about_me = TextAreaField(_l("About me"), validators=[at_most(1000)], filters=[strip])
    submit = SubmitField(_l("Save"))

    def __init__(self, user: User, **fields: Any) -> None:
        super().__init__(**fields)
        self.user = user
        roles = db.session.scalars(db.select(Role).order_by(Role.permissions))
        self.role.choices = [
            SelectChoice(str(role.id), ROLE_NAMES.get(role.name, role.name)) for role in roles
        ]
        if not self.is_submitted():
            self.role.data = user.role_id

    def validate_role(self, field: SelectField) -> None:
        """Refuse to let administrators lock themselves out."""
        if self.user == current_user and field.data != self.user.role_id:
            raise ValidationError(_l("Let another administrator change your own role."))

    def validate_confirmed(self, field: BooleanField) -> None:
        """Refuse to let administrators lock themselves out."""
        if self.user == current_user and not field.data:
            raise ValidationError(_l("Your own address stays confirmed."))

    def validate_email(self, field: StringField) -> None:
        """Refuse an address that another account has."""
        owner = User.with_email(field.data or "")
        if owner is not None and owner.id != self.user.id:
            raise ValidationError(_l("Another account has this address."))


class DeleteUserForm(Form):
    """Whom to delete, written out, so that a slip of the finger is not enough."""

    username = StringField(_l("Repeat the username"), validators=[required()], filters=[strip])
    submit = SubmitField(_l("Delete the account"))

    def __init__(self, user: User, **fields: Any) -> None:
        super().__init__(**fields)
        self.user = user

    def validate_username(self, field: StringField) -> None:
        """Refuse any other name."""
        if field.data != self.user.username:
            raise ValidationError(_l("This is not the name of the account on this page."))


class PreferencesForm(Form):
    """How the site looks to this reader, and in which language."""

    theme = RadioField(
        _l("Theme"),
        choices=[
            SelectChoice("auto", _l("As my device does")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
        validators=[InputRequired(_l("Please choose one."))],
    )
    locale = RadioField(
        _l("Language"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        validators=[InputRequired(_l("Please choose one."))],
    )
    next = HiddenField()
    submit = SubmitField(_l("Save"))
