"""BM25 over some passages, as SQLite's FTS5 has it, with word counts that are given. Pure.

For passages that no index may hold: one owner's documents, scored with the counts of all that this owner may find.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Columns = tuple[list[str], ...]
"""A passage's stems: of its title, its headings, its text."""

_K1, _B = 1.2, 0.75
"""As in FTS5, which takes them from Robertson and Zaragoza (2009)."""
_LEAST = 1e-6
"""What a phrase counts that stands in half of all passages or more."""


def bm25(
    passages: Mapping[int, Columns],
    phrases: Sequence[str],
    weights: Sequence[float],
    holding: Mapping[str, int],
    total: int,
) -> dict[int, float]:
    """Scores, above 0, of the passages that hold one of some phrases.

    Args:
        passages: Stems by passage number.
        phrases: Of one or more stems, each counted once.
        weights: What a stem counts in each column.
        holding: In how many of `total` passages each phrase stands.
        total: Passages that the counts are of, at least those scored.

    >>> scores = bm25({1: ([], ["pay"]), 2: ([], ["pay", "rise"]), 3: ([], ["x"])}, ["rise"], (2, 1), {"rise": 1}, 3)
    >>> list(scores)
    [2]
    """
    if not passages:
        return {}
    lengths = {number: sum(map(len, columns)) for number, columns in passages.items()}
    mean = sum(lengths.values()) / len(lengths) or 1.0
    scores: dict[int, float] = {}
    for phrase in dict.fromkeys(phrases):
        stems, count = phrase.split(), holding.get(phrase, 0)
        weight = max(math.log((total - count + 0.5) / (count + 0.5)) if count * 2 < total else 0.0, _LEAST)
        for number, columns in passages.items():
            found = sum(of * times(column, stems) for of, column in zip(weights, columns, strict=True))
            if found:
                length = 1 - _B + _B * lengths[number] / mean
                scores[number] = scores.get(number, 0.0) + weight * found * (_K1 + 1) / (found + _K1 * length)
    return scores


def times(column: Sequence[str], phrase: Sequence[str]) -> int:
    """How often a phrase stands in a column.

    >>> times(["machin", "learn", "machin", "learn"], ["machin", "learn"]), times(["learn"], ["machin", "learn"])
    (2, 0)
    """
    if len(phrase) == 1:
        return list(column).count(phrase[0])
    starts = range(len(column) - len(phrase) + 1)
    return sum(column[at] == phrase[0] and list(column[at : at + len(phrase)]) == list(phrase) for at in starts)
