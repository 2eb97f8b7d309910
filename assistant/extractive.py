"""Composes an answer from the library's own statements: the default answerer, without any model.

It leads with the statement that answers and adds only what helps. Each statement stands verbatim in its passage; the
way to it ("Machine learning engineer, entry level") is put in front where its words alone would not say what it is
about. When nothing in the library answers, it says so and names what comes nearest; when a part is not answered, which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from assistant.alike import said_alike
from assistant.answerable import (
    LEAST,
    LEAST_BESIDE,
    beside_the_point,
    evidence_of,
    likelihood,
    names_something,
    of_something_else,
    rare_terms,
    said_by,
    says_nothing_of_it,
)
from assistant.choosing import choose, lead_of, official_first
from assistant.citations import Judge
from assistant.claims import borne_out
from assistant.drafting import Found, draft, not_found
from assistant.evidence import MEASURED, Evidence, Frequency, credit, gather, statement_text, weights, word_set
from assistant.forms import FIGURES
from assistant.pairing import paired
from assistant.parts import Parts, compares, otherwise, parts, without_tail
from assistant.qualifiers import ASKED_PLACE, places
from assistant.question import Question, asked_alone, read_question
from assistant.sides import Part, contrasts
from assistant.spelling import is_everyday, mistyped
from assistant.types import Cited, Delta, Draft, Turn, Wish
from ingest.types import Hit
from ingest.words import stem, stems, words

Embed = Callable[[Sequence[str]], "np.ndarray[tuple[int, int], np.dtype[np.float32]]"]
"""Texts -> unit vectors, shape (n, dimension)."""

_WHY = re.compile(
    r"why\s+(?:is|are|was|were|do|does|did|has|have|would|should|can|could|must|will|might)\b\s*", re.IGNORECASE
)

_EMPLOYER = re.compile(
    r"(?<!work)(?<!working)(?<!employed)(?<!jobs)\s+at (?P<name>[A-Z][\w&.-]*\w(?:\s[A-Z][\w&.-]*\w)*)"
)
"""Whom something is asked of: "interviews at Hill Bank", but not "people who work at Hill Bank"."""
_BY_PLACE = re.compile(
    r"\b(?:visas?|permits?|laws?|legal\w*|illegal|tax(?:es)?|rights?|immigra\w+|rules?|regulat\w+|jobs?|market|demand|hir\w+"
    r"|employers?|compan(?:y|ies)|universit(?:y|ies))\b",
    re.IGNORECASE,
)
"""What differs from place to place."""
_SURE = 0.5
"""Likelihood from which what holds for any employer or place is told where nothing is held of the one asked about."""

_ENOUGH = 2
"""Words that name something, from which a part of a question may stand by itself."""

_SAME = 0.7
"""Similarity from which a statement may say in other words what the library has no word for."""

_MOST = 0.5
"""Share of what a turn names, by weight, that a statement may lack which answers it behind the question before."""

_STATEMENTS: dict[Wish, int] = {"shorter": 1, "more": 8}
"""Statements of an answer at most, by the form that is asked for; three otherwise."""

_NEARLY = 0.75
"""Part of the lead's score from which a statement that names both sides of a comparison is told in its place."""
_ONE_STATEMENT = 0.95
"""Coverage from which one statement speaks of all sides that a question names."""


@dataclass(frozen=True)
class WordCounts:
    """What the evidence needs to know of the library: in how many of its passages a stem stands."""

    frequency: Frequency
    passages: int


@dataclass(frozen=True)
class Finding:
    """The best statement for one question, with what speaks for and against it."""

    asked: Question
    candidates: tuple[Evidence, ...]
    lead: Evidence
    evidence: dict[str, float]
    without: str = ""
    """The employer or the place that is asked about, where nothing is held of it and the lead holds for any."""

    @property
    def likelihood(self) -> float:
        """How likely it is that the lead answers, 0 to 1."""
        return likelihood(self.evidence)

    @property
    def of_something_else(self) -> bool:
        """Whether the lead speaks of another thing than the question."""
        titles = dict.fromkeys(one.hit.source.title for one in self.candidates)
        if self.asked.disputed and borne_out(self.asked.claims, self.lead.statement.text):
            return False
        return (
            beside_the_point(self.asked, self.lead)
            or of_something_else(self.asked, self.lead, titles)
            or says_nothing_of_it(self.asked, self.lead, titles)
        )

    @property
    def answers(self) -> bool:
        """Whether the lead is taken for an answer."""
        if self.lead.unmet and not self.lead.in_kind:
            return False
        return self.likelihood >= self._least() and not self.of_something_else

    def _least(self) -> float:
        """The likelihood that it takes: more where a word that the library lacks may be the very thing asked."""
        held = words(said_by(self.lead))
        unknown = [term for term in self.asked.unknown.intersection(self.lead.missing) if not mistyped(term, held)]
        beside = bool(unknown) and self.lead.similarity < _SAME and not self.asked.disputed
        return LEAST_BESIDE if beside else LEAST


class ExtractiveAnswerer:
    """The Answerer that composes from statements."""

    def __init__(self, embed: Embed, counts: Callable[[Sequence[str]], WordCounts], judge: Judge) -> None:
        """Take the embedding function, the current word counts by whose documents count, and what judges support."""
        self._embed = embed
        self._counts = counts
        self._judge = judge
        self._composed: tuple[str, Wish, Sequence[Hit], Draft] | None = None

    def stream(
        self, question: str, hits: Sequence[Hit], history: Sequence[Turn], wish: Wish = ""
    ) -> Iterator[Delta | Cited | Draft]:
        """Yield the answer statement by statement, then its Draft."""
        composed = self.compose(question, hits, wish)
        cited = {citation.number: citation for citation in composed.citations}
        shown: set[int] = set()
        for piece in _pieces(composed.text):
            yield Delta(piece)
            for number, one in cited.items():
                if f"[{number}]" in piece and number not in shown:
                    shown.add(number)
                    yield Cited(one)
        yield composed

    def answers(self, question: str, hits: Sequence[Hit], typed: str = "") -> bool:
        """Whether the passages answer a question; with `typed` wholly, surely, by what holds most that it names."""
        outcome = self.compose(question, hits).outcome
        if not typed:
            return outcome != "not_found"
        found = self.find(question, hits)
        if outcome != "answered" or found is None or found.likelihood < LEAST_BESIDE:
            return False
        asked, counts = self._read(typed, hits)
        weighed = weights(asked, counts.frequency, counts.passages)
        held = word_set(said_by(found.lead))
        lacking = [term for term in asked.terms if credit(term, held) < 0.5]
        if asked.terms and len(lacking) == len(asked.terms) and not asked.claims:
            return False
        named = rare_terms(asked)
        missing = sum(weighed[term] for term in named.intersection(lacking))
        return missing <= _MOST * sum(weighed[term] for term in named)

    def compose(self, question: str, hits: Sequence[Hit], wish: Wish = "") -> Draft:
        """The whole answer at once; the last one is remembered, as who judges whether it answers then gives it."""
        last = self._composed
        if last is not None and last[:2] == (question, wish) and last[2] is hits:
            return last[3]
        made = self._compose(question, hits, wish)
        self._composed = question, wish, hits, made
        return made

    def _compose(self, question: str, hits: Sequence[Hit], wish: Wish) -> Draft:
        titles = dict.fromkeys(hit.source.title for hit in hits)
        taken = parts(question, titles)
        several = [(part, parts(part.text, titles)) for part in taken.parts] if taken.how == "several" else []
        asked = several or [(Part(question, question), taken)]
        most = 2 if several else 3
        found: list[Found] = []
        for at, (part, apart) in enumerate(asked):
            before = asked[at - 1][0] if at else None
            plain = self._standing(part, before, hits) if before else part
            answered = self._part(plain, apart if plain is part else parts(plain.text, titles), hits, wish, most)
            if before and not any(one.chosen for one in answered):
                answered = self._beside(part, before, hits, wish, most) or answered
            found += answered
        if not any(one.chosen for one in found):
            return not_found(hits)
        return draft(found, hits, self._judge, wish, question)

    def _part(self, part: Part, taken: Parts, hits: Sequence[Hit], wish: Wish, most: int) -> list[Found]:
        """What is found for one of several questions: together, or for each side where it compares."""
        whole = self.find(part.text, hits)
        if taken.how != "sides" or (whole is not None and not _takes_sides(taken, whole)):
            whole = _of_both(taken, whole) if taken.how == "sides" and whole else whole
            return [self._answered(whole, part, wish, most)]
        speaks_of = part.text if compares(part.text) else ""
        findings = _set_beside([self.find(side.text, hits, speaks_of) for side in taken.parts], bool(speaks_of))
        pairs = zip(findings, taken.parts, strict=True)
        return [self._answered(one, side, wish, most - 1, compared=True) for one, side in pairs]

    def _standing(self, part: Part, before: Part, hits: Sequence[Hit]) -> Part:
        """A part without the thing of the part before it that was put behind it, where it names enough by itself."""
        bare = without_tail(part.text, before.text)
        if not bare or len(read_question(bare).subject) < _ENOUGH:
            return part
        alone, tailed = self.find(bare, hits), self.find(part.text, hits)
        surer = alone and tailed and alone.answers and alone.likelihood >= max(_SURE, tailed.likelihood)
        return Part(bare, bare.rstrip("?!. ")) if surer else part

    def _beside(self, part: Part, before: Part, hits: Sequence[Hit], wish: Wish, most: int) -> list[Found]:
        """What surely answers a part without the thing of the part before it that was put behind it, or with that."""
        for text in otherwise(part.text, before.text):
            shorter = len(text) < len(part.text)
            found = None if shorter and len(read_question(text).subject) < _ENOUGH else self.find(text, hits)
            if found is not None and found.answers and found.likelihood >= _SURE:
                return [self._answered(found, Part(text, part.about), wish, most)]
        return []

    def find(self, question: str, hits: Sequence[Hit], speaks_of: str = "") -> Finding | None:
        """The best statement for a question that asks one thing; None where nothing is at hand.

        Where no reason is held for what a "why" takes for granted, what is held of it: that may contradict it. Where
        nothing is held for somebody like the person who asks, or for what is told first, what is held for anybody.
        """
        found = self._find(question, hits, speaks_of)
        alone = asked_alone(question)
        if alone and (found is None or not found.answers) and (one := self._find(alone, hits)) and one.answers:
            own_case = found is None or found.asked.own_case
            personal = read_question(question).personal
            return replace(one, asked=replace(one.asked, personal=personal, own_case=own_case))
        if (found is None or not found.answers) and (general := self._anywhere(question, hits)):
            return general
        why = _WHY.match(question)
        if not why or found is None or found.answers:
            return found
        bare = self._find(question[why.end() :], hits)
        if bare is None or not bare.answers:
            return found
        return replace(bare, asked=replace(bare.asked, text=question, disputed=found.asked.disputed))

    def _anywhere(self, question: str, hits: Sequence[Hit]) -> Finding | None:
        """What surely answers a question without the employer or the place that it names; else None.

        Neither for money, which differs by employer, nor for what differs by place: figures and the law.
        """
        at, place = _EMPLOYER.search(question), ASKED_PLACE.search(question)
        named = at or (None if _BY_PLACE.search(question) else place)
        if not named:
            return None
        found = self._find(f"{question[: named.start()].rstrip()}{question[named.end() :]}", hits)
        if found is None or not found.answers or found.likelihood < _SURE:
            return None
        if not set(places(said_by(found.lead))) <= set(places(question)):
            # What holds in another place does not hold in general.
            return None
        # A word that the library lacks ("speak") may be what is asked.
        differs = found.asked.kind == "money" or (not at and found.asked.wants_figure)
        return None if found.asked.unheld or differs else replace(found, without=named["name"])

    def _find(self, question: str, hits: Sequence[Hit], speaks_of: str = "") -> Finding | None:
        asked, counts = self._read(question, hits, speaks_of)
        weighed = weights(asked, counts.frequency, counts.passages)
        candidates = self._candidates(asked, hits, weighed)
        if not candidates:
            return None
        found = lead_of(asked, candidates)
        lead = self._measured(asked, found)
        candidates = [lead if one is found else one for one in candidates]
        return Finding(asked, tuple(candidates), lead, evidence_of(asked, lead, candidates, weighed))

    def _read(self, question: str, hits: Sequence[Hit], speaks_of: str = "") -> tuple[Question, WordCounts]:
        """A question as the library's words have it, and how many passages hold them."""
        counts = self._counts(sorted({hit.source.owner for hit in hits} - {""}))
        asked = _without_everyday(read_question(question, speaks_of), counts.frequency)
        return _strange_named(asked, counts.frequency), counts

    def _candidates(self, asked: Question, hits: Sequence[Hit], weighed: dict[str, float]) -> list[Evidence]:
        """Statements of the hits that could answer, best first."""
        found = gather(asked, hits, weighed)
        best, rest = found[:MEASURED], found[MEASURED:]
        if not best:
            return []
        vectors = self._embed([asked.text, *(statement_text(one.hit, one.statement) for one in best)])
        measured = [one.measured(float(vectors[0] @ vector)) for one, vector in zip(best, vectors[1:], strict=True)]
        return sorted(measured, key=lambda one: -one.score) + rest

    def _measured(self, asked: Question, one: Evidence) -> Evidence:
        """A candidate with its similarity, also where it was not among the best by words."""
        if one.similarity:
            return one
        vectors = self._embed([asked.text, statement_text(one.hit, one.statement)])
        return one.measured(float(vectors[0] @ vectors[1]))

    def _answered(
        self, finding: Finding | None, part: Part, wish: Wish, most: int = 3, compared: bool = False
    ) -> Found:
        """A part with the statements that answer it, or with none."""
        if finding is None:
            return Found(read_question(part.text), part.about, ())
        if not finding.answers:
            return Found(finding.asked, part.about, ())
        most = _STATEMENTS.get(wish, most)
        chosen = choose(finding.asked, finding.candidates, finding.lead, most)
        if not compared:
            chosen = official_first(finding.asked, chosen)
        chosen = chosen[:most] if wish == "shorter" else chosen
        return Found(finding.asked, part.about, tuple(chosen), finding.without)


def _set_beside(findings: Sequence[Finding | None], compared: bool) -> Sequence[Finding | None]:
    """Findings for two sides, each led by a figure that counts the same thing as the other's where there is one."""
    if len(findings) != 2:
        return findings
    one, other = findings
    if one is None or other is None or not (one.answers and other.answers):
        return findings
    leads = paired(one.candidates, other.candidates, (one.lead, other.lead), compared)
    return [replace(one, lead=leads[0]), replace(other, lead=leads[1])]


def _takes_sides(taken: Parts, whole: Finding) -> bool:
    """Whether each side of a question has to be answered by itself: no one statement sets the figures together."""
    speaks_of = whole.asked.text if compares(whole.asked.text) else ""
    kinds = {read_question(part.text, speaks_of).kind for part in taken.parts} | {whole.asked.kind}
    return "money" in kinds or (bool(kinds & FIGURES) and whole.lead.own < _ONE_STATEMENT)


def _of_both(taken: Parts, whole: Finding) -> Finding:
    """The finding by the statements that name both sides, where the lead only holds the words of a side here and there.

    "Machine learning engineers and data scientists" has the words of a data engineer, and says nothing of one. Where it
    is asked how they differ, by those that set one against the other, if there are any.
    """
    names = [f" {' '.join(stems(part.about))} " for part in taken.parts]
    said = [(one, f" {' '.join(stems(statement_text(one.hit, one.statement)))} ") for one in whole.candidates]
    lead = next((words for one, words in said if one is whole.lead), "")
    both = tuple(one for one, words in said if all(name in words for name in names))
    scattered = any(name not in lead and set(name.split()) <= set(lead.split()) for name in names)
    nested = any(one in other for one, other in permutations(names, 2))
    differ = whole.asked.kind == "difference" and not nested
    abouts = [part.about for part in taken.parts]
    against = tuple(one for one in both if differ and contrasts(one.statement.text, abouts))
    if not against and not scattered:
        return whole
    both = against or both
    best = next((one for one in both if one.score > _NEARLY * whole.lead.score), None)
    return replace(whole, lead=best, candidates=both) if best else whole


def _without_everyday(asked: Question, frequency: Frequency) -> Question:
    """The question without words that the library lacks and that English uses for everything ("come", "keep")."""
    everyday = {
        stem(word)
        for word in words(asked.text)
        if is_everyday(word) and not any(map(frequency, (stem(word), *said_alike(stem(word)))))
    }
    terms = tuple(term for term in asked.terms if term not in everyday)
    unheld = frozenset(asked.terms) - frozenset(terms)
    return replace(asked, terms=terms, unheld=unheld) if terms else asked


def _strange_named(asked: Question, frequency: Frequency) -> Question:
    """The question with those of its terms marked that stand nowhere in the library: names ("Coursera"), and others."""
    absent = frozenset(term for term in asked.terms if not frequency(term))
    strange = frozenset(term for term in absent if names_something(asked, term))
    return replace(asked, strange=strange, unknown=absent - strange)


def _pieces(text: str) -> list[str]:
    """The text cut behind each mark, so that a page can show statement by statement; joined, it is the text."""
    pieces, start = [], 0
    for index, character in enumerate(text):
        if character == "]":
            pieces.append(text[start : index + 1])
            start = index + 1
    return [piece for piece in (*pieces, text[start:]) if piece]
