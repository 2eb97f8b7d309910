"""Words that say the same: where a question has one and a statement another of them, the statement says it, too.

Forms of one verb that no stemmer joins ("build", "built"), and plain words of work and jobs, of which a newcomer uses
one and a document another ("ads", "postings"). The lists are plain English and hold no name. Pure.
"""

from __future__ import annotations

from functools import cache

from ingest.words import stem

_VERBS = (
    "become became,begin began begun,break broke broken,bring brought,build built,buy bought,catch caught,"
    "choose chose chosen,come came,cost,cut,deal dealt,draw drew drawn,drive drove driven,fall fell fallen,feel felt,"
    "fight fought,find found,forget forgot forgotten,get got gotten,give gave given,go went gone,grow grew grown,"
    "hear heard,hold held,keep kept,know knew known,lead led,leave left,lend lent,lose lost,make made,mean meant,"
    "meet met,pay paid,rise rose risen,run ran,say said,see saw seen,seek sought,sell sold,send sent,show shown,"
    "shrink shrank shrunk,speak spoke spoken,spend spent,stand stood,steal stole stolen,take took taken,"
    "teach taught,tell told,think thought,throw threw thrown,understand understood,wear wore worn,win won,"
    "write wrote written"
)
_WORDS = """
    ad advert advertisement posting vacancy; tech technology; covid coronavirus pandemic; coder programmer; coder
    developer; firm company enterprise corporation organisation organization; junior beginner newcomer novice;
    senior experienced; create make; destroy displace eliminate kill vanish disappear; fire dismiss layoff cut;
    switch change move transition; jump leap step; start begin; end finish; choose pick select; hire recruit;
    candidate applicant; fine penalty; mandatory compulsory obligatory; ban banned prohibited forbidden; error
    mistake; women female; men male; country nation; city town; rapid fast quick; big bigger biggest large larger
    largest huge; remote telework; quit resign; jobless unemployed; convince persuade prove show; doctor
    physician; shortage lack; wage salary; workforce staff personnel worker employee; dead death die; man men;
    woman women; know knowledge; choose choice; lose loss; old older age aged; long length; strong strength; high
    height; code coding programming; able ability; succeed success; fail failure; decide decision
"""


@cache
def _groups(listed: str, between: str) -> dict[str, frozenset[str]]:
    """The other stems of its group, or groups, for each stem."""
    found: dict[str, set[str]] = {}
    for group in listed.split(between):
        members = frozenset(map(stem, group.split()))
        for one in members:
            found.setdefault(one, set()).update(members - {one})
    return {one: frozenset(others) for one, others in found.items()}


def forms_of(term: str) -> frozenset[str]:
    """Other stems of the same verb; none for most words.

    >>> sorted(forms_of("kept")), sorted(forms_of("weld"))
    (['keep'], [])
    """
    return _groups(_VERBS, ",").get(term, frozenset())


def said_alike(term: str) -> frozenset[str]:
    """Stems that say the same as a stem; none for most.

    >>> "post" in said_alike("ad"), said_alike("welder")
    (True, frozenset())
    """
    return _groups(_WORDS, ";").get(term, frozenset())
