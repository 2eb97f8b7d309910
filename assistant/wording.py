"""How a statement is said in an answer: the way to it, its own words untouched, its date and publisher.

Pure. "Entry level - Base pay: $105,418" under "Pay, United States, 2024" is said as
"Machine learning engineer – Entry level: $105,418 (Base pay; United States; 2024; Aipathly)".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.qualifiers import Qualifier, qualifiers
from assistant.question import Question
from ingest.types import Hit, Statement
from ingest.words import stems

_FIGURE = re.compile(r"[$€£]\s?\d|\d\s?%|\d[\d,]*\d|\d per ?cent")


@dataclass(frozen=True)
class Said:
    """A statement as it appears in an answer."""

    text: str


def in_words(hit: Hit, statement: Statement) -> Said:
    """The statement with as much of the way to it as its own words leave open, and its date and publisher.

    A sentence keeps its words. A table row or list item is led by what it is about; what else narrows it down (the
    column, the place, the year, who says so) stands in brackets behind it.
    """
    if statement.kind == "sentence":
        return Said(_with_origin(_sentence(hit, statement), hit, statement))
    lead, label, header, value = _cell(hit, statement)
    said = " – ".join((*lead, f"{label}: {value}" if label else value))
    context = _context(hit, statement, header, said)
    notes = "; ".join((*context, *_origin(f"{said} {' '.join(context)}", hit, statement)))
    return Said(f"{said.rstrip('.')} ({notes})" if notes else said)


def _sentence(hit: Hit, statement: Statement) -> str:
    """A sentence that names its subject as it is, else with the title in front."""
    if frozenset(stems(hit.source.title)) & frozenset(stems(statement.text)):
        return statement.text
    return f"{hit.source.title}: {statement.text}"


_ROW = re.compile(r"(?P<label>[^:;]+) - (?P<header>[^:;]+): (?P<value>.+)", re.DOTALL)
_ITEM = re.compile(r"(?P<label>[^:;.]{1,60}): (?P<value>.+)", re.DOTALL)
_GENERAL = frozenset(stems("summary overview introduction general about quick facts figures details table"))
_SHORT = 5
"""Words of a title that may lead a row or item; more where the row's label does not say what it is about."""


def _cell(hit: Hit, statement: Statement) -> tuple[list[str], str, str, str]:
    """What leads a row or item, its label, the name of its column, and the rest of its words."""
    match = _ROW.fullmatch(statement.text) or _ITEM.fullmatch(statement.text)
    parts = match.groupdict() if match else {"value": statement.text}
    own = frozenset(stems(statement.text))
    title = hit.source.title
    label, header = parts.get("label", ""), parts.get("header", "")
    named = len(title.split()) <= _SHORT or _only_narrows(label)
    lead = [title] if named and not frozenset(stems(title)) <= own else []
    if statement.kind == "item":
        lead += [_label(step) for step in statement.way if not frozenset(stems(step)) <= own | frozenset(stems(title))]
    if header and ";" in parts["value"]:
        # Beside other columns the first one keeps its name in front of its cell.
        return lead, f"{label} – {header}", "", parts["value"]
    return lead, label, header, parts["value"]


def _only_narrows(label: str) -> bool:
    """Whether a label only says which of a thing's figures it is, so that the thing has to be named with it.

    >>> _only_narrows("Entry level"), _only_narrows("Actuaries")
    (True, False)
    """
    narrowing = frozenset(stem for one in qualifiers(label) for stem in one.stems)
    return bool(label) and frozenset(stems(label)) <= narrowing


def _context(hit: Hit, statement: Statement, header: str, said: str) -> list[str]:
    """What narrows a row or item down and is not said yet: its column, and parts of the heading and caption over it.

    A part is what stands between commas: of "Pay of a data scientist, United States, 2024" only the place may be new.
    """
    above = (*hit.passage.headings[-1:], *(statement.way if statement.kind == "row" else ()))
    told = frozenset(stems(said)) | _GENERAL
    found = []
    for part in (header, *(part for step in above for part in re.split(r"[,:]\s", _label(step)))):
        if not frozenset(stems(part)) <= told:
            found.append(part)
            told |= frozenset(stems(part))
    return found


def list_heading(hit: Hit, statement: Statement) -> str:
    """The line above a list: what it lists, ending in a colon."""
    steps = [hit.source.title, *hit.passage.headings[-1:], *statement.way[-1:]]
    kept: list[str] = []
    for step in reversed([_label(step) for step in steps if step]):
        words = frozenset(stems(step))
        if words and not any(words <= frozenset(stems(other)) for other in kept):
            kept.insert(0, step)
    return " – ".join(kept) + ":"


def note(asked: Question, unmet: Sequence[Qualifier] = ()) -> str:
    """What is said first when the library speaks of the thing but holds no figure of the kind asked for."""
    wanted = {
        "money": "amount of money",
        "percent": "percentage",
        "count": "number",
        "time": "date or length of time",
        "education": "degree",
    }.get(asked.kind, "direct answer")
    narrowed = " and ".join(f'"{one.said}"' for one in unmet) or "this"
    return f"The library gives no {wanted} for {narrowed}. It does say:"


def _label(step: str) -> str:
    return step.strip().rstrip(":.").strip()


def _with_origin(text: str, hit: Hit, statement: Statement) -> str:
    """The text with publisher and date behind it when it states a figure and does not name them itself."""
    told = _origin(text, hit, statement)
    return f"{text} ({', '.join(told)})" if told else text


def _origin(text: str, hit: Hit, statement: Statement) -> list[str]:
    """Publisher and date of a statement with a figure, as far as a text does not name them."""
    if not _FIGURE.search(statement.text):
        return []
    reference = statement.reference
    publisher = reference.publisher or hit.source.origin.publisher
    as_of = reference.as_of or hit.source.origin.as_of
    dated = re.search(r"\b(?:19|20)\d\d\b", text)
    return [part for part in (publisher, "" if dated else as_of) if part and part not in text]
