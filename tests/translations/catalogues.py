"""Translation catalogues: the extracted, the stored, and a pseudolocalized one."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.support.repository import ROOT

FOLDER = ROOT / "app/translations"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FULL_WIDTH = {code: code + 0xFEE0 for code in map(ord, LETTERS)}


def extracted() -> Catalog:
    """Return the catalogue that `make translations` extracts from the code."""
    options = ["-o/dev/stdout", "-Fpyproject.toml", "-k_l lazy_gettext"]
    command = [sys.executable, "-m", "babel.messages.frontend", "extract", *options, "app"]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return read_po(result.stdout.decode().splitlines(keepends=True))


def stored(language: str) -> Catalog:
    """Return the catalogue of `language` in the repository."""
    with (FOLDER / language / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(catalog: Catalog) -> dict[str, Message]:
    """Return the messages of a catalogue by their English (singular) text."""
    return {forms(message.id)[0]: message for message in catalog if message.id}


def forms(value: Any) -> tuple[str, ...]:
    """Return the plural forms of a message, or its only form."""
    return (value,) if isinstance(value, str) else tuple(value)


def placeholders(value: Any) -> set[str]:
    """Return the placeholders of a message."""
    return {name for text in forms(value) for name in PLACEHOLDER.findall(text)}


def pseudolocalize(text: str) -> str:
    """Return `text` in full-width letters, except for its placeholders."""
    names = iter([*PLACEHOLDER.findall(text), ""])
    parts = PLACEHOLDER.split(text)
    return "".join(part.translate(FULL_WIDTH) + next(names) for part in parts)


def write_pseudo_catalogue(language: str, folder: Path) -> None:
    """Write a compiled catalogue below `folder` that pseudolocalizes every message."""
    catalog = Catalog(locale=language)
    for message in messages(extracted()).values():
        translated = tuple(map(pseudolocalize, forms(message.id)))
        catalog.add(message.id, translated if message.pluralizable else translated[0])
    target = folder / language / "LC_MESSAGES"
    target.mkdir(parents=True)
    with (target / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
