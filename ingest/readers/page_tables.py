"""Tables on a page by the rules that are drawn around their cells. Pure.

A grid counts when its rules make at least two rows and two columns; a cell that no rule divides is one cell, however
many rows and columns it spans. Tables without rules are found in `level_tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.layout import Box, Line, Word, is_rtl, lines_of
from ingest.readers.tables import Cell, table_blocks

_NEAR = 3.0
"""Points by which two rules miss each other at most when they are meant to meet."""
_FEWEST_TOLD = 0.4
"""Share of a grid's cells at least that hold words."""


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
