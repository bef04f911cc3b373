"""The form that reports an account or content. Its views are beside what they report."""

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from ..extensions import db
from ..models import AlreadyReviewed, Report, Target, TooManyReports
from .forms import ReportForm


def report_page(target: Target, name: str, url: str) -> ResponseReturnValue:
    """Show or handle the form for `target`, an item of the user `name` that `url` shows."""
    if target.user_id == current_user.id:
        abort(400, gettext("You can’t report yourself, or what you wrote."))
    form = ReportForm(obj=Report.find(current_user, target))
    if not form.validate_on_submit():
        return render_template("reports/report.html", form=form, target=target, name=name, url=url)
    try:
        Report.file(current_user, target, form.reason.data, form.text.data or "")
    except AlreadyReviewed:
        db.session.rollback()
        flash(gettext("Moderators have reviewed your report. You can’t report this again."))
    except TooManyReports:
        db.session.rollback()
        text = gettext("You have too many open reports. Wait until moderators have reviewed some.")
        flash(text, "warning")
    else:
        db.session.commit()
        flash(gettext("Thank you. Moderators will review your report."), "success")
    return redirect(url)
