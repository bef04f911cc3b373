"""E-mail addresses, written in one way only, so that each stands for one mailbox."""

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254


class AddressError(ValueError):
    """No letter can be sent to this address."""


def normalise(address: str) -> str:
    """Return `address` as it is stored and sent to: lower case, the domain in ASCII.

    The domain is encoded here, by today's rules. Python's own, which smtplib would use, turn
    straße.de into strasse.de, which belongs to somebody else. Raise AddressError if letters
    cannot be sent there; a name outside ASCII needs what many mail servers lack.
    """
    address = address.strip()
    if len(address) > MAX_LENGTH:  # to take a long one apart could take long
        raise AddressError(address)
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise AddressError(address) from error
    return str(valid.ascii_email).lower()


def normalise_if_valid(address: str) -> str:
    """Return the same, or an address that is none just without white space, in lower case."""
    try:
        return normalise(address)
    except AddressError:
        return address.strip().lower()
