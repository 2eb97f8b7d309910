"""Pages that nobody here wrote: `python -m evals.bls` asks plain questions about them and checks figure and source.

It takes the pages of the US Occupational Outlook Handbook from the folder `bls-ooh` in `CAREER_BENCH_DATA`, brings them
in beside the bundled library, and asks for each occupation's pay, outlook, jobs and education, as its answer key
`occupations.csv` gives them. An answer is right when it holds the figure and cites it to the occupation's own page.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.assistant import Assistant
from assistant.build import build_assistant
from assistant.types import Answer
from evals.metrics import holds, percentile
from ingest.settings import load_settings
from ingest.types import Progress

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "pay": ("What do {title} earn?", "What is the median pay of {title}?", "how much money does one make as {title}"),
    "outlook": ("What is the job outlook for {title}?", "How fast is employment of {title} expected to grow?",
                "are {title} in demand in the next ten years"),
    "education": ("What education do {title} need?", "Which degree do you need to become one of the {title}?",
                  "entry-level education for {title}"),
    "jobs": ("How many jobs do {title} hold?", "How many {title} are there in the US?"),
}  # fmt: skip
"""Plain-word questions by what they ask for."""


@dataclass(frozen=True)
class Asked:
    """One question with what a right answer holds."""

    subject: str
    """`pay`, `outlook`, `education` or `jobs`."""
    question: str
    slug: str
    """Name of the occupation's page, without its ending."""
    alternatives: tuple[str, ...]
    """One of these stands in a right answer."""


@dataclass(frozen=True)
class Verdict:
    """One question with its answer."""

    asked: Asked
    answer: Answer
    right: bool


def questions(occupations: Iterable[Mapping[str, str]]) -> Iterator[Asked]:
    """All questions that the answer key can judge, occupation by occupation.

    >>> row = dict(title="Actuaries", slug="actuaries", median_pay_annual="125770", median_pay_hourly="60.47",
    ...            outlook_pct="-2", num_jobs_2024="33600", entry_education="See How to Become One")
    >>> [(one.subject, one.alternatives) for one in questions([row])][0::3]
    [('pay', ('$125,770', '$60.47')), ('outlook', ('-2%', '2%')), ('jobs', ('33,600',))]
    """
    for row in occupations:
        for subject, alternatives in _key(row).items():
            for template in QUESTIONS[subject] if alternatives else ():
                # The handbook's titles are headings; inside a question only abbreviations keep their capitals.
                title = " ".join(word if word.isupper() else word.lower() for word in row["title"].split())
                yield Asked(subject, template.format(title=title), row["slug"], alternatives)


def _key(row: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    annual, hourly, percent, jobs = (
        row[name] for name in ("median_pay_annual", "median_pay_hourly", "outlook_pct", "num_jobs_2024")
    )
    pay = (*((f"${int(annual):,}",) if annual else ()), *((f"${hourly}",) if hourly else ()))
    # "-2%" is also said as "decline 2 percent".
    outlook = (f"{percent}%", *((f"{percent[1:]}%",) if percent.startswith("-") else ())) if percent else ()
    education = row["entry_education"]
    return {
        "pay": pay,
        "outlook": outlook,
        # The handbook itself gives no level for some occupations, but sends the reader to another section.
        "education": () if not education or education.startswith("See ") else (education,),
        "jobs": (f"{int(jobs):,}",) if jobs else (),
    }


def judge(asked: Asked, answer: Answer, pages: Mapping[str, str]) -> bool:
    """Whether an answer holds the figure and cites it to the right page; `pages` gives a path by source id."""
    if not any(holds(answer.answer, one) for one in asked.alternatives):
        return False
    quotes = (one.quote for one in answer.citations if Path(pages.get(one.source_id, "")).stem == asked.slug)
    return any(holds(quote, one) for quote in quotes for one in asked.alternatives)


def run(assistant: Assistant, asked: Sequence[Asked]) -> list[Verdict]:
    """Ask all questions, each in a conversation of its own."""
    pages = {source.id: source.uri for source in assistant.library.sources()}
    verdicts = []
    for one in asked:
        answer = assistant.ask(one.question)
        verdicts.append(Verdict(one, answer, judge(one, answer, pages)))
    return verdicts


def summary(verdicts: Sequence[Verdict]) -> str:
    """Right and all by subject, the milliseconds, and every question that went wrong."""
    lines = []
    for subject in QUESTIONS:
        of_subject = [one.right for one in verdicts if one.asked.subject == subject]
        lines.append(f"{subject:10} {sum(of_subject):4} of {len(of_subject):4}  {_share(of_subject)}")
    everything = [one.right for one in verdicts]
    times = [one.answer.timings_ms["total"] for one in verdicts]
    lines.append(f"{'all':10} {sum(everything):4} of {len(everything):4}  {_share(everything)}")
    lines.append(f"milliseconds a question: p50 {percentile(times, 0.5):.0f}, p95 {percentile(times, 0.95):.0f}")
    for one in verdicts:
        if not one.right:
            told = " ".join(one.answer.answer.split())
            lines.append(f"- {one.asked.question} ({' or '.join(one.asked.alternatives)}) -> {told[:200]}")
    return "\n".join(lines)


def _share(of: Sequence[bool]) -> str:
    return f"{sum(of) / len(of):.3f}" if of else "-"


def main(folder: Path) -> str:
    """Bring the pages in beside the bundled library, ask, and say how it went.

    Raises:
        SourceError: The folder does not hold the pages.
    """
    with (folder / "bls-ooh" / "occupations.csv").open(encoding="utf-8-sig", newline="") as file:
        asked = list(questions(csv.DictReader(file)))
    with tempfile.TemporaryDirectory() as data:
        assistant = build_assistant(load_settings(data_dir=data))
        for targets in ((), (str(folder / "bls-ooh" / "html"),)):
            report = assistant.library.sync(targets, progress=_said)
        verdicts = run(assistant, asked)
    return f"Handbook pages, {len(asked)} questions ({report}):\n{summary(verdicts)}"


def _said(step: Progress) -> None:
    if step.label and sys.stderr.isatty():
        print(f"\r{step.done}/{step.total} files", end="", file=sys.stderr)


if __name__ == "__main__":
    found = os.environ.get("CAREER_BENCH_DATA", "")
    if not found:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(found)))
