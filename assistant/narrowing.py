"""What sets a figure apart from the one that is asked for: another level, another place, another thing. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.qualifiers import LEVELS, UNITS, YEAR, Qualifier, places, qualifiers
from assistant.question import Question
from ingest.types import Hit, Statement
from ingest.words import stems, words

_NAMING = 4
"""Words of a title at most that names a thing."""
_COMMON = 0.25
"""Share of the passages found from which a place that they name narrows nothing down."""

_OF_A_SAMPLE = re.compile(r"\b(?:advertised|(?:in|from) a (?:small )?sample|members['’] reports)\b", re.IGNORECASE)
"""What tells that a figure is of a few who were looked at, or of what is offered rather than paid."""


@dataclass(frozen=True)
class Beside:
    """What the passages found have in common, and what else they are about than what is asked."""

    common: frozenset[str]
    """Places that so many of them name that they set none apart."""
    other_titles: tuple[tuple[str, frozenset[str]], ...]
    """The titles of two words or more that the question does not name, with their stems."""


def _other_titles(question: str, hits: Sequence[Hit]) -> tuple[tuple[str, frozenset[str]], ...]:
    named = frozenset(stems(question))
    titles = {title: stems(title) for title in dict.fromkeys(hit.source.title for hit in hits)}
    return tuple(
        (title, frozenset(of))
        for title, of in titles.items()
        if 1 < len(of) == len(words(title)) <= _NAMING
        and not frozenset(of) <= named
        and not named & frozenset(initials(words(title)))
    )


def beside_of(question: str, hits: Sequence[Hit]) -> Beside:
    """What the passages found have in common, and what else they are about than the question."""
    return Beside(_common_places(hits), _other_titles(question, hits))


def _common_places(hits: Sequence[Hit]) -> frozenset[str]:
    """Places that so many of the passages name that they set none apart."""
    named = Counter(place for hit in hits for place in set(places(hit.passage.text)))
    return frozenset(place for place, count in named.items() if count > _COMMON * len(hits))


@lru_cache(maxsize=20_000)
def narrowings(text: str) -> tuple[Qualifier, ...]:
    """What a statement is narrowed to; remembered, as statements are asked about again and again."""
    return qualifiers(text)


def narrowed(question: Question, of_its_own: str, said: str, held: frozenset[str], beside: Beside) -> int:
    """In how many ways a statement is narrowed down that the question does not name.

    By levels, shares of the earners, units, places, and to another thing that has a title of its own.
    """
    asked = frozenset(one.value for one in question.qualifiers)
    shares = frozenset(one for one in held if one.startswith(("highest", "lowest")))
    # The education for a level of entry is what is asked for by the education alone.
    levels = held & LEVELS if question.kind != "education" else frozenset()
    ways = sum(bool(kind) and not kind & asked for kind in (levels, shares))
    named = frozenset(stems(question.text))
    ways += "year" not in held and bool(held & UNITS) and not held & UNITS & asked
    ways += any(not frozenset(stems(place)) & named for place in places(said) if place not in beside.common)
    ways += len(_OF_A_SAMPLE.findall(said)) if not _OF_A_SAMPLE.search(question.text) else 0
    own = frozenset(stems(said))
    return ways + any(of <= own for title, of in beside.other_titles if title != of_its_own)


def year_of(statement: Statement, as_of: str) -> int:
    """The last year that a statement names up to the date of its source; that of the source where it names none."""
    dated = int(as_of[:4]) if YEAR.match(as_of) else 0
    named = [int(year) for year in YEAR.findall(statement.text) if not dated or int(year) <= dated]
    return max(named, default=dated)


def initials(listed: Sequence[str]) -> Iterable[str]:
    """Initials of every run of two to four words that begin with a letter.

    >>> sorted(initials(["machine", "learning", "engineer"]))
    ['le', 'ml', 'mle']
    """
    letters = [word[0] if word[0].isalpha() else " " for word in listed]
    for length in (2, 3, 4):
        for start in range(len(letters) - length + 1):
            run = "".join(letters[start : start + length])
            if " " not in run:
                yield run
