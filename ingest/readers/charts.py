"""Charts in office files, read as the table they are drawn from: a row for each category. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.readers.tables import Cell, table_blocks
from ingest.types import Block

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MOST = 500
"""Categories of a chart at most."""


def chart_blocks(xml: bytes, page: int | None = None) -> Iterator[Block]:
    """The rows of a chart part (ECMA-376, DrawingML charts), under its title."""
    from lxml import etree

    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    series = [(_name(one), _points(one, "cat"), _points(one, "val")) for one in root.iter(f"{_C}ser")]
    if not series:
        return
    categories = max((one[1] for one in series), key=len)
    title = " ".join(" ".join(text.text or "" for text in root.iterfind(f".//{_C}title//{_A}t")).split())
    rows = [[Cell("", True), *(Cell(name, True) for name, _, _ in series)]]
    for key in sorted(set(categories) | {one for _, _, values in series for one in values})[:_MOST]:
        label = categories.get(key, str(key + 1))
        rows.append([Cell(label), *(Cell(values.get(key, "")) for _, _, values in series)])
    yield from table_blocks(rows, title, page)


def _name(series: Any) -> str:
    found = [one.text or "" for one in series.iterfind(f"{_C}tx//{_C}v")]
    return found[0] if found else "Value"


def _points(series: Any, part: str) -> dict[int, str]:
    """Values of a series by their position."""
    found = {}
    for point in series.iterfind(f"{_C}{part}//{_C}pt"):
        value = point.find(f"{_C}v")
        if value is not None and value.text and str(point.get("idx")).isdigit():
            found[int(point.get("idx"))] = value.text.strip()
    return found
