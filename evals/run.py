"""Runs cases through an assistant and scores each answer. What could not be scored is None, never zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from assistant.assistant import Assistant
from assistant.types import Answer
from evals.metrics import facts_found, marks_in_order, recall_at
from evals.questions import Case
from ingest.types import Progress


@dataclass(frozen=True)
class Result:
    """One case with its answer and scores."""

    case: Case
    answer: Answer
    retrieved: tuple[str, ...]
    """Sources of the passages found, by their paths, best first, each once."""
    facts: float | None
    """Share of the facts found, 0 to 1."""
    recall_at_5: float | None
    marks_in_order: bool
    quotes_verbatim: bool | None
    """Whether every quote stands in its passage; None without citations."""

    @property
    def refused(self) -> bool:
        """Whether the answer says that the library does not hold it."""
        return self.answer.outcome in ("not_found", "unclear", "declined")

    @property
    def right(self) -> bool:
        """Whether it is wholly right: all facts where there is an answer, and the outcome that was expected else."""
        if self.case.answerable:
            return not self.refused and (self.facts is None or self.facts == 1.0)
        return self.answer.outcome == self.case.outcome


@dataclass(frozen=True)
class Run:
    """All results of one run."""

    results: tuple[Result, ...]
    at: str
    """When it began: UTC, ISO 8601."""
    answered_by: str


def run_cases(assistant: Assistant, cases: Sequence[Case], progress: Callable[[Progress], None]) -> Run:
    """Ask every case and score it.

    Raises:
        LibraryEmpty: There is no library to ask.
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    results = []
    for index, case in enumerate(cases):
        progress(Progress(index, len(cases), case.id))
        results.append(_result(assistant, case))
    progress(Progress(len(cases), len(cases), ""))
    names = {result.answer.answered_by for result in results}
    return Run(tuple(results), at, ", ".join(sorted(names)))


def _result(assistant: Assistant, case: Case) -> Result:
    answer = assistant.ask(case.user_input, history=case.history)
    _, hits = assistant.search(case.user_input, history=case.history, k=10)
    retrieved = tuple(dict.fromkeys(hit.source.uri for hit in hits))
    return Result(
        case,
        answer,
        retrieved,
        facts=facts_found(answer.answer, case.facts) if case.answerable else None,
        recall_at_5=recall_at(5, retrieved, case.reference_context_ids),
        marks_in_order=marks_in_order(answer.answer, [one.number for one in answer.citations]),
        quotes_verbatim=_verbatim(assistant, answer),
    )


def _verbatim(assistant: Assistant, answer: Answer) -> bool | None:
    if not answer.citations:
        return None
    for citation in answer.citations:
        found = assistant.library.passage(citation.passage_id)
        if found is None or citation.quote not in found.passage.text:
            return False
    return True
