"""Fits the model that decides whether the library answers: `python -m evals.calibrate`.

Positive cases are our own questions that are not held out and the plain questions on the handbook's pages; negative
ones are our own refusals, the handbook's questions asked of the bundled library alone, and questions on an
encyclopaedia. It prints the coefficients for `assistant/answerable.py`, and the curve of wrong refusals against wrong
answers, each case judged by a model that never saw its group.
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

from assistant.assistant import PASSAGES
from assistant.build import CountWords, build_assistant
from assistant.extractive import ExtractiveAnswerer
from assistant.support import SupportCheck
from evals import answerability, bls
from evals.logistic import fit, held_out
from evals.questions import HOLDOUT, load_sets
from ingest.settings import load_settings

BUNDLED = ("data-scientists", "software-developers", "computer-and-information-research-scientists")
"""Occupations of the handbook on which the bundled library has figures, too."""
FAR = 150
"""Questions on the encyclopaedia."""


@dataclass(frozen=True)
class Example:
    """One question with its evidence."""

    evidence: dict[str, float]
    answerable: bool
    group: str
    weight: float


class Looking:
    """Looks questions up in one library and keeps their evidence."""

    def __init__(self, data: str, targets: Sequence[str]) -> None:
        """Bring the bundled library in, and what else is named."""
        self.assistant = build_assistant(load_settings(data_dir=data))
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
                found += bundled.look(case.user_input, case.answerable, case.id, 3.0)
        for one in asked:
            if one.slug not in BUNDLED:
                found += bundled.look(one.question, False, one.slug, 0.6)
    with tempfile.TemporaryDirectory() as data:
        beside = Looking(data, [str(folder / "bls-ooh" / "html")])
        for one in asked:
            found += beside.look(one.question, True, one.slug, 1.0)
        for far in answerability.squad(folder)[1][:FAR]:
            found += beside.look(far.question, False, far.question, 0.5)
    return found


def main(folder: Path) -> str:
    """Fit, and say what came of it."""
    cases = examples(folder)
    rows, labels = [one.evidence for one in cases], [one.answerable for one in cases]
    weights = [one.weight for one in cases]
    likely = held_out(rows, labels, [one.group for one in cases], weights)
    lines = ["least   wrong refusals   wrong answers"]
    for step in range(1, 20):
        least = step / 20
        refused = [one < least for one, label in zip(likely, labels, strict=True) if label]
        answered = [one >= least for one, label in zip(likely, labels, strict=True) if not label]
        lines.append(f"{least:.2f}    {sum(refused) / len(refused):.3f}            {sum(answered) / len(answered):.3f}")
    return "\n".join([*lines, json.dumps(fit(rows, labels, weights), indent=4)])


if __name__ == "__main__":
    given = os.environ.get("CAREER_BENCH_DATA", "")
    if not given:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(given)))
