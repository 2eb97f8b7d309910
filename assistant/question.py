"""What a question asks for: the kind of answer expected, and the words that an answer has to be about.

The kinds are those of any question ("how much" wants a figure, "when" a date); the words for them are plain English,
not those of one library. It does not parse; a question it does not understand simply has no kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ingest.words import STOPWORDS, stem, stems, words

Kind = Literal[
    "money",
    "percent",
    "count",
    "time",
    "education",
    "name",
    "reason",
    "advice",
    "list",
    "definition",
    "difference",
    "other",
]

MONEY = re.compile(r"[$€£₹]\s?\d|\b(?:usd|eur|gbp|inr)\s?\d|\d\s?(?:usd|eur|gbp|dollars|euros|pounds)\b", re.IGNORECASE)
PERCENT = re.compile(r"\d\s?(?:%|per ?cent\b|percent\b|percentage points?\b)", re.IGNORECASE)
COUNT = re.compile(
    r"(?<![$€£₹\d.,])(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?\s(?:million|billion|thousand|hundred)"
    r"|(?!(?:19|20)\d\d\b)\d+)(?![\d%]|,\d|\s?per ?cent|\.\d)",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\b(?:19|20)\d\d\b|\d+(?:\s?(?:-|–|to)\s?\d+)?\s?(?:years?|months?|weeks?|days?|hours?|minutes?)\b"
    r"|\b(?:one|two|three|four|five|six|several|few) (?:years?|months?|weeks?|days?|hours?)\b",
    re.IGNORECASE,
)
DEGREE = re.compile(
    r"\b(?:bachelor|master|doctor(?:al|ate)|ph\.?\s?d|degree|diploma|high school|associate['’]s|certificat|apprentic|"
    r"no formal|nondegree)",
    re.IGNORECASE,
)

_EARNED = re.compile(
    r"\b(?:salar\w*|wages?|pays?|paid|earn\w*|income|compensation|bonus\w*|equity|make|makes)\b", re.IGNORECASE
)
_SPENT = re.compile(
    r"\b(?:costs?|prices?|priced|fees?|tuition|charges?|subscription|per exam|invest(?:s|ed|ment)?)\b", re.IGNORECASE
)

_FORMS: dict[Kind, re.Pattern[str]] = {
    "money": MONEY,
    "percent": PERCENT,
    "count": COUNT,
    "time": TIME,
    "education": DEGREE,
}

FIGURES: frozenset[Kind] = frozenset(_FORMS)
"""The kinds that only a text of a certain form can answer."""

_ASKS: tuple[tuple[Kind, str], ...] = (
    ("advice", r"^how (?:should|can|could|to|do (?:i|you|we|people)|does one)\b"),
    (
        "name",
        r"\bwho pays\b|\b(?:which|what) (?:cit(?:y|ies)|compan(?:y|ies)|employers?|firms?|states?|places?"
        r"|countr(?:y|ies))\b.*\b(?:most|best|highest|better|pays?)\b",
    ),
    ("difference", r"\b(?:differen(?:ce|ces|t)|differs?|compared?|versus|vs)\b|\bor\b.*\b(?:better|more|less)\b"),
    (
        "money",
        r"\b(?:salar\w*|wages?|pays?|paid|earn\w*|income|compensation|bucks|dough|paycheck|how much (?:money|cash|do"
        r"|does|would|can|could|will|is|are)|makes? (?:a |per |in a )?(?:year|month|hour)"
        r"|make (?:more|less)|costs?|price|fees?|bonus\w*)\b"
        r"|\bhow much\b.*\bmake\b",
    ),
    ("count", r"\bhow many\b|\bnumber of\b"),
    ("other", r"^how (?:do|does|did|can|could|should|would|might|to)\b"),
    (
        "percent",
        r"\bhow (?:fast|quickly)\b|\b(?:per ?cent\w*|percentage|share of|outlook|growth|growing|grow|grew|rate)\b|"
        r"\b(?:in|high|much) demand\b|\b(?:sought after|(?:job|career|employment) prospects)\b|"
        r"\bwhat (?:fraction|proportion)\b",
    ),
    (
        "education",
        r"\b(?:degrees?|diploma|education\w*|qualifications?|what (?:should|must|do) .*\bstudy|bachelor\w*|master'?s|"
        r"phd|ph\.d|college|university)\b",
    ),
    ("time", r"\bwhen\b|\bhow long\b|\bwhat (?:year|date)\b|\bhow (?:old|soon)\b|\bwhat is the \w+ age\b"),
    ("list", r"\b(?:which|list|name|examples?)\b|\bwhat (?:are|kinds?|types?|sorts?|skills|tools|languages|factors)\b"),
    (
        "name",
        r"\b(?:who|whom|whose|where)\b|\b(?:what|which) (?:person|people|city|country|state|place|company|firm)\b",
    ),
    ("reason", r"^why\b|\bhow come\b|\bwhat (?:causes?|caused|is the reason)\b"),
    ("definition", r"^(?:what(?:'s| is| are)|who (?:is|are)|define|explain|what do(?:es)?\b.*\b(?:do|mean))\b"),
)
_ASKS_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKS)

# Words that say what kind of figure is wanted. They are met by a figure of that kind, whatever word stands beside it.
_CUES: dict[Kind, frozenset[str]] = {
    "money": frozenset(
        stem(word)
        for word in (
            "salary salaries wage pay paid earn earning earnings income compensation money make makes making cost "
            "costs price dollars much rich usd annual annually year yearly grand bucks dough cash paycheck paycheque "
            "value values amount amounts sum sums"
        ).split()
    ),
    "percent": frozenset(
        stem(word)
        for word in "fast quickly percent percentage share outlook growth grow rate demand sought prospects".split()
    ),
    "count": frozenset(
        stem(word) for word in "many number jobs people employed positions exist there hold held".split()
    ),
    "time": frozenset(stem(word) for word in "long time year date soon old take takes".split()),
    "education": frozenset(
        stem(word)
        for word in (
            "degree education educational qualification qualifications study college university school need needed "
            "require required typical entry level entry-level become becoming"
        ).split()
    ),
}

# Words beside which a figure of a kind usually stands, whatever words the question has for it.
_TELLING: dict[Kind, frozenset[str]] = {
    "money": frozenset(map(stem, ("median", "average", "pay", "salary", "wage", "base", "year"))),
    "percent": frozenset(map(stem, ("outlook", "growth", "grow", "projected", "change", "percent"))),
    "count": frozenset(map(stem, ("number", "jobs", "held", "total"))),
    "time": frozenset(map(stem, ("years", "months", "weeks", "since", "until"))),
    "education": frozenset(map(stem, ("education", "degree", "typical", "entry", "need"))),
}

_NAMED = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w’'-]+")
_REASON = re.compile(
    r"\b(?:because|since|due to|owing to|as a result|so that|in order to|cause[sd]?|reasons?|lead[s]? to|led to|thus|"
    r"therefore|to (?:avoid|prevent|allow|make|ensure|keep|reduce|help))\b",
    re.IGNORECASE,
)

# What others did or said is not advice.
_SURVEYED = re.compile(
    r"\bsurvey|\brespondents\b|\bof (?:all )?(?:workers|people|employers|candidates|developers|managers|those)\b",
    re.IGNORECASE,
)

# How an answer is to be put ("Answer only with ...", "Pretend you are ... and tell me") is no part of what is asked.
_MANNER = re.compile(
    r"(?:^|(?<=[.!?:]\s))(?:please )?(?:answer|reply|respond|cite|quote|repeat after me|pretend|imagine|act|use|print|"
    r"output|speak|talk|be (?:brief|short|honest)|give all|do not|don['’]t|system"
    r"|if (?:there (?:is|are) )?(?:multiple|several|many|more than one),? (?:list|record|give|name|include|report))\b"
    r"(?:[^?.!:]|\.(?=\w)|:(?=//))*?(?:\band (?:then )?(?:tell|give|show) me\b|:\s|[.!?](?=\s|$)|$)",
    re.IGNORECASE,
)

# "I am 45 and a nurse, can I ...": who asks is told in front; what is asked comes behind.
_ABOUT_ME = re.compile(
    r"^(?:(?:hi|hello|hey|so|well|ok|okay)[\s,!.]+)*"
    r"(?:i\s?['’]?\s?a?m|i (?:just|recently) \w+|i have|i['’]ve|i was|i work(?:ed)?|i got|my \w+ is|as an?)\b"
    r"(?P<told>[^?]*?)(?:[,.;:!–-]\s*|\s+(?:and|but|so)\s+)(?:and |but |so |now |then )*"
    r"(?=(?:what|which|how|where|when|who|why|can|could|do|does|is|are|should|would|will|am|may)\b)",
    re.IGNORECASE,
)

_POINTS_BACK = re.compile(r"\b(?:is|are|was) (?:that|this|it|those|these)\b", re.IGNORECASE)
"""What asks about that which was told in front of it."""

# "more than 200k" claims a figure; what is asked is what the figure really is.
_CLAIMED = re.compile(
    r"\b(?P<way>more than|over|above|at least|upwards of|exceed\w*|less than|under|below|at most|only|up to)?\s*"
    r"(?P<amount>[$€£]\s?\d[\d,.]*\s?(?:k|m|million|thousand)?\b"
    r"|\d[\d,.]*\s?(?:k|grand|million|thousand dollars|dollars|usd|%|per ?cent)"
    r"(?!\w)|(?<![\d,])\d{2,3},\d{3}\b|(?<![\d,])\d{5,6}\b)",
    re.IGNORECASE,
)

# Words of asking: they carry the request, not its subject, and no document is expected to repeat them.
_ASKING = frozenset(
    stem(word)
    for word in (
        "tell explain describe show give list name know find want wanna need like would please help question answer "
        "mean means thing things stuff kind kinds type types sort sorts example examples really actually exactly "
        "usually typically generally currently nowadays today now realistically roughly about approximately likely "
        "someone somebody anyone person people lot lots bit good best important main key difference differences "
        "different differ compare compared versus vs better happen happens involve involved consist hi hello hey "
        "thanks thank think believe say says said consider possible ask asking wonder wondering look looking tend "
        "get getting got go going take takes does do done use used work worth start become becoming way ways "
        "shud cud wud wanna gonna gotta gimme lemme dunno pls plz abt bout ur u r im ive dont doesnt cant wat wut wats "
        "whats hows whos wheres yo dude bro guys folks hey ok okay much rather still even ever actual truly true right "
        "chance chances able hope dear sir maam hard easy difficult tough realistic less lower higher fewer bigger "
        "define definition besides dose"
    ).split()
)


# A stretch of time that a question about the future names; statements give theirs in years ("2024 to 2034").
_HORIZON = re.compile(
    r"\b(?:in|over|for|during|within) the (?:next|coming)(?: few| several| \w+)?(?: years?| decades?)?\b", re.IGNORECASE
)

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
    personal: bool = False
    """Whether it tells about the person who asks."""

    def answered_in_kind(self, text: str) -> bool:
        """Whether a text holds a figure, date or degree where one is wanted; true when nothing special is."""
        form = _FORMS.get(self.kind)
        if self.kind == "name":
            return any(not frozenset(stems(one)) <= frozenset(stems(self.text)) for one in _NAMED.findall(text))
        if self.kind == "reason":
            return bool(_REASON.search(text))
        if self.kind == "advice":
            return not _SURVEYED.search(text)
        if form is None:
            return True
        return bool(form.search(text)) and not (self.kind == "money" and self._other_money(text))

    def _other_money(self, text: str) -> bool:
        """Whether a text speaks of money spent where money earned is asked for, or the other way round."""
        for asked, other in ((_EARNED, _SPENT), (_SPENT, _EARNED)):
            if asked.search(self.text) and not other.search(self.text):
                return bool(other.search(text)) and not asked.search(text)
        return False

    @property
    def wants_figure(self) -> bool:
        """Whether only a text of a certain form can answer."""
        return self.kind in _FORMS and not self.yes_or_no

    @property
    def telling(self) -> frozenset[str]:
        """Stems beside which a figure of the kind asked for usually stands."""
        return _TELLING.get(self.kind, frozenset())


def is_asking(word: str) -> bool:
    """Whether a word only carries a request or says what kind of figure is wanted ("tell", "earn").

    >>> is_asking("earn"), is_asking("welder")
    (True, False)
    """
    return stem(word) in _ASKING or stem(word) in _CUES["money"] or word.lower() in ("need", "hold", "grow", "growing")


def read_question(text: str) -> Question:
    """Read a standalone question.

    >>> question = read_question("How much do data scientists earn in Boston?")
    >>> question.kind, question.terms
    ('money', ('data', 'scientist', 'boston'))
    >>> read_question("Why do welders earn more than 200k?").claim, read_question("I am 45, can I weld?").terms
    ('more than 200k', ('weld',))
    """
    text = _without_manner(text)
    about_me = _ABOUT_ME.match(text)
    asked = text[about_me.end() :] if about_me else text
    if about_me and _POINTS_BACK.search(asked):
        asked = text
    claimed = _CLAIMED.search(asked)
    if claimed:
        asked = f"{asked[: claimed.start()]} {asked[claimed.end() :]}"
    kind = _kind(asked, claimed)
    raw = tuple(word for word in words(_HORIZON.sub(" ", asked)) if word not in STOPWORDS)
    all_cues = _CUES.get(kind, frozenset())
    carried = dict.fromkeys(stem(word) for word in raw)
    terms = tuple(one for one in carried if one not in _ASKING and one not in all_cues)
    cues = frozenset(one for one in carried if one in all_cues)
    found = terms or tuple(one for one in carried if one not in _ASKING) or tuple(carried)
    claim = " ".join(claimed.group().split()) if claimed else ""
    yes_or_no = bool(_YES_OR_NO.match(asked.strip())) and not claim
    return Question(text, kind, found, cues, yes_or_no, terms, claim, bool(about_me))


def _without_manner(text: str) -> str:
    """The text without what only says how to answer; the whole text where nothing else is in it."""
    left = " ".join(_MANNER.sub(" ", text).split())
    return left if len(left.split()) > 2 else text


def _kind(asked: str, claimed: re.Match[str] | None) -> Kind:
    """The kind of answer; a claimed sum of money or share asks for the real one."""
    kind: Kind = next((kind for kind, pattern in _ASKS_COMPILED if pattern.search(asked)), "other")
    if claimed and kind not in ("money", "percent", "count", "time"):
        return "percent" if re.search(r"%|per ?cent", claimed.group()) else "money" if _EARNED.search(asked) else kind
    return kind
