"""Answer or refuse, on questions that nobody here wrote: `python -m evals.answerability`.

`squad2`: the paragraphs of eight encyclopaedia articles as a library; 300 questions that a paragraph answers and 300
that none does although one is about the subject, drawn by a fixed seed from every second article. The questions on the
other articles are for `evals.calibrate` to learn from. `mtrag-fiqa`: conversations about money over 10,390 posts, with
their histories; judged are those labelled answerable and unanswerable, and nothing learns from them. Name one set to
measure that one only; `--cache` keeps the libraries, in the folders in which `evals.retrieval` keeps its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.build import build_assistant
from assistant.types import Turn
from evals.logistic import balanced_accuracy
from evals.metrics import holds
from ingest.settings import load_settings

SEED = 2026
EACH = 300
"""Answerable and unanswerable questions of squad2 that are reported; no model is fitted on them."""


@dataclass(frozen=True)
class Asked:
    """One question, whether the library answers it, and what a right answer holds."""

    question: str
    answerable: bool
    spans: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    group: str = ""
    """What it shares with others: the article that it was asked about."""


def squad(folder: Path) -> tuple[list[Asked], list[Asked]]:
    """The questions that are reported, and those on other articles, which a model may be fitted on."""
    titles = {one["_id"]: one["title"] for one in _lines(folder / "squad2" / "paragraphs.jsonl")}
    learnt = frozenset(sorted(set(titles.values()))[::2])
    found = [Asked(case["question"], bool(case["answerable"]), tuple(case["answers"]), group=titles[case["gold"]])
             for case in _lines(folder / "squad2" / "questions.jsonl")]  # fmt: skip
    drawn = random.Random(SEED)
    reported: list[Asked] = []
    for answerable in (True, False):
        of = [one for one in found if one.answerable is answerable and one.group not in learnt]
        reported += drawn.sample(of, min(EACH, len(of)))
    return reported, [one for one in found if one.group in learnt]


def mtrag(folder: Path) -> list[Asked]:
    """The conversations labelled answerable or unanswerable."""
    found = []
    for case in _lines(folder / "mtrag-fiqa" / "answerability.jsonl"):
        if case["label"] in ("ANSWERABLE", "UNANSWERABLE"):
            said = [turn["text"] for turn in case["history"]]
            history = tuple(Turn(*pair) for pair in zip(said[::2], said[1::2], strict=False))
            found.append(Asked(case["question"], case["label"] == "ANSWERABLE", (), history))
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@contextmanager
def library_of(targets: Iterable[Path], kept: Path | None = None) -> Iterator[Assistant]:
    """An assistant over these documents and nothing else, in a folder that is thrown away or, with `kept`, in that.

    What a run that was cut short left is completed.
    """
    with tempfile.TemporaryDirectory() as thrown_away:
        assistant = build_assistant(load_settings(data_dir=str(kept or thrown_away)))
        assistant.library.sync([str(target) for target in targets])
        yield assistant


def measure(assistant: Assistant, asked: Sequence[Asked]) -> str:
    """Ask everything and say how often it was right to answer and right to refuse."""
    answers = [assistant.ask(one.question, history=one.history) for one in asked]
    answered = [answer.outcome in ("answered", "partial") for answer in answers]
    labels = [one.answerable for one in asked]
    spans = [any(holds(answer.answer, span) for span in one.spans)
             for one, answer, did in zip(asked, answers, answered, strict=True) if did and one.spans]  # fmt: skip
    kept = [did for did, label in zip(answered, labels, strict=True) if label]
    refused = [not did for did, label in zip(answered, labels, strict=True) if not label]
    said = (
        f"balanced accuracy {balanced_accuracy(answered, labels):.3f}: answered {sum(kept)} of {len(kept)} answerable, "
        f"refused {sum(refused)} of {len(refused)} unanswerable"
    )
    if spans:
        said += f"; gold span in {sum(spans)} of {len(spans)} answers given to answerable questions"
        said += f" ({sum(spans) / len(spans):.3f}), {sum(spans) / len(kept):.3f} of all answerable ones"
    return said


def squad_main(folder: Path, cache: Path | None = None) -> str:
    """The report on squad2."""
    with library_of([folder / "squad2" / "paragraphs.jsonl"], cache and cache / "squad2") as assistant:
        return f"SQuAD 2.0, {EACH} + {EACH} questions: {measure(assistant, squad(folder)[0])}"


def mtrag_main(folder: Path, cache: Path | None = None) -> str:
    """The report on MTRAG."""
    asked = mtrag(folder)
    with library_of([folder / "mtrag-fiqa" / "corpus.jsonl"], cache and cache / "mtrag-fiqa") as assistant:
        return f"MTRAG finance, {len(asked)} conversations: {measure(assistant, asked)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answer or refuse, on questions that other people made.")
    parser.add_argument("sets", nargs="*", help="squad2, mtrag-fiqa; both when none is named")
    parser.add_argument("--cache", type=Path, help="keep the libraries in this folder, and use those that are there")
    given = parser.parse_args()
    where = os.environ.get("CAREER_BENCH_DATA", "")
    if not where:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    for name, program in (("squad2", squad_main), ("mtrag-fiqa", mtrag_main)):
        if name in (given.sets or (name,)):
            print(program(Path(where), given.cache), flush=True)
