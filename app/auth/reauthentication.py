"""Re-authentication before the second factor or the passkeys change ("sudo mode").

The other forms that change credentials, and delete the account, ask for the password themselves.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from ..extensions import db
from ..known_browsers import check_code
from ..models import Authenticator, Passkey, utcnow
from ..security.redirects import redirect_target
from . import auth, limits
from .forms import ReauthenticationForm
from .session import stay_logged_in


def recent_login_required(view: Callable[..., ResponseReturnValue]) -> Any:
    """Ask users who logged in REAUTHENTICATION_MINUTES ago or earlier to do it again.

    A forgotten login, or a copied cookie, is not enough to change how a user logs in.
    """

    @login_required
    @wraps(view)
    def wrapper(**path: Any) -> Any:
        limit = timedelta(minutes=current_app.config["REAUTHENTICATION_MINUTES"])
        if utcnow() - g.credential.timestamp <= limit:
            return view(**path)
        methods = request.url_rule.methods if request.url_rule else None
        target = request.path if "GET" in (methods or ()) else None
        return redirect(url_for("auth.reauthenticate", next=target))

    return wrapper


@auth.route("/reauthentication", methods=["GET", "POST"])
@limits.password_attempts
@login_required
def reauthenticate() -> ResponseReturnValue:
    """Ask for what a login needs: the password and, if there is a second factor, a code.

    Or for a passkey, with which the user logs in again.
    """
    form, has_code = ReauthenticationForm(), Authenticator.find(current_user) is not None
    if not has_code:
        del form.code
    if form.validate_on_submit():
        if not has_code or check_code(current_user, form.code.data or ""):
            stay_logged_in(timestamp=utcnow())
            db.session.commit()
            return redirect(redirect_target("auth.two_factor"))
        form.code.errors = [gettext("Wrong or already used code. Enter the current one.")]
    options = Passkey.login_options(current_user) if Passkey.of(current_user) else None
    remember = current_app.config["REMEMBER_COOKIE_NAME"] in request.cookies
    return render_template(
        "auth/reauthenticate.html", form=form, passkey_options=options, remember=remember
    )
