"""Error responses: HTML pages for browsers, problem details (RFC 9457) for others.

`handlers` turns exceptions into responses. To remove the JSON format, delete `problem_details`
together with `app/api/`.
"""

from .handlers import init_app

__all__ = ["init_app"]
