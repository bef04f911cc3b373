"""Moderation: hiding the text of a comment, and showing it again."""

from flask_login import current_user

from ..extensions import db
from ..models import Comment, Permission
from . import api
from .answers import require_match
from .comments import shown
from .contract import operation
from .schemas import CommentOut


@api.put("/comments/<id:id>/suspension")
@operation(needs=Permission.MODERATE, answer=CommentOut, conditional=True)
def suspend_comment(id: int) -> CommentOut:
    """Hide the text of a comment from readers.

    For moderators. Hiding it again changes nothing but who did so last.
    """
    comment = db.get_or_404(Comment, id)
    require_match(comment, lambda: shown(id))
    comment.suspend(by=current_user._get_current_object())
    return shown(id)


@api.delete("/comments/<id:id>/suspension")
@operation(needs=Permission.MODERATE, answer=CommentOut, conditional=True)
def restore_comment(id: int) -> CommentOut:
    """Show the text of a hidden comment again.

    For moderators.
    """
    comment = db.get_or_404(Comment, id)
    require_match(comment, lambda: shown(id))
    comment.restore()
    return shown(id)
