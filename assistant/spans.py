"""Runs of words of a question that may name something. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.words import STOPWORDS

PREPOSITION = re.compile(r"^(?:in|at|for|with|without|as|from|of|to|on|by|per|near|around|outside)\b\s*", re.IGNORECASE)
"""What stands in front of a place, a time or a manner."""
_RUNS = 21
"""Runs of words in a name of six words: more names than that are not one."""


@dataclass(frozen=True)
class Span:
    """A run of words of a question."""

    text: str
    start: int
    end: int
    preposition: str = ""
    """The preposition in front of it, or of its "a" or "an", lower-case."""


def spans(question: str) -> list[Span]:
    """Every run of up to six content words that no stop word interrupts, longest first.

    >>> [span.text for span in spans("pay in San Francisco")]
    ['San Francisco', 'pay', 'San', 'Francisco']
    """
    tokens = list(re.finditer(r"[\w$%+#'’.]*[\w$%+#]", question))
    found = []
    for first in range(len(tokens)):
        for last in range(first, min(first + 6, len(tokens))):
            run = tokens[first : last + 1]
            if any(token.group().lower() in STOPWORDS for token in run) or _broken(question, run):
                break
            ahead = tokens[first - 1].group().lower() if first else ""
            if ahead in ("a", "an") and first > 1:
                ahead = tokens[first - 2].group().lower()
            preposition = ahead if PREPOSITION.match(ahead) else ""
            found.append(Span(question[run[0].start() : run[-1].end()], run[0].start(), run[-1].end(), preposition))
    return sorted(found, key=lambda span: -len(span.text.split()))


def _broken(question: str, run: Sequence[re.Match[str]]) -> bool:
    """Whether punctuation other than a hyphen stands between two words of a run."""
    between = (question[one.end() : other.start()] for one, other in zip(run, run[1:], strict=False))
    return any(gap not in (" ", "-", "/") for gap in between)


def only_name(usable: Sequence[Span]) -> Span | None:
    """The only name among the runs of a question, behind its first word; other words that go on with it make it none.

    >>> found = only_name(spans("What do ML engineers make in Berlin"))
    >>> found.text if found else ""
    'Berlin'
    """
    names = [one for one in usable if one.start and is_name(one.text)]
    if len(names) > _RUNS:
        return None
    whole = [one for one in names if not any(_within(one, other) for other in usable)]
    return whole[0] if len(whole) == 1 else None


def _within(one: Span, other: Span) -> bool:
    """Whether a run is a part of another."""
    return one is not other and other.start <= one.start and one.end <= other.end


def article(name: str) -> str:
    """The article in front of a name, by its first letter.

    >>> article("AI engineer"), article("welder")
    ('an', 'a')
    """
    return "an" if name[:1].lower() in "aeiou" else "a"


def is_name(text: str) -> bool:
    """Whether every word has a capital: the only such in a question is what "What about Berlin?" replaces."""
    return all(word[:1].isupper() for word in text.split())
