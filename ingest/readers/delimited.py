"""CSV and TSV to a Document: one table, its first row its header unless that row is data like the others."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.errors import SourceError
from ingest.readers.tables import Cell, kind_of, table_blocks
from ingest.readers.text import decoded
from ingest.types import Block, Document

_SIGNS = ",;\t|"
_LOOKED_AT = 200
"""Rows by which the sign between cells is told."""


def read(path: Path) -> Iterator[Document]:
    """The document of a CSV or TSV file; a row's number counts as a spreadsheet program would.

    Raises:
        SourceError: The file is empty, is no text, or holds no cells.
    """
    blocks = tuple(delimited_blocks(decoded(path), "\t" if path.suffix.lower() in (".tsv", ".tab") else ""))
    if not blocks:
        raise SourceError(f"{path.name} holds no filled cells.", "Save it from its program again, or leave it out.")
    yield Document(path.stem, blocks, "csv", page_label="row")


def delimited_blocks(text: str, sign: str = "") -> Iterator[Block]:
    r"""The rows of delimited text; lines of one cell above a table are its title. `sign` is what stands between cells.

    >>> [(block.text, block.page) for block in delimited_blocks("City;Pay\nBoston;\"1,5\"\n")]
    [('Boston - Pay: 1,5', 2)]
    """
    first, _, rest = text.partition("\n")
    told = first.strip().lower().removeprefix("sep=")
    offset = 0
    if first.strip().lower().startswith("sep=") and len(told) == 1:
        sign, text, offset = told, rest, 1
    sign = sign or _sign(text)
    rows = [
        (number, [" ".join(cell.split()) for cell in row])
        for number, row in enumerate(_parsed(text, sign), 1 + offset)
        if any(cell.strip() for cell in row)
    ]
    width = max((_filled(row) for _, row in rows), default=0)
    titles = []
    while len(rows) > 1 and width > 1 and _filled(rows[0][1]) == 1 and rows[0][1][0]:
        titles.append(rows.pop(0)[1][0])
    head = len(rows) > 1 and width > 1 and _names(rows[0][1], [row for _, row in rows[1:]])
    cells = [[Cell(cell, head and index == 0) for cell in row] for index, (_, row) in enumerate(rows)]
    yield from table_blocks(cells, ", ".join(titles), numbers=[number for number, _ in rows])


def _filled(row: Sequence[str]) -> int:
    """Cells up to the last filled one."""
    return max((index for index, cell in enumerate(row, 1) if cell.strip()), default=0)


def _parsed(text: str, sign: str) -> Iterator[list[str]]:
    # A cell may be as long as the file: it was read whole already.
    csv.field_size_limit(max(131_072, len(text) + 1))
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=sign)


def _sign(text: str) -> str:
    """What stands between cells: what gives most rows the same number of them, more than one."""

    def evenness(sign: str) -> tuple[float, int]:
        rows = _parsed("\n".join(text.split("\n", _LOOKED_AT)[:_LOOKED_AT]), sign)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            return 0.0, 0
        width, count = widths.most_common(1)[0]
        return count / max(1, sum(bool(line.strip()) for line in text.split("\n", _LOOKED_AT)[:_LOOKED_AT])), width

    return max(_SIGNS, key=evenness)


def _names(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: in none does it hold a figure of the kind that all others hold.

    >>> _names(["City", "Pay"], [["Boston", "12"]]), _names(["Boston", "12"], [["Berlin", "10"]])
    (True, False)
    """
    for column, cell in enumerate(first):
        below = {kind_of(row[column]) for row in rest if column < len(row) and row[column]}
        year = len(cell) == 4 and cell.startswith(("19", "20"))
        years = year and all(len(row[column]) == 4 for row in rest if column < len(row))
        if kind_of(cell) and below == {kind_of(cell)} and (years or not year):
            return False
    return True
