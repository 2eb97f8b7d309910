"""Where a citation stands: its passage, the table that its row belongs to, and the page as it was printed."""

from __future__ import annotations

from assistant.types import Citation
from ingest.library import Library
from ingest.types import Neighbourhood, Passage, Statement
from ui.cited_tables import rows_of
from ui.exchange import Placed

_MOST_PASSAGES = 4
"""Passages on each side that a table is followed into."""


def placed(library: Library, citation: Citation, owner: str, *, fully: bool = True) -> Placed:
    """A citation where it stands; not `fully` while an answer is written, when there is no time to look around.

    `owner` sees their own documents, too.
    """
    around = library.passage(citation.passage_id, [owner])
    if around is None or not fully:
        return Placed(citation, around)
    row = next((one for one in around.passage.statements if one.text == citation.quote and one.kind == "row"), None)
    rows = tuple(_table(library, around, row, owner)) if row else ()
    return Placed(citation, around, rows, pictured=bool(around.passage.page) and around.source.kind == "pdf")


def _table(library: Library, around: Neighbourhood, row: Statement, owner: str) -> list[Statement]:
    """All rows of a row's table, also those in the passages before and after."""
    rows = rows_of(around.passage, row)
    for side in ("before", "after"):
        beside: Neighbourhood | None = around
        for _ in range(_MOST_PASSAGES):
            next_one: Passage | None = getattr(beside, side) if beside else None
            more = rows_of(next_one, row) if next_one and next_one.headings == around.passage.headings else []
            if not more or next_one is None:
                break
            rows = [*more, *rows] if side == "before" else [*rows, *more]
            beside = library.passage(next_one.id, [owner])
    return rows
