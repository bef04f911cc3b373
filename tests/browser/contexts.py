"""Browser contexts that record the errors of the pages opened in them."""

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

from tests.support.live_site import LiveSite

TIMEOUT = 10_000  # milliseconds
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
ABORTED = "net::ERR_ABORTED"  # the user left the page before it had loaded
REPORT_CSP_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI}`));
"""


class Contexts:
    """Opens pages, each in a context with cookies of its own."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []
        self.expected: list[str] = []

    def new_page(self, site: LiveSite, **options: Any) -> Page:
        """Return a page in a new context of `site`; `options` are those of Playwright."""
        options = {"viewport": DESKTOP, "reduced_motion": "reduce", **options}
        context = self.browser.new_context(base_url=site.url, **options)
        self.contexts.append(context)
        context.set_default_timeout(TIMEOUT)
        context.add_init_script(REPORT_CSP_VIOLATIONS)
        self._listen(context, site.url)
        return context.new_page()

    def expect_error(self, pattern: str) -> None:
        """Ignore errors that match `pattern`: the test causes them."""
        self.expected.append(pattern)

    def unexpected_errors(self) -> list[str]:
        """Return the errors in all contexts, but the expected ones."""
        return [
            error
            for error in self.errors
            if not any(re.search(pattern, error) for pattern in self.expected)
        ]

    def close(self) -> None:
        """Close all contexts."""
        for context in self.contexts:
            context.close()

    def _listen(self, context: BrowserContext, url: str) -> None:
        def check_host(request: Request) -> None:
            if not request.url.startswith(f"{url}/"):
                self.errors.append(f"request to another host: {request.url}")

        context.on("request", check_host)
        context.on("requestfailed", self._record_failure)
        context.on("response", self._record_response)
        context.on("console", self._record_message)
        context.on("weberror", self._record_exception)

    def _record_failure(self, request: Request) -> None:
        if request.failure != ABORTED:
            self.errors.append(f"failed: {request.url} {request.failure}")

    def _record_response(self, response: Response) -> None:
        """Record error responses to subrequests; tests check the status of pages."""
        if not any(name.startswith("content-security-policy") for name in response.headers):
            self.errors.append(f"no content security policy: {response.url}")
        if response.status >= 400 and response.request.resource_type != "document":
            self.errors.append(f"status {response.status}: {response.url}")

    def _record_message(self, message: ConsoleMessage) -> None:
        recorded = message.text.startswith("Failed to load resource")  # by _record_response()
        if message.type in {"error", "warning"} and not recorded:
            self.errors.append(f"console: {message.text}")

    def _record_exception(self, error: WebError) -> None:
        self.errors.append(f"exception: {error.error}")
