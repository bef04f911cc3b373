"""The roles and their permissions, as the database has them."""

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from ..extensions import db
from ..forms import ROLE_NAMES
from ..models import Permission, Role
from ..permissions import admin_required
from . import admin

# The texts of the permissions. Others are shown by their name.
PERMISSIONS = {
    # demo-only: begin
    Permission.FOLLOW: _l("Follow users"),
    Permission.COMMENT: _l("Write comments"),
    Permission.WRITE: _l("Write posts"),
    # demo-only: end
    Permission.MODERATE: _l("Moderate what others write"),
    Permission.ADMIN: _l("Manage accounts and see the administration"),
}


@admin.get("/roles")
@admin_required
def roles() -> ResponseReturnValue:
    """List the roles, the one with the fewest permissions first. They are defined in the code."""
    return render_template(
        "admin/roles.html",
        roles=db.session.scalars(select(Role).order_by(Role.permissions, Role.id)).all(),
        permissions={one: PERMISSIONS.get(one, one.name) for one in Permission},
        role_names=ROLE_NAMES,
        with_two_factor=current_app.config["TWO_FACTOR_ROLES"],
    )
