"""Which statements an answer is made of: the one that leads, and what helps beside it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.agreement import denied, figures, missing_figures
from assistant.answerable import goes_without, said_by
from assistant.breakdown import rows_asked_for
from assistant.claims import borne_out
from assistant.disputes import lead_of_dispute, told_of_dispute
from assistant.evidence import Evidence, credit, word_set
from assistant.forms import in_a_manner
from assistant.pairing import of_one_table
from assistant.question import Question
from ingest.words import stems, words

MOST_ITEMS = 8
"""Items of a list at most."""

_REASONED = 0.85
"""How much of the best score a statement needs that gives a reason, to lead where a reason is asked for."""
_DENIED = 0.75
"""The same for a statement that denies, where the question does."""
_NEAR = 0.9
"""The same for one of the best one's document that is of the kind, or in the manner, that is asked for."""
_OF_THE_WHOLE = 0.8
"""The same for a figure of the whole, where the best one is of a part."""
_NAMED = 0.5
"""Share of a heading's words that a question has to name to be about its section."""
_IN_ITS_SECTION = 0.1
"""How far below the best score a list may be under a heading that the question names in full, as a part of it."""
_OUTDATED = 0.3
"""How much older than the lead a figure may be to stand beside it."""

_FIGURE = re.compile(r"[$€£]?\d[\d,]*(?:\.\d+)?%?")
_ROUNDED = re.compile(r"(?P<figure>\d+(?:\.(?P<decimals>\d+))?)\s?(?:million|billion|thousand|m|bn)", re.IGNORECASE)


def lead_of(asked: Question, candidates: Sequence[Evidence]) -> Evidence:
    """The best candidate that says something.

    A sentence that only opens a list says nothing by itself. Where it is asked what goes without something, a statement
    leads that speaks of that, if it is hardly worse; so does a reason, or what sets sources beside each other, where
    that is asked for, and the list under a heading that is named.
    """
    saying = [one for one in candidates if not one.statement.text.endswith(":")] or list(candidates)
    if goes_without(asked):
        near = (one for one in saying if one.score > saying[0].score * _DENIED and _says_of(asked, one))
        denying = [one for one in near if denied(said_by(one))]
        without = [one for one in denying if "without" in words(said_by(one)) and "without" in words(asked.text)]
        saying = without or denying or saying
    best = saying[0]
    if asked.disputed and (found := lead_of_dispute(asked, saying)):
        return found
    if asked.every_source:
        return _row_by_source(best, saying)
    if asked.kind == "reason" and not best.in_kind:
        return next((one for one in saying if one.in_kind and one.score > best.score * _REASONED), best)
    best = _of_its_document(asked, best, saying)
    if asked.wants_figure and best.in_kind and best.apt < 0.5:
        return _whole_subject(best, saying)
    return best if asked.wants_figure else _in_its_section(asked, best, saying)


def _of_its_document(asked: Question, best: Evidence, saying: Sequence[Evidence]) -> Evidence:
    """The best of the best candidate's document that holds the figure, or speaks in the manner, that it lacks.

    Only where one is hardly worse, and for a figure as much about what is asked.
    """
    beside = (one for one in saying if one.hit.source.id == best.hit.source.id and one.score > best.score * _NEAR)
    if asked.wants_figure and not best.in_kind:
        return next((one for one in beside if one.in_kind and one.coverage > best.coverage - 0.05), best)
    if in_a_manner(asked.text) and not best.fits:
        return next((one for one in beside if one.fits), best)
    return best


_LACKED = re.compile(r"\bwithout\s+((?:[\w-]+\s*){1,4})", re.IGNORECASE)
"""What somebody goes without: "a degree" of "without a degree"."""


def _says_of(asked: Question, one: Evidence) -> bool:
    """Whether a statement speaks of what the question goes without; true where it says "not"."""
    lacked = _LACKED.search(asked.text)
    return not lacked or any(credit(term, word_set(said_by(one))) > 0 for term in stems(lacked.group(1)))


def _row_by_source(best: Evidence, saying: Sequence[Evidence]) -> Evidence:
    """The best row of a table that is told apart by source, where one is hardly worse: it holds what each says."""
    rows = (
        one
        for one in saying
        if one.statement.kind == "row"
        and one.in_kind
        and "sourc" in stems(" ".join((one.hit.source.title, *one.hit.passage.headings[-1:], *one.statement.way)))
    )
    return next((one for one in rows if one.score > best.score * 0.6), best)


def _in_its_section(asked: Question, best: Evidence, saying: Sequence[Evidence]) -> Evidence:
    """The best candidate, unless a list stands under a heading that the question names and covers as much of it.

    "What privacy problems come up?" is answered by the list under "Privacy", not by the overview that mentions it.
    """
    if asked.yes_or_no or best.statement.kind != "sentence" or _heading_named(asked, best) >= _NAMED:
        return best
    items = ((one, _heading_named(asked, one)) for one in saying if one.statement.kind == "item")
    under = ((one, named) for one, named in items if named >= _NAMED)
    near = (
        one
        for one, named in under
        if one.score > best.score * (1 - _IN_ITS_SECTION * named)
        and one.coverage >= best.coverage - 0.15 - 0.15 * named
    )
    return next(near, best)


def _heading_named(asked: Question, one: Evidence) -> float:
    """Share of the words of a statement's own heading, beyond the title's, that the question names."""
    own = [word for word in stems(" ".join(one.hit.passage.headings[-1:]))
           if word not in frozenset(stems(one.hit.source.title))]  # fmt: skip
    named = frozenset(asked.terms)
    return sum(credit(word, named) for word in own) / len(own) if own else 0.0


def _whole_subject(best: Evidence, saying: Sequence[Evidence]) -> Evidence:
    """The best figure, labelled by a part that nobody asked for, unless one of the whole is hardly worse.

    On a page about bell ringers, "Assistants: $41,010" is of a part.
    """
    whole = (
        one
        for one in saying
        if one.in_kind
        and one.apt >= 0.5
        and one.own >= best.own
        and one.coverage >= best.coverage
        and len(one.unmet) <= len(best.unmet)
    )
    return next((one for one in whole if one.score > best.score * _OF_THE_WHOLE), best)


def choose(asked: Question, candidates: Sequence[Evidence], lead: Evidence, most: int = 3) -> list[Evidence]:
    """The lead and what helps beside it, in the order in which it is said; `most` statements, or one whole list."""
    if asked.disputed and (not asked.claims or borne_out(asked.claims, lead.statement.text)):
        return told_of_dispute(asked, candidates, lead)
    if asked.every_source:
        return _by_every_source(asked, candidates, lead)
    if told_apart := rows_asked_for(asked, lead, candidates):
        whole = lead.statement.kind == "sentence" and lead.in_kind and not (lead.absent or lead.narrowed or lead.unmet)
        return [*([lead] if whole else []), *told_apart][:MOST_ITEMS]
    if lead.statement.kind == "item" and _whole_list(asked, lead):
        return _siblings(lead, candidates)
    if announced := _announced(asked, lead, candidates):
        return [lead, *announced]
    rows = _rows_that_say_so(asked, candidates) if asked.kind == "list" else []
    if rows:
        return [*([lead] if lead.statement.kind == "sentence" else []), *rows][:MOST_ITEMS]
    chosen = _with_key_fact(asked, _exact(asked, lead, candidates), candidates)[:most]
    least = lead.score * ((0.92 if asked.wants_figure else 0.88) if most <= 3 else 0.7)
    for one in candidates:
        if len(chosen) == most or one.score < least:
            break
        if (
            one in chosen
            or one is lead
            or one.apt < 0.5
            or one.coverage < lead.coverage - 0.2
            or one.statement.text.endswith(":")
        ):
            continue
        if not asked.wants_figure and _row_elsewhere(one, lead):
            continue
        if asked.wants_figure and (not one.in_kind or one.coverage < lead.coverage - 0.05 or _worse(one, lead)):
            continue
        if all(_adds(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def _exact(asked: Question, lead: Evidence, candidates: Sequence[Evidence]) -> Evidence:
    """The lead, or what gives the number in full that the lead rounds: "1.1 million jobs", "Jobs: 1,075,100"."""
    if asked.kind != "count":
        return lead
    told = figures(lead.statement.text)
    full = (one for one in candidates if one.in_kind and _beside_lead(one, lead) and rounds(told, one.statement.text))
    return next((one for one in full if one.apt == 1.0 and not _worse(one, lead)), lead)


def rounds(rough: Mapping[str, float], text: str) -> bool:
    """Whether a figure written in millions or billions is one of a text, rounded.

    >>> rounds({"1.1 million": 1.1e6}, "Jobs: 1,075,100"), rounds({"1.1 million": 1.1e6}, "Jobs: 1,200,000")
    (True, False)
    """
    full = figures(text).values()
    for written, value in rough.items():
        found = _ROUNDED.fullmatch(written)
        step = value / float(found["figure"]) / 10 ** len(found["decimals"] or "") if found and value else 0.0
        if step and any(other != value and round(other / step) == round(value / step) for other in full):
            return True
    return False


def _with_key_fact(asked: Question, lead: Evidence, candidates: Sequence[Evidence]) -> list[Evidence]:
    """The lead, and behind a sentence the row of its document that is labelled by what is asked, where it says more.

    "Dentists need a DDS or DMD" is said with "Typical entry-level education: doctoral or professional degree".
    """
    if not asked.wants_figure or lead.statement.kind != "sentence" or not lead.in_kind or lead.absent:
        return [lead]
    rows = (one for one in candidates if one.statement.kind == "row" and one.in_kind and one.apt == 1.0)
    near = (one for one in rows if _beside_lead(one, lead) and one.score > 0.8 * lead.score and not _worse(one, lead))
    return [lead, *(one for one in [next(near, lead)] if one is not lead and _adds(one, lead))]


def _beside_lead(one: Evidence, lead: Evidence) -> bool:
    """Whether a statement is of the lead's document and as much about what is asked."""
    return one.hit.source.id == lead.hit.source.id and one.own > lead.own - 0.05 and one.coverage > lead.coverage - 0.05


_OFFICIAL = re.compile(
    r"\b(?:Bureau of|Statistics|Statistical|Census|Eurostat|Ministry|Department of|Federal Reserve|Statistisches)\b"
)
"""What the name of a public office of figures holds."""


def official_first(asked: Question, chosen: Sequence[Evidence]) -> list[Evidence]:
    """The statements with the first official figure in front, where it is for as much of the question as the lead's.

    An office counts payrolls; who led before may only have collected what people said of themselves.
    """
    if not asked.wants_figure or asked.every_source or not chosen or _is_official(chosen[0]):
        return list(chosen)
    lead = chosen[0]
    official = (
        one
        for one in chosen
        if _is_official(one)
        and one.in_kind
        and one.coverage >= lead.coverage
        and len(one.unmet) <= len(lead.unmet)
        and (one.narrowed, one.age) <= (lead.narrowed, lead.age)
        and one.statement.kind == "sentence"
    )
    first = next(official, lead)
    return [first, *(one for one in chosen if one is not first)]


def _is_official(one: Evidence) -> bool:
    publisher = one.statement.reference.publisher or one.hit.source.origin.publisher
    return bool(_OFFICIAL.search(publisher)) and " reported by " not in publisher


def _row_elsewhere(one: Evidence, lead: Evidence) -> bool:
    """Whether it is a row of another table that says less of what is asked than the lead: a figure nobody asked for."""
    return one.statement.kind == "row" and one.own < lead.own and one.hit.source.id != lead.hit.source.id


def _announced(asked: Question, lead: Evidence, candidates: Sequence[Evidence]) -> list[Evidence]:
    """The items of the list behind a sentence that only says how many they are ("comes from four parts")."""
    if asked.wants_figure or in_a_manner(asked.text) or lead.statement.kind != "sentence" or ":" in lead.statement.text:
        return []
    behind = [
        one
        for one in candidates
        if one.hit.passage.id == lead.hit.passage.id
        and one.statement.kind == "item"
        and one.statement.start > lead.statement.start
    ]
    counted = not missing_figures(str(len(behind)), lead.statement.text)
    return sorted(behind, key=lambda one: one.statement.start)[:MOST_ITEMS] if len(behind) > 1 and counted else []


def _by_every_source(asked: Question, candidates: Sequence[Evidence], lead: Evidence) -> list[Evidence]:
    """The lead with the other rows of its table, else with what says another figure for as much of the question."""
    chosen = _siblings(lead, candidates) if lead.statement.kind == "row" else [lead]
    for one in candidates if len(chosen) == 1 else ():
        if len(chosen) >= MOST_ITEMS or one.score < 0.7 * lead.score:
            break
        if one in chosen or one.apt < 0.5 or one.coverage < lead.coverage - 0.2 or one.statement.text.endswith(":"):
            continue
        if (one.in_kind or not asked.wants_figure) and all(_adds(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def _rows_that_say_so(asked: Question, candidates: Sequence[Evidence]) -> list[Evidence]:
    """The rows of one table, two or more and not all of them, whose cells hold all that is asked ("retired")."""
    rows = [one for one in candidates if one.statement.kind == "row"]
    saying = [one for one in rows if not one.missing and one.own > 0.3]
    for first in saying:
        same = [one for one in saying if of_one_table(one, first)]
        if 1 < len(same) < sum(of_one_table(one, first) for one in rows):
            return sorted(same, key=lambda one: one.statement.start)
    return []


def _worse(one: Evidence, lead: Evidence) -> bool:
    """Whether a figure is narrowed down more than the lead's, or long outdated beside it."""
    return one.narrowed > lead.narrowed or len(one.unmet) > len(lead.unmet) or one.age > lead.age + _OUTDATED


def _whole_list(asked: Question, lead: Evidence) -> bool:
    """Whether the question names the list rather than one of its items."""
    own = frozenset(stems(lead.statement.text))
    heading = lead.hit.passage.headings[-1:] or (lead.hit.source.title,)
    above = frozenset(stems(" ".join((*heading, *lead.statement.way))))
    if not any(credit(term, above) for term in asked.terms):
        return False
    named = sum(credit(term, own) for term in asked.terms) / len(asked.terms)
    return asked.kind in ("list", "other", "advice", "definition") and named < 0.5


def _siblings(lead: Evidence, candidates: Sequence[Evidence]) -> list[Evidence]:
    """The items of the lead's list, or the rows of its table, in their own order."""
    same = [
        one
        for one in candidates
        if one.hit.passage.id == lead.hit.passage.id
        and one.statement.kind == lead.statement.kind
        and one.statement.way == lead.statement.way
    ]
    return sorted(same, key=lambda one: one.statement.start)[:MOST_ITEMS]


def _adds(one: Evidence, other: Evidence) -> bool:
    """Whether a statement says something that another does not: other figures, where it has any, and other words."""
    mine, theirs = (_plain(which.statement.text) for which in (one, other))
    numbers, told = (frozenset(_FIGURE.findall(text)) for text in (mine, theirs))
    if numbers and numbers <= told:
        return False
    if not numbers and one.statement.kind == "row" and mine.partition(": ")[2] in theirs:
        return False
    left, right = frozenset(stems(mine)), frozenset(stems(theirs))
    return len(left & right) / (min(len(left), len(right)) or 1) < 0.6


def _plain(text: str) -> str:
    """A text as it is compared with another: small letters, straight apostrophes."""
    return text.lower().replace("’", "'")
