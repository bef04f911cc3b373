"""Catalogues of translations: what the code asks for, what the repository holds, and one that
is made up."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.repository import ROOT

FOLDER = ROOT / "app/translations"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
TO_FULL_WIDTH = {code: code + 0xFEE0 for code in map(ord, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
TO_FULL_WIDTH |= {code: code + 0xFEE0 for code in map(ord, "abcdefghijklmnopqrstuvwxyz")}


def extracted() -> Catalog:
    """Return what the code asks for now: what `make translations` extracts, and nothing else."""
    options = ["-o/dev/stdout", "-Fpyproject.toml", "-k_l lazy_gettext"]
    command = [sys.executable, "-m", "babel.messages.frontend", "extract", *options, "app"]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return read_po(answer.stdout.decode().splitlines(keepends=True))


def stored(language: str) -> Catalog:
    """Return the catalogue of `language` as translators write it."""
    with (FOLDER / language / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(catalog: Catalog) -> dict[str, Message]:
    """Return the messages by what they translate; the header is none."""
    return {texts(message.id)[0]: message for message in catalog if message.id}


def texts(value: Any) -> tuple[str, ...]:
    """Return all forms of what is one text, or several where numbers matter."""
    return (value,) if isinstance(value, str) else tuple(value)


def placeholders(value: Any) -> set[str]:
    """Return what is filled into a text."""
    return {found for text in texts(value) for found in PLACEHOLDER.findall(text)}


def disguise(text: str) -> str:
    """Return `text` in letters that nothing but a translation has; placeholders stay."""
    kept = iter([*PLACEHOLDER.findall(text), ""])
    words = PLACEHOLDER.split(text)
    return "".join(word.translate(TO_FULL_WIDTH) + next(kept) for word in words)


def write_disguised(language: str, folder: Path) -> None:
    """Write a catalogue below `folder` that translates everything into its disguise."""
    catalog = Catalog(locale=language)
    for message in messages(extracted()).values():
        forms = tuple(map(disguise, texts(message.id)))
        catalog.add(message.id, forms if message.pluralizable else forms[0])
    target = folder / language / "LC_MESSAGES"
    target.mkdir(parents=True)
    with (target / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
