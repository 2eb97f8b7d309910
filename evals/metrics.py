"""Scores of answers and rankings: pure functions on plain values."""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

_MARK = re.compile(r"\[(\d+)\]")


class Interval(NamedTuple):
    """A mean with its 95 % bootstrap interval over cases."""

    mean: float
    low: float
    high: float
    cases: int


def plain(text: str) -> str:
    """A text as facts are compared in it: lower case, one kind of dash, quote and space, no thousands separators.

    >>> plain("$105,418 – 20 per cent"), plain("34 percent")
    ('$105418 - 20%', '34%')
    """
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"[‐-―−]", "-", text).translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"'})
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"\s?(?:per cent|percent)\b", "%", text)
    return " ".join(re.sub(r"(?<=\d)\s+%", "%", text).split())


def holds(text: str, fact: str) -> bool:
    """Whether a fact stands in a text as whole words and figures.

    >>> holds("It grew by 120%.", "20%"), holds("It pays $105,418.", "105418")
    (False, True)
    """
    pattern = re.escape(plain(fact))
    start = r"(?<![\w.])" if fact[:1].isalnum() else r"(?<!\d)"
    end = r"(?!\w|\.\d)" if fact[-1:].isalnum() else ""
    return bool(re.search(f"{start}{pattern}{end}", plain(text)))


def facts_found(text: str, facts: Sequence[Sequence[str]]) -> float | None:
    """Share of the facts of which one alternative stands in the text; None when there are none to find."""
    if not facts:
        return None
    return sum(any(holds(text, one) for one in alternatives) for alternatives in facts) / len(facts)


def marks_in_order(text: str, numbers: Sequence[int]) -> bool:
    """Whether marks come as 1, 2, 3 ... by first use, and marks and citations are the same.

    >>> marks_in_order("A. [1] B. [2]", [1, 2]), marks_in_order("A. [2]", [2]), marks_in_order("A.", [1])
    (True, False, False)
    """
    used = list(dict.fromkeys(int(number) for number in _MARK.findall(text)))
    return used == list(range(1, len(used) + 1)) and sorted(numbers) == used


def recall_at(k: int, ranked: Sequence[str], relevant: Collection[str]) -> float | None:
    """Share of the relevant ids among the first `k`; None when nothing is relevant."""
    if not relevant:
        return None
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant))


def ndcg_at(k: int, ranked: Sequence[str], gains: dict[str, float]) -> float | None:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002) of the first `k`, 0 to 1.

    None when nothing is relevant.
    """
    best = sorted((gain for gain in gains.values() if gain > 0), reverse=True)[:k]
    if not best:
        return None
    found = sum(gains.get(one, 0.0) / math.log2(rank + 1) for rank, one in enumerate(ranked[:k], 1))
    return found / sum(gain / math.log2(rank + 1) for rank, gain in enumerate(best, 1))


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str]) -> float | None:
    """1 over the rank of the first relevant id, 0 when none is ranked; None when nothing is relevant.

    Its mean over questions is the MRR (Voorhees, 1999).

    >>> reciprocal_rank(["a", "b"], ["b"]), reciprocal_rank(["a"], ["b"]), reciprocal_rank(["a"], [])
    (0.5, 0.0, None)
    """
    if not relevant:
        return None
    return next((1 / rank for rank, one in enumerate(ranked, 1) if one in relevant), 0.0)


_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def token_f1(text: str, reference: str) -> float | None:
    """F1 of words shared with a reference, as SQuAD counts them (Rajpurkar et al., 2016); None without a reference.

    Lower case, without punctuation, marks and articles; a word counts as often as it stands in both.

    >>> token_f1("The cat sat. [1]", "a cat"), token_f1("dog", "cat"), token_f1("cat", "")
    (0.6666666666666666, 0.0, None)
    """
    wanted = Counter(_squad_words(reference))
    if not wanted:
        return None
    made = Counter(_squad_words(text))
    shared = sum((made & wanted).values())
    if not shared:
        return 0.0
    precision, recall = shared / sum(made.values()), shared / sum(wanted.values())
    return 2 * precision * recall / (precision + recall)


def _squad_words(text: str) -> list[str]:
    bare = "".join(character for character in _MARK.sub("", text).lower() if character not in string.punctuation)
    return _ARTICLES.sub(" ", bare).split()


def rouge_l(text: str, reference: str) -> float | None:
    """ROUGE-L F1: longest common subsequence of words (Lin, 2004), unstemmed; None without a reference.

    >>> rouge_l("the cat sat", "the cat lay"), rouge_l("cat", "")
    (0.6666666666666666, None)
    """
    wanted = _rouge_words(reference)
    if not wanted:
        return None
    made = _rouge_words(_MARK.sub("", text))
    longest = _common(made, wanted)
    if not longest:
        return 0.0
    precision, recall = longest / len(made), longest / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _rouge_words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for column, candidate in enumerate(other, 1):
            before, row[column] = row[column], before + 1 if word == candidate else max(row[column], row[column - 1])
    return row[-1]


ROUNDS = 2_000
"""Resamples of a bootstrap."""


def bootstrap(values: Sequence[float], rounds: int = ROUNDS, seed: int = 0) -> Interval | None:
    """Mean and 95 % percentile interval over resampled cases (Efron, 1979); None without values.

    >>> bootstrap([1.0, 1.0])
    Interval(mean=1.0, low=1.0, high=1.0, cases=2)
    """
    if not values:
        return None
    low, high = _resampled(values, rounds, seed)
    return Interval(sum(values) / len(values), low, high, len(values))


def _resampled(values: Sequence[float], rounds: int, seed: int) -> tuple[float, float]:
    import numpy as np

    held = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(held), size=(rounds, len(held)))
    low, high = np.quantile(held[drawn].mean(axis=1), (0.025, 0.975), method="nearest")
    return float(low), float(high)


class Difference(NamedTuple):
    """How much a mean over the same cases changed, with its 95 % interval by paired bootstrap."""

    mean: float
    """After less before."""
    low: float
    high: float
    cases: int

    @property
    def significant(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def paired_bootstrap(
    before: Sequence[float], after: Sequence[float], rounds: int = ROUNDS, seed: int = 0
) -> Difference | None:
    """The change of a mean over the same cases, resampled case by case (Koehn, 2004); None without cases.

    >>> paired_bootstrap([1.0, 1.0], [0.0, 0.0])
    Difference(mean=-1.0, low=-1.0, high=-1.0, cases=2)
    """
    found = bootstrap([new - old for old, new in zip(before, after, strict=True)], rounds, seed)
    return found and Difference(*found)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, by the nearest rank; 0 without values.

    >>> percentile([1, 2, 3, 4], 0.5)
    2
    """
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
