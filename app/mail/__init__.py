"""Email: messages are written to a transactional outbox and sent by a background job.

`messages` has one function per email, `outbox` sends what is due, `smtp` talks to the mail server.

To remove it: delete this package, `models/outbox_email.py`, `cli/outbox.py`, `templates/email/`,
`error_reporting/` and the calls of `mail.messages` in `auth/`.
"""

from flask import Flask

from ..circuit_breaker import CircuitBreaker

SMTP_RETRY_INTERVAL = 10.0  # seconds in which an unreachable mail server is not tried again


def init_app(app: Flask) -> None:
    """Create the circuit breaker of the mail server."""
    app.extensions["smtp_circuit"] = CircuitBreaker(SMTP_RETRY_INTERVAL)
