"""The scores of one answer: a table of metrics, each a pure function of case and reply. None: it could not be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from evals.grounding import Grounding, Judge, grounding
from evals.metrics import (
    facts_found,
    holds,
    marks_in_order,
    ndcg_at,
    recall_at,
    reciprocal_rank,
    rouge_l,
    token_f1,
)
from evals.questions import Case
from evals.reply import Reply

Scores = Mapping[str, float | None]


class Answered(NamedTuple):
    """What a metric looks at."""

    case: Case
    reply: Reply
    grounding: Grounding


class Metric(NamedTuple):
    """One row of the table."""

    name: str
    group: Literal["answer", "retrieval", "citations", "refusal", "size"]
    label: str
    meaning: str
    of: Callable[[Answered], float | None]
    higher_is_better: bool = True


def score(case: Case, reply: Reply, judge: Judge) -> tuple[Scores, Grounding]:
    """All scores of one answer, by metric, and which of its sentences are not supported.

    A reply that failed scores None everywhere: what went wrong on the way says nothing of the answer.
    """
    if reply.error:
        return {metric.name: None for metric in METRICS}, Grounding(None, None, None, ())
    looked_at = Answered(case, reply, grounding(reply, judge))
    return {metric.name: metric.of(looked_at) for metric in METRICS}, looked_at.grounding


def right(case: Case, reply: Reply) -> bool:
    """Whether an answer is wholly right.

    Where the library answers: all facts, nothing forbidden, no refusal, and an answer that is only partly possible says
    so. Else: the outcome that was expected, or one that the case accepts, and nothing forbidden.
    """
    if any(holds(reply.answer, one) for one in case.forbidden):
        return False
    if reply.outcome in case.accept:
        return True
    if not case.answerable:
        return reply.outcome == case.outcome
    outcomes = ("partial",) if case.outcome == "partial" else ("answered", "partial")
    return reply.outcome in outcomes and facts_found(reply.answer, case.facts) in (None, 1.0)


def _facts(one: Answered) -> float | None:
    return facts_found(one.reply.answer, one.case.facts) if one.case.answerable else None


def _forbidden(one: Answered) -> float | None:
    said = one.case.forbidden
    return float(not any(holds(one.reply.answer, word) for word in said)) if said else None


def _refused_rightly(one: Answered) -> float | None:
    return float(one.reply.refused) if one.case.must_refuse else None


def _answered(one: Answered) -> float | None:
    return float(not one.reply.refused) if one.case.must_answer else None


def _outcome(one: Answered) -> float:
    return float(one.reply.outcome == one.case.outcome or one.reply.outcome in one.case.accept)


def _recall(k: int) -> Callable[[Answered], float | None]:
    def of(one: Answered) -> float | None:
        sources = one.reply.sources
        return None if sources is None else recall_at(k, sources, one.case.reference_context_ids)

    return of


def _ndcg(one: Answered) -> float | None:
    gains = dict.fromkeys(one.case.reference_context_ids, 1.0)
    return None if one.reply.sources is None else ndcg_at(10, one.reply.sources, gains)


def _mrr(one: Answered) -> float | None:
    sources = one.reply.sources
    return None if sources is None else reciprocal_rank(sources, one.case.reference_context_ids)


def _marks(one: Answered) -> float | None:
    shown = one.reply.citations
    return None if shown is None else float(marks_in_order(one.reply.answer, [each.number for each in shown]))


def _quotes(one: Answered) -> float | None:
    told = [each.verbatim for each in one.reply.citations or () if each.verbatim is not None]
    return float(all(told)) if told else None


def _words(one: Answered) -> float | None:
    return float(len(one.reply.answer.split())) if one.reply.outcome in ("answered", "partial") else None


def _against(measure: Callable[[str, str], float | None]) -> Callable[[Answered], float | None]:
    def of(one: Answered) -> float | None:
        return measure(one.reply.answer, one.case.reference)

    return of


METRICS: tuple[Metric, ...] = (
    Metric("right", "answer", "wholly right", "all facts and nothing forbidden, or the outcome expected",
           lambda one: float(right(one.case, one.reply))),
    Metric("facts", "answer", "facts found", "share of the expected facts that stand in the answer", _facts),
    Metric("outcome", "answer", "outcome right", "answered, partial, not found and so on, as expected", _outcome),
    Metric("clean", "answer", "nothing forbidden", "no false figure and no planted word in the answer", _forbidden),
    Metric("token_f1", "answer", "token F1", "words shared with the reference answer (SQuAD)",
           _against(token_f1)),
    Metric("rouge_l", "answer", "ROUGE-L", "longest common run of words with the reference answer",
           _against(rouge_l)),
    Metric("recall@5", "retrieval", "recall@5", "sources that hold the answer among the first five", _recall(5)),
    Metric("recall@10", "retrieval", "recall@10", "the same among the first ten", _recall(10)),
    Metric("ndcg@10", "retrieval", "nDCG@10", "the same, more for being nearer the top", _ndcg),
    Metric("mrr", "retrieval", "MRR", "one over the rank of the first source that holds the answer", _mrr),
    Metric("citation_recall", "citations", "citation recall", "sentences that their citations support (ALCE)",
           lambda one: one.grounding.recall),
    Metric("citation_precision", "citations", "citation precision", "citations that are needed and support (ALCE)",
           lambda one: one.grounding.precision),
    Metric("groundedness", "citations", "groundedness", "sentences that anything cited or found supports",
           lambda one: one.grounding.groundedness),
    Metric("marks", "citations", "marks in order", "[1], [2], ... by first use, each with its citation", _marks),
    Metric("quotes", "citations", "quotes verbatim", "every quote stands in its passage", _quotes),
    Metric("refused", "refusal", "refused rightly", "questions without an answer that were refused (recall)",
           _refused_rightly),
    Metric("answered", "refusal", "not refused wrongly", "questions with an answer that were answered", _answered),
    Metric("words", "size", "words an answer", "length of what a person has to read", _words, False),
)  # fmt: skip
"""All metrics, in the order in which they are shown."""

BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
