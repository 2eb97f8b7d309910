"""Figures that a question names for the library to bear out, and whether it asks about sources that disagree. Pure.

"Is it 56 or 28 percent?" names two figures: a statement that holds both answers it. "All say 80%. Is that right?" names
one. Who says so ("I read that", "my professor says") is no part of what is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.agreement import figures

# A figure has few digits: without a limit thousands of them in a row would be tried from each on.
_AMOUNT = (
    r"(?:[$€£]\s?\d[\d,.]{0,20}\s?(?:k|m|million|thousand)?\b"
    r"|\d[\d,.]{0,20}\s?(?:k|grand|million|thousand dollars|dollars|usd|%|per ?cent)"
    r"(?!\w)|(?<![\d,])\d{2,3},\d{3}\b|(?<![\d,])\d{5,6}\b)"
)
_CLAIMED = re.compile(
    r"\b(?P<way>more than|over|above|at least|upwards of|exceed\w*|less than|under|below|at most|only|up to)?\s*"
    rf"(?P<amount>{_AMOUNT})",
    re.IGNORECASE,
)
"""A figure that is taken for granted or asked about: "more than 200k", "56%"."""
_OF_WHOM = re.compile(
    r"\b(?:(?:among|of|for) )?(?:those|people|anyone|everyone|the ones)(?: who(?:['’]re| are)?)?"
    r" (?:making|earning|earns?|makes?|paid)\s*\Z",
    re.IGNORECASE,
)
"""What says of whom a figure is wanted ("among those making over 200k"), and claims nothing."""
_NEAR = 60
"""Characters in front of a figure in which it stands of whom it says something: a text may hold thousands."""
_ALONE = re.compile(
    r"(?<![\w$€£.,-])(?P<amount>(?!(?:19|20)\d\d\b)\d+(?:\.\d+)?)(?:ish)?(?![\w%]|[.,-]\d|\s?(?:years?|months?|weeks?|days?|hours?|-))"
)
"""A bare number, which is a figure only beside another: "56% or 28"."""
_EITHER = re.compile(
    r"(?<![\w-])\d[\d.]{0,20}(?: [\w$%]+)?,? (?:or|versus|vs\.?) \$?\d[\d.]{0,20}(?![\w-]|%? years)", re.IGNORECASE
)
_SHARE = re.compile(r"\d[\d.]{0,20}\s?(?:%|per ?cent)", re.IGNORECASE)
_ROUNDED = re.compile(r"\d[\d,.]{0,20}\s?(?:k|grand)\b", re.IGNORECASE)

_TOLD = (
    r"(?:(?:have|has|had|just|often|always|once|also|keeps?|kept|still) )*"
    r"(?:read|reads|heard|hears?|hearing|saw|seen|say|says|said|saying|claims?|claimed|claiming|told me|told|tells me"
    r"|was told|is told|swears?|insists?|reports?|writes?|wrote|quotes?)"
)
_WHOEVER = (
    r"(?:i|we|my (?!offer|contract|cv|resume|salary|letter)[\w-]+|every(?:body|one)|people|somebody|someone|they"
    r"|others?|another(?: \w+)?|some(?: \w+)?"
    r"|one(?: \w+)?|an? (?:[\w-]+ )?(?:blog|article|site|website|page|friend|colleague|recruiter|post|video|headline"
    r"|newspaper|podcast|report|study))"
)
HEARSAY = re.compile(rf"\b{_WHOEVER} {_TOLD}\b(?: somewhere| online| once| that|:)*\s*", re.IGNORECASE)
"""Who says so, which no document is expected to repeat."""
_CHECKING = re.compile(
    r"\b(?:is|was|are) (?:that|this|it|these|those)(?: (?:number|figure|claim|statement|share)s?)?"
    r"(?: really| actually| still)? (?:right|true|correct|so|accurate|reliable)\b"
    r"|(?:^|[,.!;]\s*)(?:is that )?(?:true|right|correct|really)\W*$"
    r"|\b(?:who|what|which)(?:['’]?s| is| one is| of (?:them|these|those) is)? (?:right|correct|true)\b"
    r"|\b(?:can|should|could) (?:i|we|you|one) (?:really |still )?(?:trust|believe|rely on|quote)\b",
    re.IGNORECASE,
)
"""What asks whether something holds that was said before."""
_AND = re.compile(r"^(?:(?:and|but|so|or)\b[\s,]*)*", re.IGNORECASE)
_DISPUTED = re.compile(
    r"\b(?:disagree\w*|contradict\w*|conflicting|(?:not|n['’]?t) match|do not agree|(?:so|such) (?:far apart|different)"
    r"|both (?:be |are )?(?:true|right|correct)|to say both|what explains"
    r"|(?:some|one)\b[^?]*\b(?:say|says|give|gives|claim|claims|puts?|reports?|start\w*)\b[^?]*\b(?:others?|another)\b)"
    r"|^(?:why|how comes?)\b.*\b(?:differ\w*|disagree\w*|contradict\w*|vary|varies|apart|while)\b",
    re.IGNORECASE,
)
EXPLAINS = re.compile(
    r"\b(?:differ\w*|because|contradicts?|counts? different|traces? back|goes back|belongs? to|restates?|superseded"
    r"|not settled|not found|one count|misdate\w*|quoted|own line|older|later guidance)\b",
    re.IGNORECASE,
)
"""What a statement says that sets two sources beside each other."""


def claims(text: str) -> tuple[re.Match[str], ...]:
    """The figures that a question names, in order; bare numbers only beside another figure.

    >>> [one["amount"] for one in claims("Is it 56% or 28?")], claims("Can I weld at 45?")
    (['56%', '28'], ())
    >>> [one["amount"] for one in claims("Does it take 3 or 5 of them?")]
    ['3', '5']
    """
    found = list(_CLAIMED.finditer(text))
    beside, told = bool(found or _EITHER.search(text)), bool(HEARSAY.search(text))
    if beside or told:
        taken = {at for one in found for at in range(one.start("amount"), one.end("amount"))}
        alone = (one for one in _ALONE.finditer(text) if one.start("amount") not in taken)
        found += [one for one in alone if beside or len(one["amount"]) > 3]
    return tuple(sorted(found, key=lambda one: one.start("amount")))


def of_whom(named: re.Match[str]) -> int:
    """Where the words begin by which a figure says of whom something is asked; -1 where it is taken for granted.

    >>> [of_whom(one) for one in claims("How many of those earning over $90,000 weld, and do all earn $50,000?")]
    [9, -1]
    """
    match = _OF_WHOM.search(named.string, max(0, named.start() - _NEAR), named.start())
    return match.start() if match else -1


def amounts(named: Iterable[re.Match[str]]) -> tuple[str, ...]:
    """The amounts of some claims as they are written; a bare number beside a share is a share.

    >>> amounts(claims("Is it 56% or 28?"))
    ('56%', '28%')
    """
    found = [one["amount"] for one in named]
    share = any(_SHARE.fullmatch(one) for one in found)
    return tuple(f"{one}%" if share and one.replace(".", "").isdigit() else one for one in found)


def borne_out(claimed: Iterable[str], text: str) -> frozenset[str]:
    """Those of some figures that a text holds; a figure in thousands also where the text rounds to it.

    >>> sorted(borne_out(["109k", "28%", "56%"], "It is $108,932, or 28% more."))
    ['109k', '28%']
    """
    told, shares = (frozenset(figures(one).values()) for one in (text, " ".join(_SHARE.findall(text))))

    def holds(one: str) -> bool:
        values, held = figures(one).values(), shares if _SHARE.search(one) else told
        near = bool(_ROUNDED.search(one))
        return any(value in held or near and any(abs(other - value) < 1000 for other in held) for value in values)

    return frozenset(one for one in claimed if holds(one))


def disputed(text: str) -> bool:
    """Whether a question asks about sources that disagree, or whether what is said holds.

    >>> disputed("Why do the figures for cooks differ?"), disputed("Do cooks earn $9?"), disputed("Is it 56% or 28?")
    (True, False, True)
    """
    named = claims(text)
    told = bool(named or HEARSAY.search(text))
    return bool(_DISPUTED.search(text)) or len(named) > 1 or (told and (checks(text) or bool(HEARSAY.search(text))))


def checks(text: str) -> bool:
    """Whether a text asks if something holds that was said before it.

    >>> checks("Is that number right?"), checks("can I quote it"), checks("Is that far?")
    (True, True, False)
    """
    return bool(_CHECKING.search(text))


def begins_checking(text: str) -> bool:
    """Whether a text asks nothing but if something holds that was said before it.

    >>> begins_checking("and is that number right?"), begins_checking("What do cooks earn, is that right?")
    (True, False)
    """
    return bool(_CHECKING.match(_AND.sub("", text)))


def without_hearsay(text: str) -> str:
    """The text without who says so and without what only asks whether it holds; all of it where nothing else is left.

    >>> without_hearsay("My boss said that cooks earn $9, is that true?")
    'cooks earn $9'
    """
    left = " ".join(_CHECKING.sub(" ", HEARSAY.sub(" ", text)).split())
    left = re.sub(r"[\s,.;]+(?=\?|$)", "", left)
    return left if len(left.split()) > 2 else text
