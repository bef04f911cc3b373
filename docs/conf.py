"""Settings of Sphinx for `make docs`.

The pages are those of the repository, so that links between them work here and on a code host.
docs/README.md is the first page; its headings and links are the navigation.
"""

import re
from itertools import pairwise

from sphinx.application import Sphinx

project = "Flasky"
project_copyright = ""
extensions = ["myst_parser"]
root_doc = "docs/README"
include_patterns = ["*.md", "docs/**.md", "deploy/**.md", "hosting/**.md"]
html_theme = "furo"
html_title = project
html_copy_source = False
myst_heading_anchors = 4
nitpicky = True
# test_docs.py checks that the first page links to each page of docs/.
suppress_warnings = ["toc.not_included"]

LINK = re.compile(r"\[([^]]*)\]\(([^)#]+\.md)(#[^)]*)?\)")


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add the links of the first page to it as the navigation, by heading."""
    if page != root_doc:
        return
    headings = [*re.finditer(r"^## (.*)$", source[0], re.MULTILINE), None]
    for heading, following in pairwise(headings):
        section = source[0][heading.end() : following.start() if following else None]
        links = "\n".join(
            f"{text.replace('`', '')} <{path}>" for text, path, _ in LINK.findall(section)
        )
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {heading[1]}\n\n{links}\n```\n"


def setup(app: Sphinx) -> None:
    """Connect the function above to Sphinx."""
    app.connect("source-read", add_navigation)
