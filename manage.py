"""The entry point: `app` for gunicorn and the `flask` command, and a command line of its own.

`gunicorn manage:app` · `flask deploy` · `python manage.py deploy`
"""

import io
import os
import sys

if os.name == "nt":
    sys.exit("Flasky does not run on Windows. Use WSL: https://learn.microsoft.com/windows/wsl")

try:
    from flask.cli import FlaskGroup

    from envconfig import env_file
except ModuleNotFoundError as error:
    sys.exit(f"{error}. Activate the environment first: . .venv/bin/activate")

if isinstance(sys.stdout, io.TextIOWrapper):
    # Print characters that a terminal without UTF-8 lacks as \uXXXX, as stderr does by default.
    sys.stdout.reconfigure(errors="backslashreplace")

env_file.load()  # before config.py is imported; variables that are set already win

from app import create_app  # noqa: E402 - must come after load()
from config import ConfigurationError  # noqa: E402 - must come after load()

try:
    app = create_app()
except ConfigurationError as error:
    print(error, file=sys.stderr)
    sys.exit(env_file.CONFIGURATION_ERROR)

if __name__ == "__main__":
    FlaskGroup(create_app=lambda: app, load_dotenv=False).main(prog_name="manage.py")
