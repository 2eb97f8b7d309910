"""Figures over many results: means with intervals by tag, refusals, outcomes, latency, cost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from evals.metrics import Interval, bootstrap, percentile
from evals.run import Result
from evals.scores import METRICS


def interval(results: Sequence[Result], metric: str, seed: int = 0) -> Interval | None:
    """Mean of a metric over the results that it could score, with its interval; None when it scored none."""
    return bootstrap([value for one in results if (value := one.scores.get(metric)) is not None], seed=seed)


def intervals(results: Sequence[Result], seed: int = 0) -> dict[str, Interval | None]:
    """The same for every metric, by its name."""
    return {metric.name: interval(results, metric.name, seed) for metric in METRICS}


def grouped(results: Sequence[Result], by: Callable[[Result], Sequence[str]]) -> dict[str, list[Result]]:
    """Results by each word that `by` gives for them, in the order of the words."""
    groups: dict[str, list[Result]] = {}
    for one in results:
        for word in by(one):
            groups.setdefault(word, []).append(one)
    return dict(sorted(groups.items()))


def by_tag(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Results by tag; a case with three tags is in three groups."""
    return grouped(results, lambda one: one.case.tags)


def by_set(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Results by set."""
    return grouped(results, lambda one: (one.case.set,))


class Refusals(NamedTuple):
    """How well it knows what it does not know. Shares are None where there is nothing to count."""

    right: int
    """Refused, and there was no answer."""
    wrong: int
    """Refused, although there was an answer."""
    missed: int
    """Not refused, although there was no answer."""

    @property
    def precision(self) -> float | None:
        """Share of the refusals that were right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Share of the questions without an answer that were refused."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None


def refusals(results: Sequence[Result]) -> Refusals:
    """Refusals over the questions that must be refused and those that must be answered.

    Smalltalk is neither, nor is a case that accepts both.
    """
    counted = [one for one in results if not one.reply.error]
    needed = [one for one in counted if one.case.must_refuse]
    others = [one for one in counted if one.case.must_answer]
    return Refusals(
        sum(one.reply.refused for one in needed),
        sum(one.reply.refused for one in others),
        sum(not one.reply.refused for one in needed),
    )


class Point(NamedTuple):
    """What refusing below one similarity would do."""

    threshold: float
    precision: float
    recall: float


def refusal_curve(results: Sequence[Result]) -> list[Point]:
    """Precision and recall of refusing whatever has no passage nearer than a threshold, from strict to lax.

    It shows how far the similarity of the best passage alone tells questions with an answer from those without; the
    assistant's own refusals, which look at more, are one point beside it. Empty where no similarity is known.
    """
    known = [
        (nearest, one.case.must_refuse)
        for one in results
        if (one.case.must_refuse or one.case.must_answer) and (nearest := _nearest(one)) is not None
    ]
    needed = sum(unanswerable for _, unanswerable in known)
    if not needed:
        return []
    points, right = [], 0
    for count, (nearest, unanswerable) in enumerate(sorted(known), 1):
        right += unanswerable
        points.append(Point(nearest, right / count, right / needed))
    return points


def _nearest(one: Result) -> float | None:
    found = [hit.similarity for hit in one.reply.found or () if hit.similarity is not None]
    return max(found, default=None)


def average_precision(curve: Sequence[Point]) -> float | None:
    """Area below a refusal curve, 0 to 1, as a sum over steps of recall.

    >>> average_precision([Point(0.1, 1.0, 0.5), Point(0.2, 1.0, 1.0)])
    1.0
    """
    area, reached = 0.0, 0.0
    for point in curve:
        area += (point.recall - reached) * point.precision
        reached = point.recall
    return area if curve else None


def confusion(results: Sequence[Result]) -> Mapping[tuple[str, str], int]:
    """How often each outcome was expected and came: (expected, came) -> cases."""
    return Counter((one.case.outcome, one.reply.outcome) for one in results if not one.reply.error)


class Latency(NamedTuple):
    """Milliseconds an answer, by the nearest rank."""

    p50: float
    p95: float


def latency(results: Sequence[Result]) -> Latency | None:
    """Latency over what was timed; None when nothing was."""
    times = [one.reply.milliseconds for one in results if one.reply.milliseconds is not None]
    return Latency(percentile(times, 0.5), percentile(times, 0.95)) if times else None


class Usage(NamedTuple):
    """What a model read and wrote, and what that costs."""

    read: int
    """Tokens."""
    written: int
    dollars: float | None
    """None where the prices are not known."""


def usage(results: Sequence[Result], prices: tuple[float, float] | None = None) -> Usage | None:
    """Tokens over all answers, and their cost by prices in US dollars a million (read, written); None without a model.

    >>> usage([]) is None
    True
    """
    told = [one.reply.tokens for one in results if one.reply.tokens]
    if not told:
        return None
    read, written = sum(one[0] for one in told), sum(one[1] for one in told)
    return Usage(read, written, prices and (read * prices[0] + written * prices[1]) / 1_000_000)
