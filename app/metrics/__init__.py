"""Prometheus metrics at /metrics: of all processes on this machine, the outbox and failed jobs.

`definitions` lists every metric. To remove it: delete this package, its line in `create_app`, and
the imports of `metrics.definitions`.
"""

from .views import init_app

__all__ = ["init_app"]
