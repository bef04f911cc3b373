"""The list of users: search by the beginning of a username or email address, and filters."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import SearchField, SelectField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs

from ..extensions import db
from ..forms import INVALID_CHOICE, ROLE_NAMES, Form, MaxLength, strip
from ..models import Role, User, user_list
from ..pagination import Page, paginate
from ..permissions import admin_required
from . import admin

PER_PAGE = 30
MAX_FOUND = 50  # users that a search shows

STATUSES = {
    "": (_l("All"), None),
    "unconfirmed": (_l("Unconfirmed"), ~User.confirmed),
    "suspended": (_l("Suspended"), User.suspended_at.is_not(None)),
}


class UserFilterForm(Form):
    """Filter the list of users; sent by GET."""

    class Meta:
        """Without a token: the form changes nothing."""

        csrf = False

    q = SearchField(
        _l("Username or email"),
        [MaxLength(254)],
        filters=[strip],
        description=_l("The first characters are enough."),
    )
    role = SelectField(_l("Role"), **INVALID_CHOICE)
    status = SelectField(
        _l("Status"),
        choices=[SelectChoice(value, label) for value, (label, _condition) in STATUSES.items()],
        default="",
        **INVALID_CHOICE,
    )
    submit = SubmitField(_l("Search"), name="")


@admin.get("/users")
@admin_required
def users() -> ResponseReturnValue:
    """List users, newest first, or those that a search finds, by username."""
    roles = db.session.scalars(db.select(Role).order_by(Role.permissions)).all()
    form = UserFilterForm(request.args)
    names = {"": _l("All")} | {role.name: ROLE_NAMES.get(role.name, role.name) for role in roles}
    form.role.choices = [SelectChoice(*name) for name in names.items()]
    form.role.data = form.role.data or ""
    is_valid = form.validate()
    return render_template(
        "admin/users.html",
        form=form,
        page=_page(form, {role.name: role.id for role in roles}) if is_valid else None,
        role_names=ROLE_NAMES,
        max_found=MAX_FOUND,
    ), 200 if is_valid else 400


def _page(form: UserFilterForm, role_ids: dict[str, int]) -> Page:
    conditions = []
    if form.role.data:
        conditions.append(User.role_id == role_ids[form.role.data])
    condition = STATUSES[form.status.data][1]
    if condition is not None:
        conditions.append(condition)
    prefix = (form.q.data or "").removeprefix("@")
    if prefix:
        found = user_list.search_rows(prefix, MAX_FOUND, *conditions)
        return Page(list(db.session.execute(found)), None, None)
    filters = {name: form[name].data for name in ("role", "status") if form[name].data}
    return paginate(user_list.rows().where(*conditions), PER_PAGE, **filters)
