"""The settings of notifications, and the links in emails that turn these off."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_required
from sqlalchemy import update
from wtforms import SubmitField

from ..extensions import csrf, db
from ..forms import Form, radio_field
from ..models import User, read_unsubscribe_token
from . import auth


class NotificationsForm(Form):
    """Choose whether to get notifications by email."""

    email = radio_field(
        _l("Notifications by email"),
        {"off": _l("No emails"), "daily": _l("At most one a day")},
    )
    submit = SubmitField(_l("Save"))


@auth.route("/notifications", methods=["GET", "POST"])
@login_required
def notifications() -> ResponseReturnValue:
    """Choose whether to get notifications by email."""
    form = NotificationsForm(email="daily" if current_user.email_digest else "off")
    if form.validate_on_submit():
        current_user.email_digest = form.email.data == "daily"
        db.session.commit()
        flash(gettext("Your settings have been saved."), "success")
        return redirect(url_for(".notifications"))
    return render_template("auth/notifications.html", form=form)


@auth.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt  # email clients send the POST request: RFC 8058. The token is the proof
def unsubscribe(token: str) -> ResponseReturnValue:
    """Turn emails off by POST, without a login. Mail scanners open every link: GET is safe."""
    user_id = read_unsubscribe_token(token)
    if user_id is None:
        return render_template("auth/invalid_link.html", purpose="unsubscribe"), 400
    is_done = request.method == "POST"
    if is_done:
        db.session.execute(update(User).where(User.id == user_id).values(email_digest=False))
        db.session.commit()
    return render_template("auth/unsubscribe.html", is_done=is_done)
