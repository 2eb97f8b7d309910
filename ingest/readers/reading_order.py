"""The lines of a page in the order in which a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.readers.layout import Line, Run, is_rtl, joined, runs
from ingest.readers.level_tables import is_table, table_of

_FEWEST = 3
"""Lines of a column at least; what has fewer is read across."""
_DEEPEST = 6
"""Columns within columns at most."""


def ordered(lines: Sequence[Line], depth: int = 0) -> list[Line]:
    """Lines in reading order, tables found among them in their place.

    >>> from ingest.readers.layout import Box
    >>> def line(text, left, top): return Line(text, Box(left, top - 10, left + 90, top), 10, "", 1)
    >>> def said(side, row): return f"on the {side} stands line number {row}"
    >>> places = [(row, side, left) for row in range(3) for side, left in (("left", 0), ("right", 200))]
    >>> page = [line(said(side, row), left, 100 - 12 * row) for row, side, left in places]
    >>> [one.text for one in ordered(page)] == [said(side, row) for side in ("left", "right") for row in range(3)]
    True
    """
    if not lines:
        return []
    column = min(line.box.left for line in lines), max(line.box.right for line in lines)
    found: list[Line] = []
    for run in _with_what_stands_above(list(runs(lines))):
        found += _read(run, column, depth)
    return found


def _with_what_stands_above(found: Sequence[Run]) -> Iterator[Run]:
    """Runs; lines in the right column that begin above the left one belong to it."""
    above: list[list[Line]] = []
    for run in found:
        if not run.gutters and len(run.rows) == 1:
            above.append(run.rows[0])
            continue
        beginning = len(above)
        while (
            beginning and run.gutters and all(line.box.left >= run.gutters[0][1] - 1 for line in above[beginning - 1])
        ):
            beginning -= 1
        yield from (Run([row], []) for row in above[:beginning])
        yield Run([*above[beginning:], *run.rows], run.gutters) if not is_table(run) else run
        above = [] if not is_table(run) else []
    yield from (Run([row], []) for row in above)


def _read(run: Run, column: tuple[float, float], depth: int) -> list[Line]:
    page = run.rows[0][0].page
    if run.gutters and is_table(run):
        table, behind = table_of(run, page)
        return [table, *(replace(line, column=column) for line in behind)]
    columns = run.columns()
    if run.gutters and depth < _DEEPEST and sum(len(one) >= _FEWEST for one in columns) > 1:
        if is_rtl(" ".join(line.text for row in run.rows for line in row)):
            columns.reverse()
        return [line for one in columns for line in ordered(one, depth + 1)]
    return [line for row in run.rows for line in _across(row, column)]


def _across(row: Sequence[Line], column: tuple[float, float]) -> Iterator[Line]:
    """The lines of a row that nothing divides: as one where they stand level, else from top to bottom."""
    waiting = sorted(row, key=lambda line: (-line.box.top, line.box.left))
    while waiting:
        beside = [line for line in waiting if not line.rows and not waiting[0].rows and line.box.beside(waiting[0].box)]
        beside = beside or waiting[:1]
        taken = set(map(id, beside))
        waiting = [line for line in waiting if id(line) not in taken]
        yield replace(joined(beside), column=column)
