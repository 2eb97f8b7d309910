"""A run beside an earlier one: what changed case by case, and whether the means changed beyond chance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from evals.metrics import Difference, paired_bootstrap
from evals.run import Result, Run
from evals.scores import BY_NAME, METRICS, Scores
from ingest.errors import CareerError

SCORES = "scores.json"
"""Name of the file of scores in a run's folder: all that a comparison needs."""

_SHOWN = ("right", "facts", "outcome", "clean", "recall@5", "ndcg@10", "mrr", "citation_recall", "citation_precision",
          "groundedness", "marks", "quotes", "refused", "answered")  # fmt: skip
"""Metrics whose change is named for a case; the length and the likeness to a reference change with every comma."""


class BaselineError(CareerError):
    """An earlier run cannot be read, or has nothing to compare with."""


@dataclass(frozen=True)
class Baseline:
    """An earlier run, by its scores."""

    at: str
    target: str
    scores: Mapping[str, Scores]
    """By case."""
    outcomes: Mapping[str, str]
    answers: Mapping[str, str] = field(default_factory=dict)
    """By case; empty where the scores only were kept."""


def scores_of(run: Run) -> dict[str, Any]:
    """What is kept of a run to compare with: each case's outcome and scores, no texts and no times."""
    cases = {
        one.case.id: {
            "outcome": one.reply.outcome,
            **({"held_out": True} if one.case.held_out else {}),
            "scores": {name: _kept(value) for name, value in one.scores.items() if value is not None},
        }
        for one in run.results
        if not one.reply.error
    }
    return {"at": run.at, "target": run.target, "cases": cases}


def _kept(score: float) -> float:
    return round(score, 4)


def load_baseline(path: Path) -> Baseline:
    """An earlier run: its folder, or a file of scores.

    Raises:
        BaselineError: There is none, or it is not one of ours.
    """
    file = path / SCORES if path.is_dir() else path
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        answers = _answers(path / "run.json") if path.is_dir() else {}
        return Baseline(
            given["at"],
            given["target"],
            {name: one["scores"] for name, one in given["cases"].items()},
            {name: one["outcome"] for name, one in given["cases"].items()},
            answers,
        )
    except OSError as error:
        raise BaselineError(f"There is no earlier run in {path}.", "Name the folder that --out wrote.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"{file} is no file of scores ({error}).", "Run `career-assistant eval` again.") from error


def _answers(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    held = json.loads(file.read_text(encoding="utf-8"))
    return {one["case"]["id"]: one["reply"]["answer"] for one in held["results"]}


class Moved(NamedTuple):
    """One score of one case, before and after; None where it could not be scored."""

    metric: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class CaseChange:
    """What changed for one case."""

    result: Result
    outcome_before: str
    moved: tuple[Moved, ...]
    answer_before: str = ""

    @property
    def direction(self) -> int:
        """1 when it got better, -1 when it got worse, 0 when that cannot be said."""
        steps = [(one.after or 0.0) - (one.before or 0.0) for one in self.moved if None not in (one.before, one.after)]
        rights = [one for one in self.moved if one.metric == "right" and None not in (one.before, one.after)]
        total = (rights[0].after or 0.0) - (rights[0].before or 0.0) if rights else sum(steps)
        return (total > 1e-9) - (total < -1e-9)


@dataclass(frozen=True)
class Comparison:
    """A run beside an earlier one."""

    baseline: Baseline
    differences: Mapping[str, Difference]
    """By metric, over the cases that both runs could score."""
    changes: tuple[CaseChange, ...]
    """Worse ones first."""
    new: tuple[str, ...]
    """Cases that the earlier run did not have."""


def compare(run: Run, baseline: Baseline, seed: int = 0) -> Comparison:
    """Compare by the cases that both runs have.

    Raises:
        BaselineError: They have none in common.
    """
    known = [one for one in run.results if one.case.id in baseline.scores and not one.reply.error]
    if not known:
        raise BaselineError(
            "This run and the earlier one have no case in common.",
            "Compare with a run of the same sets, or accept this one: career-assistant eval accept RUN.",
        )
    changes = [change for one in known if (change := _change(one, baseline)) is not None]
    return Comparison(
        baseline,
        {name: found for name in BY_NAME if (found := _difference(known, baseline, name, seed)) is not None},
        tuple(sorted(changes, key=lambda change: change.direction)),
        tuple(one.case.id for one in run.results if one.case.id not in baseline.scores),
    )


def _difference(known: Sequence[Result], baseline: Baseline, metric: str, seed: int) -> Difference | None:
    pairs = [(baseline.scores[one.case.id].get(metric), one.scores.get(metric)) for one in known]
    # Both as they are kept: what rounding alone takes from case after case would else be a fall beyond chance.
    scored = [(_kept(before), _kept(after)) for before, after in pairs if before is not None and after is not None]
    return paired_bootstrap([before for before, _ in scored], [after for _, after in scored], seed=seed)


def _change(one: Result, baseline: Baseline) -> CaseChange | None:
    before = baseline.scores[one.case.id]
    moved = tuple(
        Moved(metric.name, before.get(metric.name), one.scores.get(metric.name))
        for metric in METRICS
        if metric.name in _SHOWN and _differs(before.get(metric.name), one.scores.get(metric.name))
    )
    if not moved:
        return None
    return CaseChange(one, baseline.outcomes[one.case.id], moved, baseline.answers.get(one.case.id, ""))


def _differs(before: float | None, after: float | None) -> bool:
    """Whether two scores differ by more than what rounding does.

    >>> _differs(0.33333, 0.3333), _differs(None, 0.0)
    (False, True)
    """
    return before != after if before is None or after is None else abs(before - after) > 1e-3
