"""Tokens for programs: making one, seeing them, ending them."""

from flask import after_this_request, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from ..extensions import db, limiter
from ..limits import LOGIN
from ..models import AccessToken
from ..pagination import Page, paginate
from . import auth
from .forms import TokenForm

PER_PAGE = 20


@auth.route("/tokens", methods=["GET", "POST"])
@limiter.limit(LOGIN, methods=["POST"])
@login_required
def tokens() -> ResponseReturnValue:
    """Show the tokens of this account, and make one; its secret is shown this once."""
    form = TokenForm(days=current_app.config["API_TOKEN_DAYS"])
    if not form.validate_on_submit():
        return render_template("auth/tokens.html", form=form, page=_page(), secret=None)
    user = current_user._get_current_object()
    _token, secret = AccessToken.issue(
        user, form.name.data or "", form.days.data or 1, form.read_only.data
    )
    db.session.commit()
    after_this_request(_keep_nowhere)
    clean = TokenForm(formdata=None, days=form.days.data)
    return render_template("auth/tokens.html", form=clean, page=_page(), secret=secret)


@auth.post("/tokens/<id:id>/revocation")
@login_required
def revoke_token(id: int) -> ResponseReturnValue:
    """End a token; one that has died meanwhile is no error."""
    db.session.execute(AccessToken.revoke(current_user, id))
    db.session.commit()
    flash(gettext("The token does not work any more."), "success")
    return redirect(url_for(".tokens"))


@auth.post("/tokens/revocation")
@login_required
def revoke_tokens() -> ResponseReturnValue:
    """End all tokens."""
    db.session.execute(AccessToken.revoke(current_user))
    db.session.commit()
    flash(gettext("None of your tokens works any more."), "success")
    return redirect(url_for(".tokens"))


def _page() -> Page:
    rows = AccessToken.rows_of(current_user)
    return paginate(rows, AccessToken.timestamp, AccessToken.id, PER_PAGE)


def _keep_nowhere(response: Response) -> Response:
    response.cache_control.no_store = True
    return response
