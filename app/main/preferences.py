"""Language and theme, stored in cookies; the language also in the account, for emails."""

from datetime import timedelta

from flask import current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from ..extensions import db
from ..i18n import LANGUAGE_COOKIE, THEME_COOKIE, current_theme
from ..security.redirects import redirect_target
from . import main
from .forms import PreferencesForm

ONE_YEAR = timedelta(days=365)


@main.route("/preferences", methods=["GET", "POST"])
def preferences() -> ResponseReturnValue:
    """Change the language and the theme, with or without an account."""
    form = PreferencesForm(
        locale=str(get_locale()), theme=current_theme(), next=request.args.get("next")
    )
    if not form.validate_on_submit():
        return render_template("preferences.html", form=form)
    if current_user.is_authenticated:
        current_user.locale = form.locale.data
        db.session.commit()
    response = redirect(redirect_target())
    secure, path = (current_app.config[x] for x in ("SESSION_COOKIE_SECURE", "APPLICATION_ROOT"))
    for cookie, value in ((LANGUAGE_COOKIE, form.locale.data), (THEME_COOKIE, form.theme.data)):
        response.set_cookie(cookie, value, ONE_YEAR, path=path, samesite="Lax", secure=secure)
    return response
