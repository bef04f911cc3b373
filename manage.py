"""The entry point: `app` for gunicorn and for the `flask` command, and a command line itself.

`gunicorn manage:app` · `flask deploy` · `python manage.py deploy`
"""

import sys

try:
    from dotenv import load_dotenv
    from flask.cli import FlaskGroup
except ModuleNotFoundError as error:
    sys.exit(f"{error}. Activate the environment first: . .venv/bin/activate")

load_dotenv()  # before config.py reads the environment; what is already set wins

from app import create_app  # noqa: E402 - must come after load_dotenv()
from config import ConfigurationError  # noqa: E402 - must come after load_dotenv()

# gunicorn stops, instead of starting the worker again and again, when it exits with this code.
CANNOT_START = 3

try:
    app = create_app()
except ConfigurationError as error:
    print(error, file=sys.stderr)
    sys.exit(CANNOT_START)

if __name__ == "__main__":
    FlaskGroup(create_app=lambda: app).main(prog_name="manage.py")
