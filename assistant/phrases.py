"""Turns that name a thing and ask nothing: "late career", "in Seattle", "small business". Pure."""

from __future__ import annotations

import re

from assistant.labels import Labels, key
from assistant.pronouns import pronoun_in
from assistant.spans import spans
from ingest.words import stems, words

QUESTION_WORD = re.compile(
    r"^(?:(?:until|till|by|since|from|for|at|in|to|with) (?=(?:when|what|which|where|whom|whose)\b))?"
    r"(?:(?:what|which|who|when|where|why|how)(?:['’]?s)?|whom|whose|is|are|was|were|do|does|did|can|could|will|would|"
    r"should|has|have|had|may|might|must|tell|list|name|explain|describe|compare|show|give|define)\b",
    re.IGNORECASE,
)
"""How what asks by itself begins."""
_BARE_WORDS = 5
"""Words of a phrase at most; a longer one says itself what it is about."""
_ANY = frozenset(stems("one ones thing things"))
"""What stands for anything."""
_CLAUSES = re.compile(r"[,;:] +")
"""Between clauses, of which one may ask: "the analysts, what do they make"."""
_NO_PHRASE = re.compile(r"[?.!]|\w (?:vs\.?|versus|or) \w", re.IGNORECASE)
"""What two sentences have, or two things side by side, which are a question by themselves: "renting or buying"."""
_AGAINST = re.compile(r"(?P<one>[^?.!,;:]+?) (?:vs\.?|versus) (?P<other>[^?.!,;:]+)", re.IGNORECASE)
"""One thing against another, and nothing else: "renting vs buying"."""
_ASKING = frozenset(
    stems(
        "need needed required require requirements kind kinds type types sort want wanted look best good main "
        "important average typical typically usually earn earns make makes salary salaries pay paid wage money cost "
        "become start learn use used work day years year long hard easy worth future jobs outlook degree skills"
    )
)
"""Words that say what is asked of a thing and name none."""


def is_fragment(rest: str) -> bool:
    """Whether words name a thing and ask nothing: "late career", "in Seattle", "data scientists".

    >>> is_fragment("in Seattle"), is_fragment("what is MLOps"), is_fragment("late career")
    (True, False, True)
    """
    asks = any(QUESTION_WORD.match(clause) for clause in _CLAUSES.split(rest))
    return bool(stems(rest)) and not asks and len(words(rest)) <= 8 and not pronoun_in(rest)


def named_anew(rest: str, labels: Labels) -> bool:
    """Whether a bare phrase has a word that no label of the library has, so that it says little by itself."""
    whole = len(words(rest)) <= _BARE_WORDS and not _NO_PHRASE.search(rest)
    return whole and not labels.words.issuperset(set(stems(rest)) - _ANY)


def under(phrase: str, before: str) -> str:
    """A bare phrase with what was asked before it, which counts less.

    >>> under("assets", "How do I pay less tax?")
    'Assets – How do I pay less tax: assets?'
    """
    return f"{phrase[:1].upper()}{phrase[1:]} – {before.rstrip(' ?.!')}: {phrase}?"


def phrase_of(asked: str) -> str:
    """The bare phrase that was put in front of what was asked before it, and counts more; empty for anything else.

    >>> phrase_of("Assets – How do I pay less tax: assets?"), phrase_of("How do I pay less tax?")
    ('Assets', '')
    """
    phrase, dash, behind = asked.partition(" – ")
    return phrase if dash and behind.lower().endswith(f": {phrase.lower()}?") else ""


def set_against(phrase: str) -> str:
    """A bare phrase that sets one thing against another, as the question it stands for; else empty.

    >>> set_against("cats versus dogs"), set_against("cats vs big dogs cost")
    ('What is the difference between cats and dogs?', '')
    """
    two = _AGAINST.fullmatch(phrase)
    if two is None:
        return ""
    one, other = stems(two["one"]), stems(two["other"])
    # "pay of cats vs dogs", "cats vs big dogs cost": what is asked of both stands at an end.
    if (len(one) > 1 and one[0] in _ASKING) or (len(other) > 1 and other[-1] in _ASKING):
        return ""
    return f"What is the difference between {two['one']} and {two['other']}?"


def has_topic(rest: str, labels: Labels) -> bool:
    """Whether a question names something that titles a document, by more than a word that merely asks."""
    named = (key(span.text) for span in spans(rest))
    return any(one in labels.titles and (len(one) > 1 or one[0] not in labels.attributes) for one in named)


def only_attributes(rest: str, labels: Labels) -> bool:
    """Whether all words that carry meaning only say what is asked about a thing ("salary", "skills needed")."""
    carried = [stem for stem in stems(rest) if stem not in _ASKING]
    return all(stem in labels.attributes for stem in carried)
