"""The queue of reports, for moderators, and the job that notifies the reporters."""

from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField, SubmitField

from .. import jobs
from ..extensions import db
from ..forms import REPORT_REASONS, REQUIRED, Form, MaxLength, radio_field, strip
from ..mail import messages
from ..models import (
    Comment,  # demo-only
    Permission,
    Post,  # demo-only
    Report,
    ReportedItem,
    SecurityEvent,
    User,
)
from ..pagination import paginate
from ..permissions import permission_required
from . import admin

PER_PAGE = 20
BATCH = 100  # reporters that are notified in one transaction
KINDS = {
    "user": _l("Account"),
    "post": _l("Post"),  # demo-only
    "comment": _l("Comment"),  # demo-only
}
OUTCOMES = {"acted": _l("Acted upon"), "dismissed": _l("Dismissed")}
EVENTS = {"acted": "report_acted_upon", "dismissed": "report_dismissed"}


class ResolutionForm(Form):
    """Resolve the reports of an item."""

    outcome = radio_field(
        _l("Decision"),
        {
            "acted": _l("The report was right, and I have acted upon it"),
            "dismissed": _l("This does not break the rules"),
        },
    )
    note = StringField(
        _l("Note"),
        [REQUIRED, MaxLength(200)],
        filters=[strip],
        description=_l("For the audit log. The reporters get only your decision, by email."),
    )
    submit = SubmitField(_l("Resolve"))


@admin.get("/reports")
@permission_required(Permission.MODERATE)
def reports() -> ResponseReturnValue:
    """List what has open reports, the newest first."""
    page = paginate(ReportedItem.open_rows(current_user), PER_PAGE)
    return render_template("admin/reports.html", page=page, kinds=KINDS, reasons=REPORT_REASONS)


@admin.route("/reports/<id:id>", methods=["GET", "POST"])
@permission_required(Permission.MODERATE)
def report(id: int) -> ResponseReturnValue:
    """Show a reported item with its reports, and resolve them."""
    item, user = ReportedItem.find(id, current_user) or abort(404)
    form = ResolutionForm()
    if form.validate_on_submit():
        _resolve(item, user, form.outcome.data, str(form.note.data))
        return redirect(url_for(".reports"))
    return render_template(
        "admin/report.html",
        item=item,
        user=user,
        content=_content(item),  # demo-only
        page=paginate(Report.rows(item), PER_PAGE),
        form=form,
        kinds=KINDS,
        reasons=REPORT_REASONS,
        outcomes=OUTCOMES,
    )


def _resolve(item: ReportedItem, user: User, outcome: str, note: str) -> None:
    """Resolve an item and commit, unless another moderator was faster."""
    resolved_at = item.resolve(current_user, outcome, note)
    if resolved_at is None:
        db.session.rollback()
        flash(gettext("Another moderator has resolved this in the meantime."), "warning")
        return
    detail = f"{item.kind} #{item.row_id}: {note}"
    SecurityEvent.record_action(current_user, EVENTS[outcome], user, detail)
    jobs.enqueue(notify_reporters, item.id, outcome, resolved_at.isoformat(), unique=True)
    db.session.commit()
    flash(gettext("The reports have been resolved."), "success")


@jobs.job()
def notify_reporters(item_id: int, outcome: str, until: str) -> None:
    """Close the reports of an item, and send their authors the decision, in batches."""
    while True:
        closed, reporters = Report.close(item_id, datetime.fromisoformat(until), BATCH)
        for reporter in reporters:
            messages.send_report_resolved(reporter, acted=outcome == "acted")
        if closed < BATCH:
            return
        db.session.commit()


# demo-only: begin
def _content(item: ReportedItem) -> Any:
    """Return the reported post or comment as pages show it, or None."""
    rows = {
        "post": Post.rows().where(Post.id == item.row_id),
        "comment": Comment.rows_of_all_posts().where(Comment.id == item.row_id),
    }.get(item.kind)
    return None if rows is None else db.session.execute(rows).first()


# demo-only: end
