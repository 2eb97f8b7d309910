"""How a statement is said in an answer: the way to it, its own words untouched, its date and publisher.

Pure. "Entry level: $105,418" under "Machine learning engineer" is said as
"Machine learning engineer: Entry level: $105,418 (Aipathly, 2024)".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.question import Question
from ingest.types import Hit, Statement
from ingest.words import stems

_FIGURE = re.compile(r"[$€£]\s?\d|\d\s?%|\d[\d,]*\d|\d per ?cent")


@dataclass(frozen=True)
class Said:
    """A statement as it appears in an answer."""

    text: str


def in_words(hit: Hit, statement: Statement) -> Said:
    """The statement with as much of the way to it as its own words leave open, and its date and publisher."""
    way = subject(hit, statement)
    text = f"{way}: {statement.text}" if way else statement.text
    return Said(_with_origin(text, hit, statement))


def subject(hit: Hit, statement: Statement) -> str:
    """What the statement is about, as far as its own words leave it open: the title, then the nearest step to it.

    A sentence that names its subject needs nothing; a table row or list item nearly always does.
    """
    own = frozenset(stems(statement.text))
    title = hit.source.title
    if statement.kind == "sentence":
        return "" if frozenset(stems(title)) & own else title
    steps = [_label(step) for step in (*hit.passage.headings, *statement.way)]
    near = next((step for step in reversed(steps) if not _says_nothing(step, title, own)), "")
    if near and len(near.split()) > 6:
        return near
    kept = [title] if not _held(title, own | frozenset(stems(near))) else []
    return " – ".join((*kept, near)) if near else "".join(kept)


_GENERAL = frozenset(stems("summary overview introduction general about quick facts figures details table"))


def _says_nothing(step: str, title: str, own: frozenset[str]) -> bool:
    """Whether a step adds no word to the title and the statement itself."""
    return frozenset(stems(step)) <= own | frozenset(stems(title)) | _GENERAL


def _held(step: str, words: frozenset[str]) -> bool:
    return frozenset(stems(step)) <= words


def list_heading(hit: Hit, statement: Statement) -> str:
    """The line above a list: what it lists, ending in a colon."""
    steps = [hit.source.title, *hit.passage.headings[-1:], *statement.way[-1:]]
    kept: list[str] = []
    for step in reversed([_label(step) for step in steps if step]):
        words = frozenset(stems(step))
        if words and not any(words <= frozenset(stems(other)) for other in kept):
            kept.insert(0, step)
    return " – ".join(kept) + ":"


def note(asked: Question) -> str:
    """What is said first when the library speaks of the thing but holds no figure of the kind asked for."""
    wanted = {
        "money": "amount of money",
        "percent": "percentage",
        "count": "number",
        "time": "date or length of time",
        "education": "degree",
    }.get(asked.kind, "direct answer")
    return f"The library gives no {wanted} for this. It does say:"


def _label(step: str) -> str:
    return step.strip().rstrip(":.").strip()


def _with_origin(text: str, hit: Hit, statement: Statement) -> str:
    """The text with publisher and date behind it when it states a figure and does not name them itself."""
    if not _FIGURE.search(statement.text):
        return text
    reference = statement.reference
    publisher = reference.publisher or hit.source.origin.publisher
    as_of = reference.as_of or hit.source.origin.as_of
    dated = re.search(r"\b(?:19|20)\d\d\b", text)
    told = [part for part in (publisher, "" if dated else as_of) if part and part not in text]
    return f"{text} ({', '.join(told)})" if told else text
