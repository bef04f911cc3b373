"""How often a stranger may try: by network address, and for letters by recipient too."""

from flask import request

from ..addresses import normalise_if_valid
from ..extensions import limiter
from ..limits import setting


def recipient() -> str:
    """Return the address a letter is asked for: nobody's mailbox is to be flooded."""
    return normalise_if_valid(request.form.get("email", ""))


REGISTER = setting("RATELIMIT_REGISTER")
LETTER = setting("RATELIMIT_LETTER")

# One budget for all pages that send letters to an address which a stranger types, and one for
# the place they are asked from.
letters_to_one_address = limiter.shared_limit(
    LETTER, scope="letters to", key_func=recipient, methods=["POST"]
)
letters_from_one_place = limiter.shared_limit(LETTER, scope="letters from", methods=["POST"])
