"""Tables on a page without rules around their cells: rows of cells that stand level, under each other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from ingest.readers.layout import Line, Run, is_rtl
from ingest.readers.tables import Cell, table_blocks

_FEWEST_ROWS = 3
"""Rows at least that make a table."""
_FEWEST_FULL = 0.5
"""Share of a table's rows at least that fill two columns or more."""
_LONG_CELL = 6
"""Words; columns of longer lines that fill their width are columns of text."""
_APART = 0.3
"""How much wider, in heights of a line, the space between rows is than that between the lines of a cell."""

Row = list[list[Line]]
"""The lines of each cell."""


def is_table(run: Run) -> bool:
    """Whether rows that share gutters are a table, and not text in columns.

    In a table most rows fill several columns, level with each other; the cells are short, or the rows are set apart.
    """
    rows = _rows(run)
    full = [row for row in rows if sum(map(bool, row)) > 1]
    if len(full) < max(_FEWEST_ROWS, _FEWEST_FULL * len(rows)) or not _even(full) or not all(map(_level, full)):
        return False
    lengths = [
        median(sum(len(line.text.split()) for line in cell) for cell in column if cell)
        for column in zip(*rows, strict=True)
        if any(column)
    ]
    if len(rows) < len(run.rows) and lengths[0] < _LONG_CELL and _set_apart(rows):
        return True
    if len(lengths) == 2:
        return max(lengths) < _LONG_CELL
    return median(lengths) < _LONG_CELL and not _filled(run, lengths)


def _rows(run: Run) -> list[Row]:
    """The rows of a run: lines that do not fill all columns belong to the row that they stand close to.

    Whether lines stand close is told by the spaces between them: those within a row are narrower than those between
    rows. Where all are alike, each line is a row.
    """
    bands = [run.cells(row) for row in run.rows]
    gaps = [_bottom(above) - _top(below) for above, below in zip(bands, bands[1:], strict=False)]
    height = median(line.box.height for row in run.rows for line in row)
    close = min(gaps, default=0.0) + _APART * height
    apart = max(gaps, default=0.0) > close
    rows: list[Row] = []
    partial = False
    for band, gap in zip(bands, [0.0, *gaps], strict=True):
        some = not all(band)
        joins = rows and (some or partial) and ((apart and gap <= close) or gap < -_APART * height)
        if joins:
            rows[-1] = [[*above, *cell] for above, cell in zip(rows[-1], band, strict=True)]
        else:
            rows.append(band)
        partial = some
    return rows


def _top(row: Row) -> float:
    return max(line.box.top for cell in row for line in cell)


def _bottom(row: Row) -> float:
    return min(line.box.bottom for cell in row for line in cell)


def _even(rows: Sequence[Row]) -> bool:
    """Whether rows follow each other at like distances, as those of a table do and labels in a drawing do not."""
    steps = [_top(above) - _top(below) for above, below in zip(rows, rows[1:], strict=False)]
    return max(steps) < 4 * median(steps)


def _level(row: Row) -> bool:
    """Whether the cells of a row begin, end, or have their middle at one height."""
    cells = [cell for cell in row if cell]
    height = min(line.box.height for cell in cells for line in cell)
    tops = [max(line.box.top for line in cell) for cell in cells]
    bottoms = [min(line.box.bottom for line in cell) for cell in cells]
    middles = [(top + bottom) / 2 for top, bottom in zip(tops, bottoms, strict=True)]
    return min(max(places) - min(places) for places in (tops, bottoms, middles)) < 0.5 * height


def _set_apart(rows: Sequence[Row]) -> bool:
    """Whether the space between any two rows is wider than between the lines of their cells."""
    lines = [sorted(cell, key=lambda line: -line.box.top) for row in rows for cell in row if len(cell) > 1]
    within = [one.box.bottom - two.box.top for cell in lines for one, two in zip(cell, cell[1:], strict=False)]
    between = [_bottom(above) - _top(below) for above, below in zip(rows, rows[1:], strict=False)]
    return bool(within) and min(between) > max(within)


def _filled(run: Run, lengths: Sequence[float]) -> bool:
    """Whether every column is full of words from edge to edge, as narrow columns of text are."""
    for column, words in zip(run.columns(), lengths, strict=False):
        widths = [line.box.width for line in column]
        if words < 3 or not widths or median(widths) < 0.85 * max(widths):
            return False
    return len(run.rows) > 5


def table_of(run: Run, page: int) -> tuple[Line, list[Line]]:
    """A run as a table, and the lines behind its last row that only look as if they went on with it."""
    rows = _rows(run)
    behind: list[Line] = []
    while len(rows) > 2 and sum(map(bool, rows[-1])) == 1 and rows[-1][0]:
        behind = [*rows.pop()[0], *behind]
    caption = ""
    while len(rows) > 2 and sum(map(bool, rows[0])) == 1:
        caption = " ".join(part for part in (caption, *(line.text for cell in rows.pop(0) for line in cell)) if part)
    told = [[_cell(cell) for cell in row] for row in _with_their_first_cell(rows)]
    if not any(cell.text and not cell.head for row in told[1:] for cell in row):
        told = [[Cell(cell.text) for cell in row] for row in told]
    every = [line for row in rows for cell in row for line in cell]
    if is_rtl(" ".join(line.text for line in every)):
        told = [row[::-1] for row in told]
    box = every[0].box
    for line in every[1:]:
        box = box.around(line.box)
    return Line("", box, every[0].size, "", page, rows=tuple(table_blocks(told, caption, page))), behind


def _with_their_first_cell(rows: Sequence[Row]) -> list[Row]:
    """Rows where one that names nothing and stands close under another goes on with it."""
    found: list[Row] = []
    for above, row in zip([None, *rows], rows, strict=False):
        near = above is not None and _bottom(above) - _top(row) < 0.45 * (_top(row) - _bottom(row))
        if found and near and not row[0]:
            found[-1] = [[*first, *cell] for first, cell in zip(found[-1], row, strict=True)]
        else:
            found.append(row)
    return found


def _cell(lines: Sequence[Line]) -> Cell:
    text = " ".join(line.text for line in sorted(lines, key=lambda line: -line.box.top))
    return Cell(text, bool(lines) and all(line.face == "bold" for line in lines))
