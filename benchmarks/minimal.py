"""The least that a health check can cost: Flask and nothing else."""

from flask import Flask

app = Flask(__name__)


@app.get("/healthz")
def healthz() -> str:
    """Return 200."""
    return "ok"
