"""Fits what each sign of a statement counts when the one is chosen that answers: `python -m evals.leads`.

Questions are those of `evals/learning` (written from the documents by who had not seen the code, before any was asked),
our own that are not held out, and, with `CAREER_BENCH_DATA` set, plain ones on the pages of an occupational handbook.
A statement is right that holds a fact of the answer and stands in a document that holds it. Fitted is a choice among a
question's candidates, drawn towards the weights in use. Prints how often the best
candidate is right by the weights in use and by weights that never saw the question's group (five folds: its occupation,
or the question itself), then weights fitted on all for `assistant/evidence.py`. The choice among near candidates that
`assistant/choosing.py` makes besides is not part of it.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.evidence import WEIGHTS, Evidence
from assistant.parts import parts
from evals import bls
from evals.calibrate import Looking
from evals.logistic import Numbers, fit_choice, folds
from evals.metrics import holds
from evals.questions import load_sets

LEARNING = Path(__file__).parent / "learning"
_SHARP = 12.0
"""How much likelier a candidate is chosen for a point more, in log-odds."""
_PULL = 10.0
"""Strength of the pull towards the weights in use."""


@dataclass(frozen=True)
class Choice:
    """The candidates of one question."""

    set: str
    group: str
    """What it shares with others: the occupation that it is about, or its own id."""
    signs: Numbers
    """Shape (candidates, signs), in the order of `WEIGHTS`."""
    right: Numbers
    """1 for a candidate that answers, else 0; one at least does."""


def choices(handbook: Path | None) -> Iterator[Choice]:
    """Every question with its candidates, where one of them is right."""
    with tempfile.TemporaryDirectory() as data:
        looking = Looking(data, ())
        for name, files in (("learning", [str(LEARNING / "questions.jsonl")]), ("ours", [])):
            for case in load_sets(files):
                if case.outcome != "answered" or not case.facts or case.held_out or case.history:
                    continue
                if parts(case.user_input).how == "one":
                    facts = [one for alternatives in case.facts for one in alternatives]
                    yield from _choice(name, case.id, looking, case.user_input, facts, case.reference_context_ids)
    if not handbook:
        return
    with (handbook / "occupations.csv").open(encoding="utf-8-sig", newline="") as file:
        asked = list(bls.questions(csv.DictReader(file)))
    with tempfile.TemporaryDirectory() as data:
        looking = Looking(data, [str(handbook / "html")], bundled=False)
        for one in asked:
            yield from _choice("handbook", one.slug, looking, one.question, one.alternatives, [one.slug])


def _choice(
    name: str, group: str, looking: Looking, question: str, facts: Sequence[str], documents: Sequence[str]
) -> Iterator[Choice]:
    found = looking.find(question, "", ())
    if not found:
        return
    right = np.array([float(_is_right(one, facts, documents)) for one in found.candidates])
    if right.any():
        signs = np.array([[one.signs[sign] for sign in WEIGHTS] for one in found.candidates])
        yield Choice(name, group, signs, right)


def _is_right(one: Evidence, facts: Iterable[str], documents: Sequence[str]) -> bool:
    named = not documents or any(document in one.hit.source.uri for document in documents)
    return named and any(holds(one.statement.text, fact) for fact in facts)


def fitted(cases: Sequence[Choice], pull: float = _PULL) -> Numbers:
    """The weights under which the right candidates are likeliest chosen."""
    used = np.array(list(WEIGHTS.values()))
    return fit_choice([(_SHARP * case.signs, case.right) for case in cases], used, pull)


def share_right(cases: Sequence[Choice], weights: Sequence[Numbers]) -> dict[str, float]:
    """How often the best candidate of each case, by its own weights, is right: by set."""
    hits: dict[str, list[bool]] = {}
    for case, each in zip(cases, weights, strict=True):
        hits.setdefault(case.set, []).append(bool(case.right[int(np.argmax(case.signs @ each))]))
    return {name: sum(of) / len(of) for name, of in hits.items()}


def main(handbook: Path | None) -> str:
    """Fit, and say what came of it."""
    cases = list(choices(handbook))
    used = np.array(list(WEIGHTS.values()))
    place = folds([f"{one.set} {one.group}" for one in cases])
    unseen = [fitted([one for one, at in zip(cases, place, strict=True) if at != fold]) for fold in range(5)]
    counts = Counter(one.set for one in cases)
    shares, refitted = share_right(cases, [used] * len(cases)), share_right(cases, [unseen[at] for at in place])
    lines = [
        f"{name}: {count} questions, best candidate right: {shares[name]:.3f} by the weights in use, "
        f"{refitted[name]:.3f} by weights that never saw the group"
        for name, count in counts.items()
    ]
    weights = fitted(cases)
    found = dict(zip(WEIGHTS, weights, strict=True))
    scale = sum(value for sign, value in found.items() if sign not in ("told", "fits") and value > 0)
    table = {sign: round(float(value / scale), 3) for sign, value in found.items()}
    return "\n".join((*lines, json.dumps(table, indent=4)))


if __name__ == "__main__":
    given = os.environ.get("CAREER_BENCH_DATA", "")
    print(main(Path(given) / "bls-ooh" if given else None))
