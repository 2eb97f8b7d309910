"""Three opinions on each passage into one ranking, by their scores; and near-duplicates folded. Pure.

Each opinion is scaled to what it can tell within one search: cosine between the question's mean similarity over the
whole library and the best, BM25 by its best hit, late interaction between the least and the best of those it judged.
docs/finding.md holds what each of them gives on sets that other people made, and which set chose the shares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.words import STOPWORDS, words

VECTOR, BM25, LATE = 0.3, 0.3, 0.4
"""Share of each opinion in the score."""

ALIKE = 0.9
"""Share of their words that two passages have in common at least, where one of them says nothing new."""


class Fused(NamedTuple):
    """A passage's place in the joint ranking."""

    number: int
    score: float
    """0 to 1."""


def fuse(similarities: Mapping[int, float], bm25: Mapping[int, float], mean_similarity: float,
         late: Mapping[int, float] | None = None) -> list[Fused]:  # fmt: skip
    """Rank the passages of both mappings together, best first, equals by number.

    Args:
        similarities: Cosine of question and passage, -1 to 1; every candidate should have one.
        bm25: BM25 score, above 0, of the candidates that hold a word of the question.
        mean_similarity: The question's mean cosine over the library: what an unrelated passage has.
        late: What late interaction says of the candidates that it judged; those it did not judge come behind. Left
            out or empty, the two others share its part.

    >>> [one.number for one in fuse({1: 0.9, 2: 0.5}, {2: 3.0, 1: 2.0}, 0.1)]
    [1, 2]
    >>> [one.number for one in fuse({1: 0.9, 2: 0.5}, {2: 3.0, 1: 2.0}, 0.1, {1: 0.3, 2: 0.6})]
    [2, 1]
    """
    judged = late or {}
    best_similarity = max(similarities.values(), default=0.0)
    best_bm25 = max(bm25.values(), default=0.0)
    least, most = min(judged.values(), default=0.0), max(judged.values(), default=0.0)
    whole = VECTOR + BM25 + (LATE if judged else 0.0)
    fused = []
    for number in set(similarities) | set(bm25):
        score = VECTOR * _scaled(similarities.get(number, mean_similarity), mean_similarity, best_similarity)
        score += BM25 * _scaled(bm25.get(number, 0.0), 0.0, best_bm25)
        if number in judged:
            score += LATE * (_scaled(judged[number], least, most) if most > least else 1.0)
        fused.append(Fused(number, score / whole))
    return sorted(fused, key=lambda one: (-one.score, one.number))


def _scaled(value: float, least: float, most: float) -> float:
    """Where a value lies between two others, 0 to 1."""
    return min(1.0, max(0.0, (value - least) / (most - least))) if most > least else 0.0


def folded(texts: Sequence[tuple[int, str]]) -> list[int]:
    """The numbers of passages, best first, without those that repeat a better one nearly word for word.

    Two passages with different figures never count as the same.

    >>> folded([(1, "Pay rose by 5 percent in 2024."), (2, "pay rose by 5 percent in 2024"), (3, "Pay rose in 2023.")])
    [1, 3]
    """
    kept: list[tuple[int, frozenset[str], frozenset[str]]] = []
    for number, text in texts:
        held = frozenset(word for word in words(text) if word not in STOPWORDS)
        figures = frozenset(word for word in held if re.search(r"\d", word))
        if not any(figures == other and _overlap(held, mine) >= ALIKE for _, mine, other in kept):
            kept.append((number, held, figures))
    return [number for number, _, _ in kept]


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index: what two sets share of all they hold."""
    return len(one & other) / len(one | other) if one or other else 1.0
