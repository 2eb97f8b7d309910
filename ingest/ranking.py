"""How a library finds: vectors and BM25 put passages forward, and late interaction weighs their words.

An optional cross-encoder has the last word. The catalog is read here, and nothing is changed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ingest.bm25 import bm25, times
from ingest.catalog import Catalog
from ingest.embed import Embedded
from ingest.full_text import WEIGHTS
from ingest.fusion import Fused, folded, fuse
from ingest.late import Matched, matched
from ingest.rerank import DEPTH, Reranker
from ingest.types import Filters, Hit
from ingest.words import stem, stems

CANDIDATES = 60
"""Passages that each ranking puts forward."""
JUDGED = 100
"""Of them, best first, those whose words are weighed."""
RARE = (0.38, 0.48)
"""Where words begin to tell passages apart, and where they do: their rarity as a part of the rarest word's."""

PAIR = 0.25
"""What two neighbouring words count beside each by itself, as in Metzler and Croft's sequential dependence (2005)."""

Listed = Sequence[tuple[int, float]]
"""Passage numbers with scores, best first."""


def worded(catalog: Catalog, query: str, frequency: Callable[[str], int], passages: int,
           filters: Filters = Filters(), pair: float = PAIR, owners: Sequence[str] = (), also: Sequence[int] = ()
           ) -> Listed:  # fmt: skip
    """Candidates by BM25; neighbouring words that a passage holds side by side add `pair` of what they score.

    The scores are parts of what one of each word would come to, those included that no passage holds, and count double
    where there is only one word, which is asked for itself: about 0 to 2, or 4. With owners, their own passages are
    candidates too, and all are scored with the word counts of all that these owners may find; `frequency` and
    `passages` are theirs. Passages put forward otherwise (`also`) are scored in any case: to count a word that
    hundreds of passages hold for the first of them only would tell one from the other by nothing.
    """
    distinct = dict.fromkeys(stems(query))
    whole = sum(weight(frequency(term), passages) for term in distinct)
    listed = _listed(catalog, query, filters, pair, owners, also)
    return [(number, score / whole * (1 + 1 / len(distinct))) for number, score in listed]


def _listed(
    catalog: Catalog, query: str, filters: Filters, pair: float, owners: Sequence[str], also: Sequence[int]
) -> Listed:
    terms = stems(query)
    pairs = [f"{one} {other}" for one, other in zip(terms, terms[1:], strict=False)]
    by_pairs = catalog.full_text(pairs, -1, filters)
    by_terms = catalog.full_text(terms, CANDIDATES, filters, [*also, *(number for number, _ in by_pairs[:CANDIDATES])])
    own = catalog.own_columns(owners, filters) if owners else {}
    if not own:
        return _candidates(_together(dict(by_terms), dict(by_pairs), pair), also)
    held = own | catalog.shared_columns([number for number, _ in by_terms])
    both = [*terms, *pairs]
    holding = Counter(catalog.holding(both))
    for columns in own.values():
        holding.update(phrase for phrase in set(both) if any(times(column, phrase.split()) for column in columns))
    total, _ = catalog.holds(("", *owners))
    single, side_by_side = (bm25(held, phrases, WEIGHTS, holding, total) for phrases in (terms, pairs))
    listed = _together(single, side_by_side, pair)
    shared = _candidates([one for one in listed if one[0] not in own], also)
    mine = _candidates([one for one in listed if one[0] in own], also)
    return by_score(dict([*shared, *mine]))


def _together(by_terms: Mapping[int, float], by_pairs: Mapping[int, float], pair: float) -> Listed:
    return by_score({number: score + pair * by_pairs.get(number, 0.0) for number, score in by_terms.items()})


def _candidates(listed: Listed, also: Sequence[int]) -> Listed:
    """The best of a list, and those that were put forward otherwise."""
    others = frozenset(also)
    return [one for place, one in enumerate(listed) if place < CANDIDATES or one[0] in others]


def put_forward(by_words: Listed, also: Sequence[int]) -> Listed:
    """Those of `worded` that their words put forward: the best of all, and whoever is there for no other reason."""
    others = frozenset(also)
    return [one for place, one in enumerate(by_words) if place < CANDIDATES or one[0] not in others]


class Words(NamedTuple):
    """A question's content words."""

    weights: tuple[float, ...]
    """How rare each is in the library, above 0."""
    telling: float
    """How far they tell passages apart, 0 to 1."""


def weighed(query: str, asked: Embedded, rarity: Callable[[str], float], passages: int,
            spread: Callable[[str], tuple[int, int]]) -> Words:  # fmt: skip
    """The words of a question, and whether they are rare ones.

    Their mean rarity counts, by which the rare ones count more, as a part of that of a word that no passage holds: so
    it is told alike in small and large libraries. A lone word that many pages of few documents hold is the name of what
    those are about; so it is as rare as it is among documents.

    Args:
        query: The question.
        asked: It, with its content words.
        rarity: How rare a stem is among the library's passages.
        passages: How many there are.
        spread: How many documents hold a stem, and how many there are.
    """
    held = [stem(query[start:end]) for start, end in asked.words.spans]
    weights = tuple(map(rarity, held))
    if not held:
        return Words((), 0.0)
    told = sum(one * one for one in weights) / sum(weights) / rarity_of(0, passages)
    if len(set(held)) == 1:
        holding, documents = spread(held[0])
        told = max(told, rarity_of(holding, documents) / rarity_of(0, documents))
    begin, whole = RARE
    return Words(weights, min(1.0, max(0.0, (told - begin) / (whole - begin))))


def late_scores(catalog: Catalog, asked: Embedded, words: Words, numbers: Sequence[int]) -> dict[int, Matched]:
    """What late interaction says of passages; nothing where the model tells no words, or did not when one was read."""
    held = catalog.words_of(numbers) if words.weights else {}
    if len(held) < len(numbers):
        return {}
    asking = asked.asking.vectors
    return matched(asked.vector, asked.words.vectors, words.weights, asking, held, catalog.beside(numbers))


def weight(frequency: int, passages: int) -> float:
    """What BM25 gives for a word that stands once in a passage of usual length: as SQLite's full text computes it.

    >>> weight(1, 100) > weight(50, 100) > 0
    True
    """
    return max(1e-6, math.log((passages - frequency + 0.5) / (frequency + 0.5)))


def rarity_of(frequency: int, passages: int) -> float:
    """Inverse document frequency of a word, above 0, as BM25 has it.

    >>> rarity_of(0, 100) > rarity_of(50, 100) > 0
    True
    """
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def ranked(by_words: Listed, similarities: Mapping[int, float], mean: float,
           late: Callable[[Sequence[int]], dict[int, Matched]], telling: float
           ) -> tuple[list[Fused], dict[int, Matched]]:  # fmt: skip
    """The joint ranking, and what late interaction said of those that it judged."""
    first = fuse(similarities, dict(by_words), mean)
    judged = late([one.number for one in first[:JUDGED]])
    return (fuse(similarities, dict(by_words), mean, judged, telling) if judged else first), judged


def hits(catalog: Catalog, query: str, fused: Sequence[Fused], k: int, similarities: Mapping[int, float],
         lists: Mapping[str, Listed], reranker: Reranker | None) -> list[Hit]:  # fmt: skip
    """The best passages as hits, near-duplicates folded, at most `k`; judged once more where there is a reranker."""
    held = catalog.passages([one.number for one in fused])
    kept = folded([(one.number, held[one.number][1].text) for one in fused if one.number in held])
    scores = {one.number: one.score for one in fused}
    if reranker:
        judged = kept[: max(DEPTH, k)]
        texts = [held[number][1].embedded_text(held[number][0].title) for number in judged]
        scores = dict(zip(judged, reranker.judge(query, texts), strict=True))
        kept = sorted(judged, key=lambda number: -scores[number])
        lists = {**lists, "reranker": [(number, scores[number]) for number in kept]}
    ranks = _ranks(lists)
    return [
        Hit(held[number][1], held[number][0], round(scores[number], 6), ranks[number], round(similarities[number], 6))
        for number in kept[:k]
    ]


def by_score(scores: Mapping[int, float]) -> Listed:
    """Numbers with their scores, best first, equals by number."""
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _ranks(lists: Mapping[str, Listed]) -> dict[int, dict[str, int]]:
    """1-based rank of each passage in each list that holds it."""
    ranks: dict[int, dict[str, int]] = {}
    for name, listed in lists.items():
        for rank, (number, _) in enumerate(listed, 1):
            ranks.setdefault(number, {})[name] = rank
    return ranks
