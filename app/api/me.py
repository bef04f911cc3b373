"""The caller."""

from flask_login import current_user

from ..extensions import db
from . import api
from .answers import require_match
from .contract import MEMBER, operation
from .schemas import MeOut, ProfileIn


@api.get("/me")
@operation(needs=MEMBER, answer=MeOut)
def me() -> MeOut:
    """Read your own profile."""
    return MeOut.of(current_user)


@api.patch("/me")
@operation(needs=MEMBER, body=ProfileIn, answer=MeOut, conditional=True)
def edit_me(body: ProfileIn) -> MeOut:
    """Change what you say about yourself."""
    user = current_user._get_current_object()
    require_match(user, lambda: MeOut.of(user))
    user.introduce(**body.model_dump(exclude_unset=True))
    db.session.flush()
    return MeOut.of(user)
