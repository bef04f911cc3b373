"""The site with a page that takes its time, for tests of what happens meanwhile."""

import time

from manage import app


@app.get("/slow/<float:seconds>")
def slow(seconds: float) -> str:
    """Answer after a while."""
    app.logger.info("slow begins")
    time.sleep(seconds)
    return "done"


__all__ = ["app"]
