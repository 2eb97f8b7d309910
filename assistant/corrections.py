"""Turns that put the one before right: "no, I meant nurses", "sorry, in Rome", "not nurses, I mean welders". Pure."""

from __future__ import annotations

import re

from assistant.labels import Labels
from assistant.phrases import is_fragment
from assistant.replacing import Similar, put_in_place

CORRECTS = re.compile(
    r"^(?:(?:and|but|so|oh|ok|okay|ah|well)[\s,]+)*"
    r"(?:(?:(?:no|nope|nah|actually)(?:[,.!;:–-]+\s*|\s+(?=(?:i|the|for|in|at|from|with|just|wait|sorry)\b))"
    r"|(?:sorry|my bad|oops|wait|pardon|apologies)[\s,.!;:–-]+)+(?:i (?:just )?mean(?:t)?\s+|i was asking about\s+)?"
    r"|i (?:just )?mean(?:t)?\s+(?!(?:that|it|this|to)\b)|i was asking about\s+)",
    re.IGNORECASE,
)
"""What leads a turn that puts the one before right: "no, I meant nurses", "sorry, in Rome"."""
_NOT_BUT = re.compile(
    r"^(?:no[\s,]+)?not (?P<old>[^,;?]{2,40}?)(?:[,;]\s+|\s+(?=but|i mean))(?:(?:but|i mean(?:t)?|rather)\s+)?"
    r"(?P<new>[^,;?]{2,60})\W*$",
    re.IGNORECASE,
)
"""What is to stand for what: "not nurses, I mean welders"."""
_OF_WHO_ASKS = re.compile(r"(?:i|we|my|our)\b|(?:i|we)['’]", re.IGNORECASE)
"""How what somebody tells of themselves begins; it mends nothing: "sorry, I live in Spain"."""


def mended(question: str, before: str, labels: Labels, similar: Similar) -> str:
    """The question before as a turn puts it right; empty where it does not.

    >>> mended("not nurses, I mean welders", "Do nurses smoke?", Labels(), lambda text, others: [0.0] * len(others))
    'Do welders smoke?'
    >>> mended("I meant for a child", "Are there grants for teeth?", Labels(), lambda text, others: [0.0] * len(others))
    'Are there grants for a child?'
    """
    instead = _NOT_BUT.match(question)
    old = re.search(rf"\b{re.escape(instead['old'])}\b", before, re.IGNORECASE) if instead else None
    if instead and old:
        return f"{before[: old.start()]}{instead['new']}{before[old.end() :]}"
    corrects = CORRECTS.match(question)
    rest = question[corrects.end() :].rstrip(" ?.!") if corrects else ""
    if not rest or not is_fragment(rest) or _OF_WHO_ASKS.match(rest):
        return ""
    return put_in_place(rest, before, labels, similar, led=True) or f"{before.rstrip(' ?.!')}: {rest}?"
