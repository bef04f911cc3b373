"""The spellings of a project's name, for bin/rename.py."""

import keyword
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

SPELLING = re.compile("FLASKY|Flasky|flasky")
MAX_TITLE, MAX_SLUG = 30, 20  # so that host, user and metric names stay valid, and lines short
# Users, databases and host names of other programs on a server.
TAKEN = {"admin", "git", "localhost", "nginx", "postgres", "postgresql", "root", "www"}


@dataclass(frozen=True)
class Name:
    """The name of a project: `Acme Social`, and `acmesocial` where only a word is possible."""

    title: str
    slug: str

    @property
    def camel(self) -> str:
        """The beginning of the names of alerts: `AcmeSocial`."""
        camel = "".join(word[0].upper() + word[1:] for word in plain_words(self.title))
        return camel if camel.lower() == self.slug else self.slug.capitalize()

    def replace(self, text: str) -> tuple[str, int]:
        """Return `text` with this name in place of the template's, and the number of places."""
        return SPELLING.subn(self._spell, text)

    def _spell(self, match: re.Match[str]) -> str:
        found = match[0]
        if found.islower():
            return self.slug
        if found.isupper():
            return self.slug.upper()
        return self.camel if match.string[match.end() : match.end() + 1].isupper() else self.title


def checked_name(title: str, slug: str, paths: list[str]) -> Name:
    """Return the name, or exit if it cannot be used everywhere. `paths` are the tracked files."""
    title = " ".join(unicodedata.normalize("NFC", title).replace("'", "’").split())
    if not title:
        sys.exit('Name the project: make rename NAME="Acme Social"')
    if not re.fullmatch(r"[^\W\d_](?:[^\W_]|[ ’-])*", title) or len(title) > MAX_TITLE:
        sys.exit(
            f"NAME={title} cannot be used: begin with a letter, and use at most {MAX_TITLE} "
            "letters, digits, spaces, hyphens and apostrophes."
        )
    if not slug and not "".join(plain_words(title)).isascii():
        sys.exit(f"{title} cannot be spelled in ASCII. Choose a word for code: SLUG=acme")
    name = Name(title, slug or "".join(plain_words(title)).lower())
    if not re.fullmatch(rf"[a-z][a-z0-9]{{1,{MAX_SLUG - 1}}}", name.slug):
        sys.exit(
            f"{name.slug} cannot be used in code: choose 2 to {MAX_SLUG} lower-case ASCII letters "
            "and digits that begin with a letter, such as SLUG=acme"
        )
    if reason := conflict(name.slug, paths):
        sys.exit(f"{name.slug} cannot be used in code: it is {reason}. Choose another: SLUG=acme")
    return name


def plain_words(title: str) -> list[str]:
    """Return the words of `title` without accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss").replace("’", ""))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.split(r"[ -]+", plain.strip(" -"))


def conflict(slug: str, paths: list[str]) -> str | None:
    """Return what else is called `slug`, or None."""
    packages = re.findall(r"^([\w-]+)", Path("requirements/dev.txt").read_text(), re.MULTILINE)
    tops = {path.split("/")[0].removesuffix(".py") for path in paths}
    settings = Path(".env.example").read_text("utf-8")
    if slug == "flasky":
        return "the name of the template"
    if keyword.iskeyword(slug) or slug in keyword.softkwlist:
        return "a keyword of Python"
    if slug in sys.stdlib_module_names:
        return "a module of Python"
    if slug in packages or slug in tops:
        return "a package or directory of this project"
    if re.search(rf"^#?{slug}_", settings, re.MULTILINE | re.IGNORECASE):
        return f"the beginning of other settings ({slug.upper()}_…)"
    return "used by another program on servers" if slug in TAKEN else None
