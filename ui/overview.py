"""What the page's views of library and evaluation show, gathered: who says what in the library, and the last runs.

Reads the library and the files of runs; how they look is in `page_views`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ingest.errors import CareerError
from ingest.types import Passage, Source

SHOWN = ("right", "facts", "recall@5", "citation_recall", "citation_precision", "quotes", "refused", "answered")
"""Metrics of the view, by their names in `evals.scores`."""
_MOST_RUNS = 6


@dataclass(frozen=True)
class Voice:
    """One publisher, with what it says in the library."""

    publisher: str
    statements: int
    sources: int
    newest: str
    """The latest date of its statements; empty when none is known."""


@dataclass(frozen=True)
class Miss:
    """A case of a run that was not wholly right."""

    question: str
    expected: str
    got: str


@dataclass(frozen=True)
class Tested:
    """One evaluation run, in figures."""

    name: str
    at: str
    target: str
    cases: int
    means: Mapping[str, float]
    """By metric, over the cases that it can be said of."""
    misses: Sequence[Miss]
    """Those of cases that nobody held out."""
    held_out_misses: int


def voices(passages: Iterable[tuple[Source, Passage]]) -> list[Voice]:
    """Who says how much, the most first; statements without a publisher are left out."""
    said: dict[str, list[tuple[str, str]]] = {}
    for source, passage in passages:
        for statement in passage.statements:
            reference = statement.reference
            publisher = reference.publisher or source.origin.publisher
            if publisher:
                said.setdefault(publisher, []).append((source.id, reference.as_of or source.origin.as_of))
    found = [
        Voice(publisher, len(told), len({source for source, _ in told}), max(as_of for _, as_of in told))
        for publisher, told in said.items()
    ]
    return sorted(found, key=lambda one: (-one.statements, one.publisher))


def years(passages: Iterable[tuple[Source, Passage]]) -> dict[str, int]:
    """How many statements are of which year, the latest first; those without a date are left out."""
    counts: dict[str, int] = {}
    for source, passage in passages:
        for statement in passage.statements:
            year = (statement.reference.as_of or source.origin.as_of)[:4]
            if year.isdecimal():
                counts[year] = counts.get(year, 0) + 1
    return dict(sorted(counts.items(), reverse=True))


def tested(folder: Path) -> list[Tested]:
    """The runs below a folder, the latest first, and last the one that travels with the package.

    A folder that holds no run of ours is passed over.
    """
    from evals.compare import SCORES
    from evals.gate import load_rules

    places = sorted(folder.glob(f"*/{SCORES}"), key=lambda file: file.stat().st_mtime, reverse=True)[:_MOST_RUNS]
    named = [(file.parent.name, file.parent) for file in places]
    found = []
    for name, place in (*named, ("accepted with this version", load_rules().baseline)):
        try:
            found.append(_tested(name, place))
        except CareerError:
            continue
    return found


def _tested(name: str, place: Path) -> Tested:
    from evals.compare import load_baseline
    from evals.questions import HOLDOUT, load_sets

    run = load_baseline(place)
    cases = {one.id: one for one in load_sets(())}
    scored: dict[str, list[float]] = {}
    for scores in run.scores.values():
        for metric, value in scores.items():
            if value is not None:
                scored.setdefault(metric, []).append(value)
    wrong = [case_id for case_id, scores in run.scores.items() if scores.get("right") == 0.0]
    open_ = [cases[one] for one in wrong if one in cases and HOLDOUT not in cases[one].tags]
    misses = [Miss(one.user_input, one.outcome, run.outcomes[one.id]) for one in open_]
    means = {metric: fmean(scored[metric]) for metric in SHOWN if scored.get(metric)}
    return Tested(name, run.at, run.target, len(run.scores), means, misses, len(wrong) - len(misses))
