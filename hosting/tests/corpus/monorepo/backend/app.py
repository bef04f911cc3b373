"""A Flask application with an application factory, in a subdirectory of its repository."""

from flask import Flask, request


def create_app():
    app = Flask(__name__)

    @app.route("/")
    def index():
        return "Hello, World!"

    @app.route("/health")
    def health():
        return "ok"

    @app.post("/upload")
    def upload():
        return str(len(request.get_data()))

    return app
