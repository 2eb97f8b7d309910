"""Follow-ups that other people wrote: `python -m evals.cast` compares our standalone questions with a human's.

It takes TREC CAsT 2019 (Dalton et al., 2020) from `cast/2019.jsonl` in `CAREER_BENCH_DATA`: conversations of which the
last turn is to be understood, each with the question that a person would have asked instead. The score is content-word
F1 against that question (stop words left out, words stemmed), beside the last turn as it is and the last two joined.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from assistant.build import LibraryRewriter, open_library
from assistant.types import Turn
from evals.metrics import bootstrap
from ingest.settings import load_settings
from ingest.words import STOPWORDS, stem, words


class Overlap(NamedTuple):
    """Content words of one question found in another, 0 to 1."""

    precision: float
    recall: float
    f1: float


def overlap(question: str, reference: str) -> Overlap:
    """Content-word precision, recall and F1 of a question against a reference.

    >>> overlap("Is throat cancer treatable?", "Is cancer treatable?")
    Overlap(precision=0.6666666666666666, recall=1.0, f1=0.8)
    """
    made, wanted = _content(question), _content(reference)
    common = sum((made & wanted).values())
    if not common:
        return Overlap(0.0, 0.0, 0.0)
    precision, recall = common / sum(made.values()), common / sum(wanted.values())
    return Overlap(precision, recall, 2 * precision * recall / (precision + recall))


def _content(text: str) -> Counter[str]:
    return Counter(stem(word) for word in words(text) if word not in STOPWORDS)


def summary(cases: Sequence[tuple[Sequence[str], str]], rewrite: Callable[[str, Sequence[Turn]], str]) -> str:
    """One line for each way to a standalone question; cases are the turns and the human's question."""
    ways: dict[str, Callable[[Sequence[str]], str]] = {
        "last turn": lambda turns: turns[-1],
        "last two joined": lambda turns: " ".join(turns[-2:]),
        "ours": lambda turns: rewrite(turns[-1], [Turn(turn) for turn in turns[:-1]]),
    }
    lines = []
    for name, way in ways.items():
        scores = [overlap(way(turns), human) for turns, human in cases]
        interval = bootstrap([score.f1 for score in scores])
        precision = sum(score.precision for score in scores) / len(scores)
        recall = sum(score.recall for score in scores) / len(scores)
        if interval is not None:
            lines.append(
                f"{name:16} F1 {interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})  "
                f"precision {precision:.3f}  recall {recall:.3f}"
            )
    whole = [turns for turns, human in cases if turns[-1].strip() == human.strip()]
    worse = sum(ways["ours"](turns).strip() != turns[-1].strip() for turns in whole)
    return "\n".join((*lines, f"changed though complete: {worse} of {len(whole)}"))


def main(folder: Path) -> str:
    """Rewrite every conversation's last turn and score it, by the words of the bundled library."""
    lines = (folder / "cast" / "2019.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [(one["turns"], one["human_rewrite"]) for one in map(json.loads, lines)]
    with tempfile.TemporaryDirectory() as data:
        library = open_library(load_settings(data_dir=data))
        library.sync(())
        return f"Follow-ups, {len(cases)} conversations:\n{summary(cases, LibraryRewriter(library))}"


if __name__ == "__main__":
    found = os.environ.get("CAREER_BENCH_DATA", "")
    if not found:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(found)))
