"""The site with a slow page, for tests of requests in flight."""

import time

from manage import app


@app.get("/slow/<float:seconds>")
def slow(seconds: float) -> str:
    """Respond after `seconds`."""
    app.logger.info("slow request started")
    time.sleep(seconds)
    return "done"


__all__ = ["app"]
