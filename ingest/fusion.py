"""Three opinions on each passage into one ranking, by what they say, not by their ranks; near-duplicates folded. Pure.

No opinion is stretched to the best that one search came to. Cosine counts from the question's mean similarity (an
unrelated passage) to 1; BM25 by what a passage would have that holds each of the question's words once; late
interaction as it is. So words that nothing answers to, and words that hundreds of passages hold alike, rank by little,
and a rare name that one document holds ranks by all it has. docs/finding.md holds what each opinion gives on sets that
other people made, and which set chose the weights.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.words import STOPWORDS, words

VECTOR, BM25, LATE = 1.0, 0.2, 1.0
"""What each opinion counts."""

ALIKE = 0.9
"""Share of their words that two passages have in common at least, where one of them says nothing new."""


class Fused(NamedTuple):
    """A passage's place in the joint ranking."""

    number: int
    score: float
    """From 0, an unrelated passage, to 1, the best of this search."""


def fuse(similarities: Mapping[int, float], coverage: Mapping[int, float], mean_similarity: float,
         late: Mapping[int, float] | None = None) -> list[Fused]:  # fmt: skip
    """Rank the passages of both mappings together, best first, equals by number.

    Args:
        similarities: Cosine of question and passage, -1 to 1; every candidate should have one.
        coverage: BM25 score as a part of what one of each word of the question would come to, above 0, of the
            candidates that hold a word of it.
        mean_similarity: The question's mean cosine over the library: what an unrelated passage has.
        late: What late interaction says of the candidates that it judged, about -1 to 1; those it did not judge come
            behind. Left out or empty, the two others decide.

    >>> [one.number for one in fuse({1: 0.9, 2: 0.5}, {2: 0.9, 1: 0.6}, 0.1)]
    [1, 2]
    >>> [one.number for one in fuse({1: 0.9, 2: 0.5}, {2: 0.9, 1: 0.6}, 0.1, {1: 0.3, 2: 0.9})]
    [2, 1]
    """
    judged = late or {}
    least = min(judged.values(), default=0.0)
    far = max(1e-6, 1.0 - mean_similarity)
    scores = {}
    for number in set(similarities) | set(coverage):
        near = (similarities.get(number, mean_similarity) - mean_similarity) / far
        words = BM25 * coverage.get(number, 0.0)
        scores[number] = VECTOR * near + words + LATE * (judged.get(number, least) - least)
    last = min((scores[number] for number in judged), default=math.inf)
    scores = {number: score if number in judged else min(score, last) for number, score in scores.items()}
    best = max(scores.values(), default=0.0)
    ordered = sorted(scores, key=lambda one: (-scores[one], one not in judged, one))
    return [Fused(one, max(0.0, scores[one] / best) if best > 0 else 0.0) for one in ordered]


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
