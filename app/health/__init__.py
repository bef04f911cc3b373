"""Health checks: /healthz (is the process alive?) and /readyz (can it serve requests?).

To remove it: delete this package, its line in `create_app`, and `mark_stopping` in
`gunicorn_worker.py`.
"""

from .views import Process, init_app, mark_stopping

__all__ = ["Process", "init_app", "mark_stopping"]
