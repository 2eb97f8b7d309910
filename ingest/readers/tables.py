"""Tables of any format to row blocks: each row says what its cells are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.markdown import row_text
from ingest.types import Block

_FIGURE = re.compile(
    r"[(\[<>~≈±+-]*\s*(?P<before>[^\W\d_]{0,3}[$€£¥₹]|[A-Z]{3}\s)?\s*[+-]?\d[\d.,'\s\u00a0\u202f:/-]*"
    r"(?P<after>\s*(?:%|[$€£¥₹]|[kKmMbB]n?\b|[A-Z]{3}\b))?[)\]+]*"
)
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d(?:[/-]\d\d)?")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?: \d\d:\d\d.*)?")


@dataclass(frozen=True)
class Cell:
    """One cell as it is written."""

    text: str
    head: bool = False
    """Whether it is marked as a heading of its row or column."""
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True)
class _Line:
    """One row with its cells by column, spanning ones repeated, and its number."""

    cells: Sequence[Cell]
    number: int | None


def table_blocks(
    rows: Sequence[Sequence[Cell]], caption: str = "", page: int | None = None, numbers: Sequence[int] = ()
) -> Iterator[Block]:
    """The rows of a table under its caption, headers told with each cell.

    A first row that is one wide heading is the caption. Further rows at the top that hold nothing but headings are
    the columns' headers; where none is marked, the first row is when it reads like one. What the first column holds is
    told with the caption.

    Args:
        rows: Cells by row, spanning ones once.
        caption: What stands over the table.
        page: Where it stands.
        numbers: Of each row; they take the place of the page.

    >>> rows = [[Cell("Quick facts", True, 2)], [Cell("Pay", True), Cell("$1")]]
    >>> [(block.text, block.caption) for block in table_blocks(rows)]
    [('Pay: $1', 'Quick facts')]
    >>> rows = [[Cell("City", True), Cell("Pay", True)], [Cell("Boston"), Cell("$1")]]
    >>> [(block.text, block.caption) for block in table_blocks(rows)]
    [('Boston - Pay: $1', 'by City')]
    """
    grid = _grid(rows, numbers)
    while len(grid) > 1 and _wide(grid[0].cells):
        caption = ", ".join(part for part in (caption, grid[0].cells[0].text) if part)
        grid = grid[1:]
    width = max((len(line.cells) for line in grid), default=0)
    texts = [[cell.text for cell in line.cells] + [""] * (width - len(line.cells)) for line in grid]
    heads = _marked(grid) or int(headed(texts))
    if heads == 1 and _spread(grid):
        heads = 2
    header = _header(texts[:heads], width)
    if heads and header[0] and width > 1:
        caption = ", ".join(part for part in (caption, f"by {header[0]}") if part)
    for line, cells in zip(grid[heads:], texts[heads:], strict=True):
        merged = len(line.cells) == width and all(cell is line.cells[0] for cell in line.cells)
        told = cells[0] if merged else _told(header, cells)
        yield Block("row", told, caption=caption, page=page if line.number is None else line.number)


def headed(texts: Sequence[Sequence[str]]) -> bool:
    """Whether the first row of a table without marks names its columns; all rows are equally wide.

    Two columns may as well be names and values from the first row on; there it takes more to tell.

    >>> headed([["City", "Pay", "Rank"], ["Boston", "$2", "3"]]), headed([["City", "Pay"], ["Boston", "$2"]])
    (True, True)
    >>> headed([["Employer", "A bank"], ["Founded", "1901"]]), headed([["1", "2", "3"], ["4", "5", "6"]])
    (False, False)
    """
    if len(texts) < 2 or len(texts[0]) < 2:
        return False
    first, *rest = texts
    named = [cell for cell in first if cell]
    columns = [[row[column] for row in rest if row[column]] for column in range(len(first))]
    years = all(_YEAR.fullmatch(cell) or not kind_of(cell) for cell in first[1:]) and not kind_of(first[0])
    # A year over years is a row of them; over other figures it is what they are of.
    years = years and not any(
        below and kind_of(cell) and all(_YEAR.fullmatch(one) for one in below)
        for cell, below in zip(first, columns, strict=True)
    )
    plain = not any(map(kind_of, named)) or years
    if len(named) < 2 or len(named) < len(first) - 1 or not plain or max(map(len, named)) > 100:
        return False
    if len(first) > 2:
        return True
    kinds = [{kind_of(cell) for cell in column} for column in columns]
    numbered = kinds[0] and "" not in kinds[0]
    alike = len(kinds[1]) == 1 and bool(kinds[1] & {"money", "percent", "date"})
    return bool(numbered or alike or (kind_of(first[1]) and kinds[1] and "" not in kinds[1]))


def kind_of(cell: str) -> str:
    """What kind of figure a cell is: `money`, `percent`, `date`, `number`; empty for words.

    >>> [kind_of(cell) for cell in ("$105,418", "34%", "2024-05-31", "12.5", "C3", "About 12 of them")]
    ['money', 'percent', 'date', 'number', '', '']
    """
    text = cell.strip()
    if _DATE.fullmatch(text):
        return "date"
    match = _FIGURE.fullmatch(text)
    if not match:
        return ""
    signs = f"{match['before'] or ''}{match['after'] or ''}"
    return "percent" if "%" in signs else "money" if signs.strip(" kKmMbBn") else "number"


def _told(header: Sequence[str], cells: Sequence[str]) -> str:
    """A row in words; the header of its only value is told too, where there is one."""
    if len(cells) == 2 and header[1] and all(cells) and header[1] != cells[1]:
        return f"{cells[0]} - {header[1]}: {cells[1]}"
    return row_text(header, cells)


def _wide(row: Sequence[Cell]) -> bool:
    """Whether a row is one heading over the whole table."""
    texts = {cell.text for cell in row if cell.text}
    return len(texts) == 1 and len(row) > 1 and bool(row[0].text) and all(cell.head for cell in row)


def _marked(grid: Sequence[_Line]) -> int:
    """Rows at the top that hold nothing but headings; a table of nothing else has none."""
    heads = 0
    while heads < len(grid) and all(cell.head or not cell.text for cell in grid[heads].cells):
        heads += 1
    return heads if heads < len(grid) else 0


def _spread(grid: Sequence[_Line]) -> bool:
    """Whether names over several columns have the names of each below them: what is named itself goes on below."""
    if len(grid) < 3 or len(grid[0].cells) != len(grid[1].cells):
        return False
    first, second = grid[0].cells, grid[1].cells
    over = [any(one is cell for place, one in enumerate(first) if place != index) for index, cell in enumerate(first)]
    below = [cell.text for cell, wide in zip(second, over, strict=True) if wide and cell.text]
    goes_on = all(not two.text or two is one for one, two, wide in zip(first, second, over, strict=True) if not wide)
    return any(over) and goes_on and len(below) > 1 and not any(map(kind_of, below))


def _header(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """What each column is called: the headings above it, each once."""
    return [" ".join(dict.fromkeys(row[column] for row in rows if row[column])) for column in range(width)]


def _grid(rows: Sequence[Sequence[Cell]], numbers: Sequence[int]) -> list[_Line]:
    """The rows that hold something, spanning cells repeated."""
    grid: list[_Line] = []
    reaching: dict[int, tuple[int, Cell]] = {}
    for index, row in enumerate(rows):
        line: list[Cell] = []
        waiting = list(reversed(row))
        while waiting or len(line) in reaching:
            column = len(line)
            if column in reaching:
                left, cell = reaching.pop(column)
                line.append(cell)
                if left > 1:
                    reaching[column] = (left - 1, cell)
                continue
            cell = waiting.pop()
            for offset in range(cell.columns):
                line.append(cell)
                if cell.rows > 1:
                    reaching[column + offset] = (cell.rows - 1, cell)
        if any(cell.text for cell in line):
            grid.append(_Line(line, numbers[index] if numbers else None))
    return grid
