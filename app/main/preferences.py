"""Language and colours: kept in cookies, and the language with the account too, for letters."""

from datetime import timedelta

from flask import current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from ..extensions import db
from ..i18n import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from ..security import redirect_target
from . import main
from .forms import PreferencesForm

A_YEAR = timedelta(days=365)


@main.route("/preferences", methods=["GET", "POST"])
def preferences() -> ResponseReturnValue:
    """Let readers choose, with an account or without."""
    form = PreferencesForm(data=_current())
    if not form.validate_on_submit():
        return render_template("preferences.html", form=form)
    if current_user.is_authenticated:
        current_user.locale = form.locale.data
        db.session.commit()
    response = make_response(redirect(redirect_target("main.index")))
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    for cookie, value in ((LANGUAGE_COOKIE, form.locale.data), (THEME_COOKIE, form.theme.data)):
        response.set_cookie(cookie, value, max_age=A_YEAR, samesite="Lax", secure=secure)
    return response


def _current() -> dict[str, str | None]:
    theme = request.cookies.get(THEME_COOKIE)
    return {
        "theme": theme if theme in THEMES else "auto",
        "locale": str(get_locale()),
        "next": request.args.get("next"),
    }
