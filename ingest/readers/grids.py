"""A sheet's cells to blocks: finds the tables on it, their titles and headers, and tells each row. Pure.

A table is a set of filled cells that touch side by side or one above the other. Cells alone are titles or notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.readers.tables import Cell, headed, kind_of, table_blocks
from ingest.types import Block

Row = Mapping[int, Cell]
"""Filled cells of a row by their column, from 0; a merged cell stands in all its columns, and in all its rows."""
_TITLE = 120
"""Characters of a title at most; longer ones are notes."""
_NOTE = 30
"""Characters of a note below a table at least; a shorter one is the label of a row without values."""
_NEAR = 2
"""Rows between a title and the table below it at most."""


@dataclass
class _Area:
    """Filled cells that touch, by row and column."""

    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    left: int = 0
    right: int = 0

    def take(self, number: int, first: int, cells: Mapping[int, Cell]) -> None:
        if not self.rows:
            self.left = self.right = first
        self.rows.setdefault(number, {}).update(cells)
        self.left, self.right = min(self.left, *cells), max(self.right, *cells)

    def join(self, other: _Area) -> None:
        for number, cells in other.rows.items():
            self.take(number, self.left, cells)

    @property
    def top(self) -> int:
        return min(self.rows)

    @property
    def bottom(self) -> int:
        return max(self.rows)


def sheet_blocks(rows: Mapping[int, Row]) -> Iterator[Block]:
    """The blocks of a sheet; a block's page is the number of its row.

    >>> rows = {1: {0: Cell("Pay")}, 3: {0: Cell("City"), 1: Cell("Pay")}, 4: {0: Cell("Boston"), 1: Cell("$1")}}
    >>> [(block.text, block.caption, block.page) for block in sheet_blocks(rows)]
    [('Boston - Pay: $1', 'Pay, by City', 4)]
    """
    title: tuple[int, str, int] | None = None
    for area in _continued(_areas(rows)):
        lines = [area.rows[number] for number in sorted(area.rows)]
        lone = {cell.text for line in lines for cell in line.values()}
        if len(lone) == 1 and len(lines) == 1:
            if title:
                yield Block("paragraph", title[1], page=title[0])
            title = (area.top, lone.pop(), area.left)
            continue
        caption = ""
        if title and area.top - title[0] <= _NEAR + 1 and area.left - 1 <= title[2] <= area.right and _titles(title[1]):
            caption = title[1].rstrip(": ")
        elif title:
            yield Block("paragraph", title[1], page=title[0])
        title = None
        yield from _told(area, caption)
    if title:
        yield Block("paragraph", title[1], page=title[0])


def _titles(text: str) -> bool:
    """Whether a cell alone may be the title of what is below it."""
    return len(text) <= _TITLE and not text.endswith(".") and not kind_of(text)


# Where the tables are


def _areas(rows: Mapping[int, Row]) -> list[_Area]:
    """Areas in reading order: by their first row, then their first column."""
    open_runs: list[tuple[int, int, _Area]] = []
    found: list[_Area] = []
    before = 0
    for number in sorted(rows):
        runs: list[tuple[int, int, _Area]] = []
        above = open_runs if number == before + 1 else []
        for first, last in _runs(rows[number]):
            cells = {column: rows[number][column] for column in range(first, last + 1)}
            touching = _distinct([area for left, right, area in above if left <= last and first <= right])
            area = touching[0] if touching else _Area()
            if not touching:
                found.append(area)
            area.take(number, first, cells)
            for other in touching[1:]:
                area.join(other)
                found = [one for one in found if one is not other]
                above = [(left, right, area if one is other else one) for left, right, one in above]
                runs = [(left, right, area if one is other else one) for left, right, one in runs]
            runs.append((first, last, area))
        open_runs, before = runs, number
    return sorted(found, key=lambda area: (area.top, area.left))


def _distinct(areas: Sequence[_Area]) -> list[_Area]:
    return list({id(area): area for area in areas}.values())


def _runs(row: Row) -> Iterator[tuple[int, int]]:
    """First and last column of each unbroken run of filled cells."""
    first = last = -2
    for column in sorted(row):
        if column != last + 1:
            if first >= 0:
                yield first, last
            first = column
        last = column
    if first >= 0:
        yield first, last


def _continued(areas: Sequence[_Area]) -> list[_Area]:
    """Areas, with those put together that an empty row cuts out of one table.

    The lower part has the same columns and begins with a row that is no header, or is told like the last row above.
    """
    kept: list[_Area] = []
    for area in areas:
        above = next((one for one in reversed(kept) if one.bottom == area.top - 2), None)
        if above and (above.left, above.right) == (area.left, area.right) and _goes_on(above, area):
            above.join(area)
        else:
            kept.append(area)
    return kept


def _goes_on(above: _Area, area: _Area) -> bool:
    if area.left == area.right or len(above.rows) < 2:
        return False
    last, first = _texts(area, above.rows[above.bottom]), _texts(area, area.rows[area.top])
    marked = all(cell.head for cell in area.rows[area.top].values())
    kinds = [kind_of(cell) for cell in last]
    return not marked and any(kinds) and kinds == [kind_of(cell) for cell in first]


def _texts(area: _Area, cells: Row) -> list[str]:
    return [cells[column].text if column in cells else "" for column in range(area.left, area.right + 1)]


# How a table is told


def _told(area: _Area, caption: str) -> Iterator[Block]:
    """Titles within the table, its rows, and notes below it."""
    numbers = sorted(area.rows)
    texts = {number: _texts(area, area.rows[number]) for number in numbers}
    titles: list[str] = [caption] if caption else []
    notes: list[int] = []
    while len(numbers) > 2 and _alone(texts[numbers[0]]) and area.right > area.left:
        text = _alone(texts[numbers[0]])
        if _titles(text):
            titles.append(text.rstrip(": "))
        else:
            yield Block("paragraph", text, page=numbers[0])
        numbers.pop(0)
    while len(numbers) > 2 and len(_alone(texts[numbers[-1]])) > _NOTE:
        notes.insert(0, numbers.pop())
    heads = _heads(area, numbers, [texts[number] for number in numbers])
    part = ""
    run: list[int] = []
    for number in numbers[heads:]:
        if _parts(area, number, texts[number]):
            yield from _rows(area, numbers[:heads], run, (*titles, part))
            part, run = _alone(texts[number]), []
        else:
            run.append(number)
    yield from _rows(area, numbers[:heads], run, (*titles, part))
    for number in notes:
        yield Block("paragraph", _alone(texts[number]), page=number)


def _alone(texts: Sequence[str]) -> str:
    """The only text of a row: in one cell, or merged over several."""
    found = {text for text in texts if text}
    return found.pop() if len(found) == 1 else ""


def _heads(area: _Area, numbers: Sequence[int], texts: Sequence[Sequence[str]]) -> int:
    """Rows at the top that name the columns."""
    marked = 0
    while marked < len(numbers) and all(cell.head for cell in area.rows[numbers[marked]].values()):
        marked += 1
    return marked if 0 < marked < len(numbers) else int(headed(texts))


def _parts(area: _Area, number: int, texts: Sequence[str]) -> bool:
    """Whether a row names the part of the table below it: one cell, over all columns or marked as a heading."""
    text = _alone(texts)
    cells = area.rows[number]
    merged = len(cells) == area.right - area.left + 1 and area.right > area.left
    return (
        bool(text) and not kind_of(text) and (merged or (len(cells) == 1 and all(one.head for one in cells.values())))
    )


def _rows(area: _Area, heads: Sequence[int], numbers: Sequence[int], titles: Sequence[str]) -> Iterator[Block]:
    """Rows under their headers."""
    if not numbers:
        return
    listed = [*heads, *numbers]
    rows = []
    for number in listed:
        # A merged cell stays one and the same in all its columns.
        made = {
            id(cell): cell if cell.head == (number in heads) else replace(cell, head=number in heads)
            for cell in area.rows[number].values()
        }
        cells = (area.rows[number].get(column) for column in range(area.left, area.right + 1))
        rows.append([made[id(cell)] if cell is not None else Cell("") for cell in cells])
    yield from table_blocks(rows, ", ".join(dict.fromkeys(title for title in titles if title)), numbers=listed)
