"""What can be asked of the answer before: shorter, more, its sources, a table. Pure.

Such a turn asks nothing new: the question before it is answered again, in another form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.types import Turn, Wish

_LEAD = r"(?:(?:ok|okay|please|pls|and|now|so|thanks|thank you|hm+|can you|could you|would you)[\s,.!]+)*"
_THAT = r"(?:that|this|it|these|those|them|the (?:last |previous )?(?:answer|figures?|numbers?|list|results?))"
_WISHES: tuple[tuple[Wish, str], ...] = (
    ("shorter", rf"(?:make {_THAT} |say {_THAT} |keep {_THAT} |a bit |a little |much )*(?:short(?:er)?|brief(?:er|ly)?|"
                rf"more concise(?:ly)?|less(?: text)?)(?: version)?|tl;?\s?dr|in (?:short|brief|one sentence|a "
                rf"nutshell|a few words)|(?:that(?:'s| is) )?too long|summari[sz]e(?: {_THAT})?|sum {_THAT} up"),
    ("more", rf"(?:tell me |give me |show me |any |some |a bit |say )*more(?: (?:detail|info|information)s?)?"
             rf"(?: (?:about|on) {_THAT})?|(?:in )?more detail|(?:give me )?(?:the )?details|elaborate(?: on {_THAT})?|"
             rf"go on|expand(?: on)?(?: {_THAT})?|anything else|what else|longer|make {_THAT} longer|continue"),
    ("sources", rf"(?:and |but )?(?:(?:which|what)(?:'s| is| are| was)? (?:the |your )?(?:sources?|references?)(?: is|"
                rf" was| are| for| of)?(?: {_THAT})?|(?:which|what) (?:document|page|publisher)s? (?:is|says|said)"
                rf"(?: {_THAT})?(?: from| in)?|(?:where|who) (?:is|does|did|do|says?|said"
                rf"|are)(?: you)?(?: get)?(?: {_THAT}| so)?"
                rf"(?: come)?(?: from)?|(?:your |the )?(?:sources?|references?|citations?)|says who|"
                rf"how do you know(?: {_THAT})?|how old (?:is|are) {_THAT}|cite (?:your )?sources?)"),
    ("table", rf"(?:(?:show|give|put|make|write|format|present)(?: me)? )?(?:{_THAT} )?(?:in|as|into)? ?(?:a |the )?"
              rf"table(?: (?:form|format|of {_THAT}))?"),
)  # fmt: skip
_COMPILED = tuple(
    (wish, re.compile(rf"{_LEAD}(?:{pattern})(?:[\s,]+(?:please|pls|then|again|thanks|from))*[\s.!?…]*", re.IGNORECASE))
    for wish, pattern in _WISHES
)


def read_wish(text: str) -> Wish:
    """What a turn asks of the answer before; empty for a question of its own.

    >>> [read_wish(one) for one in ("Shorter, please", "in a table", "Which source is that?", "What do nurses earn?")]
    ['shorter', 'table', 'sources', '']
    """
    return next((wish for wish, pattern in _COMPILED if pattern.fullmatch(text.strip())), "")


def without_wishes(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that asked something of their own."""
    return [turn for turn in turns if not read_wish(turn.question)]
