"""Which pronoun of a question points back to an earlier turn, and which is a mere form or names what stands beside it.

Pure. What one that points back means is weighed in `topics`; "the second one" is counted here.
"""

from __future__ import annotations

import re

from assistant.spans import PREPOSITION
from assistant.topics import Pronoun, mentions
from ingest.words import stems

_PRONOUN = re.compile(
    r"\b((?:that|this|these|those) (?:exam|cert|certificate|certification|course|degree|visa|law)s?"
    r"|(?:that|this|the|those|these|such)(?: an?)?"
    r" (?:one|ones|job|jobs|role|roles|field|career|path|position|profession|work|people|title|same)"
    r"|it|they|them|that|this|these|those|its|their|theirs|he|she|him|her|his|hers|there)\b",
    re.IGNORECASE,
)
_OWNERS = frozenset(("its", "their", "theirs", "his", "hers"))
_PLURALS = frozenset(("they", "them", "their", "theirs", "these", "those"))
_PERSONS = frozenset(("he", "she", "him", "her", "his", "hers"))
_POINTING = frozenset(("this", "that", "these", "those"))
_BE_AT_END = re.compile(r"\b(?:is|are|was|were)\s*$", re.IGNORECASE)
_AUXILIARY_AT_END = re.compile(
    r"\b(?:do|does|did|can|could|will|would|should|may|might|has|have|had)\s*$", re.IGNORECASE
)
_FORMAL = re.compile(r"(?:take|takes|make|makes|worth|possible|hard|difficult|(?:is|was|'s) [\w-]+) .*\b(?:to|be|if)\b")
"""What stands behind an "it" that means nothing: "it takes years to", "it is better to"."""
_DOING = re.compile(r"\b(?:keeps?|kept|is|are|was|were|been) doing $", re.IGNORECASE)
"""In front of what somebody does, which no name of a thing can stand for: "Why does it keep doing this?"."""
_CLAUSE = re.compile(r"(?:others|they|you|we|i|people|nobody|everybody|anybody|no one|someone)\b")
"""What stands behind a "that" which joins a clause: "what do I have that others lack"."""
_HEAD_AT_END = re.compile(r"\b(?:ones?|those|some|any|every)(?:thing|one|body)?\s*$", re.IGNORECASE)
"""What a clause with "that" may hang on without naming anything: "is there one that pays more"."""
_INTRODUCED = re.compile(r"\b(?:my|our|your|an?)\s+\w", re.IGNORECASE)
"""Somebody whom the sentence itself brings in, as in "if my friend pays with her card"."""
_GROWS = re.compile(r"(?:grow|shrink|declin|dy|boom|chang)(?:ing|s)\b")
"""What a thing does, and no second word of its name: "Is the field growing?"."""
_ASKS_BE = re.compile(r"(?:(?:why|but|so|and) )?(?:is|was|isn't|would|will)", re.IGNORECASE)
_LIKENED = re.compile(r"(?:\b(?:is|are|was|were|hows|whats)|['’]s) $", re.IGNORECASE)
_SAID_OF_IT = frozenset("different similar better worse harder easier cheaper enough normal true legal common".split())
"""What is said of a "that" and is no thing itself: "How's that different from nursing?"."""
_CLEFT = re.compile(r"(?:(?:true|correct|right)\b|[$€£]?\d).*\bthat\b")
"""As in "Is it true that nurses earn more?", "Is it 5% or 9% that they pay?"."""
_OWNED = re.compile(
    r"\b(?!(?:it|they|that|this|he|she|who|which|what|how)\b)[\w-]+ "
    r"(?:has|have|had|gives?|pays?|needs?|uses?|wants?|makes?|loses?|keeps?|gets?|improves?|hires?|treats?)"
    r"(?: [\w-]+){0,5} $",
    re.IGNORECASE,
)
"""Whose it is, told in the same clause: "the costs that a company has with its staff"."""
_TO_DO = re.compile(r"(?:[\w-]+ ){1,3}(?:to|if)\b")
"""As in "Is it safer to rent?"."""
_AMONG = re.compile(r"\b(?:which|what|who|one|any|some|most|many|all|none|each|either) of $", re.IGNORECASE)


def pronoun_in(question: str) -> Pronoun | None:
    """The first pronoun that points back, unless the sentence itself names what it points to.

    "that" and "this" before another word, as in "skills that matter", join clauses and point nowhere.

    >>> pronoun_in("What are their skills?"), pronoun_in("Is it hard to become one?")
    (Pronoun(start=9, end=14, plural=True, person=False, possessive=True, among=False), None)
    >>> pronoun_in("Tell me about Hill Bank. Can I open an account there?")
    """
    for match in _PRONOUN.finditer(question):
        if not _points_nowhere(question, match):
            word = match.group().lower()
            possessive = word in _OWNERS or (word == "her" and bool(stems(question[match.end() :].strip()[:12])))
            among = bool(_AMONG.search(question[: match.start()]))
            return Pronoun(
                match.start(), match.end(), word.split()[0] in _PLURALS, word in _PERSONS, possessive, among
            )  # fmt: skip
    return None


def _points_nowhere(question: str, match: re.Match[str]) -> bool:
    """Whether a pronoun is a mere form, joins clauses, stands before its own noun, or was named in its own sentence."""
    word, before = match.group().lower(), question[: match.start()]
    after = question[match.end() :].strip(" ?.!").lower()
    following = after.split()[0] if after else ""
    named = [one for one in mentions(before, 0) if not one.signs["after_wh"]]
    if word == "there":
        placed = any(one.signs["name"] for one in named)
        return placed or bool(after.strip(" ?.!")) or bool(_BE_AT_END.search(before))
    if word == "it" and (
        _FORMAL.match(after) or (_ASKS_BE.fullmatch(before.strip()) and (_TO_DO.match(after) or _CLEFT.match(after)))
    ):
        return True
    if word in _PERSONS and _INTRODUCED.search(before):
        return True
    if word in _OWNERS and (any(one.signs["after_do"] for one in named) or _OWNED.search(before)):
        return True
    likened = following in _SAID_OF_IT and _LIKENED.search(before)
    subject = _AUXILIARY_AT_END.search(before) or likened
    if word in _POINTING and (not before.strip() or (stems(following) and not subject)):
        return True
    if word in ("this", "that") and _DOING.search(before):
        return True
    heads = stems(before) or _HEAD_AT_END.search(before)
    if word == "that" and _CLAUSE.match(after):
        return True
    relative = word == "that" and after and before and not PREPOSITION.search(before) and heads and not likened
    named_here = named and re.search(r"(?:\band\b|[,;?!]|\. |- |\bif\b)", before)
    noun = " " in word and not word.endswith(("one", "ones"))
    compound = noun and after and not _GROWS.match(following) and (stems(following) or following in ("of", "as"))
    return bool(named_here or relative or compound)


_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_ORDINAL = re.compile(r"\bthe (first|second|third|fourth|fifth|last)(?: one| option| of (?:these|those|them))?\b", re.I)


def name_ordinal(question: str, answer: str) -> str:
    """Replace "the second one" by the words that lead the second item of the answer before."""
    match = _ORDINAL.search(question)
    items = re.findall(r"^\s*(?:[-*•]|\d+[.)])\s+(.+)$", answer, re.MULTILINE)
    if not match or not items:
        return question
    place = _ORDINALS[match.group(1).lower()]
    if place >= len(items):
        return question
    label = re.split(r"[:;(\[]| - ", items[place])[0].strip(" *.")
    return question[: match.start()] + label + question[match.end() :]
