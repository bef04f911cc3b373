"""Extract the text that users see or hear from a page or an email, and find untranslated words.

All test data begins with “data”. On the pseudolocalized site, any other Latin letter belongs to a
text that did not come from the catalogue.
"""

import re
from html.parser import HTMLParser

TEXT_ATTRIBUTES = {"title", "aria-label", "placeholder", "alt", "label", "aria-description"}
# Texts that scripts show later.
SCRIPT_ATTRIBUTES = re.compile(r"data-(label\w*|count|copied|preview-failed|\w*message|\w*text)")
# Times come from Babel, drawings hold initials, and code is not in a language.
IGNORED = {"script", "style", "time", "svg", "code"}
BUTTONS = {"submit", "button", "reset"}
NOT_TRANSLATED = re.compile(
    rf"""https?://\S+            # URLs
    | [\w.+-]+@[\w-]+\.[\w.-]+   # email addresses
    | \bdata\w*                  # test data
    | \bflasky_[\w-]+            # API tokens
    | (?:\b[A-Z2-7]{{4}}[ -]){{3,}}[A-Z2-7]{{4}}\b  # keys and recovery codes
    | {re.escape("Flasky")} | \bEnglish\b | \bopenapi\.json\b  # names
    | \{{count\}}                # filled in by a script
    | \b[0-9a-f]{{32}}\b         # request IDs
    """,
    re.VERBOSE | re.IGNORECASE,
)
LATIN = re.compile(r"[A-Za-z]+")


class TextExtractor(HTMLParser):
    """Collects the texts of an HTML page, each with its element or attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self._ignored: list[str] = []
        self._tag = ""
        self._english: list[str] = []  # an element with lang="en", and nested ones of its kind
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        begins = not self._english and tag != "html" and ("lang", "en") in attributes
        if begins or tag in self._english:
            self._english.append(tag)
        if self._english:
            return
        if tag in IGNORED:
            self._ignored.append(tag)
        if tag == "time":
            return
        values = {name: value or "" for name, value in attributes}
        for name, value in values.items():
            is_button = name == "value" and values.get("type") in BUTTONS
            if name in TEXT_ATTRIBUTES or is_button or SCRIPT_ATTRIBUTES.fullmatch(name):
                self.texts.append((f"{tag} {name}", value))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._english:
            self._english.pop()
        if self._ignored and self._ignored[-1] == tag:
            self._ignored.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._ignored and not self._english:
            self.texts.append((self._tag, data.strip()))


def untranslated_words(text: str) -> set[str]:
    """Return the words of `text` that are neither translated nor test data."""
    return set(LATIN.findall(NOT_TRANSLATED.sub("", text)))


def untranslated_texts(html: str) -> list[str]:
    """Return the texts of a page with untranslated words, and their element or attribute."""
    texts = TextExtractor(html).texts
    return [f"{where}: {text}" for where, text in texts if untranslated_words(text)]
