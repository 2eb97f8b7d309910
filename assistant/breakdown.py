"""Rows of a table that a question asks for together: pay "by experience", jobs "in each city". Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from assistant.evidence import Evidence
from assistant.narrowing import narrowings
from assistant.qualifiers import LEVELS
from assistant.question import Question
from ingest.words import stem, stems

_LEVEL = r"experience|seniority|levels?|stages?|grades?"
_BY = re.compile(
    r"\b(?:by|per|across|depending on|according to|(?:for|at|in) (?:each|every|all|the different|different))\s+"
    r"(?:(?:the|their|your|all|different|years? of|career|experience|work|job)\s+)*"
    rf"(?P<by>{_LEVEL}|cit(?:y|ies)|countr(?:y|ies)|states?|regions?|industr(?:y|ies)|sectors?|compan(?:y|ies)"
    r"|employers?|roles?|occupations?|degrees?|education|sources?)\b",
    re.IGNORECASE,
)


def broken_down_by(question: str) -> str:
    """What the figures are to be told apart by, as it was typed; empty where one figure is asked for.

    >>> broken_down_by("What do welders earn by years of experience?"), broken_down_by("What do welders earn?")
    ('experience', '')
    """
    match = _BY.search(question)
    return match["by"] if match else ""


def rows_asked_for(asked: Question, lead: Evidence, candidates: Sequence[Evidence]) -> list[Evidence]:
    """The rows of one table that tell the figures apart as it is asked, in their order; none where no table does.

    A table tells levels apart by its labels, anything else by its heading or caption. It lacks nothing of the question
    that the lead holds.
    """
    by = broken_down_by(asked.text)
    if not by or not (asked.wants_figure or asked.kind == "difference"):
        return []
    lacking = frozenset(lead.missing) | frozenset(stems(by)) | frozenset(stems("career years pay"))
    tables: dict[tuple[str, tuple[str, ...]], list[Evidence]] = defaultdict(list)
    for one in candidates:
        if one.statement.kind == "row" and one.in_kind and lacking.issuperset(one.missing) and _told_apart(one, by):
            tables[one.hit.passage.id, one.statement.way].append(one)
    several = [rows for rows in tables.values() if len(rows) > 1]
    best = max(several, key=lambda rows: max(one.score for one in rows), default=[])
    return sorted(best, key=lambda one: one.statement.start)


def _told_apart(one: Evidence, by: str) -> bool:
    if re.fullmatch(_LEVEL, by, re.IGNORECASE):
        label = re.split(r":| - ", one.statement.text, maxsplit=1)[0]
        return any(narrowing.value in LEVELS for narrowing in narrowings(label))
    return stem(by) in stems(" ".join((one.hit.source.title, *one.hit.passage.headings, *one.statement.way)))
