"""Fits the model that decides whether the library answers: `python -m evals.calibrate`.

Positive cases are our own questions that are not held out, the plain questions on the handbook's pages, and answerable
questions on an encyclopaedia; negative ones are our own refusals, the handbook's questions with the page that answers
them hidden, and unanswerable questions on the encyclopaedia. None is a question, or on an article, that
`evals.answerability` reports. It prints coefficients for `assistant/answerable.py`, and as a table for
`docs/refusals.md` the curve of wrong refusals against wrong answers, each case judged by a model that never saw its
group: its article, its occupation, or for a question of ours itself. Answerable questions whose best statement does not
hold the answer teach nothing, but count in the curve. Named a file, it writes the table there, between the lines
`<!-- curve -->` and `<!-- /curve -->`.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from assistant.answerable import LEAST, likelihood
from assistant.assistant import PASSAGES
from assistant.build import CountWords, build_assistant
from assistant.extractive import ExtractiveAnswerer, Finding
from assistant.parts import parts
from assistant.support import SupportCheck
from evals import answerability, bls
from evals.logistic import balanced_accuracy, fit, held_out
from evals.metrics import holds
from evals.questions import Case, load_sets
from ingest.settings import load_settings
from ingest.words import stems

WEIGHTS = {"ours": (3.0, 20.0), "handbook": (1.0, 1.0), "encyclopaedia": (1.0, 1.0)}
"""What an answerable and an unanswerable question of each set counts. Of our own refusals there are few."""
STEPS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Likelihoods of the table."""


@dataclass(frozen=True)
class Example:
    """One question with its evidence."""

    set: str
    evidence: dict[str, float]
    answerable: bool
    group: str
    told: bool
    """Whether the best statement holds the answer, where it is known."""
    elsewhere: bool
    """Whether the best statement is refused as one on something else, whatever the likelihood."""


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

    def find(self, question: str, hidden: str, answers: Sequence[str]) -> Finding | None:
        """What is found for a standalone question; None where nothing is at hand.

        Args:
            question: What is asked.
            hidden: Name of the page that is passed over; empty for none.
            answers: Right answers; where another page holds one beside the name of the hidden one, nothing is at hand.
        """
        asked, hits = self.assistant.search(question, k=PASSAGES)
        if hidden:
            hits = [hit for hit in hits if Path(hit.source.uri).stem != hidden]
            named = frozenset(stems(hidden.replace("-", " ")))
            texts = (f"{hit.source.title} {hit.passage.text}" for hit in hits)
            if any(named.issubset(stems(text)) and any(holds(text, one) for one in answers) for text in texts):
                return None
        return self._answerer.find(asked, hits)


def examples(folder: Path) -> Iterator[Example]:
    """All cases that the model is fitted on."""
    with tempfile.TemporaryDirectory() as data:
        yield from _of("ours", Looking(data, ()), (
            (case.user_input, case.must_answer, case.id, "", list(chain.from_iterable(case.facts)))
            for case in load_sets() if _is_plain(case)
        ))  # fmt: skip
    with (folder / "bls-ooh" / "occupations.csv").open(encoding="utf-8-sig", newline="") as file:
        asked = list(bls.questions(csv.DictReader(file)))
    with tempfile.TemporaryDirectory() as data:
        yield from _of("handbook", Looking(data, [str(folder / "bls-ooh" / "html")], bundled=False), (
            (one.question, not hidden, one.slug, hidden, one.alternatives) for one in asked for hidden in ("", one.slug)
        ))  # fmt: skip
    with tempfile.TemporaryDirectory() as data:
        yield from _of("encyclopaedia", Looking(data, [str(folder / "squad2" / "paragraphs.jsonl")], bundled=False), (
            (one.question, one.answerable, one.group, "", one.spans) for one in answerability.squad(folder)[1]
        ))  # fmt: skip


def _is_plain(case: Case) -> bool:
    """Whether a case asks one thing, by itself, that has to be answered or not found."""
    wanted = case.must_answer if case.outcome == "answered" else case.must_refuse and case.outcome == "not_found"
    return wanted and not case.held_out and not case.history and parts(case.user_input).how == "one"


def _of(name: str, looking: Looking, asked: Iterable[tuple[str, bool, str, str, Sequence[str]]]) -> Iterator[Example]:
    for question, answerable, group, hidden, answers in asked:
        found = looking.find(question, hidden, answers)
        if found:
            told = not (answerable and answers) or any(holds(found.lead.statement.text, one) for one in answers)
            yield Example(name, found.evidence, answerable, group, told, found.of_something_else)


def main(folder: Path, write_to: Path | None = None) -> str:
    """Fit, and say what came of it."""
    cases = list(examples(folder))
    rows, labels = [one.evidence for one in cases], [one.answerable for one in cases]
    weights = [WEIGHTS[one.set][0 if one.answerable else 1] * one.told for one in cases]
    likely = held_out(rows, labels, [f"{one.set} {one.group}" for one in cases], weights)
    curve = "\n".join(table(cases, likely))
    used = "\n".join(table(cases, [likelihood(row) for row in rows]))
    if write_to:
        write_to.write_text(_between(write_to.read_text(encoding="utf-8"), curve), encoding="utf-8")
    return (
        f"Refitted, each case judged by a model that never saw its group:\n{curve}\n\n"
        f"The coefficients in use:\n{used}\n\n{json.dumps(fit(rows, labels, weights), indent=4)}"
    )


def _between(text: str, table: str) -> str:
    r"""A text with the table in the place that it marks.

    >>> _between("a\n<!-- curve -->\nold\n<!-- /curve -->\nb", "new").split()
    ['a', '<!--', 'curve', '-->', 'new', '<!--', '/curve', '-->', 'b']
    """
    before, begin, rest = text.partition("<!-- curve -->")
    _, end, after = rest.partition("<!-- /curve -->")
    return f"{before}{begin}\n{table}\n{end}{after}"


def table(cases: Sequence[Example], likely: Sequence[float]) -> list[str]:
    """The curve as a Markdown table: for each limit, and each set, wrong refusals and wrong answers."""
    sets = list(WEIGHTS)
    counts = {name: [sum(one.set == name and one.answerable is wanted for one in cases) for wanted in (True, False)]
              for name in sets}  # fmt: skip
    told = ", ".join(f"{name} {pair[0]} + {pair[1]}" for name, pair in counts.items())
    lines = [
        f"Answerable + unanswerable questions: {told}.",
        "",
        "| limit | " + " | ".join(f"{name}: refused wrongly | answered wrongly | balanced" for name in sets) + " |",
        "|---|" + "---|" * 3 * len(sets),
    ]
    for least in STEPS:
        cells = []
        for name in sets:
            of = [
                (one >= least and not case.elsewhere, case.answerable)
                for one, case in zip(likely, cases, strict=True)
                if case.set == name
            ]
            said, labels = [did for did, _ in of], [label for _, label in of]
            refused = sum(not did for did, label in of if label) / max(1, sum(labels))
            answered = sum(did for did, label in of if not label) / max(1, len(of) - sum(labels))
            cells += [f"{refused:.3f}", f"{answered:.3f}", f"{balanced_accuracy(said, labels):.3f}"]
        limit = f"**{least:.2f}**" if least == LEAST else f"{least:.2f}"
        lines.append(f"| {limit} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    given = os.environ.get("CAREER_BENCH_DATA", "")
    if not given:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(given), *map(Path, sys.argv[1:2])))
