"""Where each setting came from, and variables that nothing reads: what `flask config` tells.

It is found by experiment: config.py is read again without each variable in turn. What is another
then came from that variable, however it was made of it.
"""

import os
import runpy
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from dotenv import dotenv_values, find_dotenv
from flask import Flask

from .environment import Environment, file_variable, reading

ROOT = Path(__file__).parents[1]
LIKENESS = 0.85  # from which a name is taken for a misspelt one


class Origins:
    """What is known of the settings of the class `chosen`, whose variables `env` has read."""

    def __init__(self, chosen: Any, env: Environment) -> None:
        self.chosen = chosen
        self.env = env

    def of(self, name: str, value: object) -> str:
        """Return where `value`, which the setting `name` has now, came from."""
        variables = self.variables(name, value)
        if variables:
            return ", ".join(f"{variable} in {_place(variable)}" for variable in variables)
        for cls in self.chosen.__mro__:
            if name in vars(cls) and vars(cls)[name] == value:
                return f"{cls.__name__} in config.py"
        if name in Flask.default_config and Flask.default_config[name] == value:
            return "Flask"
        return "the application" if hasattr(self.chosen, name) else "Flask or an extension"

    def variables(self, name: str, value: object) -> list[str]:
        """Return the environment variables that made the setting `name` what it is."""
        if getattr(self.chosen, name, None) != value:
            return []
        if name in self.env.given and self.env.given[name] == value:
            return [name]
        others = self._without_each.items()
        return [variable for variable, other in others if getattr(other, name, None) != value]

    def unread(self) -> list[str]:
        """Return one sentence for each variable that is set and looks like a misspelt one."""
        known = sorted(self.env.names | {file_variable(name) for name in self.env.names})
        told = []
        for name, value in sorted(os.environ.items()):
            alike = get_close_matches(name, known, 1, LIKENESS)
            if value.strip() and name not in known and (alike or name.startswith("FLASKY_")):
                guess = f" Did you mean {alike[0]}?" if alike else ""
                told.append(f"{name} is set, and nothing reads it.{guess}")
        return told

    @cached_property
    def _without_each(self) -> dict[str, Any]:
        """The class as it would be without each of the variables that are set."""
        return {variable: self._without(variable) for variable in sorted(self.env.given)}

    def _without(self, variable: str) -> Any:
        left_out = {variable, file_variable(variable)}
        with reading({name: text for name, text in os.environ.items() if name not in left_out}):
            again = runpy.run_path(str(ROOT / "config.py"))
        return next(again[cls.__name__] for cls in self.chosen.__mro__ if cls.__name__ in again)


def _place(variable: str) -> str:
    """Return where `variable` was set: in a file of its own, in `.env`, or in the environment."""
    own = os.environ.get(file_variable(variable), "").strip()
    if own:
        return own
    for path in (ROOT / ".env", Path(find_dotenv(usecwd=True))):
        if path.is_file() and dotenv_values(path).get(variable) == os.environ.get(variable):
            return ".env"
    return "the environment"
