"""Draw what the queries of each page read as the site grows, for light and dark pages."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

COLUMNS = 4
PANEL_WIDTH, PANEL_HEIGHT, TOP = 210, 130, 50
LEFT, RIGHT, PLOT_TOP, PLOT_BOTTOM = 28, 182, 46, 100  # of the lines, inside a panel
HEADROOM = 1.1  # the highest point is below the top
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.heading { font-size: 15px; font-weight: 600 }
.axis { fill: #59636e; font-size: 11px }
.value { font-size: 11px; text-anchor: middle }
line { stroke: #d1d9e0 }
polyline { fill: none; stroke: #0969da; stroke-width: 2 }
circle { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .axis { fill: #9198a1 }
  line { stroke: #3d444d }
  polyline { stroke: #4493f8 }
  circle { fill: #4493f8 }
}
"""


def draw(sizes: Sequence[int], buffers: Mapping[str, Sequence[int]]) -> str:
    """Return the SVG: a panel for each page with the blocks of 8 KB that it reads at each size.

    Pages without queries have none. The axis of the sizes is logarithmic, the other starts at 0.
    """
    pages = {name: values for name, values in buffers.items() if any(values)}
    rows = -(-len(pages) // COLUMNS)
    width, height = COLUMNS * PANEL_WIDTH, TOP + rows * PANEL_HEIGHT
    panels = [
        f'<g transform="translate({index % COLUMNS * PANEL_WIDTH} '
        f'{TOP + index // COLUMNS * PANEL_HEIGHT})">{_panel(name, sizes, values)}</g>'
        for index, (name, values) in enumerate(pages.items())
    ]
    heading = "Blocks of 8 KB that the queries of a page read, by number of posts"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{heading}">\n'
        f"<style>{STYLE}</style>\n"
        f'<text class="heading" x="{LEFT - 12}" y="28">{heading}</text>\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def _panel(name: str, sizes: Sequence[int], values: Sequence[int]) -> str:
    first, last = log10(sizes[0]), log10(sizes[-1])
    scale = (PLOT_BOTTOM - PLOT_TOP) / (max(values) * HEADROOM)
    points = [
        (
            LEFT + (log10(size) - first) / ((last - first) or 1) * (RIGHT - LEFT),
            PLOT_BOTTOM - value * scale,
        )
        for size, value in zip(sizes, values, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        f'<text class="value" x="{x:.1f}" y="{y - 7:.1f}">{value:,}</text>'
        f'<text class="axis value" x="{x:.1f}" y="{PLOT_BOTTOM + 15}">{_short(size)}</text>'
        for (x, y), size, value in zip(points, sizes, values, strict=True)
    )
    return (
        f'<text x="{LEFT - 12}" y="18">{escape(name)}</text>'
        f'<line x1="{LEFT - 12}" y1="{PLOT_BOTTOM}" x2="{RIGHT + 12}" y2="{PLOT_BOTTOM}"/>'
        f'<polyline points="{line}"/>{marks}'
    )


def _short(number: int) -> str:
    """Return 10 k, 2 M."""
    return f"{number // 1_000_000} M" if number >= 1_000_000 else f"{number // 1000} k"
