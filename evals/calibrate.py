"""Fits the model that decides whether the library answers: `python -m evals.calibrate`.

Positive cases are our own questions that are not held out, the plain questions on the handbook's pages, and answerable
questions on an encyclopaedia; negative ones are our own refusals and the unanswerable questions on the encyclopaedia,
none of those that `evals.answerability` reports. It prints coefficients for `assistant/answerable.py`, and the curve of
wrong refusals against wrong answers, each case judged by a model that never saw its group; on our own questions beside
it the curve of the coefficients in use.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.answerable import likelihood
from assistant.assistant import PASSAGES
from assistant.build import CountWords, build_assistant
from assistant.extractive import ExtractiveAnswerer
from assistant.support import SupportCheck
from evals import answerability, bls
from evals.logistic import fit, held_out
from evals.questions import HOLDOUT, load_sets
from ingest.settings import load_settings

OWN = 3.0
"""What each of our own questions counts."""
FAR = 150
"""Answerable and unanswerable questions on the encyclopaedia, of each."""


@dataclass(frozen=True)
class Example:
    """One question with its evidence."""

    evidence: dict[str, float]
    answerable: bool
    group: str
    weight: float


class Looking:
    """Looks questions up in one library and keeps their evidence."""

    def __init__(self, data: str, targets: Sequence[str], bundled: bool = True) -> None:
        """Bring the bundled library in unless it is not wanted, and what else is named."""
        self.assistant = build_assistant(load_settings(data_dir=data))
        if bundled:
            self.assistant.library.sync(())
        if targets:
            self.assistant.library.sync(targets)
        embed = self.assistant.library.embedder.embed_passages
        self._answerer = ExtractiveAnswerer(embed, CountWords(self.assistant.library), SupportCheck(embed))

    def look(self, question: str, answerable: bool, group: str, weight: float) -> list[Example]:
        """The evidence on a standalone question; none where nothing is at hand."""
        asked, hits = self.assistant.search(question, k=PASSAGES)
        found = self._answerer.find(asked, hits)
        return [Example(found.evidence, answerable, group, weight)] if found else []


def examples(folder: Path) -> list[Example]:
    """All cases that the model is fitted on."""
    with (folder / "bls-ooh" / "occupations.csv").open(encoding="utf-8-sig", newline="") as file:
        asked = list(bls.questions(csv.DictReader(file)))
    found: list[Example] = []
    with tempfile.TemporaryDirectory() as data:
        bundled = Looking(data, ())
        for case in load_sets():
            if case.outcome in ("answered", "not_found") and HOLDOUT not in case.tags and not case.history:
                found += bundled.look(case.user_input, case.answerable, case.id, OWN)
    with tempfile.TemporaryDirectory() as data:
        beside = Looking(data, [str(folder / "bls-ooh" / "html")])
        for one in asked:
            found += beside.look(one.question, True, one.slug, 1.0)
    others = answerability.squad(folder)[1]
    far = [one for wanted in (True, False) for one in [each for each in others if each.answerable is wanted][:FAR]]
    with tempfile.TemporaryDirectory() as data:
        apart = Looking(data, [str(folder / "squad2" / "paragraphs.jsonl")], bundled=False)
        for each in far:
            found += apart.look(each.question, each.answerable, each.question, 0.5)
    return found


def main(folder: Path) -> str:
    """Fit, and say what came of it."""
    cases = examples(folder)
    rows, labels = [one.evidence for one in cases], [one.answerable for one in cases]
    weights = [one.weight for one in cases]
    likely = held_out(rows, labels, [one.group for one in cases], weights)
    used = [likelihood(row) for row in rows]
    own = [one.weight == OWN for one in cases]
    lines = [
        "        all cases, refitted              own questions, refitted          own questions, in use",
        "least   wrong refusals  wrong answers   wrong refusals  wrong answers   wrong refusals  wrong answers",
    ]
    for step in range(1, 20):
        least = step / 20
        told = [*_wrong(likely, labels, [True] * len(cases), least), *_wrong(likely, labels, own, least),
                *_wrong(used, labels, own, least)]  # fmt: skip
        lines.append(f"{least:.2f}    " + "           ".join(f"{one:.3f}" for one in told))
    return "\n".join([*lines, json.dumps(fit(rows, labels, weights), indent=4)])


def _wrong(
    likely: Sequence[float], labels: Sequence[bool], counted: Sequence[bool], least: float
) -> tuple[float, float]:
    """Shares of wrong refusals and of wrong answers among the cases counted."""
    of = [(one, label) for one, label, count in zip(likely, labels, counted, strict=True) if count]
    refused = [one < least for one, label in of if label]
    answered = [one >= least for one, label in of if not label]
    return sum(refused) / max(1, len(refused)), sum(answered) / max(1, len(answered))


if __name__ == "__main__":
    given = os.environ.get("CAREER_BENCH_DATA", "")
    if not given:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(given)))
