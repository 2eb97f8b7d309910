"""Words that exclude each other: where a question has one and a statement the other, they speak of different things.

"Who sits behind the chairman?" is not answered by who sits in front of him, nor what the second minister does by what
the first one does. The lists are plain English; "unable" and "able" are told by the prefix. Pure.
"""

from __future__ import annotations

import re
from functools import cache

from assistant.alike import said_alike
from ingest.words import stem, words

_PAIRS = """
    first last; high low; higher lower; highest lowest; most least; many few; increase
    decrease; increase decline; increase reduce; rise fall; rise drop; rose fell; grow shrink; grow decline;
    gain lose; gained lost; win lose; won lost; victory defeat; begin end; beginning end; began ended; start
    end; start finish; start stop; before after; early late; earlier later; earliest latest; old new; old young;
    older newer; older younger; oldest newest; oldest youngest; large small; larger smaller; largest smallest;
    big small; bigger smaller; biggest smallest; long short; longer shorter; longest shortest; wide narrow; deep
    shallow; strong weak; stronger weaker; fast slow; faster slower; fastest slowest; hot cold; warm cool;
    inside outside; internal external; above below; front behind; front back; top bottom; upper lower; left
    right; north south; northern southern; east west; eastern western; accept reject; accept refuse; allow
    forbid; allow prohibit; allow prevent; allow ban; support oppose; agree disagree; approve reject; include
    exclude; open close; opened closed; buy sell; bought sold; give take; gave took; give receive; send receive;
    sent received; keep lose; retain lose; import export; enter leave; arrive depart; arrive leave; attack
    defend; attacker defender; friend enemy; ally enemy; love hate; like dislike; rich poor; cheap expensive;
    easy hard; easy difficult; simple complex; public private; male female; man woman; men women; boy girl;
    father mother; son daughter; brother sister; king queen; husband wife; positive negative; good bad; better
    worse; best worst; success failure; succeed fail; successful failed; true false; right wrong; same
    different; common rare; often rarely; always never; everything nothing; all none; major minor; maximum
    minimum; add remove; build destroy; create destroy; live die; alive dead; born died; birth death; hire fire;
    war peace; offensive defensive; domestic foreign; urban rural; ancient modern; temporary permanent; majority
    minority; part whole; full empty; senior junior; advantage disadvantage; benefit harm; light heavy; light
    dark; safe dangerous; near far; full part; employer employee; teacher student; seller buyer; lender
    borrower; winner loser; independent dependent; direct indirect; formal informal; complete
    incomplete; correct incorrect; active inactive; sufficient insufficient; ability inability; equality
    inequality; possible impossible; legal illegal; regular irregular; relevant irrelevant; connect disconnect;
    ability disability; voluntary mandatory; optional required; optional mandatory; remote onsite; offline
    online; passive active; compulsory voluntary; compulsory optional; necessary unnecessary; banned allowed;
    stay leave; stay quit
"""
_GROUPS = """
    first second third fourth fifth sixth seventh eighth ninth tenth; ii iii iv vi vii viii; january february
    march april june july august september october november december; monday tuesday wednesday thursday friday
    saturday sunday; entry mid senior; spring summer autumn winter; daily weekly monthly quarterly annual;
    hourly weekly monthly annual
"""
_SAID_OF = frozenset(
    stem(word)
    for word in (
        "voluntary mandatory compulsory optional required allow allowed forbid prohibit ban banned legal illegal "
        "possible impossible necessary unnecessary true false easy hard difficult safe dangerous common rare cheap "
        "expensive simple complex open closed temporary permanent stay leave quit"
    ).split()
)
"""Stems that are said of a thing and do not tell it from another, as "first" and "junior" do."""
_HOW_MUCH = re.compile(r"\bhow \w+", re.IGNORECASE)
"""What asks for a measure and says nothing of it: "how many" is not answered less by "few"."""
_PREFIXES = ("un", "non")
_SHORTEST = 4
"""Letters of a word at least that a prefix turns round: "able"."""


@cache
def _opposites() -> dict[str, frozenset[str]]:
    """Stems that each stem excludes."""
    found: dict[str, set[str]] = {}
    for group in (*_PAIRS.split(";"), *_GROUPS.split(";")):
        members = [stem(word) for word in group.split()]
        for one in members:
            found.setdefault(one, set()).update(other for other in members if other != one)
    return {one: frozenset(others) for one, others in found.items()}


def opposed(asked: str, told: str) -> list[str]:
    """The words of one text that the other does not have but excludes, as they are written, in order.

    A word counts where the other text holds an opposite that the first one lacks.

    >>> opposed("Who was unable to vote at the end?", "Members are able to vote at the beginning.")
    ['unable', 'end']
    >>> opposed("Which is the first?", "It is the first, not the second.")
    []
    """
    ours, theirs = words(_HOW_MUCH.sub(" ", asked)), frozenset(words(told))
    own, held = frozenset(map(stem, ours)), frozenset(map(stem, theirs))
    return [
        word
        for word in dict.fromkeys(ours)
        if stem(word) not in held
        and held.isdisjoint(said_alike(stem(word)))
        and (_opposites().get(stem(word), frozenset()) & held - own or _turned(word) & theirs - frozenset(ours))
    ]


def answered_no(asked: str, told: str) -> frozenset[str]:
    """Stems of a question whether a thing is so to which a text says the opposite: that answers it, with "no".

    >>> answered_no("Is it mandatory?", "It is a voluntary guide."), answered_no("Is it first?", "It is second.")
    (frozenset({'mandatori'}), frozenset())
    """
    return frozenset(map(stem, opposed(asked, told))) & _SAID_OF


def _turned(word: str) -> frozenset[str]:
    """The word with each prefix that turns it round, and without it.

    >>> sorted(_turned("unable"))
    ['able', 'nonunable', 'ununable']
    """
    bare = {word[len(one) :] for one in _PREFIXES if word.startswith(one) and len(word) - len(one) >= _SHORTEST}
    return frozenset((*bare, *(f"{one}{word}" for one in _PREFIXES if len(word) >= _SHORTEST)))
