"""Scores of answers and rankings: pure functions on plain values."""

from __future__ import annotations

import math
import random
import re
import unicodedata
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


def bootstrap(values: Sequence[float], rounds: int = 2_000, seed: int = 0) -> Interval | None:
    """Mean and 95 % percentile interval over resampled cases (Efron, 1979); None without values."""
    if not values:
        return None
    drawn = random.Random(seed)
    means = sorted(sum(drawn.choices(values, k=len(values))) / len(values) for _ in range(rounds))
    mean = sum(values) / len(values)
    return Interval(mean, means[int(0.025 * rounds)], means[int(0.975 * rounds) - 1], len(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, by the nearest rank; 0 without values.

    >>> percentile([1, 2, 3, 4], 0.5)
    2
    """
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
