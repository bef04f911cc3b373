"""The table `[tool.hosting]` in the repository's pyproject.toml. Every key is optional."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .paths import CommandError


@dataclass(frozen=True)
class Manifest:
    """How an app differs from the defaults."""

    health_check: str = "/"  # path that returns a status below 400 when the app is ready
    release_header: str = ""  # response header in which the app repeats RELEASE
    env: dict[str, str] = field(default_factory=dict)  # defaults of variables


def read(src: Path) -> Manifest:
    """Return the manifest of a release; raise CommandError if it is invalid."""
    try:
        tools = tomllib.loads((src / "pyproject.toml").read_text()).get("tool", {})
        table = {name.replace("-", "_"): value for name, value in tools.get("hosting", {}).items()}
        return Manifest(**table)
    except FileNotFoundError:
        return Manifest()
    except (ValueError, TypeError) as error:
        raise CommandError(f"[tool.hosting] in pyproject.toml is invalid: {error}") from None
