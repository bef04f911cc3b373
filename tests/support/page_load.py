"""Loading a page in Chromium with an empty cache: its files, bytes and first paint."""

from typing import Any, NamedTuple

from playwright.sync_api import Browser, ViewportSize

RTT = 400  # milliseconds
BANDWIDTH = 400_000 // 8  # bytes per second
SLOW_3G = {
    "offline": False,
    "latency": RTT,
    "downloadThroughput": BANDWIDTH,
    "uploadThroughput": BANDWIDTH,
}
PHONE: ViewportSize = {"width": 390, "height": 844}
RENDER_BLOCKING = """
() => performance.getEntriesByType("resource")
  .filter((entry) => entry.renderBlockingStatus === "blocking")
  .map((entry) => entry.name)
"""
FIRST_PAINT = """
() => new Promise((resolve) => new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("first-contentful-paint")) resolve(entry.startTime);
}).observe({ type: "paint", buffered: true }))
"""


class LoadedFile(NamedTuple):
    """A response: its URL, its bytes on the network, and whether the page waits for it."""

    url: str
    size: int
    encoding: str
    is_blocking: bool


class PageLoad(NamedTuple):
    """A page: its files, and the milliseconds until the first text or picture."""

    files: list[LoadedFile]
    first_paint: float

    @property
    def size(self) -> int:
        """The bytes of all responses, compressed as they were, with their headers."""
        return sum(file.size for file in self.files)


def load_page(browser: Browser, url: str, *, slow: bool = False) -> PageLoad:
    """Load a page with an empty cache, as a phone does; `slow` emulates slow 3G.

    Chromium delays each response by RTT, but not the connection, which would take two more.
    """
    context = browser.new_context(ignore_https_errors=True, viewport=PHONE)
    page = context.new_page()
    network = context.new_cdp_session(page)
    responses: dict[str, Any] = {}
    sizes: dict[str, int] = {}

    def record_size(event: Any) -> None:
        sizes[event["requestId"]] = int(event["encodedDataLength"])

    def record_response(event: Any) -> None:
        responses[event["requestId"]] = event["response"]

    network.on("Network.responseReceived", record_response)
    network.on("Network.loadingFinished", record_size)
    network.send("Network.enable")
    if slow:
        network.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto(url, wait_until="networkidle")
    first_paint = float(page.evaluate(FIRST_PAINT))
    blocking = page.evaluate(RENDER_BLOCKING)
    context.close()
    files = [
        LoadedFile(
            url=response["url"],
            size=sizes[request],
            encoding=response["headers"].get("content-encoding", ""),
            is_blocking=response["url"] in blocking,
        )
        for request, response in responses.items()
    ]
    return PageLoad(files, first_paint)
