"""The forms of the pages."""

from collections.abc import Callable  # demo-only
from os import SEEK_END
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs

from .. import (
    markdown,  # demo-only
    uploads,
)
from ..extensions import db
from ..forms import (
    INVALID_CHOICE,
    REPORT_REASONS,
    REQUIRED,
    ROLE_NAMES,
    USERNAME_TAKEN,
    Form,
    MaxLength,
    email_field,
    radio_field,
    strip,
    username_field,
)
from ..i18n import LANGUAGES, THEMES
from ..models import (
    Comment,  # demo-only
    Post,  # demo-only
    Report,
    Role,
    User,
    username_is_available,
)

TOO_MUCH_FORMATTING = _l("This text has too much formatting. Simplify it.")  # demo-only


# demo-only: begin
def renders_with(render: Callable[[str], str]) -> Callable[[Any, Field], None]:
    """Return a validator that rejects text whose HTML would be too long."""

    def validate(_form: Any, field: Field) -> None:
        try:
            render(field.data)
        except markdown.TooLong as error:
            raise ValidationError(TOO_MUCH_FORMATTING) from error

    return validate


POST_BODY = [REQUIRED, MaxLength(Post.MAX_LENGTH), renders_with(markdown.render_post)]
COMMENT_BODY = [REQUIRED, MaxLength(Comment.MAX_LENGTH), renders_with(markdown.render_comment)]


class PostForm(Form):
    """Publish a post."""

    body = TextAreaField(_l("Your post"), POST_BODY)
    preview = SubmitField(_l("Preview"))
    submit = SubmitField(_l("Publish"))


class EditPostForm(PostForm):
    """Edit a post."""

    submit = SubmitField(_l("Save"))


class CommentForm(Form):
    """Comment on a post."""

    body = TextAreaField(_l("Your comment"), COMMENT_BODY)
    preview = SubmitField(_l("Preview"))
    submit = SubmitField(_l("Comment"))


class EditCommentForm(CommentForm):
    """Edit a comment."""

    submit = SubmitField(_l("Save"))


# demo-only: end


class ProfileForm(Form):
    """Edit one's own profile."""

    name = StringField(_l("Display name"), [MaxLength(64)], filters=[strip])
    location = StringField(_l("Location"), [MaxLength(64)], filters=[strip])
    about_me = TextAreaField(_l("About me"), [MaxLength(1000)], filters=[strip])
    submit = SubmitField(_l("Save"))


class AvatarForm(Form):
    """Upload a picture of oneself; `content` is what to store."""

    picture = FileField(_l("Picture"), [FileRequired(_l("Choose a picture."))])
    upload = SubmitField(_l("Upload"))
    content = b""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        limit = current_app.config["UPLOAD_MAX_MEGABYTES"]
        self.picture.description = gettext(
            "JPEG, PNG, WebP or GIF, at most %(limit)d MB. It is cropped to a square.",
            limit=limit,
        )

    def validate_picture(self, field: Field) -> None:
        """Reject what is no picture or too large."""
        if field.data.stream.seek(0, SEEK_END) > uploads.max_bytes():
            raise ValidationError(too_large())
        try:
            self.content = uploads.encode_avatar(field.data.stream)
        except uploads.TooManyPixels as error:
            message = _l("This picture has too many pixels. Make it smaller, such as 1000 × 1000.")
            raise ValidationError(message) from error
        except uploads.UnreadableImage as error:
            message = _l(
                "This file cannot be read as a picture. Use a JPEG, PNG, WebP or GIF file."
            )
            raise ValidationError(message) from error
        finally:
            field.data.close()


def too_large() -> Any:
    """Return the error for a file with too many bytes."""
    limit = current_app.config["UPLOAD_MAX_MEGABYTES"]
    return gettext("This file is too large. Use one of at most %(limit)d MB.", limit=limit)


def role_choices() -> list[SelectChoice]:
    """Return the roles, the one with the fewest permissions first."""
    roles = db.session.scalars(db.select(Role).order_by(Role.permissions))
    return [SelectChoice(str(role.id), ROLE_NAMES.get(role.name, role.name)) for role in roles]


class AdminProfileForm(Form):
    """Edit the account of any user, as an administrator."""

    email = email_field()
    username = username_field()
    confirmed = BooleanField(_l("Email confirmed"))
    role = SelectField(_l("Role"), coerce=int, choices=role_choices, **INVALID_CHOICE)
    name = StringField(_l("Display name"), [MaxLength(64)], filters=[strip])
    location = StringField(_l("Location"), [MaxLength(64)], filters=[strip])
    about_me = TextAreaField(_l("About me"), [MaxLength(1000)], filters=[strip])
    submit = SubmitField(_l("Save"))

    def __init__(self, user: User) -> None:
        super().__init__(obj=user)
        self.user = user
        if not self.is_submitted():
            self.role.data = user.role_id

    def validate_email(self, field: Field) -> None:
        """Reject the email address of another account."""
        owner = User.find_by_email(field.data or "")
        if owner is not None and owner.id != self.user.id:
            raise ValidationError(_l("Another account uses this email address."))

    def validate_username(self, field: Field) -> None:
        """Reject the username of another account."""
        if not username_is_available(field.data or "", self.user.email, exclude=self.user):
            raise ValidationError(USERNAME_TAKEN)

    def validate_confirmed(self, field: Field) -> None:
        """Prevent administrators from unconfirming themselves."""
        if self.user == current_user and not field.data:
            raise ValidationError(_l("You can’t unconfirm your own email."))

    def validate_role(self, field: Field) -> None:
        """Prevent administrators from removing their own role."""
        if self.user == current_user and field.data != self.user.role_id:
            raise ValidationError(_l("You can’t change your own role. Ask another administrator."))


class DeleteUserForm(Form):
    """Delete a user; the username must be typed to confirm."""

    username = StringField(_l("Confirm username"), [REQUIRED], filters=[strip])
    submit = SubmitField(_l("Delete account"))

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user

    def validate_username(self, field: Field) -> None:
        """Reject any other username."""
        if field.data != self.user.username:
            raise ValidationError(_l("The username doesn’t match."))


class SuspendForm(Form):
    """Suspend a user."""

    reason = TextAreaField(
        _l("Reason"),
        [REQUIRED, MaxLength(255)],
        filters=[strip],
        description=_l("The user gets it by email."),
    )
    submit = SubmitField(_l("Suspend user"))


class ReportForm(Form):
    """Report an account, or what a user wrote."""

    reason = radio_field(_l("Reason"), REPORT_REASONS)
    text = TextAreaField(
        _l("Details"),
        [MaxLength(Report.MAX_LENGTH)],
        filters=[strip],
        description=_l("Optional: what should moderators know?"),
    )
    submit = SubmitField(_l("Report"))


class PreferencesForm(Form):
    """Choose the theme and the language."""

    theme = radio_field(_l("Theme"), THEMES)
    locale = radio_field(_l("Language"), LANGUAGES)
    next = HiddenField()
    submit = SubmitField(_l("Save"))
