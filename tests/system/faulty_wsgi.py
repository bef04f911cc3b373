"""The site as gunicorn loads it, with pages that break, and an error while it is loaded."""

from app import create_app
from tests.faulty_site import add_faults

app = create_app()
add_faults(app)
app.logger.error("Broken while loading")
