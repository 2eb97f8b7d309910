"""Charts in office files, read as the table they are drawn from, and diagrams, read as lists. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.readers.figures import shown
from ingest.readers.package import OFFICE, parsed
from ingest.readers.tables import Cell, table_blocks
from ingest.types import Block

_C = f"{{{OFFICE}/drawingml/2006/chart}}"
_A = f"{{{OFFICE}/drawingml/2006/main}}"
_DGM = f"{{{OFFICE}/drawingml/2006/diagram}}"
_MOST = 500
"""Categories of a chart at most."""
_KINDS = {
    "line": "line chart", "bar": "bar chart", "pie": "pie chart", "ofPie": "pie chart", "scatter": "scatter chart",
    "area": "area chart", "doughnut": "doughnut chart", "radar": "radar chart", "bubble": "bubble chart",
    "stock": "stock chart", "surface": "surface chart",
}  # fmt: skip


def chart_blocks(xml: bytes, page: int | None = None) -> Iterator[Block]:
    """The rows of a chart part (ECMA-376, DrawingML charts), under its title and kind."""
    root = parsed(xml)
    series = [(_name(one), _points(one, "cat", "xVal"), _points(one, "val", "yVal")) for one in root.iter(f"{_C}ser")]
    if not series:
        return
    categories = max((one[1] for one in series), key=len)
    rows = [[Cell(_axis(root), True), *(Cell(name, True) for name, _, _ in series)]]
    for key in sorted(set(categories) | {one for _, _, values in series for one in values})[:_MOST]:
        label = categories.get(key, str(key + 1))
        rows.append([Cell(label), *(Cell(values.get(key, "")) for _, _, values in series)])
    yield from table_blocks(rows, _caption(root), page)


def _caption(root: Any) -> str:
    """Title and kind; a chart of one series without a title of its own is called like it, and that is told anyway."""
    plot = root.find(f"{_C}chart/{_C}plotArea")
    tags = [str(one.tag) for one in plot] if plot is not None else []
    kinds = [name for kind, name in _KINDS.items() if any(tag.startswith(f"{_C}{kind}") for tag in tags)]
    title = _written(root.find(f"{_C}chart/{_C}title"))
    told = ", ".join(part for part in (title, *kinds[:1]) if part)
    return told[:1].upper() + told[1:]


def _axis(root: Any) -> str:
    """What the categories are, as the title of their axis says."""
    for kind in ("catAx", "dateAx", "valAx"):
        for axis in root.iter(f"{_C}{kind}"):
            place = axis.find(f"{_C}axPos")
            if kind != "valAx" or (place is not None and place.get("val") in ("b", "t")):
                return _written(axis.find(f"{_C}title"))
    return ""


def _written(element: Any) -> str:
    if element is None:
        return ""
    return " ".join("".join(text.text or "" for text in element.iter(f"{_A}t")).split())


def _name(series: Any) -> str:
    found = [one.text or "" for one in series.iterfind(f"{_C}tx//{_C}v")]
    return " ".join(" ".join(found).split()) if found else "Value"


def _points(series: Any, *parts: str) -> dict[int, str]:
    """Values of a series by their position, as they are shown; of several levels the first."""
    found: dict[int, str] = {}
    for part in parts:
        code = series.findtext(f"{_C}{part}//{_C}formatCode") or "General"
        numbers = series.find(f"{_C}{part}//{_C}numCache") is not None
        for point in series.iterfind(f"{_C}{part}//{_C}pt"):
            value = (point.findtext(f"{_C}v") or "").strip()
            place = str(point.get("idx"))
            if value and place.isdigit():
                found.setdefault(int(place), _shown(value, code) if numbers else " ".join(value.split()))
    return found


def _shown(value: str, code: str) -> str:
    try:
        return shown(float(value), code)
    except ValueError:
        return value


def diagram_blocks(xml: bytes, page: int | None = None) -> Iterator[Block]:
    """The words of a diagram (SmartArt) as a list, what hangs below something one level deeper."""
    root = parsed(xml)
    points = {str(one.get("modelId")): one for one in root.iter(f"{_DGM}pt")}
    below: dict[str, list[tuple[int, str]]] = {}
    for one in root.iter(f"{_DGM}cxn"):
        if one.get("type") in (None, "parOf"):
            place = str(one.get("srcOrd") or 0)
            below.setdefault(str(one.get("srcId")), []).append((int(place), str(one.get("destId"))))
    held = {name for inner in below.values() for _, name in inner}
    waiting = [
        (name, -1) for name, one in points.items() if name not in held and one.get("type") in (None, "node", "doc")
    ]
    waiting.reverse()
    seen: set[str] = set()
    while waiting:
        name, level = waiting.pop()
        if name in seen or name not in points:
            continue
        seen.add(name)
        point = points[name]
        text = _written(point.find(f"{_DGM}t")) if point.get("type") in (None, "node", "asst") else ""
        if text:
            yield Block("item", text, max(0, min(5, level)), page=page)
        waiting += [(inner, level + 1) for _, inner in sorted(below.get(name, ()), reverse=True)]
