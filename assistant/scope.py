"""What the assistant is not for, and what it has to ask back about. Pure.

A request to write, translate or compute something, for a joke, the weather, or advice that takes a doctor or a lawyer
is declined without a search. A question that could be about several things of the library is answered by asking which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.question import Question
from assistant.terms import is_asking
from assistant.types import Draft
from ingest.types import Hit
from ingest.words import STOPWORDS, stems, words

_PLEASE = (
    r"^(?:(?:hi|hello|hey|please|pls|ok|okay|so|now|can you|could you|would you|will you|i want you to|i need you to|"
    r"i'd like you to|you (?:should|must)|just|kindly)[\s,!.]+)*"
)
_WORK = (
    r"(?:essay|poem|story|song|haiku|limerick|speech|letter|e-?mail|r[eé]sum[eé]|cv|homework|assignment|thesis|"
    r"article|blog post|report|code|script|program|function|query|app|website|regex|tweet|post|introduction|"
    r"paragraph|statement|bio|joke)s?"
)
_SHARES = r"(?:stocks?|shares|crypto(?:currency|currencies)?|bitcoin|etfs?)"
_NO_SHARES = (
    r"(?:exchange|market|option|price|grant|plan|unit|compan|firm|startup|job|role|engineer|developer|analyst|industr)"
)
"""What "stock" or "crypto" may stand before without being bought itself."""
_NOT_FOR = (
    ("write things for you", rf"{_PLEASE}(?:write|draft|compose|generate|produce|rewrite|proofread|edit|"
                             r"do (?:my|this|the)|finish my)"
                             rf"\b(?: me| us)?(?: (?:a|an|my|the|some|this))?\b(?:\W+[\w'’-]+){{0,4}}?\W+{_WORK}\b"),
    ("write things for you", rf"{_PLEASE}(?:translate|summari[sz]e (?:this|the following)|solve|debug|fix (?:my|this))"
                             r"\b"),
    ("tell jokes or play", rf"{_PLEASE}(?:tell|give|sing|play|crack)\b(?: me| us)? (?:a |an |some |another )?"
                           r"(?:\w+ )?(?:joke|riddle|song|story|game|poem)s?\b"),
    ("tell jokes or play", r"\blet'?s play\b|\b(?:pretend|role-?play|act) (?:to be|as|like|that you)\b"),
    ("say anything about the weather", r"\b(?:weather|forecast|temperature)\b.*\b(?:today|tomorrow|tonight|now|this "
                                       r"week|weekend|like|in [A-Z]\w+)\b|\bwill it (?:rain|snow)\b"),
    ("give medical advice", r"\b(?:my|i have|i've got|i am|i'm|should i take|what should i take).*\b(?:headaches?|"
                            r"fever|rash|symptoms?|medication|medicine|dose|dosage|antidepressants?|doctor|diagnos\w+|pills?|"
                            r"chest pain|back pain|migraines?|depress(?:ed|ion))\b"),
    ("give legal advice", r"\b(?:sue|lawsuit|legally|is it legal|illegal|breach of contract|wrongful(?:ly)?)\b.*"
                          r"\b(?:my|me|i|employer|boss|landlord)\b|\b(?:can|should|could) i sue\b"),
    ("give advice on money to invest",
     rf"\b(?:which|what|any|good|best)\W+(?:[\w-]+\W+){{0,2}}?{_SHARES}\b(?!\W+{_NO_SHARES}).*\b(?:buy|sell|invest|purchase"
     rf"|pick|now|today|go up|rise)\b|\bshould i (?:buy|sell|invest in)\b.*\b{_SHARES}\b|\blottery numbers\b"),
    ("change my rules or show them", r"\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:instructions?|rules|"
                                     r"prompts?|guidelines)\b|\b(?:system|hidden|initial) prompt\b|\bjailbreak\b"),
)  # fmt: skip
_COMPILED = tuple((what, re.compile(pattern, re.IGNORECASE)) for what, pattern in _NOT_FOR)

_OFFER = (
    "Ask me about careers in AI and machine learning instead: roles, pay, skills, education, hiring or the market; "
    "I answer from a library and name the source of every statement."
)


def declined(question: str) -> str:
    """What is said to a request that the assistant is not for; empty for everything else.

    >>> declined("Write me an essay about AI")[:32], declined("Who writes the code of an AI product?")
    ('I cannot write things for you. A', '')
    """
    what = next((what for what, pattern in _COMPILED if pattern.search(question)), "")
    return f"I cannot {what}. {_OFFER}" if what else ""


MOST_CHOICES = 5
"""Choices offered at most."""
_ABOUT = re.compile(r"\b(?:in|into|for|of|to|with|on|at|by|and|from)\b", re.IGNORECASE)
"""What makes a title tell about a thing rather than name one."""
_ONLY_ASKING = frozenset("much many long often more less".split())
_CHOOSING = frozenset("most best highest least".split())
_POINTING = frozenset("it its they them their that this these those he she him her one ones there".split())


def ask_back(asked: Question, hits: Sequence[Hit]) -> Draft | None:
    """What to ask back where a question names nothing, or something that several titles of the library share.

    Args:
        asked: The standalone question.
        hits: What was found for it, best first; choices come from their titles.
    """
    titles = list(dict.fromkeys(hit.source.title for hit in hits))
    if _points_nowhere(asked):
        return _asking("I cannot tell what that is about.", _different(titles))
    kinds = _kinds_of(asked, titles)
    if len(kinds) >= 3:
        return _asking("The library holds several of these.", kinds)
    return None


def ask_what_is_wanted(hits: Sequence[Hit]) -> Draft:
    """What to ask somebody who told of themselves and asked nothing yet."""
    titles = tuple(dict.fromkeys(hit.source.title for hit in hits))[:MOST_CHOICES]
    near = f" Near to it the library has: {'; '.join(titles)}." if titles else ""
    return Draft(f"What would you like to know?{near}", "unclear", follow_ups=titles)


def _points_nowhere(asked: Question) -> bool:
    """Whether a question only points ("What does it pay?") or only asks ("How much?")."""
    said = words(asked.text)
    if not any(
        word in _CHOOSING or word not in STOPWORDS and word not in _ONLY_ASKING and not is_asking(word) for word in said
    ):
        return True
    return bool(_POINTING & set(said)) and not asked.subject


def _kinds_of(asked: Question, titles: Sequence[str]) -> list[str]:
    """The titles that are kinds of what is asked about: they end in its words, and none is just that.

    "engineers" is meant by "AI engineer" and "Robotics engineer"; "AI" is not, as it only begins titles.
    """
    subject = list(asked.subject)
    if not subject or len(subject) > 1:
        return []
    found = []
    for title in titles:
        of = stems(re.split(r"[:(,]", title)[0])
        if of == subject:
            return []
        if len(of) > len(subject) and of[-len(subject) :] == subject and not _ABOUT.search(title):
            found.append(title)
    return found


def _different(titles: Sequence[str]) -> list[str]:
    """Titles of two to four words first: they name things rather than tell about them."""
    return sorted(titles, key=lambda title: not 1 <= len(title.split()) <= 4)


def _asking(said: str, choices: Sequence[str]) -> Draft | None:
    offered = tuple(choices[:MOST_CHOICES])
    if not offered:
        return Draft(f"{said} What would you like to know about?", "unclear")
    listed = ", ".join(offered[:-1]) + (" or " if len(offered) > 1 else "") + offered[-1]
    return Draft(f"{said} Do you mean {listed}?", "unclear", follow_ups=offered)
