"""Composes an answer from the library's own statements: the default answerer, without any model.

It leads with the statement that answers and adds only what helps. Each statement stands verbatim in its passage; the
way to it ("Machine learning engineer, entry level") is put in front where its words alone would not say what it is
about. When nothing in the library answers, it says so and names what comes nearest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.citations import citation
from assistant.evidence import Evidence, Frequency, credit, gather, statement_text, weights
from assistant.question import Question, read_question
from assistant.spelling import is_english, is_everyday
from assistant.support import check
from assistant.types import Citation, Cited, Delta, Draft, Outcome, Turn
from assistant.wording import Said, in_words, list_heading, note
from ingest.types import Hit
from ingest.words import stem, stems, words

Embed = Callable[[Sequence[str]], "np.ndarray[tuple[int, int], np.dtype[np.float32]]"]
"""Texts -> unit vectors, shape (n, dimension)."""

MEASURED = 20
"""Candidates whose meaning is compared with the question's, after the words have ranked them."""

_FIGURE = re.compile(r"[$€£]?\d[\d,]*(?:\.\d+)?%?")

LONGEST = 120
"""Words of an answer at most, unless more is asked for."""

MOST_ITEMS = 8
"""Items of a list at most."""


@dataclass(frozen=True)
class WordCounts:
    """What the evidence needs to know of the library: in how many of its passages a stem stands."""

    frequency: Frequency
    passages: int


class ExtractiveAnswerer:
    """The Answerer that composes from statements."""

    def __init__(self, embed: Embed, counts: Callable[[], WordCounts]) -> None:
        """Take the embedding function and a way to the library's current word counts."""
        self._embed = embed
        self._counts = counts

    def stream(self, question: str, hits: Sequence[Hit], history: Sequence[Turn]) -> Iterator[Delta | Cited | Draft]:
        """Yield the answer statement by statement, then its Draft."""
        draft = self.compose(question, hits)
        cited = {citation.number: citation for citation in draft.citations}
        shown: set[int] = set()
        for piece in _pieces(draft.text):
            yield Delta(piece)
            for number, one in cited.items():
                if f"[{number}]" in piece and number not in shown:
                    shown.add(number)
                    yield Cited(one)
        yield draft

    def compose(self, question: str, hits: Sequence[Hit]) -> Draft:
        """The whole answer at once."""
        asked = read_question(question)
        candidates = self.candidates(asked, hits)
        if not candidates or not answers(asked, _lead(asked, candidates)):
            return not_found(hits)
        chosen = choose(asked, candidates)
        return _draft(asked, chosen, hits)

    def candidates(self, asked: Question, hits: Sequence[Hit]) -> list[Evidence]:
        """Statements of the hits that could answer, best first."""
        counts = self._counts()
        asked = _without_everyday(asked, counts.frequency)
        found = gather(asked, hits, weights(asked, counts.frequency, counts.passages))
        best, rest = found[:MEASURED], found[MEASURED:]
        if not best:
            return []
        vectors = self._embed([asked.text, *(statement_text(one.hit, one.statement) for one in best)])
        measured = [one.measured(float(vectors[0] @ vector)) for one, vector in zip(best, vectors[1:], strict=True)]
        return sorted(measured, key=lambda one: -one.score) + rest


def _without_everyday(asked: Question, frequency: Frequency) -> Question:
    """The question without words that the library lacks and that English uses for everything ("come", "keep")."""
    everyday = {stem(word) for word in words(asked.text) if is_everyday(word) and not frequency(stem(word))}
    terms = tuple(term for term in asked.terms if term not in everyday)
    return replace(asked, terms=terms) if terms else asked


def answers(asked: Question, best: Evidence) -> bool:
    """Whether the best statement really answers: it is about what is asked, not merely near it."""
    foreign = [term for term in best.missing if not term.endswith("li")]
    if best.coverage >= 0.75:
        return True
    if asked.wants_figure and not best.in_kind:
        return best.coverage >= 0.6
    if foreign and any(_names_something(asked, term) for term in foreign):
        return False
    return (best.coverage >= 0.45 and best.similarity >= 0.4) or best.similarity >= 0.62


def _names_something(asked: Question, term: str) -> bool:
    """Whether a missing term is a name: capitalised inside the question, or a word that English does not know."""
    for position, word in enumerate(asked.text.split()):
        bare = word.strip("?!.,;:\"'()")
        if bare and stems(bare) == [term]:
            return (position > 0 and bare[:1].isupper() and not asked.text.isupper()) or not is_english(bare)
    return False


def choose(asked: Question, candidates: Sequence[Evidence]) -> list[Evidence]:
    """The lead and what helps beside it, in the order in which it is said."""
    lead = _lead(asked, candidates)
    if lead.statement.kind == "item" and _whole_list(asked, lead):
        return _siblings(lead, candidates)
    chosen = [lead]
    least = lead.score * (0.92 if asked.wants_figure else 0.88)
    for one in candidates:
        if len(chosen) == 3 or one.score < least:
            break
        if one.apt < 0.5 or one.coverage < lead.coverage - 0.2 or one.statement.text.endswith(":"):
            continue
        if asked.wants_figure and (not one.in_kind or one.coverage < lead.coverage - 0.05):
            continue
        if all(_adds(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def _lead(asked: Question, candidates: Sequence[Evidence]) -> Evidence:
    """The best candidate; where a figure is wanted, the best that holds one and is hardly worse.

    A sentence that only opens a list says nothing by itself.
    """
    saying = [one for one in candidates if not one.statement.text.endswith(":")] or list(candidates)
    best = saying[0]
    if not asked.wants_figure:
        return best
    if best.in_kind:
        return _whole_subject(best, saying)
    near = (one for one in saying if one.in_kind and one.coverage > best.coverage - 0.25)
    return next((one for one in near if one.score > best.score * 0.8), best)


def _whole_subject(best: Evidence, saying: Sequence[Evidence]) -> Evidence:
    """The best figure, unless it is of a part of what is asked about and one of the whole is hardly worse.

    On a page about "web developers and digital designers", "digital designers held 128,900 jobs" is a part.
    """
    whole = (one for one in saying if one.in_kind and one.own > best.own + 0.1 and one.coverage >= best.coverage)
    return next((one for one in whole if one.score > best.score * 0.85), best)


def _whole_list(asked: Question, lead: Evidence) -> bool:
    """Whether the question names the list rather than one of its items."""
    own = frozenset(stems(lead.statement.text))
    named = sum(credit(term, own) for term in asked.terms) / len(asked.terms)
    return asked.kind in ("list", "other", "definition") and named < 0.5


def _siblings(lead: Evidence, candidates: Sequence[Evidence]) -> list[Evidence]:
    """The items of the lead's list in their own order."""
    same = [
        one
        for one in candidates
        if one.hit.passage.id == lead.hit.passage.id
        and one.statement.kind == "item"
        and one.statement.way == lead.statement.way
    ]
    return sorted(same, key=lambda one: one.statement.start)[:MOST_ITEMS]


def _adds(one: Evidence, other: Evidence) -> bool:
    """Whether a statement says something that another does not: other figures, where it has any, and other words."""
    figures, told = (frozenset(_FIGURE.findall(which.statement.text)) for which in (one, other))
    if figures and figures <= told:
        return False
    mine, theirs = frozenset(stems(one.statement.text)), frozenset(stems(other.statement.text))
    return len(mine & theirs) / (min(len(mine), len(theirs)) or 1) < 0.6


def _draft(asked: Question, chosen: Sequence[Evidence], hits: Sequence[Hit]) -> Draft:
    """Statements in words with their marks, within the length of an answer."""
    said = [in_words(one.hit, one.statement) for one in chosen]
    kept = _within(said)
    citations = tuple(_citation(number, one, chosen[number - 1]) for number, one in enumerate(kept, 1))
    lines = [f"{one.text} [{number}]" for number, one in enumerate(kept, 1)]
    if len(kept) > 1 and all(one.statement.kind == "item" for one in chosen):
        heading = list_heading(chosen[0].hit, chosen[0].statement)
        text = "\n".join((heading, *(f"- {line}" for line in _items(chosen, kept))))
    elif len(kept) > 1 and any(one.statement.kind != "sentence" for one in chosen[: len(kept)]):
        text = "\n".join(f"- {line}" for line in lines)
    else:
        text = " ".join(lines)
    outcome: Outcome = "answered"
    if asked.wants_figure and not chosen[0].in_kind:
        text, outcome = f"{note(asked)} {text}", "partial"
    return Draft(text, outcome, citations, follow_ups=_follow_ups(chosen, hits))


def _items(chosen: Sequence[Evidence], kept: Sequence[Said]) -> list[str]:
    return [f"{chosen[index].statement.text} [{index + 1}]" for index in range(len(kept))]


def _within(said: Sequence[Said]) -> list[Said]:
    """As many as fit into the longest answer, one at least."""
    kept: list[Said] = []
    length = 0
    for one in said:
        length += len(one.text.split())
        if kept and length > LONGEST:
            break
        kept.append(one)
    return kept


def _citation(number: int, said: Said, one: Evidence) -> Citation:
    statement = one.statement
    reference = statement.reference
    support = check(said.text, f"{statement_text(one.hit, statement)} {reference.publisher} {reference.as_of}")
    return citation(number, one.hit, statement, support.score)


def not_found(hits: Sequence[Hit]) -> Draft:
    """The honest refusal, naming the nearest topics."""
    titles = list(dict.fromkeys(hit.source.title for hit in hits))[:3]
    text = "The library does not hold an answer to that."
    if titles:
        text += f" The nearest it has is: {'; '.join(titles)}."
    return Draft(text, "not_found", follow_ups=tuple(titles))


def _follow_ups(chosen: Sequence[Evidence], hits: Sequence[Hit]) -> tuple[str, ...]:
    """What else was found: up to three sections beside the cited ones, named so that they stand alone."""
    cited = {one.hit.passage.place for one in chosen}
    title = chosen[0].hit.source.title
    found = dict.fromkeys(
        hit.passage.headings[-1] if frozenset(stems(hit.source.title)) & frozenset(stems(hit.passage.headings[-1]))
        else f"{hit.source.title}: {hit.passage.headings[-1]}"
        for hit in hits
        if hit.passage.headings and hit.passage.place not in cited and hit.source.title == title
    )  # fmt: skip
    return tuple(found)[:3]


def _pieces(text: str) -> list[str]:
    """The text cut behind each mark, so that a page can show statement by statement; joined, it is the text."""
    pieces, start = [], 0
    for index, character in enumerate(text):
        if character == "]":
            pieces.append(text[start : index + 1])
            start = index + 1
    return [piece for piece in (*pieces, text[start:]) if piece]
