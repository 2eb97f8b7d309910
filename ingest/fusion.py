"""Three opinions on each passage into one ranking, by what they say, not by their ranks; near-duplicates folded. Pure.

No opinion is stretched to the best that one search came to. Cosine counts from the question's mean similarity (an
unrelated passage) to 1; BM25 by what a passage would have that holds each of the question's words once; late
interaction as it is. Where the question's words are rare in the library they tell passages apart, and count up to four
times what they do where hundreds of passages hold them; there the passage's meaning counts 2.6 times as much.
docs/finding.md holds what each opinion gives on sets that other people made, and which set chose the weights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.late import Matched
from ingest.words import STOPWORDS, words

VECTOR, MEANING, KIND = 1.0, 0.7, 0.45
"""What the meaning of a passage counts, that of its nearest statement, and what the question's interrogatives find."""
BM25, STATEMENT, PASSAGE = 0.1, 0.5, 0.6
"""What words count: BM25, and late interaction within one statement and within the passage."""
TELLING, COMMON = 3.0, 1.6
"""How many times more words count where the question's are rare, and the passage's meaning where they are not."""
ALONE = 0.2
"""What BM25 counts beside vectors where there is no late interaction."""

ALIKE = 0.9
"""Share of their words that two passages have in common at least, where one of them says nothing new."""


_DIGIT = re.compile(r"\d")


class Fused(NamedTuple):
    """A passage's place in the joint ranking."""

    number: int
    score: float
    """From 0, an unrelated passage, to 1, the best of this search."""


def fuse(similarities: Mapping[int, float], coverage: Mapping[int, float], mean_similarity: float,
         late: Mapping[int, Matched] | None = None, telling: float = 0.0) -> list[Fused]:  # fmt: skip
    """Rank the passages of both mappings together, best first, equals by number.

    Args:
        similarities: Cosine of question and passage, -1 to 1; every candidate should have one.
        coverage: BM25 score as a part of what one of each word of the question would come to, above 0, of the
            candidates that hold a word of it.
        mean_similarity: The question's mean cosine over the library: what an unrelated passage has.
        late: What late interaction says of the candidates that it judged; those it did not judge come behind. Left
            out or empty, the two others decide.
        telling: How far the question's words are rare in the library, 0 to 1.

    >>> [one.number for one in fuse({1: 0.9, 2: 0.5}, {2: 0.9, 1: 0.6}, 0.1)]
    [1, 2]
    >>> late = {1: Matched(0.3, 0.3, 0.2, 0.0), 2: Matched(0.8, 0.8, 0.2, 0.0)}
    >>> [one.number for one in fuse({1: 0.9, 2: 0.5}, {2: 0.9, 1: 0.6}, 0.1, late, telling=1.0)]
    [2, 1]
    """
    far = max(1e-6, 1.0 - mean_similarity)
    near = {one: VECTOR * (cosine - mean_similarity) / far for one, cosine in similarities.items()}
    held = set(similarities) | set(coverage)
    scores = {one: near.get(one, 0.0) + ALONE * coverage.get(one, 0.0) for one in held}
    if late:
        least = Matched(*map(min, zip(*late.values(), strict=True)))
        vector = 1 + COMMON * (1 - telling)
        for one, said in late.items():
            found = STATEMENT * (said.statement - least.statement) + PASSAGE * (said.passage - least.passage)
            words = (BM25 * coverage.get(one, 0.0) + found) * (1 + TELLING * telling)
            meant = MEANING * (said.meaning - least.meaning) + KIND * (said.kind - least.kind)
            scores[one] = vector * near.get(one, 0.0) + meant + words
        last = min(scores[one] for one in late)
        scores = {one: score if one in late else min(score, last) for one, score in scores.items()}
    best = max(scores.values(), default=0.0)
    ordered = sorted(scores, key=lambda one: (-scores[one], late is not None and one not in late, one))
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
        figures = frozenset(filter(_DIGIT.search, held))
        if not any(figures == other and _overlap(held, mine) >= ALIKE for _, mine, other in kept):
            kept.append((number, held, figures))
    return [number for number, _, _ in kept]


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index: what two sets share of all they hold."""
    return len(one & other) / len(one | other) if one or other else 1.0
