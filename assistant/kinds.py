"""Which kind of answer a question wants, by its words. Pure.

The words are plain English, not those of one library: "how much" wants a figure, "when" a date.
"""

from __future__ import annotations

import re

from assistant.forms import EARNED, FIGURES, Kind
from ingest.words import stem

_ASKS: tuple[tuple[Kind, str], ...] = (
    ("reason", r"^why\b|\bhow come\b|\bwhat (?:causes?|caused|is the reason)\b"),
    (
        "time",
        r"^(?:and |so )?(?:since |until |till |from |by )?when (?:did|was|were|will)\b",
    ),
    ("other", r"\bwhere do(?:es)?\b.*\bcomes? from\b|^who (?:is|are|was) .*\bfor\W*$"),
    (
        "advice",
        r"^how (?:should|can|could|to|do (?:i|you|we|people)|does one)\b(?! (?:earn|make)\b)"
        r"|^(?:what|where|which \w+) (?:should|must|can|could) (?:i|you|we|one|somebody|someone|people)\b"
        r"|^(?:what|where) do (?:i|we|you) (?:do|start|begin|learn)\b",
    ),
    (
        "list",
        r"^(?:what|which)\b.*\b(?:fastest|quickest|slowest|most (?:quickly|rapidly))[- ]growing (?!rate)\w"
        r"|^(?:which|what) (?:\w+ ){1,3}(?:are )?(?:grow\w*|ris\w+|fall\w*|pays?|paid|earns?) (?:the |their \w+ )?"
        r"(?:fastest|most|best|quickest|highest|least|worst)\b"
        r"|^(?:what|which) (?:[\w-]+ ){0,3}(?:are|is|will be|would be) (?:most |more )*"
        r"(?:in (?:high )?demand|sought|wanted|asked)\b",
    ),
    (
        "name",
        r"\bwho pays\b|\b(?:which|what) (?:cit(?:y|ies)|compan(?:y|ies)|employers?|firms?|states?|places?"
        r"|countr(?:y|ies))\b.*\b(?:most|best|highest|better|pays?)\b",
    ),
    ("difference", r"\b(?:differen(?:ce|ces|t)|differs?|compared?|versus|vs)\b|\bor\b.*\b(?:better|more|less)\b"),
    (
        "percent",
        r"^what (?:per ?cent\w*|share|proportion|fraction|portion) of\b"
        r"|^by how much\b(?!.*\b(?:earn|pay|cost|salar))|^how much of\b(?!.*\b(?:earn|pay|cost|salar))"
        r"|\bhow much (?:has|have|did|do|does|will) .*\b(?:grow\w*|r[io]se\w*|increase\w*|fall\w*|fell|shr[iau]nk)\b",
    ),
    ("other", r"^how (?:do|does|did|can|could|should|would|might|to)\b"),
    (
        "money",
        r"\b(?:official|national) (?:median|average) (?:of|for)\b"
        r"|\bwhat(?:['’]s| is)? (?:a |the )?(?:(?:normal|typical|usual|fair|realistic) )?range\b"
        r"|\b(?:going rate|hourly|day rates?|salar\w*|wages?|pays?|paid|earn\w*|income|compensation|bucks|dough"
        r"|paycheck|how much (?:money|cash|do"
        r"|does|did|would|can|could|will|is|are|was|were)|makes? (?:a |per |in a )?(?:year|month|hour)"
        r"|makes? (?:the )?(?:more|less|most|least)|costs?|price|fees?|bonus\w*|cheap\w*|expensive)\b"
        r"|\bhow much\b.*\bmake\b|\b(?:get|gets) (?:more|less|the most|the least) (?:in|as|at|than)\b"
        r"|\bwhat (?:do|does|did|can|could|would|will) (?:[\w'’/-]+ ){1,6}(?:make"
        r"(?=\W*$|\W+(?:in|at|as|on|when|after|a|per|and|or|now|today)\b)"
        r"|get(?=\W*$|\W+(?:a|per) (?:year|month|hour)\b|\W+in (?-i:[A-Z])))",
    ),
    ("time", r"\bhow many (?:years?|months?|weeks?|days?|hours?|minutes?)\b"),
    ("count", r"\bhow many\b|\bnumber of\b|\bwhich(?: one)? (?:has|have) (?:the )?more (?:jobs|openings)\b"),
    (
        "percent",
        r"\bhow (?:fast|quickly)\b(?=.*\b(?:grow|ris|increas|fall|shrink|chang|expand|declin|go|mov)\w*)"
        r"|\b(?:faster|slower|per ?cent\w*|percentage|share of|outlook|growth|growing"
        r"|grows?|grown"
        r"|grew|rate)\b|"
        r"\b(?:in|high|much) demand\b|"
        r"\bwill there (?:still |even |always )?be (?:any |enough |many )?(?:jobs|work)\b|"
        r"\b(?:sought after|(?:job|career|employment) prospects)\b|"
        r"\bwhat (?:fraction|proportion)\b|\b(?:what|which|how many) ?%",
    ),
    (
        "education",
        r"\b(?:degrees?|diploma|education\w*|qualifications?|what (?:should|must|do) .*\bstudy|bachelor\w*|master'?s|"
        r"phd|ph\.d|college|university)\b",
    ),
    (
        "time",
        r"(?:^|[,;.!]\s*|\b(?:and|or|but|so|since|until|by|from|exactly|know|me|say)\s)when\b(?! it comes to)"
        r"|\bhow long\b|\bwhat (?:year|date)\b|\bhow (?:old|soon)\b|\b(?:average|typical|\w+ment|what) age\b|"
        r"\b(?:longer|shorter)\b",
    ),
    ("list", r"\b(?:which|list|name|examples?)\b|\bwhat (?:are|kinds?|types?|sorts?|skills|tools|languages|factors)\b"),
    (
        "name",
        r"\b(?:who|whom|whose|where)\b|\b(?:what|which) (?:person|people|city|country|state|place|company|firm)\b",
    ),
    ("definition", r"^(?:what(?:'s| is| are)|who (?:is|are)|define|explain|what do(?:es)?\b.*\b(?:do|mean))\b"),
)
_ASKS_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKS)

CUES: dict[Kind, frozenset[str]] = {
    "money": frozenset(
        stem(word)
        for word in (
            "salary salaries wage pay paid earn earning earnings income compensation money make makes making cost "
            "costs price dollars much rich usd annual annually year yearly grand bucks dough cash paycheck paycheque "
            "value values amount amounts sum sums range"
        ).split()
    ),
    "percent": frozenset(
        stem(word)
        for word in (
            "fast quickly percent percentage fraction proportion portion share outlook growth grow rate demand sought "
            "prospects"
        ).split()
    ),
    "count": frozenset(
        stem(word) for word in "many number jobs people employed positions exist there hold held".split()
    ),
    "time": frozenset(stem(word) for word in "long time year date soon old take takes many much".split()),
    "education": frozenset(
        stem(word)
        for word in (
            "degree education educational qualification qualifications study college university school need needed "
            "require required typical entry level entry-level become becoming"
        ).split()
    ),
}
"""Words that say what kind of figure is wanted; a figure of that kind meets them, whatever word stands beside it."""

TELLING: dict[Kind, frozenset[str]] = {
    "money": frozenset(map(stem, ("median", "average", "pay", "salary", "wage", "base", "year"))),
    "percent": frozenset(map(stem, ("outlook", "growth", "grow", "projected", "change", "percent"))),
    "count": frozenset(map(stem, ("number", "jobs", "held", "total"))),
    "time": frozenset(map(stem, ("years", "months", "weeks", "since", "until"))),
    "education": frozenset(map(stem, ("education", "degree", "typical", "entry", "level", "need"))),
}
"""Words beside which a figure of a kind usually stands, whatever words the question has for it."""

_OFFERED = re.compile(r"\boffer(?:s|ed|ing)?\b", re.IGNORECASE)
_COMES_FROM = re.compile(r"\bcomes? from\b", re.IGNORECASE)
_LEFT_OUT = re.compile(
    r"\b(?:besides?|apart from|other than|in addition to|beyond|on top of)\s+\w+"
    r"|\b(?:compensation|costs?|fee|income|price|wage)(?:,? and \w+|, \w+,? and(?: \w+){1,2})?\s"
    r"(?=(?:accountant|analyst|clerk|consultant|controller|engineer|estimator|manager|officer|specialist)s?\b)"
    r"|\b(?:state|show|publish|disclose|post|print|list|hide|reveal|put|include|share)(?:s|d|ed|ing)?"
    r" (?:(?:the|their|its|a) )?"
    r"(?:pay|salar\w+|wages?)\b"
    r"|\b(?:with|have|has|got|after|finished|only)(?: only| just)? (?:an?|my|no) (?:[\w-]+ )?"
    r"(?:degree|diploma|bachelor\w*|master\w*|ph\.?d)\b"
    r"|\b(?:pay|salary|wage|price|cost)\s(?=packages?|sites?|websites?|laws?|surveys?|transparency|negotiations?|talks?|premiums?)",
    re.IGNORECASE,
)
"""What names money or a degree and does not ask for it: "on top of pay", "cost estimators", "with a degree"."""


def figure_kind(asked: str) -> Kind | None:
    """The kind of figure that a question speaks of, whatever else it asks; None where it speaks of none.

    >>> figure_kind("Do cooks make more than smiths?"), figure_kind("Is a cook like a smith?")
    ('money', None)
    """
    return next((kind for kind, pattern in _ASKS_COMPILED if kind in FIGURES and pattern.search(asked)), None)


def kind_of(asked: str, claimed: re.Match[str] | None = None) -> Kind:
    """The kind of answer that a question wants; a claimed sum of money or share asks for the real one.

    >>> kind_of("How much do welders earn?"), kind_of("Why do welders earn that?"), kind_of("When did it open?")
    ('money', 'reason', 'time')
    """
    asked = _LEFT_OUT.sub(" ", asked)
    kind: Kind = next((kind for kind, pattern in _ASKS_COMPILED if pattern.search(asked)), "other")
    if claimed and kind == "money" and re.search(r"%|per ?cent", claimed.group()):
        return "percent"
    if not claimed or kind == "other" and _COMES_FROM.search(asked) or kind in ("money", "percent", "count", "time"):
        return kind
    if re.search(r"%|per ?cent", claimed.group()):
        return "percent"
    if EARNED.search(asked) or _OFFERED.search(asked) or re.search(r"[$€£]|\d\s?k\b", claimed.group(), re.I):
        return "money"
    return "count"
