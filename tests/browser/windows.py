"""Browser windows that remember what the pages in them did and should not have done."""

import re
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
)

from tests.browser.live_site import LiveSite

TIMEOUT = 10_000  # milliseconds that a page may take for anything
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LEFT = "net::ERR_ABORTED"  # the reader went to another page before this one was complete
REPORT_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Policy: ${event.violatedDirective} refused ${event.blockedURI}`));
"""


class Windows:
    """Opens windows, each with cookies of its own."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []
        self.expected: list[str] = []

    def open(self, site: LiveSite, **options: Any) -> Page:
        """Open a window on `site`; `options` are Playwright's for a new context."""
        options = {"viewport": DESKTOP, "reduced_motion": "reduce", **options}
        context = self.browser.new_context(base_url=site.address, **options)
        self.contexts.append(context)
        context.set_default_timeout(TIMEOUT)
        context.add_init_script(REPORT_POLICY)
        self._watch(context, site.address)
        return context.new_page()

    def expect_fault(self, pattern: str) -> None:
        """Let faults that match `pattern` pass: the test provokes them."""
        self.expected.append(pattern)

    def unexpected_faults(self) -> list[str]:
        """Return what went wrong in any window, in words."""
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self.expected)
        ]

    def close(self) -> None:
        """Close all windows."""
        for context in self.contexts:
            context.close()

    def _watch(self, context: BrowserContext, address: str) -> None:
        def foreign(request: Request) -> None:
            if not request.url.startswith(f"{address}/"):
                self.faults.append(f"asked another host: {request.url}")

        context.on("request", foreign)
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_answer)
        context.on("console", self._note_message)
        context.on("weberror", self._note_error)

    def _note_failure(self, request: Request) -> None:
        if request.failure != LEFT:
            self.faults.append(f"failed: {request.url} {request.failure}")

    def _note_answer(self, answer: Response) -> None:
        """Whether a page itself is an error page is for the test to say."""
        if not any(name.startswith("content-security-policy") for name in answer.headers):
            self.faults.append(f"has no policy: {answer.url}")
        if answer.status >= 400 and answer.request.resource_type != "document":
            self.faults.append(f"answered {answer.status}: {answer.url}")

    def _note_message(self, message: ConsoleMessage) -> None:
        known = message.text.startswith("Failed to load resource")  # told by _note_answer()
        if message.type in {"error", "warning"} and not known:
            self.faults.append(f"console: {message.text}")

    def _note_error(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")
