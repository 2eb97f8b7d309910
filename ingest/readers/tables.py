"""Tables of any format to row blocks: each row says what its cells are. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.markdown import row_text
from ingest.types import Block


@dataclass(frozen=True)
class Cell:
    """One cell as it is written."""

    text: str
    head: bool = False
    """Whether it is marked as a heading of its row or column."""
    columns: int = 1
    rows: int = 1


def table_blocks(rows: Sequence[Sequence[Cell]], caption: str = "", page: int | None = None) -> Iterator[Block]:
    """The rows of a table under its caption, headers told with each cell.

    A first row that is one wide heading is the caption. Further rows at the top that hold nothing but headings are
    the columns' headers; without any, the first row is, when the table has more than two columns.

    >>> rows = [[Cell("Quick facts", True, 2)], [Cell("Pay", True), Cell("$1")]]
    >>> [(block.text, block.caption) for block in table_blocks(rows)]
    [('Pay: $1', 'Quick facts')]
    """
    grid = _grid(rows)
    while grid and _wide(grid[0]):
        caption = caption or grid[0][0].text
        grid = grid[1:]
    width = max((len(row) for row in grid), default=0)
    heads = 0
    while heads < len(grid) - 1 and all(cell.head or not cell.text for cell in grid[heads]):
        heads += 1
    if not heads and width > 2 and len(grid) > 1:
        heads = 1
    header = _header(grid[:heads], width)
    for row in grid[heads:]:
        texts = [cell.text for cell in row] + [""] * (width - len(row))
        spread = len(set(texts)) == 1
        text = texts[0] if spread else row_text(header, texts)
        if any(texts[1:]) or (width == 1 and text):
            yield Block("row", text, caption=caption, page=page)


def _wide(row: Sequence[Cell]) -> bool:
    """Whether a row is one heading over the whole table."""
    texts = {cell.text for cell in row if cell.text}
    return len(texts) == 1 and len(row) > 1 and all(cell.head for cell in row)


def _header(rows: Sequence[Sequence[Cell]], width: int) -> list[str]:
    """What each column is called: the headings above it, each once."""
    names = []
    for column in range(width):
        above = dict.fromkeys(row[column].text for row in rows if column < len(row) and row[column].text)
        names.append(" ".join(above))
    return names


def _grid(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """The cells by row and column, spanning ones repeated."""
    grid: list[list[Cell]] = []
    reaching: dict[int, tuple[int, Cell]] = {}
    for row in rows:
        line: list[Cell] = []
        waiting = list(row)
        while waiting or len(line) in reaching:
            column = len(line)
            if column in reaching:
                left, cell = reaching.pop(column)
                line.append(cell)
                if left > 1:
                    reaching[column] = (left - 1, cell)
                continue
            cell = waiting.pop(0)
            for offset in range(cell.columns):
                line.append(cell)
                if cell.rows > 1:
                    reaching[column + offset] = (cell.rows - 1, cell)
        if any(cell.text for cell in line):
            grid.append(line)
        reaching = {column: held for column, held in reaching.items() if held[0] > 0}
    return grid
