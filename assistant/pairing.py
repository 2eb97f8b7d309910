"""Figures of two things that may be set beside each other: they count the same. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import MEASURED, Evidence
from ingest.words import stems

_PAIRED = 0.7
"""Part of the lead's score from which a figure may take its place that counts the same as one of the other side."""


def paired(
    one: Sequence[Evidence], other: Sequence[Evidence], leads: tuple[Evidence, Evidence], compared: bool
) -> tuple[Evidence, Evidence]:
    """The best two statements that count the same thing, one for each side; the leads where there are none.

    Args:
        one: Candidates for one side, best first.
        other: Candidates for the other.
        leads: What would be said of each side by itself.
        compared: Whether one is set against the other, for which it takes two statements.
    """
    near = [
        [each for each in side[:MEASURED] if each.in_kind and each.apt >= max(0.5, lead.apt)
         and each.score >= _PAIRED * lead.score and each.coverage >= lead.coverage - 0.05]
        for side, lead in zip((one, other), leads, strict=True)
    ]  # fmt: skip
    same = compared and leads[0].statement is not leads[1].statement
    both = ((left, right) for left in near[0] for right in near[1])
    pairs = [
        (left, right)
        for left, right in both
        if count_the_same(left, right) and not (same and left.statement is right.statement)
    ]
    return max(pairs, key=lambda pair: pair[0].score + pair[1].score, default=leads)


def count_the_same(one: Evidence, other: Evidence) -> bool:
    """Whether two figures may be set against each other: rows of one table, or one publisher, date and wording."""
    if of_one_table(one, other):
        return True
    mine, theirs = one.statement.reference, other.statement.reference
    if (mine.publisher, mine.as_of) != (theirs.publisher, theirs.as_of):
        return False
    left, right = (
        frozenset(stem for stem in stems(each.statement.text) if stem.isalpha())
        - frozenset(stems(each.hit.source.title))
        for each in (one, other)
    )
    return len(left & right) >= 0.6 * len(left | right)


def of_one_table(one: Evidence, other: Evidence) -> bool:
    """Whether two statements are rows of one table, in whichever passages of its section they stand."""
    return (
        one.statement.kind == other.statement.kind == "row"
        and one.hit.source.id == other.hit.source.id
        and one.hit.passage.headings == other.hit.passage.headings
        and one.statement.way == other.statement.way
    )
