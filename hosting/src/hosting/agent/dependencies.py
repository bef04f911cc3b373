"""What a release needs: its version of Python, and its packages.

The packages are those of requirements.txt, else of uv.lock, else of pyproject.toml.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

from . import manifest
from .paths import CommandError

PYTHONS = "/usr/bin:/usr/local/bin"  # where a server's versions of Python are
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
VERSION = re.compile(r"(?:c?python[-@]?)?(\d+)\.(\d+)(?:\.\d+)?", re.IGNORECASE)
MINIMUM = re.compile(r"(>=|==|~=|>)\s*(\d+)\.(\d+)")
LOCAL = re.compile(r"^\s*(-e\b|--editable\b|\.|file:)|@ *file:", re.MULTILINE)
# Files of other package managers, and how to convert them.
OTHERS = {
    "poetry.lock": "poetry export --format requirements.txt --output requirements.txt",
    "pdm.lock": "pdm export --output requirements.txt",
    "Pipfile": "pipenv requirements > requirements.txt",
    "environment.yml": "pip freeze > requirements.txt",
}
# Django's messages for projects that collect no static files.
WITHOUT_STATIC = re.compile("STATIC_ROOT setting|Unknown command: 'collectstatic'")


def python(src: Path) -> str:
    """Return the path of the Python that a release needs; raise CommandError if there is none."""
    source, wanted = wanted_python(src)
    found = minor_version()
    if not wanted or wanted == found:
        return "/usr/bin/python3"
    path = shutil.which(f"python{wanted}", path=PYTHONS)
    if path is None:
        raise CommandError(
            f"{source} asks for Python {wanted}; the server has {found}. Change {source}, or "
            f"install it on the server as root, so that python{wanted} is in /usr/local/bin: "
            "UV_PYTHON_INSTALL_DIR=/opt/python UV_PYTHON_BIN_DIR=/usr/local/bin "
            f"uv python install {wanted}"
        )
    return path


def wanted_python(src: Path) -> tuple[str, str]:
    """Return the file that asks for a version of Python, and the version; patches are ignored."""
    chosen = manifest.read(src).python
    if chosen and chosen != "server":
        return "`python` in the settings of hosting", chosen
    for name in () if chosen else (".python-version", "runtime.txt"):
        lines = [line.strip() for line in manifest.text(src / name).splitlines()]
        line = next((one for one in lines if one and not one.startswith("#")), "")
        match = VERSION.fullmatch(line)
        if line and not match:
            raise CommandError(f"{name} must contain a version such as 3.12, not {line!r}.")
        if match:
            return name, f"{match[1]}.{match[2]}"
    required = str(project(src).get("requires-python", ""))
    major, minor = map(int, minor_version().split("."))
    for sign, *numbers in MINIMUM.findall(required):
        least = (int(numbers[0]), int(numbers[1]))
        if (major, minor) < least or (sign == "==" and (major, minor) != least):
            return "requires-python in pyproject.toml", ".".join(numbers)
    return "", ""


def minor_version() -> str:
    """Return the version of the server's Python, such as 3.11."""
    return ".".join(version("/usr/bin/python3").split(".")[:2])


def version(path: str) -> str:
    """Return the complete version of a Python: an update needs new venvs."""
    command = [path, "-I", "-c", "import sys; print(sys.version)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def project(src: Path) -> dict[str, Any]:
    """Return the table [project] of pyproject.toml."""
    return dict(pyproject(src).get("project", {}))


def pyproject(src: Path) -> dict[str, Any]:
    """Return pyproject.toml, which manifest.read has checked."""
    return tomllib.loads(manifest.text(src / "pyproject.toml"))


def files(src: Path) -> list[Path]:
    """Return the files that name the packages; raise CommandError if there are none."""
    if (src / "requirements.txt").is_file():
        return requirements(src)
    if (src / "uv.lock").is_file() and (src / "pyproject.toml").is_file():
        return [src / "uv.lock", src / "pyproject.toml"]
    for name, command in OTHERS.items():
        if (src / name).is_file():
            raise CommandError(
                f"{name} is not supported. Convert it, and commit the result: {command}"
            )
    if "dependencies" in project(src) or "build-system" in pyproject(src):
        return [src / "pyproject.toml"]
    raise CommandError(
        "The repository has no requirements.txt, uv.lock or pyproject.toml with dependencies. "
        "Create one: pip freeze > requirements.txt"
    )


def requirements(src: Path) -> list[Path]:
    """Return requirements.txt and the files that it includes."""
    found: list[Path] = []
    queue = [src / "requirements.txt"]
    while queue:
        file = queue.pop()
        if not file.is_file():
            raise CommandError(f"{os.path.relpath(file, src)} is missing in the repository.")
        if file in found:
            continue
        found.append(file)
        included = re.findall(
            r"^(?:-r|--requirement|-c|--constraint)[ =]*(\S+)", manifest.text(file), re.MULTILINE
        )
        queue += [file.parent / name for name in included]
    return found


def digest(src: Path, interpreter: str, commit: str) -> str:
    """Return a digest of all that determines the packages: the name of the venv.

    If the project itself is one of the packages, so does its commit.
    """
    texts = [manifest.text(file) for file in files(src)]
    is_package = not (src / "requirements.txt").is_file() and "build-system" in pyproject(src)
    is_local = is_package or any(LOCAL.search(text) for text in texts)
    full = [interpreter, version(interpreter), *texts, commit if is_local else ""]
    return hashlib.sha256("\0".join(full).encode()).hexdigest()[:16]


def is_django(src: Path, venv: Path) -> bool:
    """Return True for a project of Django."""
    return (src / "manage.py").is_file() and (venv / "bin/django-admin").exists()


def install_commands(src: Path, venv: Path, interpreter: str) -> list[tuple[list[str], str]]:
    """Return the commands that create a venv with the packages, and what each failure means."""
    pip = [f"{venv}/bin/python", "-m", "pip", "install", "--disable-pip-version-check",
           "--no-input", "--progress-bar", "off", "--quiet"]  # fmt: skip
    create = ([interpreter, "-m", "venv", str(venv)], f"{interpreter} -m venv failed.")
    if (src / "requirements.txt").is_file():
        install = ([*pip, "--requirement", "requirements.txt"],
                   "pip could not install requirements.txt.")  # fmt: skip
        return [create, install]
    if (src / "uv.lock").is_file():
        # As pip does, trust the certificates that the server trusts.
        env = ["env", f"VIRTUAL_ENV={venv}", f"SSL_CERT_FILE={CERTIFICATES}"]
        sync = [*env, f"{venv}/bin/uv", "sync", "--active", "--locked", "--no-dev",
                "--no-editable", "--inexact", "--no-progress"]  # fmt: skip
        return [
            create,
            ([*pip, "uv"], "pip could not install uv."),
            (sync, "uv could not install uv.lock."),
        ]
    packages = ["."] if "build-system" in pyproject(src) else project(src)["dependencies"]
    return [create, ([*pip, "--", *packages], "pip could not install the dependencies.")]
