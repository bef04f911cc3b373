"""The plot of what pages read."""

from xml.etree import ElementTree

from benchmarks.plot import draw

SVG = "{http://www.w3.org/2000/svg}"
SIZES = (10_000, 200_000, 2_000_000)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_each_page_has_a_panel_with_its_values() -> None:
    shown = texts(draw(SIZES, {"home": [74, 75, 1200], "a <profile>": [10, 10, 11]}))

    assert {"home", "a <profile>", "74", "75", "1,200", "10 k", "200 k", "2 M"} <= set(shown)


def test_pages_without_queries_have_none() -> None:
    assert "health check" not in texts(draw(SIZES, {"home": [1, 2, 3], "health check": [0, 0, 0]}))


def test_one_size_can_be_drawn() -> None:
    assert texts(draw(SIZES[:1], {"home": [74]}))[-2:] == ["74", "10 k"]


def test_equal_values_have_the_same_height() -> None:
    root = ElementTree.fromstring(draw(SIZES, {"home": [74, 74, 74]}))
    [line] = root.iter(f"{SVG}polyline")

    assert len({point.partition(",")[2] for point in line.attrib["points"].split()}) == 1
