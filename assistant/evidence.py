"""How well a statement answers a question: named pieces of evidence, each between 0 and 1.

Pure: it works on words and numbers that others looked up. The library's own word counts say which words of a
question matter; words that every passage holds weigh little, words that no passage holds weigh most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant.alike import forms_of, said_alike
from assistant.claims import EXPLAINS, borne_out
from assistant.forms import ended, fits, says_lacking, superlative
from assistant.narrowing import Beside, beside_of, initials, narrowed, narrowings, year_of
from assistant.qualifiers import YEAR, Qualifier, unmet
from assistant.question import Question
from ingest.types import Hit, Statement
from ingest.words import stem, stems, words

Frequency = Callable[[str], int]
"""How many passages of the library hold a stem."""

PREFIX_CREDIT = 0.8
"""What a word counts that shares only its beginning with one of the statement ("programming", "programmer")."""
_BEGINNING = 6
"""Letters that two words must begin with alike for that."""
_ENDINGS = ("er", "or", "ee", "an", "ean", "ian", "ist")
"""What makes of a word who does it or comes from there, also of one of five letters: "train", "trainer"."""


WEIGHTS = {
    "coverage": 0.15,
    "own": 0.07,
    "in_kind": 0.09,
    "cued": 0.05,
    "apt": 0.04,
    "similarity": 0.49,
    "retrieval": 0.11,
    "told": 0.08,
    "fits": 0.05,
    "unmet": -0.11,
    "narrowed": -0.06,
    "age": -0.02,
    "absent": -0.03,
}
"""What each sign counts: fitted, as `python -m evals.leads` fits, and rounded, on questions that were written from the
documents by who had not seen the code, on our own and on a handbook's. "Age" is set by hand: they tell nothing of it. A
fit from these weights moves them, and is no better on questions that it never saw."""

MEASURED = 20
"""Candidates whose meaning is compared with the question's, after the words have ranked them."""

_ASKS = re.compile(r"\?[\"'”’)\]]*$")
_OLD = 5
"""Years after which a figure is as old as can be, beside a newer one for as much of the question."""


@dataclass(frozen=True)
class Evidence:
    """A statement as a candidate answer."""

    hit: Hit
    statement: Statement
    coverage: float
    """Weighted share of the question's terms in the statement or on the way to it."""
    own: float
    """The same for the statement's own words and the label of its list or table, without title and headings."""
    in_kind: bool
    """Whether it holds a figure, date or degree where the question wants one."""
    cued: float
    """Share of the words that name the kind of answer ("median", "pay") that it repeats."""
    apt: float
    """Share of a row's or item's label that the question, or the kind of answer, calls for; 1 for a sentence. Low when
    the label narrows the figure down to something that was not asked about."""
    missing: tuple[str, ...]
    """Stems of the question's terms that it does not hold, heaviest first."""
    unmet: tuple[Qualifier, ...] = ()
    """What the question is narrowed to and it is not: another level of a career, another year."""
    narrowed: int = 0
    """In how many ways it is narrowed down that nobody asked for, where a figure is wanted."""
    year: int = 0
    """The last year that it speaks of, up to that of its source; 0 when unknown."""
    age: float = 0.0
    """How old it is beside the newest figure for as much of the question, 0 to 1."""
    fits: bool = False
    """Whether it speaks in the manner of what is asked: the most, how to do it, why."""
    told: float = 0.0
    """Share that it holds of what was told in front of the question, or 1 where it stands under what the sources say
    and that is asked for."""
    absent: bool = False
    """Whether it says that there is no figure of the kind asked for."""
    similarity: float = 0.0
    """Cosine of question and statement with its way, -1 to 1; 0 when not measured."""

    @property
    def signs(self) -> dict[str, float]:
        """What speaks for and against it, by the names that `WEIGHTS` has: each about 0 to 1, or how many there are."""
        return {
            "coverage": self.coverage,
            "own": self.own,
            "in_kind": float(self.in_kind),
            "cued": self.cued,
            "apt": self.apt,
            "similarity": max(0.0, self.similarity),
            "retrieval": self.hit.score,
            "told": self.told,
            "fits": float(self.fits),
            "unmet": float(len(self.unmet)),
            "narrowed": float(self.narrowed),
            "age": self.age,
            "absent": float(self.absent),
        }

    @property
    def score(self) -> float:
        """One number to rank candidates by, 0 to about 1."""
        return sum(WEIGHTS[name] * value for name, value in self.signs.items())

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
    """Every statement of the hits as a candidate, best first by the evidence that needs no model.

    A sentence that asks something itself answers nothing.
    """
    beside = beside_of(question.text, hits)
    found = [
        _evidence(question, hit, statement, term_weights, beside)
        for hit in hits
        for statement in hit.passage.statements
        if not (statement.kind == "sentence" and _ASKS.search(statement.text))
    ]
    return sorted(_aged(question, found), key=lambda one: -one.score)


def _aged(question: Question, found: Sequence[Evidence]) -> Iterable[Evidence]:
    """The candidates with their age, where a figure is wanted and no year named."""
    if not question.wants_figure or YEAR.search(question.text):
        return found
    most = max((one.coverage for one in found if one.in_kind), default=0.0)
    newest = max((one.year for one in found if one.in_kind and one.coverage > most - 0.05), default=0)
    return (replace(one, age=min(1.0, max(0, newest - one.year) / _OLD) if one.year else 0.0) for one in found)


def statement_text(hit: Hit, statement: Statement) -> str:
    """What is given to the embedding model for a statement: the way to it, then its words."""
    way = " > ".join((hit.source.title, *hit.passage.headings, *statement.way))
    return f"{way}: {statement.text}"


def _evidence(
    question: Question, hit: Hit, statement: Statement, term_weights: dict[str, float], beside: Beside
) -> Evidence:
    said = " ".join((*statement.way, statement.text))
    above = " ".join((hit.source.title, *hit.passage.headings))
    reference, origin = statement.reference, hit.source.origin
    own, way = word_set(said), word_set(f"{above} {reference.publisher or origin.publisher}")
    held = frozenset(one.value for one in narrowings(said) if not one.place)
    heading = _heading_about(question, hit)
    absent = question.wants_figure and says_lacking(question.kind, statement.text, above)
    # A statement that names a year speaks of that one, whenever its source appeared.
    dated = f"{above} {said} {'' if YEAR.search(said) else reference.as_of or origin.as_of}"
    lacking = unmet(question.qualifiers, held | frozenset(one.value for one in narrowings(above)), dated, own | way)
    met = frozenset(stem for one in question.qualifiers if one not in lacking for stem in one.stems)
    met |= frozenset(stems(f"{ended(question.text, said)} {superlative(question.text, statement.text)}"))
    owned = {term: max(_met_in(question, term, own), float(term in met)) for term in question.terms}
    credits = {term: max(owned[term], _met_in(question, term, way)) for term in question.terms}
    total = sum(term_weights.values()) or 1.0
    missing = sorted((term for term in question.terms if credits[term] < 0.5), key=lambda term: -term_weights[term])
    return Evidence(
        hit,
        statement,
        coverage=sum(term_weights[term] * credits[term] for term in question.terms) / total,
        own=sum(term_weights[term] * owned[term] for term in question.terms) / total,
        in_kind=absent or question.answered_in_kind(statement.text, heading) and _names_sought(question, own | way),
        absent=absent,
        fits=fits(question.kind, question.text, statement.text, heading)
        or _defines(question, hit, statement)
        or _heading_asked(question, hit)
        or (question.disputed and sets_beside(hit, statement)),
        told=_told(question, own, way, statement.text),
        cued=_cued(question, own),
        apt=_apt(question, hit, statement, met),
        missing=tuple(missing),
        unmet=lacking,
        narrowed=narrowed(question, hit.source.title, said, held, beside) + _of_a_part(question, hit, statement)
        if question.wants_figure
        else 0,
        year=year_of(statement, reference.as_of or origin.as_of),
    )


def _names_sought(question: Question, held: frozenset[str]) -> bool:
    """Whether a statement, or the way to it, names what is listed or counted; true where nothing is."""
    return not question.sought or _met_in(question, question.sought, held) > 0


def _heading_about(question: Question, hit: Hit) -> str:
    """The nearest heading, where the question names a word of it."""
    heading = " ".join(hit.passage.headings[-1:])
    return heading if any(credit(one, frozenset(stems(question.text))) for one in stems(heading)) else ""


def _heading_asked(question: Question, hit: Hit) -> bool:
    """Whether the question names all of a heading of two words or more ("Getting in without a degree")."""
    title = frozenset(stems(hit.source.title))
    heading = [one for one in stems(" ".join(hit.passage.headings[-1:])) if one not in title]
    named = frozenset(stems(question.text))
    return len(heading) > 1 and all(credit(one, named) for one in heading)


def _defines(question: Question, hit: Hit, statement: Statement) -> bool:
    """Whether a statement begins with what is to be defined, under a title or heading that names it."""
    if question.kind != "definition" or statement.kind == "row":
        return False
    terms = frozenset(question.terms)
    named = terms <= word_set((hit.passage.headings or (hit.source.title,))[-1])
    beginning = statement.text.split()[: len(terms) + 3]
    first = next((word for word in beginning if stems(word)), "")
    return (
        named
        and terms <= word_set(" ".join(beginning))
        and any(one[0] == first.strip('"“').lower()[:1] for one in terms)
    )


def sets_beside(hit: Hit, statement: Statement) -> bool:
    """Whether a statement tells what sources say beside each other, or why they differ."""
    above = (hit.source.title, *hit.passage.headings[-1:])
    return "sourc" in stems(" ".join(above)) or bool(EXPLAINS.search(statement.text))


def _told(question: Question, own: frozenset[str], way: frozenset[str], text: str) -> float:
    if question.claims and not question.personal and (held := borne_out(question.claims, text)):
        return len(held) / len(question.claims)
    if question.every_source:
        return float("sourc" in own | way)
    return sum(max(credit(one, own), credit(one, way)) for one in question.told) / (len(question.told) or 1)


def credit(term: str, held: Set[str]) -> float:
    """1 for the word itself or its initials written out, less for one that says the same or begins alike, else 0.

    English doubles a last letter before some endings ("refer", "referral").

    >>> credit("program", frozenset({"programm"})), credit("berlin", frozenset({"boston"}))
    (0.8, 0.0)
    >>> credit("refer", frozenset({"referr"})), credit("referr", frozenset({"refer"}))
    (0.8, 0.8)
    >>> [credit(*one) for one in (("europ", {"european"}), ("trainer", {"train"}), ("appli", {"applic"}))]
    [0.8, 0.8, 0.0]
    >>> credit("kept", frozenset({"keep"}))
    1.0
    """
    if term in held or not forms_of(term).isdisjoint(held):
        return 1.0
    if not held.isdisjoint(said_alike(term)):
        return PREFIX_CREDIT
    # Shorter ones may be initials.
    if len(term) > 4 and (
        f"{term}{term[-1]}" in held or (len(term) > 5 and term[-2] == term[-1] and term[:-1] in held)
    ):
        return PREFIX_CREDIT
    start = term[:_BEGINNING]
    if len(start) == _BEGINNING and any(other.startswith(start) and _begins(term, other) for other in held):
        return PREFIX_CREDIT
    long = (ending for ending in _ENDINGS if len(term.removesuffix(ending)) >= _BEGINNING - 1)
    return PREFIX_CREDIT if any(f"{term}{one}" in held or term.removesuffix(one) in held for one in long) else 0.0


def _met_in(question: Question, term: str, held: frozenset[str]) -> float:
    """The credit of a question's term; a name that the library lacks is met by nothing but itself.

    Places to fill that are counted are met by others of their kind: "openings" by "ads".
    """
    if term == question.sought and term in _PLACES_TO_FILL and not held.isdisjoint(_PLACES_TO_FILL):
        return max(PREFIX_CREDIT, credit(term, held))
    return float(term in held) if term in question.strange else credit(term, held)


def _begins(one: str, other: str) -> bool:
    """Whether one of the two is the beginning, and most, of the other."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _BEGINNING and longer.startswith(shorter) and len(shorter) / len(longer) >= 0.6


def _cued(question: Question, own: frozenset[str]) -> float:
    """How much a statement speaks of the kind of figure that is wanted."""
    asked = sum(cue in own for cue in question.cues) / len(question.cues) if question.cues else 0.0
    told = min(1.0, len(question.telling & own) / 2)
    return max(asked, told)


def _apt(question: Question, hit: Hit, statement: Statement, met: frozenset[str]) -> float:
    if statement.kind == "sentence" or question.every_source:
        return 1.0
    text = re.split(r":| - |, " if statement.kind == "row" else r":| - ", statement.text, maxsplit=1)[0]
    label = [one for one in stems(text) if one not in _met_by(text, question)]
    called = frozenset(question.terms) | question.cues | question.telling | met
    named = called | frozenset(stems(hit.source.title))
    words = [one for one in label if not one.isdigit()]
    return sum(credit(one, named) for one in words) / len(words) if words else 1.0


_PLACES_TO_FILL = frozenset(map(stem, ("openings", "vacancies", "postings", "ads", "positions", "listings")))
"""What an employer puts up for somebody to take; they are counted alike."""
_SEVERAL = re.compile(r",|\b(?:and|or)\b", re.IGNORECASE)


def _of_a_part(question: Question, hit: Hit, statement: Statement) -> bool:
    """Whether a statement names only a part of what its title, and with it the question, names in full.

    For "cooks and helpers", the row "Cooks: $40,000" is of a part; "Median pay: $38,000" is not. A sentence calls a
    thing by a part of its name, so that only a title of several things has parts for it.
    """
    title = frozenset(stems(hit.source.title))
    if not title <= frozenset(stems(question.text)):
        return False
    if statement.kind == "sentence" and not _SEVERAL.search(hit.source.title):
        return False
    said = statement.text if statement.kind == "sentence" else re.split(r":| - ", statement.text, maxsplit=1)[0]
    return 0 < len(title & frozenset(stems(said))) < len(title)


def _met_by(text: str, question: Question) -> frozenset[str]:
    """Stems of a label that say a qualifier of the question in other words ("Entry level" for "beginners")."""
    asked = frozenset(one.value for one in question.qualifiers)
    return frozenset(stem for one in narrowings(text) if one.value in asked for stem in one.stems)


@lru_cache(maxsize=20_000)
def word_set(text: str) -> frozenset[str]:
    """Stems of a text, and the initials of its runs of two to four words ("ml" for "machine learning")."""
    listed = [word for word in words(text)]
    return frozenset(map(stem, listed)) | frozenset(initials(listed))
