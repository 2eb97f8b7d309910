"""The answer where sources disagree: what holds the figures that are asked about, and why they differ. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.agreement import figures
from assistant.claims import EXPLAINS, borne_out
from assistant.evidence import Evidence, sets_beside
from assistant.question import Question
from ingest.words import stems

_HARDLY_WORSE = 0.72
"""Part of the best score from which a statement leads that holds more of the figures asked about, or says why."""
_BESIDE = 0.6
"""Part of the lead's score from which another statement is told beside it."""
_LESS = 0.35
"""How much less of the question's words it may hold: who holds the figure may call the thing otherwise."""
_MOST = 4
"""Statements at most."""


def lead_of_dispute(asked: Question, saying: Sequence[Evidence]) -> Evidence | None:
    """The statement that holds most of the figures asked about; of as many, what sets sources beside each other.

    None where figures are asked about and no statement holds any.

    Args:
        asked: A disputed question.
        saying: Candidates, best first, at least one.
    """
    best = saying[0]
    near = [one for one in saying if one.score > best.score * _HARDLY_WORSE and one.coverage >= best.coverage - _LESS]
    found = max(near, key=lambda one: (len(_held(asked, one)), *_explains(one), one.score))
    return found if _held(asked, found) or not asked.claims else None


def told_of_dispute(asked: Question, candidates: Sequence[Evidence], lead: Evidence) -> list[Evidence]:
    """The lead with what holds the other figures asked about, and with the section that sets the sources apart."""
    chosen = [lead]
    wanted = set(asked.claims) - _held(asked, lead)
    for one in candidates:
        if not wanted or one.score < _BESIDE * lead.score:
            break
        near = one.hit.source.id == lead.hit.source.id or one.coverage >= lead.coverage - _LESS
        if near and (more := _held(asked, one) & wanted):
            chosen.append(one)
            wanted -= more
    explained = any(EXPLAINS.search(one.statement.text) for one in chosen)
    if len(_held(asked, lead)) > 1 or explained and (asked.claims or len(_figures(lead)) > 1):
        return chosen[:_MOST]
    return [*chosen, *_section(asked, candidates, chosen)][:_MOST]


def _section(asked: Question, candidates: Sequence[Evidence], chosen: Sequence[Evidence]) -> list[Evidence]:
    """What else tells a figure under the heading of what the sources say, in its order.

    Of a table by source, the rows that the question names, or all of them behind a lead without a figure.
    """
    lead = chosen[0]
    same = [one for one in candidates if one.hit.source.id == lead.hit.source.id and one not in chosen]
    section = [one for one in same if sets_beside(one.hit, one.statement) and _figures(one)]
    if sets_beside(lead.hit, lead.statement):
        section = [one for one in section if one.hit.passage.id == lead.hit.passage.id]
    rows = [one for one in section if one.statement.kind == "row"]
    told = frozenset(stems(asked.text))
    named = [one for one in rows if told & frozenset(stems(one.statement.text.split(",")[0]))]
    sentences = [one for one in section if one.statement.kind == "sentence" and one.coverage >= lead.coverage - _LESS]
    return sorted(named or (rows if not _figures(lead) else []) or sentences, key=lambda one: one.statement.start)


def _figures(one: Evidence) -> frozenset[float]:
    """The figures of a statement, without years."""
    return frozenset(value for value in figures(one.statement.text).values() if not 1900 <= value <= 2099)


def _held(asked: Question, one: Evidence) -> frozenset[str]:
    return borne_out(asked.claims, one.statement.text)


def _explains(one: Evidence) -> tuple[bool, bool]:
    """Whether a statement says why sources differ, and whether it stands among what they say."""
    return bool(EXPLAINS.search(one.statement.text)), sets_beside(one.hit, one.statement)
