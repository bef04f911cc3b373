"""Reports of accounts and content to the moderators. The views are beside what they report."""

from flask import abort
from flask_login import current_user

from ..errors.problem_details import APIError
from ..models import AlreadyReviewed, Report, Target, TooManyReports
from .schemas import ReportIn


def file_report(target: Target, body: ReportIn) -> None:
    """Report `target` as the current user, or change the user's report of it.

    Abort with 403 if it is the user's own, and with 409 if moderators have reviewed that report or
    the user has too many open ones.
    """
    if target.user_id == current_user.id:
        abort(403, "You cannot report yourself, or what you wrote.")
    try:
        Report.file(current_user, target, body.reason, body.text)
    except AlreadyReviewed:
        raise APIError(
            409, "Moderators have reviewed your report of this.", reason="already_reviewed"
        ) from None
    except TooManyReports:
        raise APIError(
            409, "You have too many open reports.", reason="too_many_open_reports"
        ) from None
