"""What people say around a question that asks nothing: "ugh.", "sounds nice, and", "new topic:", "lol". Pure."""

from __future__ import annotations

import re

_ANEW = re.compile(
    r"^(?:(?:ok|okay|k|so|and|well|anyway|hm+|right)[\s,.!]+)*"
    r"(?:(?:on )?(?:a )?(?:new|another|different|diff|other|next|unrelated|random|separate|totally different)"
    r" (?:topic|question|q|subject|thing|note)"
    r"|(?:now )?(?:something|smth|sth) (?:else|(?:totally |completely )?different)"
    r"|change of (?:topic|subject)|changing (?:the )?(?:topic|subject))(?: now| then)?(?:\s*[:,.!;–—-]+\s*|$)",
    re.IGNORECASE,
)
"""What says that the next question has nothing to do with those before."""
_AHEAD = re.compile(
    r"^(?:(?:(?:ugh|hm+|huh|oh|ah|wow|lol|lmao|haha+|thx|k|kk|ok|okay|yea|yeah|yep|yup|btw|by the way|damn)"
    r"[\s,.!:;–—-]+"
    r"|(?:(?:that )?sounds? (?:nice|good|great|fun|cool|hard|fair|tough|interesting)|nice(?: one)?|cool|great|awesome"
    r"|perfect|fine|interesting|good to know|got it|i see|makes sense|fair enough|alright|thanks(?: a lot)?|thank you"
    r"|one more thing|one more question|quick question)\s*[,.!:;–—-]+\s*))+"
    r"(?:(?:but|n|and) (?=\w))?",
    re.IGNORECASE,
)
_AND = re.compile(r"^(?:(?:and|but|so|or|also)\b[\s,]*)+", re.IGNORECASE)
_BEHIND = re.compile(
    r"[\s,.]+(?:lol|lmao|haha+|tho|though|btw|tbh|smh|xd|thx|:\)|;\))(?P<mark>[\s?!.]*)$", re.IGNORECASE
)
_TOLD_BEHIND = re.compile(
    r"^(?P<asked>(?:(?:and|but|so|ok)\s+)*(?:what|how) about [^,;?.]{1,40})[,;]\s+"
    r"(?:i|i['’]?m|i['’]?ve|im|ive|we)\b[^?]*$",
    re.IGNORECASE,
)
"""What is told of oneself behind another thing in the place of the one asked about."""


def begins_anew(text: str) -> bool:
    """Whether a turn says that it has nothing to do with those before.

    >>> begins_anew("ok new topic: what do cooks earn?"), begins_anew("What is another topic in cooking?")
    (True, False)
    """
    return bool(_ANEW.match(text))


def without_and(text: str) -> str:
    """A question that stands alone without the "and" or "but" that joined it to those before.

    >>> without_and("and who hires welders?"), without_and("And?")
    ('who hires welders?', 'And?')
    """
    bare = _AND.sub("", text)
    return bare if any(character.isalnum() for character in bare) else text


def without_remarks(text: str) -> str:
    """A turn without what is said around its question; the whole turn where nothing else is in it.

    >>> without_remarks("sounds nice, n what do they make"), without_remarks("do i need that one tho?")
    ('what do they make', 'do i need that one?')
    >>> without_remarks("Great companies for cooks?"), without_remarks("lol"), without_remarks("ok smth else, how?")
    ('Great companies for cooks?', 'lol', 'how?')
    >>> without_remarks("what about smiths, i was halfway into it")
    'what about smiths'
    """
    bare = _AHEAD.sub("", _ANEW.sub("", text.strip()))
    bare = told["asked"] if (told := _TOLD_BEHIND.match(bare)) else bare
    while (behind := _BEHIND.search(bare)) and behind.start():
        bare = f"{bare[: behind.start()]}{behind['mark'].strip()}"
    return bare if any(character.isalnum() for character in bare) else text
