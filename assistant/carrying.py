"""Follow-ups whose very form says what of the question before they take along. Pure.

A choice between the two things that were asked about ("Which earns more?"), a condition on what was asked ("And if they
say no?"), what a person tells of themselves ("I am a nurse"), a comparison with it ("vs data engineer"), another thing
in the place of the only one ("And a plumber?"), and an "it" that is what somebody wants to do ("How long would it
take?"). What a pronoun names otherwise is weighed in `topics`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.labels import Labels, key
from assistant.spans import spans
from assistant.topics import is_content, is_plural, mentions, names_people

_AND = r"^(?:(?:and|but|so|or|ok|okay|then|well)\b[\s,]*)*"
_COMPARATIVE = (
    r"(?:cheap|clos|eas|earl|fast|great|hard|high|larg|late|long|low|new|old|quick|rich|saf|short|simpl|slow|small|smart"
    r"|steep|strong|tough|wid|young|bigg|fewe|near)i?e?(?:r|st)"
)
"""A word in its comparative or superlative; by its ending alone, "consider" would be one."""
_CHOICE = re.compile(
    _AND + r"(?:which|what|who)(?: (?:one|ones|role|job|field|career|path|of (?:them|these|those|the two)))?"
    r" (?:is|are|has|have|gets?|pays?|earns?|makes?|grows?|needs?|takes?|requires?|would|will|should|do|does)\b.*"
    rf"\b(?:more|less|better|worse|best|most|least|should i .+|{_COMPARATIVE})\b",
    re.IGNORECASE,
)
_WHICH = re.compile(
    _AND + r"(?:which|who)(?: (?:one|of (?:them|these|those|the two)))?"
    r" (?:is|are|has|have|gets?|pays?|earns?|makes?|grows?|needs?|takes?|would|will|should|do|does)\b",
    re.IGNORECASE,
)
"""A choice that names none of what it chooses from."""
_OF_TWO = re.compile(_AND + r"(?:which|who|what)(?: one)? of (?:them|these|those|the two)\b", re.IGNORECASE)
"""A choice, whatever is asked of the one."""
_HOW_MANY = re.compile(
    _AND + r"how many(?= (?:are|is|were|was|will|would|have|has|do|did|can|could|should)\b)", re.IGNORECASE
)
_COUNTED = re.compile(r"\bhow many (?P<noun>[a-z-]+)\b", re.IGNORECASE)
"""What the question before counted, for one that counts and does not say what."""
_CONDITION = re.compile(
    _AND + r"(?:what |even |only )?if (?:i|you|we|they|he|she|it|that|this|not|so)\b[^,;]*$", re.IGNORECASE
)
_WHY = re.compile(
    _AND + r"why (?:so|not|(?:is|was|would) (?:that|this|it so)|that|this)\b(?: [a-z]+){0,2}$", re.IGNORECASE
)
_TELLS = re.compile(
    r"(?:(?:and|but|so|or|ok|okay|sorry|no|well|actually)[\s,.!]+)*(?:i['’]?m|i am|i live|i work|we are|we live)\b"
    r"[^?,;:]{1,60}$",
    re.IGNORECASE,
)
"""What only tells of the person who asks: "I am a nurse", "Sorry, I live in Spain"."""
_ASKS = re.compile(
    r"\b(?:can|could|do|does|did|is|are|should|would|will|must) (?:i|you|we|they|it|he|she|one)\b", re.IGNORECASE
)
_BOTH = re.compile(
    r"\b(?:they both|both of them|both|each of them|the two|either of them|either"
    r"|each(?= (?:earns?|makes?|pays?|costs?|needs?|does|do|of)\b))\b(?! (?:[\w-]+ ){1,3}(?:and|or)\b)",
    re.IGNORECASE,
)
_VERSUS = re.compile(
    _AND + r"(?:vs\.?|versus|(?:as )?compared (?:to|with)|as opposed to) (?P<other>.+)$", re.IGNORECASE
)
_BESIDE = re.compile(
    _AND + r"(?P<beside>(?:among|with|without|after|before|during|within) (?:[\w-]+ ){0,4}?"
    r"(?:them|those|these|that|it)\b(?! (?:are|is|will|can|who|which)\b)[^,;?]{0,60})$",
    re.IGNORECASE,
)
"""What narrows down the question before and points to something in it: "And among those in Rome?"."""
_IT = re.compile(
    _AND + r"(?P<asked>how (?:long|much|hard|difficult|expensive|risky|easy|realistic|common|many \w+)"
    r" (?:does|do|would|will|is|might|did|can) (?:it|that|this)(?: all)?(?: (?:take|cost|require|involve|need|be))?"
    r"|what (?:does|would|will) (?:it|that|this) (?:take|cost|require|involve)"
    r"|(?:does|do|did|would|will|can) (?:it|that|this)(?: really| even| still| actually| ever)?"
    r" (?:work|help|pay off|make sense|matter)"
    r"|(?:is|would|will) (?:it|that|this)(?: really| even| still)?(?: be)?"
    r" (?:hard|difficult|easy|possible|realistic|worth it|worthwhile|too late|expensive|risky|common|a good idea|wise))"
    r"(?P<more>(?: (?:for|with|without|at|if) [^,;?!]+)?)(?: usually| typically| normally)?[\s?!.]*$",
    re.IGNORECASE,
)
_SOMEBODY = r"(?:i|you|we|one|someone|somebody|people|anyone|(?:a|an|my|the) \w+)"
_DOES = re.compile(
    rf"\b(?:can|could|should|shall|may|might|would|will|do|did) {_SOMEBODY}(?: (?:even|still|really|ever|just))?"
    rf" (?P<do>(?!\b(?:need|have|know|want|like|think|get paid)\b)[a-z].*)$",
    re.IGNORECASE,
)
_TO_DO = re.compile(
    r"\b(?:need|needed|needs|take|takes|took|possible|hard|easy|difficult|worth|late|want|wants|like|have|plan|how|"
    r"trying|going|old|young|degree|phd|experience|best way|way) (?:for \w+ )?to (?P<do>.+)$",
    re.IGNORECASE,
)
_TAKEN = re.compile(rf"^(?:which|what) \w.* (?:can|could|should|do|would|will) {_SOMEBODY} [a-z]+$", re.IGNORECASE)
"""What asks for the thing that is done something with, so that "it" is that thing: "Which exam should I take?"."""
_JOINED = re.compile(r" (?:(?P<surely>vs\.?|versus|or)|and) (?:an? |the )?", re.IGNORECASE)
_SAID_OF_BOTH = frozenset(
    "better worse best cheaper easier faster harder safer good enough paid worth needed required".split()
)
"""What may stand behind the second of two things: "Is a bootcamp or a degree better"."""
_FRAME, _LONGEST_NAME = 2, 4
"""Words that two questions share at least, and in which they differ at most, where one puts a thing for another."""
_NEAR = 120
"""Characters beside a joining word in which a name stands."""


def choice_of(question: str, before: str) -> str:
    """A choice between two things that were told before it, with the two; empty for anything else.

    >>> choice_of("Which pays more?", "She wants to be a cook or a smith."), choice_of("Is it hard?", "A cook.")
    ('Which pays more, cook or smith?', '')
    """
    asked = question.strip().rstrip(" ?.!")
    pair = next(_pairs(before.rstrip(" ?.!"), Labels()), None) if _WHICH.match(asked) else None
    return f"{asked}, {pair[0]} or {pair[1]}?" if pair else ""


def carried(question: str, before: str, labels: Labels) -> str:
    """The question as it stands alone, with what its form takes along; empty where its form takes nothing.

    Args:
        question: The new turn.
        before: The question before it, standing alone.
        labels: What the library calls things.

    >>> carried("And how long would it take?", "Can I switch to AI at 50?", Labels())
    'how long would it take to switch to AI at 50?'
    >>> carried("Which earns more?", "What is the difference between a data scientist and a data engineer?", Labels())
    'Which earns more, data scientist or data engineer?'
    >>> carried("do both need a degree?", "Is a welder or a smith better paid?", Labels())
    'do welder and smith need a degree?'
    >>> carried("vs data engineer", "What does an MLOps engineer do?", Labels())
    'What does an MLOps engineer do vs data engineer?'
    >>> carried("and among those in Rome?", "How many cooks smoke?", Labels())
    'How many cooks smoke among those in Rome?'
    >>> carried("and how many are lost?", "How many jobs are made?", Labels())
    'how many jobs are lost?'
    """
    asked, ended = question.strip().rstrip(" ?.!"), before.rstrip(" ?.!")
    pair = next(_pairs(ended, labels), None) if _CHOICE.match(asked) or _OF_TWO.match(asked) else None
    if pair:
        return f"{asked}, {pair[0]} or {pair[1]}?"
    if (both := _BOTH.search(asked)) and (pair := next(_pairs(ended, labels), None)):
        return f"{asked[: both.start()]}{pair[0]} and {pair[1]}{asked[both.end() :]}?"
    if _WHY.match(asked) or _TELLS.match(asked) or (_CONDITION.match(asked) and not _ASKS.search(asked)):
        return f"{ended}: {asked}?"
    if (many := _HOW_MANY.match(asked)) and (counted := _COUNTED.search(ended)):
        return f"how many {counted['noun']}{asked[many.end() :]}?"
    if versus := _VERSUS.match(asked):
        return f"{ended} vs {versus['other']}?"
    if beside := _BESIDE.match(asked):
        return f"{ended} {beside['beside']}?"
    doing = _DOES.search(ended) or _TO_DO.search(ended)
    if doing and not _TAKEN.match(ended) and (it := _IT.match(question.strip())):
        return f"{it['asked']} to {doing['do']}{it['more']}?"
    return ""


def differing(question: str, other: str) -> str:
    """The two things in which two questions differ that are otherwise worded alike, set side by side; else empty.

    >>> differing("What do smiths earn in Rome?", "what do cooks earn in Rome"), differing("Is it?", "How old is Rome?")
    ('smiths or cooks', '')
    """
    one, two = question.rstrip(" ?.!").split(), other.rstrip(" ?.!").split()
    least = min(len(one), len(two))
    low = [["a" if word.lower() == "an" else word.lower() for word in side] for side in (one, two)]
    ahead = next((at for at in range(least) if low[0][at] != low[1][at]), least)
    while ahead and is_content(one[ahead - 1]):
        ahead -= 1
    ends = range(1, least - ahead + 1)
    behind = next((at - 1 for at in ends if low[0][-at] != low[1][-at]), least - ahead)
    behind -= bool(behind) and names_people(one[len(one) - behind])
    sides = one[ahead : len(one) - behind], two[ahead : len(two) - behind]
    if ahead + behind < _FRAME or not all(0 < len(side) <= _LONGEST_NAME for side in sides):
        return ""
    return " or ".join(" ".join(side) for side in sides)


def only_named(fragment: str, question: str) -> range | None:
    """Where a question names its only thing with "a", in whose place a fragment with "a" puts another; else None.

    >>> only_named("a plumber", "What does a deep sea diver earn?"), only_named("a cook", "Is a smith a baker?")
    (range(12, 26), None)
    """
    named = [one.text for one in mentions(question, 0) if one.signs["a"]] if re.match(r"an?\b", fragment, re.I) else []
    longest = max(named, key=len, default="")
    if not longest or not all(longest.startswith(one) for one in named):
        return None
    return range(question.index(longest), question.index(longest) + len(longest))


def _pairs(question: str, labels: Labels) -> Iterator[tuple[str, str]]:
    """Two things that a question sets side by side: by "or", "vs" and "between", or like ones by "and"."""
    for joined in _JOINED.finditer(question):
        runs = _run(question[: joined.start()], ends=True), _run(question[joined.end() :], ends=False)
        left, right = (next((one for one in side if key(one) in labels.groups), (*side, "")[0]) for side in runs)
        surely = joined["surely"] or re.search(
            rf"\bbetween (?:an? |the )?{re.escape(left)}$", question[: joined.start()]
        )
        like = labels.siblings(key(left), key(right)) or (is_plural(left) and is_plural(right))
        if left and right and (surely or like):
            yield left, right


def _run(text: str, *, ends: bool) -> list[str]:
    """The runs of words that end a text, or begin it, the longest first."""
    near = text[-_NEAR:] if ends else text[:_NEAR]
    found = [one for one in spans(near) if (one.end == len(near) if ends else not one.start)]
    usable = [one.text for one in found if _SAID_OF_BOTH.isdisjoint(one.text.lower().split())]
    return sorted(usable, key=len, reverse=True)
