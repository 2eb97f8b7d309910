"""Words that say the same: where a question has one and a statement another of them, the statement says it, too.

Forms of one word that no stemmer joins ("build", "built"), and plain words of work and jobs, of which a newcomer uses
one and a document another ("ads", "postings"). The lists are plain English and hold no name. Pure.
"""

from __future__ import annotations

from functools import cache

from ingest.words import stem

_FORMS = """
    build built; lose lost loss; make made; grow grew grown; rise rose risen; fall fell fallen; teach taught;
    write wrote written; choose chose chosen choice; begin began begun; keep kept; lead led; win won; sell sold;
    speak spoke spoken; think thought; bring brought; buy bought purchase; spend spent; send sent; drive drove
    driven; dead death; man men; woman women; shrink shrank shrunk die; know knew known knowledge; old older age
    aged; long length; strong strength; high height; code coding programming; able ability; succeed success;
    fail failure; decide decision
"""
_WORDS = """
    ad advert advertisement posting vacancy; tech technology; covid coronavirus pandemic; coder programmer;
    coder developer; firm company enterprise corporation organisation organization; junior beginner newcomer
    novice; senior experienced; create make; destroy displace eliminate kill; fire dismiss layoff cut; switch
    change move transition; jump leap step; start begin; end finish; choose pick select; hire recruit; candidate
    applicant; fine penalty; mandatory compulsory obligatory; ban banned prohibited forbidden; error mistake;
    women female; men male; country nation; city town; rapid fast quick; big bigger biggest large larger largest
    huge; remote telework; quit resign; jobless unemployed; convince persuade prove show; doctor physician;
    shortage lack; wage salary; workforce staff personnel worker employee
"""


@cache
def _groups() -> dict[str, frozenset[str]]:
    """Stems that say the same as each stem."""
    found: dict[str, set[str]] = {}
    for group in (*_FORMS.split(";"), *_WORDS.split(";")):
        members = [stem(word) for word in group.split()]
        for one in members:
            found.setdefault(one, set()).update(other for other in members if other != one)
    return {one: frozenset(others) for one, others in found.items()}


def said_alike(term: str) -> frozenset[str]:
    """Stems that say the same as a stem; none for most.

    >>> sorted(said_alike("built")), said_alike("welder")
    (['build'], frozenset())
    """
    return _groups().get(term, frozenset())
