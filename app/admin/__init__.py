"""The administration: a dashboard, the reports of users, the list of users, roles.

`sections` lists the pages for the navigation. Accounts are edited, suspended and deleted, and
reports are written, on pages of `main`; the audit log is a page of `auth`.

To remove it: delete this package, `templates/admin/`, `static/css/admin.css`, `tests/admin/`, the
registration in the factory and the link in `templates/macros/navigation.html`. The audit log must
then extend another layout.
"""

from flask import Blueprint

from ..extensions import limiter
from ..rate_limiting.limits import limit_per_account

admin = Blueprint("admin", __name__)
admin.before_request(limit_per_account(limiter))

from . import (  # noqa: E402, F401 - register the views
    dashboard,
    reports,
    roles,
    sections,
    users,
)
