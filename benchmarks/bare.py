"""The least that a page can cost: Flask, SQLAlchemy Core and Jinja, with its statements and bytes.

`BARE_PAGES` is a JSON file with the pages: {path: {"statements": [[sql, parameters], …],
"length": bytes, "type": media type}}. `gunicorn benchmarks.bare:app` serves them. The rows of the
last statement are rendered, each with its columns escaped and padded to the length of the page.
"""

import json
import os
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template_string, request
from sqlalchemy import create_engine

ROWS = """<!doctype html>
{% for row in rows %}<article>
{% for value in row %}<a href="/{{ value }}">{{ value }}</a>{% endfor %}
{{ padding }}</article>
{% endfor %}"""

pages: dict[str, dict[str, Any]] = json.loads(Path(os.environ["BARE_PAGES"]).read_text())
engine = create_engine(os.environ["DATABASE_URL"])
app = Flask(__name__)


@app.get("/", defaults={"path": ""})
@app.get("/<path:path>")
def page(path: str) -> Response:
    """Return the bare equivalent of a page, with the same number of bytes."""
    spec = pages[request.full_path.rstrip("?")]
    rows: list[Any] = []
    with engine.connect() as connection:
        for sql, parameters in spec["statements"]:
            rows = list(connection.exec_driver_sql(sql, parameters))
    if spec["type"] == "application/json":
        body = json.dumps([[str(value) for value in row] for row in rows])
    else:
        body = render_template_string(ROWS, rows=rows, padding=spec["padding"])
    return Response(body.ljust(spec["length"])[: spec["length"]], mimetype=spec["type"])
