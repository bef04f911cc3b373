"""The site with pages that raise errors, and an error that is logged while it is imported."""

from app import create_app
from tests.support.faulty_site import add_faults

app = create_app()
add_faults(app)
app.logger.error("Broken at import")
