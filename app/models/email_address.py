"""Normalization of email addresses, so that each mailbox has one spelling."""

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254


class InvalidEmailAddress(ValueError):
    """No email can be sent to this address."""


def normalize(address: str) -> str:
    """Return `address` in lower case, its domain in ASCII; raise InvalidEmailAddress.

    The domain is encoded by IDNA 2008. Python's own codec, which smtplib would use, implements
    IDNA 2003 and turns straße.de into strasse.de, a different domain. Local parts outside ASCII
    are refused, because many mail servers lack SMTPUTF8.
    """
    address = address.strip()
    if len(address) > MAX_LENGTH:  # validate_email is slow on very long input
        raise InvalidEmailAddress(address)
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidEmailAddress(address) from error
    return str(valid.ascii_email).lower()


def normalize_if_valid(address: str) -> str:
    """Return the normalized address, or an invalid one stripped and in lower case."""
    try:
        return normalize(address)
    except InvalidEmailAddress:
        return address.strip().lower()
