"""Static files: URLs with a content hash, and compressed files.

`hashing` names the files, `views` serves them during development, `collect` writes the compressed
files of a release, and `middleware` serves those. To remove it: delete this package,
`cli/static.py` and `g.is_static_file`, and let nginx or a CDN serve `app/static/`.
"""

from flask import Flask

from . import middleware, views


def init_app(app: Flask) -> None:
    """Add content hashes to the URLs of static files, and serve the files."""
    app.url_defaults(views.add_content_hash)
    app.before_request(views.serve_static_file)
    app.wsgi_app = middleware.CollectedFiles(app)  # type: ignore[method-assign]  # as Flask advises
