"""What a reader sees or hears of a page or a letter, and which of it nobody has translated.

Whatever a test makes up itself (names, texts) begins with “data”. On a site whose catalogue is a
disguise, every other Latin letter is one that did not come from the catalogue.
"""

import re
from html.parser import HTMLParser

SPOKEN = {"title", "aria-label", "placeholder", "alt", "label", "aria-description"}
# What scripts show later.
KEPT_FOR_SCRIPTS = re.compile(r"data-(label\w*|count|preview-failed|\w*message|\w*text)")
UNSEEN = {"script", "style", "time", "svg"}  # times are written by Babel; drawings hold initials
BUTTONS = {"submit", "button", "reset"}
DATA = re.compile(
    r"""https?://\S+             # addresses
    | [\w.+-]+@[\w-]+\.[\w.-]+   # e-mail addresses
    | \bdata\w*                  # what the test made up
    | \bFlasky\b | \bEnglish\b | \bopenapi\.json\b  # names
    | \bflasky_[\w-]+             # tokens
    | \{count\}                  # filled in by a script
    | \b[0-9a-f]{32}\b          # the number of a request
    """,
    re.VERBOSE | re.IGNORECASE,
)
LATIN = re.compile(r"[A-Za-z]+")


class Words(HTMLParser):
    """The texts of an HTML page, each with the place where it stands."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._hidden: list[str] = []
        self._place = ""
        # A part of the page that says that it is English, and what is open in it of its kind.
        self._english: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._place = tag
        begins = not self._english and tag != "html" and ("lang", "en") in attributes
        if begins or tag in self._english:
            self._english.append(tag)
        if self._english:
            return
        if tag in UNSEEN:
            self._hidden.append(tag)
        if tag == "time":
            return
        values = {name: value or "" for name, value in attributes}
        for name, value in values.items():
            is_button = name == "value" and values.get("type") in BUTTONS
            if name in SPOKEN or is_button or KEPT_FOR_SCRIPTS.fullmatch(name):
                self.found.append((f"{tag} {name}", value))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._english:
            self._english.pop()
        if self._hidden and self._hidden[-1] == tag:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._hidden and not self._english:
            self.found.append((self._place, data.strip()))


def untranslated(text: str, known: frozenset[str] = frozenset()) -> set[str]:
    """Return the words of `text` that are neither data nor translated nor `known`."""
    return set(LATIN.findall(DATA.sub("", text))) - known


def untranslated_in_html(html: str, known: frozenset[str] = frozenset()) -> list[str]:
    """Return the texts of a page that hold such words, with the place where they stand."""
    return [f"{place}: {text}" for place, text in Words(html).found if untranslated(text, known)]
