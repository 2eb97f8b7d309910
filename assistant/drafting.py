"""From chosen statements to the text of an answer: lines with marks, lists, tables, what is said in front. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.agreement import direction, figures
from assistant.citations import NOT_CONFIRMED, Judge, citation, inert
from assistant.claims import borne_out
from assistant.evidence import Evidence, statement_text
from assistant.forms import MONEY, told_once
from assistant.pairing import count_the_same
from assistant.question import Question
from assistant.support import Support
from assistant.types import NOT_HELD, Citation, Draft, Outcome, Wish
from assistant.wording import in_words, list_heading, note
from ingest.types import Hit
from ingest.words import stems, words

LONGEST = 120
"""Words of an answer at most, unless more is asked for."""

_BRIEFLY = 3
"""Parts of a question above which each is answered by one statement, so that none is left out for want of room."""
_LESS = re.compile(r"less|under|below|at most|only|up to", re.IGNORECASE)
_NOT_BORNE_OUT = "The library does not bear that out. It says:"
_TAKEN_FOR_GRANTED = re.compile(r"^(?:why|how come|since|because|given|as|now that)\b", re.IGNORECASE)
_MORE_OR_LESS = re.compile(
    r"\b(?:more|less|better|higher|lower|fewer|faster|slower|cheaper|most|least|highest|lowest)\b", re.IGNORECASE
)
_LESS_ASKED = re.compile(r"\b(?:less|lower|fewer|slower|cheaper|least|lowest)\b", re.IGNORECASE)
_SHARE = re.compile(r"\d[\d.]*\s?%")
_SUM = re.compile(r"[$€£]\s?\d[\d,.]*\s?(?:k\b|m\b|million)?", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """What the library holds on one part of a question."""

    asked: Question
    about: str
    """What sets this part apart from the others."""
    chosen: tuple[Evidence, ...]
    """The statements that answer it, in order; none where the library does not answer."""
    without: str = ""
    """The employer or the place that is asked about, where nothing is held of it and this holds for any."""


class Writing:
    """The answer as it grows: numbers each statement once and keeps count of the words."""

    def __init__(self, judge: Judge, longest: int = LONGEST) -> None:
        """Take what judges whether a statement bears out the words around it, and the words at most."""
        self._judge = judge
        self._longest = longest
        self._length = 0
        self._numbers: dict[tuple[str, int], int] = {}
        self._lines: set[tuple[str, int]] = set()
        self.citations: list[Citation] = []
        self.unverified: list[str] = []

    def line(self, one: Evidence, text: str) -> str:
        """A statement in words with its mark; empty when the answer would become too long."""
        text = inert(text)
        length = len(text.split())
        if self.citations and self._length + length > self._longest:
            return ""
        self._length += length
        self._lines.add(_key(one))
        return f"{text} [{self.number(one, text)}]" + self._doubt(one, text)

    def number(self, one: Evidence, text: str = "") -> int:
        """The number of a statement, given at its first use."""
        key = _key(one)
        if key not in self._numbers:
            self._numbers[key] = len(self.citations) + 1
            score = self._support(one, text or one.statement.text).score
            self.citations.append(citation(self._numbers[key], one.hit, one.statement, score))
        return self._numbers[key]

    def told(self, one: Evidence) -> bool:
        """Whether a statement has been said already."""
        return _key(one) in self._lines

    def _support(self, one: Evidence, text: str) -> Support:
        """The verdict on a line: a rearrangement of the statement, its way and its origin says nothing new."""
        whole = _whole(one)
        if frozenset(words(text)) <= frozenset(words(whole)):
            return Support(True, 1.0, ())
        return self._judge(text, whole)

    def _doubt(self, one: Evidence, text: str) -> str:
        if self._support(one, text).supported:
            return ""
        self.unverified.append(text)
        return f" {NOT_CONFIRMED}"


def _key(one: Evidence) -> tuple[str, int]:
    """What tells a statement from all others."""
    return one.hit.passage.id, one.statement.start


def _whole(one: Evidence) -> str:
    reference, origin = one.statement.reference, one.hit.source.origin
    return f"{statement_text(one.hit, one.statement)} {reference.publisher or origin.publisher} " + (
        reference.as_of or origin.as_of
    )


def draft(found: Sequence[Found], hits: Sequence[Hit], judge: Judge, wish: Wish = "", question: str = "") -> Draft:
    """The answer to all parts of a question.

    Args:
        found: What was found for each part; at least one with statements.
        hits: The passages found, for what could be asked next.
        judge: Whether a text is supported by another.
        wish: The form that is asked for.
        question: The whole question, for what a comparison asks.
    """
    writing = Writing(judge, 2 * LONGEST if wish in ("more", "table") else LONGEST)
    held = [one for one in found if one.chosen and not (len(found) > 1 and _elsewhere(one))] or [
        one for one in found if one.chosen
    ]
    lacking = [one for one in found if one not in held]
    if len(held) > _BRIEFLY:
        held = [replace(one, chosen=one.chosen[:1]) for one in held]
    if wish == "table":
        text = _table(held, writing)
    elif wish == "sources":
        text = _sources(held, writing)
    else:
        front = (_verdict(held, lacking), "" if lacking else _compared(question, held, writing))
        text = "\n".join(filter(None, (*front, *(_said(one, writing) for one in held))))
    outcome: Outcome = "partial" if lacking or any(_beside(one) for one in held) else "answered"
    if lacking:
        text += "\n" + _lacks([one.about for one in lacking])
    return Draft(
        text, outcome, tuple(writing.citations), tuple(writing.unverified), follow_ups=_follow_ups(held[0], hits)
    )


def _verdict(held: Sequence[Found], lacking: Sequence[Found]) -> str:
    """What is said in front of everything: that the person is not judged, or that a claimed figure is not borne out."""
    if any(one.asked.own_case for one in (*held, *lacking)):
        return "I cannot judge your own case. What the library says:"
    return ""


def _elsewhere(one: Found) -> bool:
    """Whether a part is answered by the figure of another place."""
    return any(each.place for each in one.chosen[0].unmet) and one.asked.wants_figure


def _beside(one: Found) -> bool:
    """Whether a part is answered by something else than the figure that it wants."""
    lead = one.chosen[0]
    if one.without:
        return True
    if one.asked.disputed:
        return False
    if _no_reason(one.asked) and not not_borne_out(one):
        return True
    return one.asked.wants_figure and (not lead.in_kind or lead.absent or bool(lead.unmet))


def _said(one: Found, writing: Writing) -> str:
    """One part's statements: a list where it is one, lines where rows or items stand beside others, else sentences."""
    beside = _beside(one) and not one.chosen[0].absent and not _no_reason(one.asked)
    front = not_borne_out(one) or _no_reason(one.asked)
    if one.without:
        front = f"The library does not say that of {one.without}. In general it says:"
    elif beside:
        front = note(one.asked, one.chosen[0].unmet)
    fresh = [each for each in one.chosen if not writing.told(each)]
    if len(fresh) > 1 and all(each.statement.kind == "item" for each in fresh) and _one_list(fresh):
        lines = [line for each in fresh if (line := writing.line(each, each.statement.text))]
        heading = list_heading(fresh[0].hit, fresh[0].statement)
        return "\n".join(filter(None, (front, heading, *(f"- {line}" for line in lines))))
    said = [in_words(each.hit, each.statement).text for each in fresh]
    lines = [line for each, text in zip(fresh, said, strict=True) if (line := writing.line(each, text))]
    if not lines:
        return ""
    if len(lines) > 1 and any(each.statement.kind != "sentence" for each in fresh):
        return "\n".join(filter(None, (front, *(f"- {line}" for line in lines))))
    return " ".join(filter(None, (front, *lines)))


def _one_list(chosen: Sequence[Evidence]) -> bool:
    return len({(each.hit.passage.id, each.statement.way) for each in chosen}) == 1


_JUDGED = re.compile(
    r"\b(?:good|bad|fair|decent|reasonable|normal|realistic|competitive|generous|okay|ok|great|enough"
    r"|too (?:low|little|high|much))\b",
    re.IGNORECASE,
)
"""Words of who wants a figure judged rather than confirmed."""


def not_borne_out(one: Found) -> str:
    """What is said where a question takes something for granted that the statement found does not hold; else nothing.

    A figure that the person tells of themselves is none of the library's, and one that is to be judged ("Is $90,000 a
    good offer?") claims nothing.
    """
    claim = "" if _JUDGED.search(one.asked.text) else one.asked.claim
    if one.chosen and _turned_round(one.asked, one.chosen[0]):
        return _NOT_BORNE_OUT
    if not claim or one.asked.personal or not one.chosen or not one.chosen[0].in_kind:
        return ""
    if one.asked.disputed:
        held = any(borne_out(one.asked.claims, each.statement.text) for each in one.chosen)
        said = direction(one.asked.text)
        return "" if held and (not said or direction(one.chosen[0].statement.text) != -said) else _NOT_BORNE_OUT
    claimed = list(figures(claim).values())
    told = sums(one.chosen[0].statement.text) if MONEY.search(one.chosen[0].statement.text) else []
    told = told or list(figures(one.chosen[0].statement.text).values())
    if not claimed or not told:
        return ""
    above = bool(re.search(r"more|over|above|at least|upward|exceed", claim, re.IGNORECASE))
    agrees = max(told) > claimed[0] if above else min(told) < claimed[0] if _LESS.search(claim) else claimed[0] in told
    return "" if agrees else _NOT_BORNE_OUT


def _no_reason(asked: Question) -> str:
    """What is said where a reason is asked for and only the fact is held."""
    lacks = asked.text.lower().startswith("why") and asked.kind != "reason" and not asked.claim and not asked.disputed
    return "The library gives no reason for that. It does say:" if lacks else ""


def _turned_round(asked: Question, lead: Evidence) -> bool:
    """Whether a question takes for granted that something rises of which the statement says that it falls, or back."""
    if asked.kind != "percent" or not _TAKEN_FOR_GRANTED.match(asked.text):
        return False
    said = direction(asked.text)
    return bool(said) and direction(lead.statement.text) == -said


def sums(text: str) -> list[float]:
    """Every sum of money in a text.

    >>> sums("$96,013 in 2024, up from $90k")
    [96013.0, 90000.0]
    """
    return [value for written in _SUM.findall(text) for value in figures(written.strip(" .,")).values()]


def _compared(question: str, held: Sequence[Found], writing: Writing) -> str:
    """What a comparison of two sums comes to, where both count the same thing; else nothing."""
    if len(held) != 2 or not _MORE_OR_LESS.search(question):
        return ""
    one, other = (each.chosen[0] for each in held)
    mine, theirs = _single(one.statement.text), _single(other.statement.text)
    if mine is None or theirs is None or not count_the_same(one, other):
        return ""
    (first, said), (second, told) = mine, theirs
    if first == second or said[-1:].isdigit() is not told[-1:].isdigit():
        return ""
    word = "less" if _LESS_ASKED.search(question) else "more"
    leads = (first < second) is (word == "less")
    marks = f"[{writing.number(one)}][{writing.number(other)}]"
    ahead, behind = (said, told) if leads else (told, said)
    return f"{word.capitalize()}, by these figures: {held[0 if leads else 1].about}, {ahead} against {behind}. {marks}"


def _single(text: str) -> tuple[float, str] | None:
    """The only sum of money of a text, or its only share, with its value; None where there are more or none.

    >>> _single("It costs $99 (2026)."), _single("It grows 34% to 2034."), _single("$1 to $2")
    ((99.0, '$99'), (34.0, '34%'), None)
    """
    text = told_once(text)
    for pattern in (_SUM, _SHARE):
        if found := [one.group().strip(" .,") for one in pattern.finditer(text)]:
            return (next(iter(figures(found[0]).values())), found[0]) if len(found) == 1 else None
    return None


def _lacks(about: Sequence[str]) -> str:
    listed = " or ".join(f'"{one}"' for one in about)
    return f"The library does not hold an answer for {listed}."


def _sources(held: Sequence[Found], writing: Writing) -> str:
    """Where the answer comes from, one line a source."""
    lines = []
    for each in (each for one in held for each in one.chosen):
        reference, origin = each.statement.reference, each.hit.source.origin
        dated = ", ".join(filter(None, (reference.publisher or origin.publisher, reference.as_of or origin.as_of)))
        place = each.hit.passage.place
        told = f"{each.hit.source.title}{f', {place}' if place else ''}{f' ({dated})' if dated else ''}"
        lines.append(f"- {told} [{writing.number(each)}]")
    return "That comes from:\n" + "\n".join(lines)


def _table(held: Sequence[Found], writing: Writing) -> str:
    """The statements as a Markdown table: what it is about, what is said, who says so and when."""
    rows = ["| About | Statement | Source |", "|---|---|---|"]
    for each in (each for one in held for each in one.chosen):
        reference, origin = each.statement.reference, each.hit.source.origin
        dated = ", ".join(filter(None, (reference.publisher or origin.publisher, reference.as_of or origin.as_of)))
        cells = (each.hit.source.title, f"{inert(each.statement.text)} [{writing.number(each)}]", dated)
        rows.append("| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(rows)


def not_found(hits: Sequence[Hit]) -> Draft:
    """The honest refusal, naming the nearest topics."""
    titles = list(dict.fromkeys(hit.source.title for hit in hits))[:3]
    text = NOT_HELD
    if titles:
        text += f" The nearest it has is: {'; '.join(titles)}."
    return Draft(text, "not_found", follow_ups=tuple(titles))


def _follow_ups(one: Found, hits: Sequence[Hit]) -> tuple[str, ...]:
    """What else was found: up to three sections beside the cited ones, named so that they stand alone."""
    cited = {each.hit.passage.place for each in one.chosen}
    title = one.chosen[0].hit.source.title
    found = dict.fromkeys(
        hit.passage.headings[-1] if frozenset(stems(hit.source.title)) & frozenset(stems(hit.passage.headings[-1]))
        else f"{hit.source.title}: {hit.passage.headings[-1]}"
        for hit in hits
        if hit.passage.headings and hit.passage.place not in cited and hit.source.title == title
    )  # fmt: skip
    return tuple(found)[:3]
