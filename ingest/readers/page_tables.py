"""Tables on a page: by the rules that are drawn around their cells, or by columns that stand level. Pure.

A grid counts when its rules make at least two rows and two columns; a cell that no rule divides is one cell, however
many rows and columns it spans. Without rules, rows of short cells that stand level under each other are a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ingest.readers.layout import Box, Line, Run, Word, is_rtl, lines_of
from ingest.readers.tables import Cell, table_blocks

_NEAR = 3.0
"""Points by which two rules miss each other at most when they are meant to meet."""
_FEWEST_LEVEL = 0.5
"""Share of a table's rows at least that fill two columns or more."""
_FEWEST_TOLD = 0.4
"""Share of a grid's cells at least that hold words."""
_FEWEST_ROWS = 3
"""Rows at least that make a table without rules."""
_LONG_CELL = 6
"""Words; columns of longer lines that fill their width are columns of text."""


@dataclass(frozen=True)
class Rule:
    """A straight line drawn on a page, level or upright."""

    level: bool
    at: float
    """Height of a level one; distance from the left of an upright one."""
    start: float
    end: float

    def crosses(self, place: float, near: float = _NEAR) -> bool:
        """Whether it reaches over a place along its way."""
        return self.start - near <= place <= self.end + near


def grids(words: Sequence[Word], rules: Sequence[Rule], page: int) -> tuple[list[Line], list[Word]]:
    """The tables that rules draw, each as a line with its rows, and the words outside them."""
    found, rest = [], list(words)
    for xs, ys, drawn in _frames(rules):
        frame = Box(xs[0], ys[-1], xs[-1], ys[0])
        inside = [word for word in rest if _within(word.box, frame)]
        rows = _grid_rows(inside, xs, ys, drawn, page)
        if not _convincing(rows):
            continue
        if is_rtl(" ".join(word.text for word in inside)):
            rows = [row[::-1] for row in rows]
        blocks = tuple(table_blocks(rows, page=page))
        if blocks:
            rest = [word for word in rest if not _within(word.box, frame)]
            found.append(Line("", frame, inside[0].size, "", page, rows=blocks))
    return found, rest


def _convincing(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether cells are a table's: two rows or more tell something of something, and few cells are empty.

    The lines of a drawing make grids, too.
    """
    told = [sum(1 for cell in row if cell.text) for row in rows]
    return sum(one > 1 for one in told) >= 2 and sum(told) >= _FEWEST_TOLD * sum(map(len, rows))


def _frames(rules: Sequence[Rule]) -> Iterator[tuple[list[float], list[float], list[Rule]]]:
    """Places of the upright rules from left to right and of the level ones from top to bottom, grid by grid."""
    left = list(rules)
    while left:
        group, waiting = [], [left.pop()]
        while waiting:
            rule = waiting.pop()
            group.append(rule)
            met = [other for other in left if _meet(rule, other)]
            waiting += met
            taken = set(map(id, met))
            left = [other for other in left if id(other) not in taken]
        xs = _places(rule.at for rule in group if not rule.level)
        ys = _places(rule.at for rule in group if rule.level)[::-1]
        if len(xs) > 2 and len(ys) > 2:
            yield xs, ys, group


def _meet(one: Rule, other: Rule) -> bool:
    if one.level == other.level:
        return abs(one.at - other.at) <= _NEAR and one.start <= other.end + _NEAR and other.start <= one.end + _NEAR
    return one.crosses(other.at) and other.crosses(one.at)


def _places(values: Iterable[float]) -> list[float]:
    """The values in order; those that lie near each other count as one.

    >>> _places([10.0, 50.0, 10.5])
    [10.0, 50.0]
    """
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > 2 * _NEAR:
            found.append(value)
    return found


def _within(box: Box, frame: Box) -> bool:
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    return frame.left <= x <= frame.right and frame.bottom <= y <= frame.top


def _grid_rows(
    words: Sequence[Word], xs: Sequence[float], ys: Sequence[float], rules: Sequence[Rule], page: int
) -> list[list[Cell]]:
    """The cells of a grid, each where it begins, with how far it spans."""
    upright = [rule for rule in rules if not rule.level]
    level = [rule for rule in rules if rule.level]
    held: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        x, y = (word.box.left + word.box.right) / 2, (word.box.bottom + word.box.top) / 2
        held.setdefault((sum(y < one for one in ys[1:-1]), sum(x >= one for one in xs[1:-1])), []).append(word)
    taken: set[tuple[int, int]] = set()
    rows: list[list[Cell]] = []
    for row in range(len(ys) - 1):
        cells = []
        for column in range(len(xs) - 1):
            if (row, column) in taken:
                continue
            right, below = column + 1, row + 1
            while right < len(xs) - 1 and not _divided(upright, xs[right], (ys[row] + ys[row + 1]) / 2):
                right += 1
            while below < len(ys) - 1 and not _divided(level, ys[below], (xs[column] + xs[column + 1]) / 2):
                below += 1
            spanned = [(r, c) for r in range(row, below) for c in range(column, right)]
            taken.update(spanned)
            inside = [word for place in spanned for word in held.get(place, ())]
            cells.append(Cell(_told(inside, page), _bold(inside), right - column, below - row))
        rows.append(cells)
    first_only = any(cell.text and not cell.head for row in rows[1:] for cell in row)
    return rows if first_only else [[Cell(c.text, False, c.columns, c.rows) for c in row] for row in rows]


def _divided(rules: Sequence[Rule], at: float, along: float) -> bool:
    """Whether a rule stands at a place and reaches over another."""
    return any(abs(rule.at - at) <= 2 * _NEAR and rule.crosses(along, 0) for rule in rules)


def _told(words: Sequence[Word], page: int) -> str:
    lines = sorted(lines_of(words, page), key=lambda line: -line.box.top)
    return " ".join(line.text for line in lines)


def _bold(words: Sequence[Word]) -> bool:
    return bool(words) and all(word.face == "bold" for word in words)


def is_table(run: Run) -> bool:
    """Whether rows that share gutters are a table, and not text in columns.

    In a table most rows fill several columns level with each other, and the cells are short.
    """
    rows = [run.cells(row) for row in run.rows]
    full = [row for row in rows if sum(map(bool, row)) > 1]
    if (
        len(full) < max(_FEWEST_ROWS, _FEWEST_LEVEL * len(rows))
        or not _even(full)
        or not all(_level(row) for row in full)
    ):
        return False
    lengths = [
        median(sum(len(line.text.split()) for line in cell) for cell in column if cell)
        for column in zip(*rows, strict=True)
        if any(column)
    ]
    if len(lengths) == 2:
        return max(lengths) < _LONG_CELL
    return median(lengths) < _LONG_CELL and not _filled(run, lengths)


def _even(rows: Sequence[Sequence[Sequence[Line]]]) -> bool:
    """Whether rows follow each other at like distances, as those of a table do and labels in a drawing do not."""
    heights = [max(line.box.bottom for cell in row for line in cell) for row in rows]
    steps = [above - below for above, below in zip(heights, heights[1:], strict=False)]
    return max(steps) < 4 * median(steps)


def _level(row: Sequence[Sequence[Line]]) -> bool:
    """Whether the cells of a row stand on one line, one line each."""
    lines = [line for cell in row for line in cell]
    height = min(line.box.height for line in lines)
    return max(line.box.bottom for line in lines) - min(line.box.bottom for line in lines) < 0.5 * height


def _filled(run: Run, lengths: Sequence[float]) -> bool:
    """Whether every column is full of words from edge to edge, as narrow columns of text are."""
    for column, words in zip(run.columns(), lengths, strict=False):
        widths = [line.box.width for line in column]
        if words < 3 or not widths or median(widths) < 0.85 * max(widths):
            return False
    return len(run.rows) > 5


def table_of(run: Run, page: int) -> tuple[Line, list[Line]]:
    """A run as a table, and the lines behind its last row that only look as if they went on with it."""
    rows = [run.cells(row) for row in run.rows]
    behind = []
    while len(rows) > 2 and sum(map(bool, rows[-1])) == 1 and rows[-1][0]:
        behind.append(rows.pop()[0][0])
    told: list[list[Cell]] = []
    last = None
    for row in rows:
        lines = [line for cell in row for line in cell]
        top, bottom = max(line.box.top for line in lines), min(line.box.bottom for line in lines)
        cells = [
            Cell(" ".join(line.text for line in cell), bool(cell) and all(line.face == "bold" for line in cell))
            for cell in row
        ]
        near = last is not None and last - top < 0.45 * (top - bottom)
        if told and not cells[0].text and near:
            told[-1] = [
                Cell(" ".join(part for part in (above.text, cell.text) if part), above.head)
                for above, cell in zip(told[-1], cells, strict=True)
            ]
        else:
            told.append(cells)
        last = bottom
    if not any(cell.text and not cell.head for row in told[1:] for cell in row):
        told = [[Cell(cell.text) for cell in row] for row in told]
    every = [line for row in rows for cell in row for line in cell]
    box = every[0].box
    for line in every[1:]:
        box = box.around(line.box)
    if is_rtl(" ".join(line.text for line in every)):
        told = [row[::-1] for row in told]
    blocks = tuple(table_blocks(told, page=page))
    return Line("", box, every[0].size, "", page, rows=blocks), behind[::-1]
