"""What a question asks for: the kind of answer expected, and the words that an answer has to be about.

The kinds are those of any question ("how much" wants a figure, "when" a date: `kinds`). It does not parse; a question
it does not understand simply has no kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.claims import HEARSAY, amounts, claims, disputed, of_whom, without_hearsay
from assistant.forms import COUNTED, FIGURES, Kind, in_form
from assistant.kinds import CUES, TELLING, figure_kind, kind_of
from assistant.qualifiers import Qualifier, level_by_years, places, qualifiers, without_shares
from assistant.terms import ASKING, WORKED, is_asking, terms_of
from ingest.words import stem, stems

_NAMED = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w’'-]+")
# How an answer is to be put ("Answer only with ...", "Pretend you are ... and tell me") is no part of what is asked.
_MANNER = re.compile(
    r"(?:^|(?<=[.!?:]\s))(?:please )?(?:answer|reply|respond|cite|quote|repeat after me|pretend|imagine|act|use|print|"
    r"output|speak|talk|be (?:brief|short|honest)|give all|do not|don['’]t|system"
    r"|if (?:there (?:is|are) )?(?:multiple|several|many|more than one),? (?:list|record|give|name|include|report))\b"
    r"(?:[^?.!:]|\.(?=\w)|:(?=//))*?(?:\band (?:then )?(?:tell|give|show) me\b|:\s|[.!?](?=\s|$)|$)",
    re.IGNORECASE,
)

# "I am 45 and a nurse, can I ...", "My boss offered me $90,000. Is ...": the question comes behind who asks.
_GREETED = r"^(?:(?:hi|hello|hey|so|well|ok|okay)[\s,!.]+)*"
_ABOUT_ME = re.compile(
    _GREETED + r"(?:i\s?['’]?\s?a?m|i['’](?:ve|d)|i(?= \w)|my(?= \w)|we['’]?(?:re|ve)?(?= \w)"
    r"|they (?:have )?(?:offer|pay)\w*|(?:as|after|with) (?:an?|my)(?= [a-z]))\b"
    r"[^?]*?(?:(?<!\d)[,.;:!–-]\s*|[,.;:!–-]\s+|\s+(?:and|but|so)\s+"
    r"|\s+(?=(?:is it|am i|(?:how )?(?:can|should|could|do) i)\b))"
    r"(?:and |but |so |now |then |(?:can|could) you tell me )*"
    r"(?=(?:what|which|how|where|when|who|why|can|could|do|does|is|are|should|would|will|am(?= i\b)|may|might|was|were"
    r"|any)\b)",
    re.IGNORECASE,
)
# "Paralegal here, where would I fit?", "Was a nurse for years, too old for it?": the same without "I am".
_ELLIPTIC = re.compile(
    _GREETED + r"(?!(?:what|which|how|where|when|who|whom|whose|why|can|could|do|does|did|is|are|should|would|will|has"
    r"|have|if|as|in|at|for|on|with|without|by|besides?|apart|compared|between|after|before|since|because|given)\b)"
    r"(?:[\w/+#'’-]+,?\s+){0,8}?[\w/+#'’-]+(?:[,;:.!]\s*|\s+[-–—]+\s+)(?:and |but |so |now )*"
    r"(?=(?:(?:what|which|how|where|when|who|why|can|could|do|does|is|are|should|would|will|am)\b[^?]*\b(?:i|me|my)\b"
    r"|(?:any|too|possible|worth)\b))",
    re.IGNORECASE,
)
NEXT_SENTENCE = re.compile(r"(?<=[?!.])\s+(?=\S)|\s*\n\s*")
"""Where a sentence ends, however the next begins: people who jot leave capitals out."""
_ASKS = re.compile(
    r"^(?:(?:hi|hello|hey|anyway|so|well|now|ok|okay|but|and|then|please)[\s,]+)*"
    r"(?P<asked>(?:what|whats|what['’]s|wat|which|how|hows|where|when|who|whos|why|can|could|do|does|did|is|are|should"
    r"|would|will|am i|any)\b.*?)\W*$",
    re.IGNORECASE | re.DOTALL,
)
"""A sentence that asks, with or without its mark."""
_NEXT_CLAUSE = re.compile(r"\s*(?:,|;|\.\.+|\s[-–—]+)\s+|\s+(?:lol|lmao|haha+)\b[\s,.]*", re.IGNORECASE)
_GREETED_LOOSELY = re.compile(
    r"^(?:(?:hi|hello|hey|yo|anyway|so|well|now|ok|okay|but|and|then|please|dumb q(?:uestions?)?)\b[\s,]+)*",
    re.IGNORECASE,
)
"""What people say before they ask, when they jot."""
_ASKS_FULLY = re.compile(
    rf"{_GREETED_LOOSELY.pattern}(?:(?:what|which|how|where|when|who|why)\b|(?:whats|whos|hows|wat)\b"
    r"|(?:can|could|do|does|is|are|should|would|will) (?:i|you|they|it|that|there|a|an|the|people|[a-z]+s)\b)",
    re.IGNORECASE,
)
"""A clause that asks with a word of asking, or with a verb and who does it."""
_NARROWS = re.compile(
    r"^(?:and |but |so )*(?:in|at|for|with|without|if|as|since|because|when|while|after|before|by|on|to|of|than|or)\b"
    r"|\b(?:in|at|from) [A-Z]|(?<=[a-z] )[A-Z]\w|\b(?:19|20)\d\d\b|[$€£%]"
)
"""What may narrow down the question beside it: a place, a time, a condition, a name, a sum."""
_AS_ONE_WHO = re.compile(r"^as an?\b.*[,;:]\s*(?:what|which|how|where|when|who|why)\b", re.IGNORECASE)
"""What tells from where somebody asks of others: "As a recruiter, what should I look for?"."""
_HOPED_FOR = re.compile(
    r"(?<!not )(?<!n't )(?<!n’t )(?<!dont )(?<!never )\b(?:my [\w-]+ )?"
    r"(?:wants?|wishes|wish|hopes?|plans?|would (?:like|love)|dreams? of|loves?|likes?)(?: to)? "
    r"[\w-]+(?= (?:(?:an?|the|with|in|on) )?[\w-]+[.!])",
    re.IGNORECASE,
)
"""Who would do what with a thing; what is asked is about the thing ("My son wants to build robots.")."""
_TOLD_BEHIND = re.compile(r"(?P<asked>[^?]+\?)\s+(?P<told>[^?]{3,})$")
"""What is told behind a question: "How long can I go on? I weld."."""
_DAY = re.compile(
    r"\b(?:in|on|by|until|till|since|from|end of|this|next|last) (?:next |last |early |mid |late )?"
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|week|month|January|February|March|April|May|June|July|August"
    r"|September|October|November|December)\b(?! \d)",
    re.IGNORECASE,
)
"""A day of one's own life, which no document is expected to repeat."""
_OFFER_OF = re.compile(
    r"\b(?:my |the |our )?(?:boss|company|employer|manager|firm|they) (?:has |have |just )*offer(?:ed|s)?\b"
    r"|\b(?:got|have|received|get) (?:an?|the|my|this) (?:job |first )?offer(?: from (?:an? |the )?[\w-]+)?"
    r"(?: (?:for|of)\b)?",
    re.IGNORECASE,
)
_LIVES_IN = re.compile(
    r"\b(?:(?:mov(?:ed?|ing)|relocat(?:ed?|ing)) to|(?:liv(?:ed?|ing)|based|located|am|m|['’]m|work(?:ing)?|settled)"
    r"(?: now| currently)? in) (?!(?:the )?(?:US|USA|U\.S|United States|America)\b)(?P<name>[A-Z]\w{3,}(?: [A-Z]\w+)*)",
)
"""Where somebody lives who tells so: what is paid is paid there."""
_OWN_WORDS = 2
"""Words from which a question about oneself stands without what was told in front of it."""
_OF_ONESELF = re.compile(r"\b(?:i|me|my|we|us|our)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"\b(?:is|are|was|were) (?:that|this|those|these)\b|\b(?:those|these)\b"
    r"|(?<!is )(?<!are )(?<!was )(?<!were )\bthere\b(?! (?:is|are|was|were|will|a|an|any|be|has|have)\b)"
    r"|\bit\b(?! (?:too|hard|easy|possible|worth|late|true|better|realistic|normal|difficult|enough|help))",
    re.IGNORECASE,
)
"""What asks about that which was told in front of it."""

_EVERY_SOURCE = re.compile(
    r",?\s*\b(?:(?:by|from|in|across|according to) (?:(?:all|every|each|the|different|various|several|your)\s)+sources?"
    r"(?: (?:that )?(?:you|we|the library) (?:have|has|hold|holds|know))?"
    r"|(?:please )?(?:give|show|list|name|tell)(?: me)? (?:all|every|each)(?: (?:the|of the|different|your))* "
    r"(?:figures?|numbers?|sources?|values?)"
    r"|(?:and )?do (?:(?:the|your|all|different) )*sources (?:agree|differ|disagree)"
    r"|(?:the |all )(?:the )?different figures(?= for| of| on)|all (?:the )?figures(?= for| of| on))\b"
    r"|\bwhat do (?:(?:all|the|your|different|various|several) )*sources say (?:about|on|of)\b",
    re.IGNORECASE,
)
"""What asks for the figures of all sources, not for the best one."""

_YES_OR_NO = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|am|may|might|must)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Question:
    """A standalone question, read."""

    text: str
    kind: Kind
    terms: tuple[str, ...]
    """Stems that an answer has to be about, each once, in order; without the words of asking."""
    cues: frozenset[str]
    """Stems that only name the kind of answer; a figure of that kind meets them."""
    yes_or_no: bool = False
    """Whether it can be answered by yes or no, so that a figure is welcome but not needed."""
    subject: tuple[str, ...] = ()
    """Stems that name what it is about; empty where it only points ("What does it pay?")."""
    claim: str = ""
    """A figure that the question takes for granted ("more than 200k"), as it was typed."""
    claims: tuple[str, ...] = ()
    """The amounts of all figures that it names for the library to bear out ("56%", "28")."""
    disputed: bool = False
    """Whether it asks about sources that disagree, or whether a figure holds."""
    personal: bool = False
    """Whether it tells about the person who asks."""
    told: frozenset[str] = frozenset()
    """Stems of what was told in front of the question and is not asked."""
    every_source: bool = False
    """Whether the figures of all sources are asked for."""
    qualifiers: tuple[Qualifier, ...] = ()
    """What it is narrowed to: a level of a career, a share of the earners, a year, an hour."""
    unknown: frozenset[str] = frozenset()
    """Stems of its terms that stand nowhere in the library and are no names."""
    strange: frozenset[str] = frozenset()
    """Terms that are names and that the library does not hold: no word that only begins like them meets them."""

    unheld: frozenset[str] = frozenset()
    """Stems of everyday words that the library lacks: no answer is expected to repeat them beside others."""

    own_case: bool = False
    """Whether the person asks about themselves, so that only what holds for anybody can be said."""
    measured: str = ""
    """Stem of the verb whose time or amount is asked for: "work" of "How many hours do welders work?"."""
    sought: str = ""
    """Stem of the noun that is listed or counted: "skill" of "Which skills do welders need?"."""

    def answered_in_kind(self, text: str, heading: str = "") -> bool:
        """Whether a text holds a figure, date or degree where one is wanted; true when nothing special is."""
        if self.kind == "name":
            return any(not frozenset(stems(one)) <= frozenset(stems(self.text)) for one in _NAMED.findall(text))
        return in_form(self.kind, self.text, text, heading)

    @property
    def wants_figure(self) -> bool:
        """Whether only a text of a certain form can answer."""
        return self.kind in FIGURES and not self.yes_or_no

    @property
    def telling(self) -> frozenset[str]:
        """Stems beside which a figure of the kind asked for usually stands."""
        return TELLING.get(self.kind, frozenset())


def asks_every_source(text: str) -> bool:
    """Whether the figures of all sources are asked for, or whether they agree.

    >>> asks_every_source("do sources agree?"), asks_every_source("What do welders earn?")
    (True, False)
    """
    return bool(_EVERY_SOURCE.search(text))


def read_question(text: str, speaks_of: str = "") -> Question:
    """Read a standalone question.

    Args:
        text: What is asked.
        speaks_of: The comparison that it is one side of, which may name the figure that this side leaves out.

    >>> question = read_question("How much do data scientists earn in Boston?")
    >>> question.kind, question.terms
    ('money', ('data', 'scientist', 'boston'))
    >>> read_question("Why do welders earn more than 200k?").claim, read_question("I am 45, can I weld in Rome?").terms
    ('more than 200k', ('weld', 'rome'))
    """
    every = asks_every_source(text)
    text = _paid_there(_without_manner(text))
    asked, told, personal, bare = _told_in_front(text)
    doubted = disputed(asked) and not personal
    asked = without_hearsay(asked)
    named = claims(without_shares(asked))
    claimed = next((one for one in named if of_whom(one) < 0), None)
    for one in reversed(named):
        whom = of_whom(one)
        asked = f"{asked[: one.start() if whom < 0 else whom]} {asked[one.end() :]}"
    wanted = _EVERY_SOURCE.sub(" ", asked) if every else asked
    kind = _kind(wanted, claimed, speaks_of)
    if kind == "education" and personal and not told and (match := _about_asker(text)):
        # A degree that a person has is not what is asked.
        kind = _kind(text[match.end() :], claimed, speaks_of)
    if kind == "other" and bare != asked:
        kind = kind_of(bare)
    terms, carried = terms_of(wanted, kind)
    found = terms or tuple(one for one in carried if one not in ASKING) or carried
    return Question(
        text,
        kind,
        found,
        cues=frozenset(one for one in carried if one in CUES.get(kind, frozenset())),
        yes_or_no=bool(_YES_OR_NO.match(asked.strip())) and not claimed,
        subject=terms,
        claim=" ".join(claimed.group().split()) if claimed else "",
        claims=amounts(named),
        disputed=doubted,
        personal=personal,
        told=frozenset(terms_of(told, kind)[0]),
        every_source=every,
        qualifiers=(*qualifiers(asked), *(level_by_years(asked) if kind == "money" else ())) if kind in FIGURES else (),
        own_case=personal and not _AS_ONE_WHO.match(text),
        measured=stem(worked[1]) if (worked := WORKED.search(wanted)) else "",
        sought=_sought(wanted, kind),
    )


def _kind(asked: str, claimed: re.Match[str] | None, speaks_of: str) -> Kind:
    """The kind of a question; the figure of the comparison that it is a side of, and pay for a share of the earners."""
    kind = kind_of(without_shares(asked), claimed)
    if kind in FIGURES or kind == "reason":
        return kind
    of_earners = any(one.value.startswith(("highest", "lowest")) for one in qualifiers(asked))
    return (figure_kind(speaks_of) if speaks_of else None) or ("money" if of_earners else kind)


_SOUGHT = re.compile(
    r"^(?:and |so )?(?:what|which) (?:[\w+#-]+ ){0,2}?(?P<noun>[\w-]+) "
    r"(?:do|does|did|is|are|was|were|can|could|should|must|will|would|has|have|had)\b",
    re.IGNORECASE,
)


_WHETHER_THERE_IS = re.compile(
    r"^(?:and |so |but )?(?:is|are) there (?:an?|any|some) (?P<noun>(?:[\w+#-]+ ){0,3}?[\w+#-]+)"
    r"(?= (?:that|where|which|who|whose|to|for|with|in|on|at|of|about|from|by|i|you|we|they|people)\b|\W*$)",
    re.IGNORECASE,
)
"""What it is asked whether there is any of: "Is there a website that lists jobs?"."""

_HOW_MUCH_OF = re.compile(
    r"^(?:and |so )?how much (?P<noun>[a-z][a-z-]{2,}) "
    r"(?:does|do|did|is|are|was|will|would|can|could|should|has|have)\b",
    re.IGNORECASE,
)
"""What is measured: "How much electricity does it take?"."""


def _sought(asked: str, kind: Kind) -> str:
    """Stem of the noun behind "which", "how many" or "is there a"; empty where it only says how to answer.

    >>> _sought("Which soft skills do welders need?", "list"), _sought("What kinds are there?", "list")
    ('skill', '')
    >>> _sought("Is there an online course for welders?", "other"), _sought("How much money do I need?", "money")
    ('cours', '')
    """
    match = _SOUGHT.match(asked) if kind == "list" else COUNTED.search(asked) if kind == "count" else None
    match = match or _WHETHER_THERE_IS.match(asked) or _HOW_MUCH_OF.match(asked)
    noun = match["noun"].split()[-1] if match else ""
    if not noun or is_asking(noun) or stem(noun) in CUES["count"]:
        return ""
    return next(reversed(stems(noun)), "")


def asked_alone(text: str) -> str:
    """What is asked behind what a person tells first, where it names something by itself; else nothing.

    >>> asked_alone("I am 45 and a nurse. Where do I start with welding?"), asked_alone("I weld. Is that enough?")
    ('Where do I start with welding?', '')
    >>> asked_alone("That is fine. Many people weld at home. Anyway, can I file a tax return online?")
    'can I file a tax return online?'
    >>> asked_alone("so they want me to weld. whats the pay of robot welders? want to know b4 i talk to her")
    'whats the pay of robot welders?'
    """
    text = _paid_there(text)
    match = _about_asker(text)
    behind = text[match.end() :] if match else ""
    among = "" if behind else _the_one_asking(text)
    asked = behind or among
    terms = terms_of(asked, kind_of(asked))[0]
    return asked if len(terms) > bool(among) and not _POINTS_BACK.search(asked) else ""


def _the_one_asking(text: str) -> str:
    """The only one of several sentences that asks something, as a question; nothing where there is no such one."""
    told = [one for one in NEXT_SENTENCE.split(text.strip()) if one]
    asking = [match["asked"] for one in told if (match := _ASKS.match(one))]
    others = any(one.endswith("?") and not _ASKS.match(one) for one in told)
    alone = f"{asking[0]}?" if len(told) > 1 and len(asking) == 1 and not others else ""
    return _the_clause_asking(told) or alone


def _the_clause_asking(told: Sequence[str]) -> str:
    """The only clause of some sentences that asks, where the others name nothing that could narrow it down.

    >>> _the_clause_asking(["yo whats a cook even do all day, sounds like fun"])
    'whats a cook even do all day?'
    >>> _the_clause_asking(["In Rome, what do cooks do?"])
    ''
    """
    found = [one for sentence in told for one in _NEXT_CLAUSE.split(sentence) if any(map(str.isalnum, one))]
    asking = [one for one in found if _ASKS_FULLY.match(one)]
    beside = [one for one in found if one not in asking]
    if len(asking) != 1 or not beside or any(_NARROWS.search(one) for one in beside):
        return ""
    return f"{_GREETED_LOOSELY.sub('', asking[0]).rstrip(' ?.!')}?"


def _about_asker(text: str) -> re.Match[str] | None:
    """What people tell of themselves in front of a question; what they heard is not of themselves."""
    return None if HEARSAY.match(text) else _ABOUT_ME.match(text) or _ELLIPTIC.match(text)


def _told_in_front(text: str) -> tuple[str, str, bool, str]:
    """What is asked, what is told in front of it, whether a person is told of, and the bare question.

    A question that only points to what was told ("Is that normal?") is asked with it, but for days and months.
    """
    match = _about_asker(text)
    if not match:
        return text, "", False, text
    asked, told = text[match.end() :], text[: match.end()]
    if behind := _TOLD_BEHIND.match(asked):
        asked, told = behind["asked"], f"{told}{behind['told']}. "
    own = len(terms_of(asked, kind_of(asked))[0])
    if _POINTS_BACK.search(asked) or not own or (own < _OWN_WORDS and _OF_ONESELF.search(asked)):
        told = _DAY.sub(" ", _HOPED_FOR.sub(" ", told))
        return _OFFER_OF.sub(" ", f"{told}{asked}"), "", True, asked
    return asked, told, True, asked


def _paid_there(text: str) -> str:
    """A question on pay with the place at its end in which a person tells in front of it that they live.

    >>> _paid_there("I moved to Spain. What do cooks earn?"), _paid_there("I live in Spain. How do I cook?")
    ('I moved to Spain. What do cooks earn in Spain?', 'I live in Spain. How do I cook?')
    """
    match = _about_asker(text)
    where = match and _LIVES_IN.search(match.group())
    if not match or not where or kind_of(text[match.end() :]) != "money" or places(text[match.end() :]):
        return text
    return f"{text.rstrip(' ?.!')} in {where['name']}?"


def _without_manner(text: str) -> str:
    """The text without what only says how to answer; the whole text where nothing else is in it."""
    left = " ".join(_MANNER.sub(" ", text).split())
    return left if len(left.split()) > 2 else text
