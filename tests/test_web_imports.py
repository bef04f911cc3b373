"""What a web process does not import."""

import os
import subprocess
import sys

import pytest

from tests.support.repository import ROOT

# What only commands or few pages need, or only sites with Redis.
NOT_IMPORTED = {
    *("brotli", "dotenv", "whitenoise.compress"),
    *("redis", "app.rate_limiting.storage"),
    *("PIL", "obstore", "app.uploads.images", "app.uploads.storage"),
    *("authlib", "cryptography", "requests", "segno", "webauthn"),
    *("app.cli.deploy", "app.cli.demo", "app.static_files.collect"),
}
PROGRAM = """
import sys
from app import create_app
app = create_app("testing")
for path in ("/", "/auth/login", "/api/v1/users/1", "/readyz", "/missing"):
    app.test_client().get(path)
print(*sys.modules)
"""


@pytest.mark.slow
def test_web_process_does_not_import_what_only_commands_need() -> None:
    environment = {"PATH": os.environ["PATH"], "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-c", PROGRAM]
    output = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout
    modules = set(output.split())

    assert "app.models" in modules
    assert NOT_IMPORTED & modules == set()
