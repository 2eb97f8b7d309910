"""Does the best statement answer the question at all? A small logistic model over named pieces of evidence.

The coefficients are fitted by `python -m evals.calibrate`, which prints this table and the curve of wrong refusals
against wrong answers that `LEAST` was chosen on. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from assistant.evidence import Evidence, Frequency, credit, word_set
from assistant.question import Question
from assistant.spelling import is_english
from ingest.words import stems

COEFFICIENTS: Mapping[str, float] = {
    "coverage": 2.519,
    "own": 1.622,
    "focus": 3.374,
    "similarity": 1.595,
    "passage_similarity": 1.513,
    "passage_coverage": 2.676,
    "heaviest_missing": -1.383,
    "name_missing": -1.225,
    "unknown": -1.959,
    "year_missing": -0.335,
    "not_in_kind": 0.011,
    "few_terms": -0.525,
    "bias": -5.575,
}
"""What each piece of evidence counts, in log-odds."""

LEAST = 0.3
"""Least likelihood at which the library is said to answer."""

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def evidence_of(
    asked: Question,
    lead: Evidence,
    term_weights: Mapping[str, float],
    frequency: Frequency,
) -> dict[str, float]:
    """What speaks for and against the lead being an answer, each about 0 to 1.

    Args:
        asked: The question.
        lead: The best candidate.
        term_weights: Weight of each of the question's terms: how rare it is in the library.
        frequency: How many passages of the library hold a stem.
    """
    total = sum(term_weights.values()) or 1.0
    share = {term: term_weights.get(term, 0.0) / total for term in asked.terms}
    foreign = [term for term in lead.missing if names_something(asked, term)]
    special = asked.kind in ("money", "percent", "count", "time", "education", "name", "reason")
    held = word_set(" ".join((lead.hit.source.title, *lead.hit.passage.headings, lead.hit.passage.text)))
    return {
        "coverage": lead.coverage,
        "own": lead.own,
        "focus": lead.focus,
        "similarity": max(0.0, lead.similarity),
        "passage_similarity": max(0.0, lead.hit.similarity),
        "passage_coverage": sum(share[term] * credit(term, held) for term in asked.terms),
        "heaviest_missing": max((share[term] for term in lead.missing), default=0.0),
        "name_missing": min(1.0, sum(share[term] for term in foreign) * 2) if foreign else 0.0,
        "unknown": sum(share[term] for term in asked.terms if not frequency(term)),
        "year_missing": float(_year_missing(asked, lead)),
        "not_in_kind": float(special and not lead.in_kind),
        "few_terms": 1 / max(1, len(asked.terms)),
    }


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
    out is of somebody else. A statement without a figure that says none of what is asked beyond its own title ("the
    pass rate of the exam") answers nothing.

    Args:
        asked: The question.
        lead: The best candidate.
        titles: Titles of the documents found.
    """
    if not asked.wants_figure:
        return False
    title = word_set(lead.hit.source.title)
    own = word_set(" ".join((*lead.statement.way, lead.statement.text)))
    held = title | own | word_set(" ".join(lead.hit.passage.headings))
    terms = frozenset(asked.terms)
    named = [of for one in titles if len(of := stems(one)) > 1 and terms.issuperset(of)]
    if any(credit(word, held) < 0.5 for of in named for word in of):
        return True
    beyond = [term for term in asked.terms if credit(term, title) < 0.5]
    return not lead.in_kind and bool(beyond) and not any(credit(term, own) >= 0.5 for term in beyond)


def names_something(asked: Question, term: str) -> bool:
    """Whether a term is a name: capitalised inside the question, or a word that English does not know."""
    shouted = asked.text.isupper()
    for position, word in enumerate(asked.text.split()):
        bare = word.strip("?!.,;:\"'()")
        if bare and stems(bare) == [term]:
            return (position > 0 and bare[:1].isupper() and not shouted) or not is_english(bare)
    return False


def _year_missing(asked: Question, lead: Evidence) -> bool:
    """Whether the question names a year that stands neither in the statement nor on the way to it nor in its date."""
    reference = lead.statement.reference
    held = " ".join((lead.hit.source.title, *lead.hit.passage.headings, *lead.statement.way, lead.statement.text,
                     reference.as_of, lead.hit.source.origin.as_of))  # fmt: skip
    return any(year not in held for year in _YEAR.findall(asked.text))
