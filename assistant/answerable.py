"""Does the best statement answer the question at all? A small logistic model over named pieces of evidence.

The coefficients are fitted by `python -m evals.calibrate`, which prints this table and the curve of wrong refusals
against wrong answers that `LEAST` was chosen on. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from assistant.agreement import DOWN, UP, denied
from assistant.evidence import Evidence, credit, word_set
from assistant.forms import EARNED, FIGURES, FREE, MONEY, PERCENT, SPENT, in_a_manner, of_the_future
from assistant.opposites import answered_no, opposed
from assistant.places import places_named
from assistant.qualifiers import ASKED_PLACE
from assistant.question import Question
from assistant.spelling import is_english, is_everyday
from ingest.passages import sentences
from ingest.words import STOPWORDS, stem, stems, words

COEFFICIENTS: Mapping[str, float] = {
    "coverage": 1.893,
    "similarity": 5.296,
    "passage_similarity": 1.491,
    "heaviest_missing": -1.598,
    "name_missing": -0.878,
    "figure_missing": -3.616,
    "year_missing": -2.124,
    "denied": -4.366,
    "opposed": -3.175,
    "margin": 1.5,
    "bias": -4.774,
}
"""What each piece of evidence counts, in log-odds."""

LEAST, LEAST_BESIDE = 0.15, 0.3
"""Least likelihood at which the library is said to answer; and where a word of the question stands nowhere in it, which
may be the very thing that is asked ("How stressful is it?")."""

_ASKS_BACK = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had)n['’]t\b"
    r"|\b(?:is|are|was|were|do|does|did|could|would|should|has|have|had)n['’]t(?=\s(?:it|they|he|she|we|you|i|that)\b)",
    re.IGNORECASE,
)
"""A "not" that denies nothing: "Aren't they cheap?", "doesn't it?"."""
_JOINED = re.compile(r"\b[a-z]+(?:-[a-z]+)+\b")
"""Words that a hyphen makes one name of: "take-home"."""
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def evidence_of(
    asked: Question,
    lead: Evidence,
    candidates: Sequence[Evidence],
    term_weights: Mapping[str, float],
) -> dict[str, float]:
    """What speaks for and against the lead being an answer, each about 0 to 1.

    Args:
        asked: The question.
        lead: The best candidate.
        candidates: All of them, with the lead.
        term_weights: Weight of each of the question's terms: how rare it is in the library.
    """
    named = _naming(asked)
    total = sum(term_weights.get(term, 0.0) for term in named) or 1.0
    said = said_by(lead)
    answered = answered_no(asked.text, said) if asked.yes_or_no else frozenset()
    missing = {term: term_weights.get(term, 0.0) / total for term in lead.missing if term in named - answered}
    coverage = 1 - min(1.0, sum(missing.values()))
    foreign = sum(weight for term, weight in missing.items() if names_something(asked, term))
    elsewhere = [one for one in candidates if one.hit.passage.id != lead.hit.passage.id]
    return {
        "coverage": coverage,
        "similarity": max(0.0, lead.similarity),
        "passage_similarity": max(0.0, lead.hit.similarity),
        "heaviest_missing": max(missing.values(), default=0.0),
        "name_missing": min(1.0, 2 * foreign),
        "figure_missing": 1 - coverage if asked.wants_figure and not _is_reasoned(asked) else 0.0,
        "year_missing": float(_year_missing(asked, lead)),
        "denied": float(denies(asked) and not denied(said)),
        "opposed": float(bool(frozenset(map(stem, opposed(_asking(asked), said))) - answered)),
        "margin": max(0.0, lead.score - max((one.score for one in elsewhere), default=0.0)),
    }


_CONDITION = re.compile(r"(?<!what )\bif\b[^,?]*", re.IGNORECASE)
_WITHOUT = re.compile(r"\bwithout\b", re.IGNORECASE)


def goes_without(asked: Question) -> bool:
    """Whether a question names what is to be lacking, so that a statement that denies something answers best.

    >>> from assistant.question import read_question
    >>> goes_without(read_question("Can I weld without a licence?")), goes_without(read_question("Can I weld?"))
    (True, False)
    """
    return denies(asked) or bool(_WITHOUT.search(_asking(asked)))


def denies(asked: Question) -> bool:
    """Whether a question asks for what is not so, or goes without: an answer has to say that, too."""
    # Nor does a condition of a figure ("if you are not a member") deny it.
    said = _CONDITION.sub(" ", _asking(asked)) if asked.wants_figure else _asking(asked)
    for one in asked.qualifiers:
        # "Without experience" is a level, which a statement says in other words.
        said = said.replace(one.said, " ")
    return not asked.yes_or_no and denied(_ASKS_BACK.sub("", said))


def said_by(one: Evidence) -> str:
    """All that a statement says with the way to it."""
    return " ".join((one.hit.source.title, *one.hit.passage.headings, *one.statement.way, one.statement.text))


def _asking(asked: Question) -> str:
    """The sentence that asks."""
    return sentences(asked.text)[-1] if asked.text.rstrip().endswith("?") else asked.text


def likelihood(evidence: Mapping[str, float], coefficients: Mapping[str, float] = COEFFICIENTS) -> float:
    """How likely it is that the lead answers, 0 to 1.

    >>> likelihood({"x": 0.0}, {"x": 1.0, "bias": 0.0})
    0.5
    """
    total = coefficients["bias"] + sum(coefficients[name] * evidence[name] for name in coefficients if name != "bias")
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def of_something_else(asked: Question, lead: Evidence, titles: Iterable[str]) -> bool:
    """Whether a figure is wanted and the lead's is of another thing, or no figure and not what is asked of the thing.

    A question that names a document's whole title ("Data scientist") is about that; a figure that leaves a word of it
    out is of somebody else, and so is one from a document that is called nearly the same ("Research scientist"). A
    statement without a figure that says none of what is asked beyond its own title ("the pass rate of the exam")
    answers nothing, and where work is measured ("how many hours") or something is counted, nothing that does not speak
    of it. Where it is only asked whether a figure is so, or what a thing is, a namesake alone is told.

    Args:
        asked: The question.
        lead: The best candidate.
        titles: Titles of the documents found.
    """
    if not asked.wants_figure:
        return asked.kind in (*FIGURES, "definition") and _namesake(asked, lead)
    title = word_set(lead.hit.source.title)
    if not lead.in_kind and _OF_PAY.search(asked.text) and not _OF_MONEY.search(said_by(lead)):
        return asked.kind == "money"
    if not frozenset((asked.measured, asked.sought)).isdisjoint(lead.missing):
        return True
    own = word_set(" ".join((*lead.statement.way, lead.statement.text)))
    held = title | own | word_set(" ".join(lead.hit.passage.headings))
    terms = frozenset(asked.terms)
    named = [of for one in titles if len(of := stems(one)) > 1 and terms.issuperset(of)]
    if any(credit(word, held) < 0.5 for of in named for word in of) or _namesake(asked, lead):
        return True
    beyond = [term for term in asked.terms if credit(term, title) < 0.5]
    return not lead.in_kind and bool(beyond) and not any(credit(term, own) >= 0.5 for term in beyond)


_OF_PAY = re.compile(rf"{EARNED.pattern}|{SPENT.pattern}", re.IGNORECASE)
_OF_MONEY = re.compile(rf"{_OF_PAY.pattern}|{FREE.pattern}|{MONEY.pattern}", re.IGNORECASE)
_OF_CHANGE = (
    UP | DOWN | frozenset(map(stem, ("outlook", "projected", "forecast", "demand", "future", "change", "wanted")))
)
"""What a statement speaks of that tells whether something grows or is sought."""
_ATTRIBUTE = re.compile(r"(?:and )?what(?:['’]?s| is| are| was| were) (?:the|[\w -]+['’]s?) .*", re.IGNORECASE)
"""What asks for something of a thing: "What is the tax on shares?"."""
_OF_ALL_SIDES = 0.85
"""Coverage from which a statement speaks of all that a question lets choose from: "higher in Rome or in Oslo?"."""
ALIKE = 0.75
"""Similarity from which a statement may say in other words all that is asked of a thing."""


def beside_the_point(asked: Question, lead: Evidence) -> bool:
    """Whether the lead cannot answer such a question, however much it is about the same thing.

    It speaks of another place, or of none of the name that is asked about; it only counts where it is asked what to do;
    it tells what was where a change to come is asked for; it is a bare sum of money that nobody asked for.

    Args:
        asked: The question.
        lead: The best candidate.
    """
    return (
        _foreign_name(asked, lead)
        or _tells_no_way(asked, lead)
        or not of_the_future(asked.text, said_by(lead))
        or _sum_unasked(asked, lead)
    )


def says_nothing_of_it(asked: Question, lead: Evidence, titles: Iterable[str]) -> bool:
    """Whether a question asks whether, or who, of a thing, and the lead says nothing of what is asked.

    What is asked is what remains without names and without the title of the thing: "replace" of "Will AI replace data
    analysts?". A statement on data analysts that replaces nothing answers nothing, however much it is about them.
    Whether there is a thing ("Is there a union?"), and how much of it, is answered by what names it, or is very near in
    meaning.

    Args:
        asked: The question.
        lead: The best candidate.
        titles: Titles of the documents found.
    """
    told = words(asked.text)
    if "or" in told and lead.coverage >= _OF_ALL_SIDES:
        return False
    if asked.yes_or_no and asked.kind == "percent" and asked.cues and _OF_CHANGE.isdisjoint(word_set(said_by(lead))):
        return True
    if lead.fits and in_a_manner(asked.text):
        return False
    if asked.sought in lead.missing and lead.similarity < ALIKE:
        return asked.yes_or_no or told[:2] == ["how", "much"]
    counted = asked.kind == "count" and told[:2] == ["how", "many"] and len(told) > 2
    attribute = asked.kind == "definition" and bool(_ATTRIBUTE.match(asked.text))
    if not (asked.yes_or_no or told[:1] == ["who"] or counted or attribute) or asked.claim or "than" in told:
        return False
    if lead.similarity >= ALIKE:
        return False
    terms = frozenset(asked.terms)
    thing = {word for one in titles if terms.issuperset(of := stems(one)) for word in of}
    thing |= frozenset(stems(lead.hit.source.title))
    left = [one for one in asked.terms if not (one in thing or one.isdigit() or names_something(asked, one))]
    left = [one for one in left if one not in asked.unknown] if attribute else left
    if counted:
        left = [one for one in left if one not in (asked.sought, stem(told[2]))]
        return len(left) > 1 and not any(credit(one, word_set(said_by(lead))) for one in left)
    held = word_set(" ".join((*lead.hit.passage.headings, *lead.statement.way, lead.statement.text)))
    held |= answered_no(asked.text, lead.statement.text)
    if not left and asked.unheld:
        # All that is left names the thing: what was asked of it is an everyday word that the library lacks ("happy").
        return True
    # A row says what its cells hold, and each of them stands under words that hold for all.
    enough = all if lead.statement.kind == "row" else any
    return bool(left) and not enough(credit(term, held) >= 0.5 for term in left)


def _tells_no_way(asked: Question, lead: Evidence) -> bool:
    """Whether it is asked what to do and the lead only counts: a share or a sum, and nothing that one could do."""
    text = lead.statement.text
    return asked.kind == "advice" and not lead.fits and bool(PERCENT.search(text) or MONEY.search(text))


_ONLY_A_SUM = re.compile(r":\s[$€£]\d[\d,.]*(?:\s?(?:k|million|billion))?$", re.IGNORECASE)
"""A cell with its label and nothing else: "Late career: $132,496"."""


def _sum_unasked(asked: Question, lead: Evidence) -> bool:
    """Whether the lead is a cell with nothing but a sum of money, and the question says nothing of money."""
    return (
        lead.statement.kind == "row"
        and asked.kind != "money"
        and bool(_ONLY_A_SUM.search(lead.statement.text))
        and not (EARNED.search(asked.text) or MONEY.search(asked.text))
    )


def _namesake(asked: Question, lead: Evidence) -> bool:
    """Whether the lead's title shares one of two neighbouring words with the question, and has another beside it.

    The question's other word stands nowhere in the statement or on the way to it. Where it is asked what a thing is, a
    title is a namesake also as a whole behind such a word: "a quantum machine learning engineer".
    """
    missing = frozenset(lead.missing) & _naming(asked)
    if not missing or _is_reasoned(asked):
        return False
    of = stems(lead.hit.source.title)
    named = list(map(stem, words(asked.text)))
    if asked.kind == "definition" and any(
        one in missing and named[at + 1 : at + 1 + len(of)] == list(of) for at, one in enumerate(named)
    ):
        return True
    told = frozenset(stems(asked.text))
    title = list(pairwise([stem(word) if word not in STOPWORDS else "" for word in words(lead.hit.source.title)]))
    for one, other in pairwise(map(stem, words(asked.text))):
        if one in missing and any(other == right and left and left not in told for left, right in title):
            return True
        if other in missing and any(one == left and right and right not in told for left, right in title):
            return True
    return False


def _naming(asked: Question) -> frozenset[str]:
    """The question's terms that name what it is about; all of them where none surely does."""
    return rare_terms(asked) or frozenset(asked.terms)


def rare_terms(asked: Question) -> frozenset[str]:
    """The question's terms without words so frequent in English that they hardly ever name what is asked about."""
    joined = {part for word in _JOINED.findall(asked.text.lower()) for part in word.split("-")}
    everyday = {stem(word) for word in words(asked.text) if is_everyday(word) and word not in joined}
    return frozenset(asked.terms) - everyday


def _is_reasoned(asked: Question) -> bool:
    """Whether a figure is named in the question rather than asked for: a reason is, or the figure is claimed."""
    return bool(asked.claim) or asked.text.lower().startswith("why")


def names_something(asked: Question, term: str) -> bool:
    """Whether a term is a name: capitalised inside the question, or a word that English does not know."""
    shouted = asked.text.isupper()
    for position, word in enumerate(asked.text.split()):
        bare = word.strip("?!.,;:\"'()")
        if bare and stems(bare) == [term]:
            return (position > 0 and bare[:1].isupper() and not shouted) or not is_english(bare)
    return False


def _foreign_name(asked: Question, lead: Evidence) -> bool:
    """Whether a question names a place of which the lead is not, or what stands nowhere in the library.

    That is known by a capital inside the question, or where it asks whether. Initials that the lead writes out are no
    foreign name.
    """
    foreign = asked.strange.intersection(lead.missing)
    places = [match["name"] for match in ASKED_PLACE.finditer(asked.text)] + list(places_named(asked.text))
    if any(stem in lead.missing for place in places for stem in stems(place)):
        return True
    if asked.yes_or_no and foreign and not asked.personal:
        return True
    told = asked.text.split()
    inside = (word for before, word in pairwise(told) if word[:1].isupper() and before[-1] not in ".!?:")
    return not asked.text.isupper() and any(foreign.intersection(stems(word)) for word in inside)


def _year_missing(asked: Question, lead: Evidence) -> bool:
    """Whether the question names a year that stands neither in the statement nor on the way to it nor in its date."""
    reference = lead.statement.reference
    held = " ".join((lead.hit.source.title, *lead.hit.passage.headings, *lead.statement.way, lead.statement.text,
                     reference.as_of, lead.hit.source.origin.as_of))  # fmt: skip
    return any(year not in held for year in _YEAR.findall(asked.text))
