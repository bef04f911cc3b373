"""API tokens: listing, creating and revoking them."""

from flask import after_this_request, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from ..extensions import db
from ..forms import ConfirmForm
from ..models import AccessToken, TooManyTokens
from ..pagination import paginate
from ..security.cache_control import no_store
from . import auth, limits
from .forms import TokenForm

PER_PAGE = 20


@auth.route("/tokens", methods=["GET", "POST"])
@limits.password_attempts
@login_required
def tokens() -> ResponseReturnValue:
    """List the tokens of the account, and create one; its secret is shown once."""
    form, secret = TokenForm(days=current_app.config["API_TOKEN_TTL_DAYS"]), None
    if form.validate_on_submit():
        user, days = current_user._get_current_object(), form.days.data or 1
        try:
            _, secret = AccessToken.issue(user, form.name.data or "", days, form.read_only.data)
            form = TokenForm(formdata=None, days=days)
        except TooManyTokens:
            form.name.errors = [gettext("You have too many tokens. Revoke one first.")]
        db.session.commit()
        after_this_request(no_store)
    page = paginate(AccessToken.active_rows(current_user), PER_PAGE)
    return render_template("auth/tokens.html", form=form, page=page, secret=secret)


@auth.post("/tokens/<id:id>/revocation")
@login_required
def revoke_token(id: int) -> ResponseReturnValue:
    """Revoke a token; ignore one that no longer exists."""
    AccessToken.revoke(current_user, id)
    db.session.commit()
    flash(gettext("The token has been revoked."), "success")
    return redirect(url_for(".tokens"))


@auth.route("/tokens/revocation", methods=["GET", "POST"])
@login_required
def revoke_tokens() -> ResponseReturnValue:
    """Revoke all tokens of the account after confirmation."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render_template("auth/revoke_tokens.html", form=form)
    AccessToken.revoke(current_user)
    db.session.commit()
    flash(gettext("All tokens have been revoked."), "success")
    return redirect(url_for(".tokens"))
