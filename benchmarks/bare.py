"""The least that a page can cost: Flask, SQLAlchemy Core and Jinja, with its statements and bytes.

`BARE_PAGES` is a JSON file with the pages: {path: {"statements": [[sql, parameters], …],
"length": bytes, "type": media type}}. `gunicorn benchmarks.bare:app` serves them. The rows of the
last statement are rendered, each with its columns escaped and padded to the length of the page.

`/memory/…` renders the same rows without a query, `/bytes/…` returns the same bytes.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template
from jinja2 import DictLoader
from sqlalchemy import create_engine

ROWS = """<!doctype html>
{% for row in rows %}<article>
{% for value in row %}<a href="/{{ value }}">{{ value }}</a>{% endfor %}
{{ padding }}</article>
{% endfor %}"""

pages: dict[str, dict[str, Any]] = json.loads(Path(os.environ["BARE_PAGES"]).read_text())
engine = create_engine(os.environ["DATABASE_URL"])
app = Flask(__name__)
app.jinja_loader = DictLoader({"rows.html": ROWS})


def query(path: str) -> list[Any]:
    """Execute the statements of a page; return the rows of the last."""
    rows: list[Any] = []
    with engine.connect() as connection:
        for sql, parameters in pages[path]["statements"]:
            rows = list(connection.exec_driver_sql(sql, parameters))
    return rows


def render(path: str, rows: list[Any]) -> str:
    """Return the bare equivalent of a page, with the same number of bytes."""
    spec = pages[path]
    if spec["type"] == "application/json":
        body = json.dumps([[str(value) for value in row] for row in rows])
    else:
        body = render_template("rows.html", rows=rows, padding=spec["padding"])
    return body.ljust(spec["length"])[: spec["length"]]


rows_in_memory = cache(query)
body_in_memory = cache(lambda path: render(path, query(path)).encode())


@app.get("/<path:path>")
def page(path: str) -> Response:
    """Query and render."""
    return Response(render(path, query(path)), mimetype=pages[path]["type"])


@app.get("/memory/<path:path>")
def memory(path: str) -> Response:
    """Render, without a query."""
    return Response(render(path, rows_in_memory(path)), mimetype=pages[path]["type"])


@app.get("/bytes/<path:path>")
def plain(path: str) -> Response:
    """Return the bytes."""
    return Response(body_in_memory(path), mimetype=pages[path]["type"])
