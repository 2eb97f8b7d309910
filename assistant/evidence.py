"""How well a statement answers a question: named pieces of evidence, each between 0 and 1.

Pure: it works on words and numbers that others looked up. The library's own word counts say which words of a
question matter; words that every passage holds weigh little, words that no passage holds weigh most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant.question import Question
from ingest.types import Hit, Statement
from ingest.words import stem, stems, words

Frequency = Callable[[str], int]
"""How many passages of the library hold a stem."""

PREFIX_CREDIT = 0.8
"""What a word counts that shares only its beginning with one of the statement ("programming", "programmer")."""
_BEGINNING = 5
"""Letters that two words must begin with alike for that."""


WEIGHTS = {
    "coverage": 0.20,
    "own": 0.11,
    "brevity": 0.11,
    "focus": 0.06,
    "in_kind": 0.16,
    "cued": 0.03,
    "apt": 0.05,
    "similarity": 0.19,
    "retrieval": 0.09,
}
"""What each piece of evidence counts; they add up to 1. Set by hand between a first guess and a listwise logistic fit
on question sets of the library and on occupational pages, to which the fit was nearly flat."""


@dataclass(frozen=True)
class Evidence:
    """A statement as a candidate answer."""

    hit: Hit
    statement: Statement
    coverage: float
    """Weighted share of the question's terms in the statement or on the way to it."""
    own: float
    """The same for the statement's own words and the label of its list or table, without title and headings."""
    focus: float
    """Share of the title's and nearest heading's words that the question names: low when they speak of something
    else."""
    in_kind: bool
    """Whether it holds a figure, date or degree where the question wants one."""
    cued: float
    """Share of the words that name the kind of answer ("median", "pay") that it repeats."""
    apt: float
    """Share of a row's or item's label that the question, or the kind of answer, calls for; 1 for a sentence. Low when
    the label narrows the figure down to something that was not asked about."""
    brevity: float
    """Share of the statement's own words that the question names: low when it speaks of much else besides."""
    missing: tuple[str, ...]
    """Stems of the question's terms that it does not hold, heaviest first."""
    similarity: float = 0.0
    """Cosine of question and statement with its way, -1 to 1; 0 when not measured."""

    @property
    def score(self) -> float:
        """One number to rank candidates by, 0 to about 1."""
        parts = {
            "coverage": self.coverage,
            "own": self.own,
            "brevity": self.brevity,
            "focus": self.focus,
            "in_kind": float(self.in_kind),
            "cued": self.cued,
            "apt": self.apt,
            "similarity": max(0.0, self.similarity),
            "retrieval": self.hit.score,
        }
        return sum(WEIGHTS[name] * value for name, value in parts.items())

    def measured(self, similarity: float) -> Evidence:
        """The same with its similarity known."""
        return replace(self, similarity=similarity)


def weights(question: Question, frequency: Frequency, passages: int) -> dict[str, float]:
    """Weight of each term of the question: inverse passage frequency (Spärck Jones, 1972), above 0.

    >>> found = weights(Question("", "other", ("common", "rare"), frozenset()), {"common": 9, "rare": 1}.get, 10)
    >>> found["rare"] > found["common"]
    True
    """
    return {term: math.log(1 + (passages + 1) / (frequency(term) + 0.5)) for term in question.terms}


def gather(question: Question, hits: Sequence[Hit], term_weights: dict[str, float]) -> list[Evidence]:
    """Every statement of the hits as a candidate, best first by the evidence that needs no model."""
    found = [_evidence(question, hit, statement, term_weights) for hit in hits for statement in hit.passage.statements]
    return sorted(found, key=lambda one: -one.score)


def statement_text(hit: Hit, statement: Statement) -> str:
    """What is given to the embedding model for a statement: the way to it, then its words."""
    way = " > ".join((hit.source.title, *hit.passage.headings, *statement.way))
    return f"{way}: {statement.text}"


def _evidence(question: Question, hit: Hit, statement: Statement, term_weights: dict[str, float]) -> Evidence:
    own = word_set(" ".join((*statement.way, statement.text)))
    publisher = statement.reference.publisher or hit.source.origin.publisher
    way = word_set(" ".join((hit.source.title, *hit.passage.headings, publisher)))
    credits = {term: max(credit(term, own), credit(term, way)) for term in question.terms}
    total = sum(term_weights.values()) or 1.0
    missing = sorted((term for term in question.terms if credits[term] < 0.5), key=lambda term: -term_weights[term])
    return Evidence(
        hit,
        statement,
        coverage=sum(term_weights[term] * credits[term] for term in question.terms) / total,
        own=sum(term_weights[term] * credit(term, own) for term in question.terms) / total,
        focus=focus(hit, question),
        in_kind=question.answered_in_kind(statement.text),
        cued=_cued(question, own),
        apt=_apt(question, hit, statement),
        brevity=_brevity(question, statement),
        missing=tuple(missing),
    )


def focus(hit: Hit, question: Question) -> float:
    """Share of the words of title and nearest heading that the question names, each counting half.

    So "data scientist" prefers its own page, and "privacy in AI projects" the section on privacy.
    """
    named = frozenset(stems(question.text))
    parts = [stems(part) for part in (hit.source.title, *hit.passage.headings[-1:])]
    shares = [sum(credit(one, named) for one in part) / len(part) for part in parts if part]
    return sum(shares) / len(shares) if shares else 0.0


def credit(term: str, held: frozenset[str]) -> float:
    """1 for the word itself or its initials written out, less for a word with the same beginning, else 0.

    >>> credit("program", frozenset({"programm"})), credit("berlin", frozenset({"boston"}))
    (0.8, 0.0)
    """
    if term in held:
        return 1.0
    start = term[:_BEGINNING]
    if len(start) == _BEGINNING and any(other.startswith(start) and _begins(term, other) for other in held):
        return PREFIX_CREDIT
    return 0.0


def _begins(one: str, other: str) -> bool:
    """Whether one of the two is the beginning, and most, of the other."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _BEGINNING and longer.startswith(shorter) and len(shorter) / len(longer) >= 0.6


def _cued(question: Question, own: frozenset[str]) -> float:
    """How much a statement speaks of the kind of figure that is wanted."""
    asked = sum(cue in own for cue in question.cues) / len(question.cues) if question.cues else 0.0
    told = min(1.0, len(question.telling & own) / 2)
    return max(asked, told)


def _brevity(question: Question, statement: Statement) -> float:
    own = frozenset(one for one in stems(statement.text) if not one[0].isdigit())
    called = frozenset(question.terms) | question.cues | question.telling
    return sum(credit(one, called) for one in own) / len(own) if own else 0.0


def _apt(question: Question, hit: Hit, statement: Statement) -> float:
    if statement.kind == "sentence":
        return 1.0
    label = stems(re.split(r":| - ", statement.text, maxsplit=1)[0])
    called = frozenset(question.terms) | question.cues | question.telling
    named = called | frozenset(stems(hit.source.title))
    words = [one for one in label if not one.isdigit()]
    return sum(credit(one, named) for one in words) / len(words) if words else 1.0


@lru_cache(maxsize=20_000)
def word_set(text: str) -> frozenset[str]:
    """Stems of a text, and the initials of its runs of two to four words ("ml" for "machine learning")."""
    listed = [word for word in words(text)]
    return frozenset(map(stem, listed)) | frozenset(initials(listed))


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
