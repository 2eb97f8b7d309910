"""Which texts can answer a kind of question at all: forms of sums, shares, spans of time, degrees, reasons. Pure.

"How much" is answered by a sum of money, "how long" by a span of time. The forms are those of plain English, not of one
library. That a source says outright that there is no such figure answers, too: with what is lacking.
"""

from __future__ import annotations

import re
from typing import Literal

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

_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_SPELLED = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?)"
OF_PAY = re.compile(
    r"\d\s?(?:%|per ?cent)[^.;]{0,30}\bof (?:the |their |your |base |annual )*(?:pay|salary|wage)\b", re.IGNORECASE
)
MONEY = re.compile(r"[$€£₹]\s?\d|\b(?:usd|eur|gbp|inr)\s?\d|\d\s?(?:usd|eur|gbp|dollars|euros|pounds)\b", re.IGNORECASE)
FREE = re.compile(r"\bfree\b|\bcosts? nothing\b", re.IGNORECASE)
PERCENT = re.compile(r"(?<!(?:19|20)\d\d[–-]\d)\d\s?(?:%|per ?cent\b|percentage points?\b)", re.IGNORECASE)
"""A share; the years of a column headed "Change, 2024-34 Percent" are none."""
COUNT = re.compile(
    r"(?<![$€£₹\d.,])(?<!(?:19|20)\d\d[–-])(?<![A-Za-z]-)(?<![A-Za-z])"
    r"(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?\s(?:million|billion|thousand|hundred)"
    r"|(?!(?:19|20)\d\d\b)\d+)"
    rf"(?![\d%]|,\d|\s(?:{_MONTH})|\s?per ?cent|\.\d|(?!(?:k|m|bn)\b)[A-Za-z])"
    rf"|\b{_SPELLED}\s(?!(?:year|month|week|day|hour|minute|decade|time)s?\b)[a-z]",
    re.IGNORECASE,
)
_BY_PERCENT = re.compile(r"\bby (?:about |nearly |around |over |almost )?\d[\d.]*\s?(?:%|per ?cent\b)", re.IGNORECASE)
"""A change; it is no share: "grew by 35%"."""
_ONE_IN = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|\d+) (?:in|out of) (?:two|three|four|five|six|eight|ten|\d+)\b",
    re.IGNORECASE,
)
"""A share in words: "six in ten"."""
SHARE_OF = re.compile(
    r"\b(?:half|third|quarter|majority|one in \w+|(?:two|three) (?:in|out of) \w+|(?:two|three)[- ](?:thirds|quarters))"
    r"\b",
    re.IGNORECASE,
)
DATE = re.compile(rf"\b(?:19|20)\d\d\b|\b{_MONTH}\b")
SPAN = re.compile(
    rf"(?<![$€£₹,.])\b(?:\d[\d,.]*|one|{_SPELLED}|several|few|half an?)(?:\s?(?:-|–|to|and|or)\s?\w+)?"
    rf"(?:[\s-](?!(?:an?|per)\b)\w+)?[\s-]"
    rf"(?:years?|months?|weeks?|days?|hours?|minutes?|decades?)\b(?! (?:ago|before|earlier))"
    rf"|\byears of experience\b.*\b(?:\d+|{_SPELLED})\b"
    r"|\b(?:within|after|for|waits?|takes?|lasts?|in) an? (?:year|month|week|day|decade)\b(?!['’])",
    re.IGNORECASE,
)
AGE = re.compile(r"\b(?:aged?|age of)\s\d\d\b|\b\d\d(?: years?)?(?: old| of age)\b", re.IGNORECASE)
DEGREE = re.compile(
    r"\b(?:bachelor|master|doctor(?:al|ate)|ph\.?\s?d|degree|diploma|high school|associate['’]s|certificat|apprentic|"
    r"no formal|nondegree)",
    re.IGNORECASE,
)
REASON = re.compile(
    r"\b(?:because|since|due to|owing to|as a result|so that|in order to|cause[sd]?|reasons?|leads? to|led to|thus|"
    r"therefore|comes? from|stems? from|drives?|driven by|depends? on|differ\w* by|"
    r"to (?:avoid|prevent|allow|make|ensure|keep|reduce|help))\b",
    re.IGNORECASE,
)
SURVEYED = re.compile(
    r"\bsurvey|\brespondents\b|\bof (?:all )?(?:workers|people|employers|candidates|developers|managers|those)\b",
    re.IGNORECASE,
)
"""What others did or said is not advice."""
EARNED = re.compile(
    r"\b(?:salar\w*|wages?|pays?|paid|earn\w*|income|compensation|bonus\w*|equity|make|makes"
    r"|gets? (?:more|less)(?= (?:in|at|by|per|when|if|with|for|than)\b))\b",
    re.IGNORECASE,
)
SPENT = re.compile(
    r"\b(?:costs?|prices?|priced|fees?|tuition|charges?|subscription|per exam|invest(?:s|ed|ment)?|cheap\w*|expensive"
    r"|fines?|threshold|visa|turnover|risk)\b",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"\bno (?:[\w,'’-]+ ){0,4}?(?:figures?|sources?|forecasts?|numbers?|counts?|series|entry|occupation|statistics)\b"
    r"|\b(?:holds?|gives?|has|have|shows?) no\b|\b(?:was|were) not found\b",
    re.IGNORECASE,
)
_SPEAKS_OF: dict[Kind, re.Pattern[str]] = {
    "money": re.compile(rf"{EARNED.pattern}|\bfigures?\b", re.IGNORECASE),
    "percent": re.compile(r"\b(?:forecasts?|outlook|grow\w*|projection\w*|shares?|rates?|figures?)\b", re.IGNORECASE),
    "count": re.compile(r"\b(?:numbers?|counts?|jobs|figures?)\b", re.IGNORECASE),
}
_HOW_LONG = re.compile(
    r"\bhow (?:long|many (?:years?|months?|weeks?|days?|hours?|minutes?))\b|\b(?:longer|shorter)\b", re.IGNORECASE
)
_HOW_OLD = re.compile(r"\bhow old\b|\bage\b", re.IGNORECASE)
_HOW_MANY_JOBS = re.compile(r"\bhow many (?:\w+ )?(?:jobs|openings|postings|ads|positions|vacancies)\b", re.IGNORECASE)
_OF_JOBS = re.compile(
    r"\b(?:jobs|openings|postings|ads|positions|vacancies)\s+(?:(?:still|now|really|actually|even|that) )?"
    r"(?:(?:are|is|were)(?! there)|asks?|wants?|needs?|requires?|mentions?|names?|shows?|says?|offers?|calls?"
    r"|states?)\b",
    re.IGNORECASE,
)
"""Jobs of which something is said, so that a share of them answers: "How many jobs are remote?"."""
_OPENINGS = re.compile(r"\b(?:openings|vacancies|postings|ads)\b", re.IGNORECASE)
_HOW_MANY_IT_TAKES = re.compile(r"\bhow many [\w -]+ (?:does|will|would|did) it (?:\w+ )?take\b", re.IGNORECASE)
_IT_TOOK = re.compile(r"\b(?:takes?|took|taken|needs?|needed|requires?|enough|for (?:one|each|every))\b", re.IGNORECASE)
"""What tells how many of something it takes, rather than how many there are."""
_COUNTED_OPENINGS = re.compile(
    rf"\d[\d,.]*(?: (?:thousand|million))? (?:(?:job|new|annual) )?{_OPENINGS.pattern}", re.IGNORECASE
)
"""A number of places to fill, which is no number of people: "about 7,800 openings for welders"."""
_WHY = re.compile(r"^why\b", re.IGNORECASE)

_AGAIN_BY_TIME = re.compile(r",? (?:or|that is) [$€£]\d[\d,.]*\s(?:an|per|a) (?:hour|week|month|day)\b", re.IGNORECASE)

FIGURES: frozenset[Kind] = frozenset(("money", "percent", "count", "time", "education"))
"""The kinds that only a text of a certain form can answer."""


_BY_SO_MUCH = re.compile(
    r"[$€£₹]\s?\d[\d,.]*(?:\s?(?:k|million|billion))?(?: (?:a|per) \w+)? (?:above|below|more|less|higher|lower)\b",
    re.IGNORECASE,
)
"""A sum by which one thing is more than another; it is no pay or price itself."""
_MORE = re.compile(r"\b(?:more|less|higher|lower|above|below|difference|gap|premium|extra|raise|by how much)\b", re.I)


def in_form(kind: Kind, asked: str, text: str, heading: str = "") -> bool:
    """Whether a text holds what a kind of question wants; true where nothing special is wanted.

    Names are for the caller to judge.

    >>> in_form("money", "What do welders earn?", "Median pay: $51,000"), in_form("time", "How long?", "In 2024")
    (True, False)
    >>> in_form("money", "What do welders earn?", "It is $3,000 above the year before.")
    False
    >>> said = "About 7,800 openings for welders are projected each year."
    >>> in_form("count", "How many welders are there?", said), in_form("count", "How many welder openings?", said)
    (False, True)
    >>> in_form("reason", "Why?", "Three things.", "Why demand grows")
    True
    """
    match kind:
        case "money":
            sums = text if _MORE.search(asked) else _BY_SO_MUCH.sub(" ", text)
            given = MONEY.search(sums) or OF_PAY.search(text) or (FREE.search(text) and SPENT.search(asked))
            return bool(given) and not _other_money(asked, text)
        case "percent":
            return bool(PERCENT.search(text) or _ONE_IN.search(text))
        case "count":
            share = PERCENT.search(_BY_PERCENT.sub(" ", text)) or SHARE_OF.search(text)
            places = _HOW_MANY_JOBS.search(asked) or _OPENINGS.search(asked)
            told = text if places else _COUNTED_OPENINGS.sub(" ", text)
            if _HOW_MANY_IT_TAKES.search(asked) and not _IT_TOOK.search(text):
                return False
            return bool(COUNT.search(told) or (share and _shares_count(asked)))
        case "time":
            return bool(_time(asked).search(text))
        case "education":
            return bool(DEGREE.search(text))
        case "reason":
            return bool(REASON.search(text) or _WHY.search(heading))
        case "advice":
            return not SURVEYED.search(text)
    return True


def told_once(text: str) -> str:
    """A text without the same sum once more by a shorter time.

    >>> told_once("It pays $112,590 a year, or $54.13 an hour.")
    'It pays $112,590 a year.'
    """
    return _AGAIN_BY_TIME.sub("", text)


_MOST = re.compile(
    r"\b(?:most|best|highest|top|largest|biggest|greatest|fastest|quickest|first|leading|leads?|strongest|above all)\b",
    re.IGNORECASE,
)
_LEAST = re.compile(r"\b(?:least|worst|lowest|smallest|cheapest|slowest|last|weakest)\b", re.IGNORECASE)
_HOW_TO = re.compile(
    r"^(?:how (?:to|should|can)|what to|where to|when to|which .* to|first steps|to \w+|a plan|ways? (?:to|of|into))\b"
    r"|\b(?:how to|practices?|tips|advice|steps?)\b",
    re.IGNORECASE,
)
_WAY_TO = re.compile(
    r"\b(?:the (?:usual |best |nearest )?ways? (?:to|in|into)|should|(?:is|are) to (?!be)\w+)\b", re.IGNORECASE
)
_IMPERATIVE = re.compile(
    r"^(?:[-•*]\s*)?(?:To \w+[^,]{0,80}, )?(?:Add|Aim|Apply|Ask|Audit|Automate|Avoid|Begin|Bring|Build|Check|Choose"
    r"|Collect"
    r"|Compare|Consider|Create|Cut|Decide|Do|Document|Expect|Find|Focus|Follow|Form|Get|Give|Go|Grow|Have|Integrate|Invest"
    r"|Join|Keep|Know|Learn|Let|Listen|Look|Make|Measure|Monitor|Note|Obey|Offer|Plan|Practi[sc]e|Prepare|Publish|Put"
    r"|Read|Rebuild|Roll|Run|Say|See|Set|Settle|Share|Show|Speak|Start|Stay|Study|Take|Talk|Tell|Test|Think|Train|Try"
    r"|Turn|Use|Version|Wait|Watch|Work|Write)\b(?! (?:of|is|are|was|were|has|had)\b)",
    re.IGNORECASE,
)
_ORIGIN_ASKED = re.compile(
    r"\bcomes? from\b|\b(?:origin|source) of\b|\bwho (?:says|said|found|counted|claims)\b", re.IGNORECASE
)
_ORIGIN = re.compile(
    r"\b(?:traces? back|origins?|comes? from|rests? on|goes back|is based on|by (?:a|an) \w+ (?:of|with))\b",
    re.IGNORECASE,
)
_WHOM_FOR_ASKED = re.compile(r"^who (?:is|are|was|were) .*\bfor\W*$", re.IGNORECASE)
_WHOM_FOR = re.compile(
    r"\bfor (?:people|those|anyone|anybody|everyone|somebody|someone|beginners|students|professionals|\w+s who)\b"
    r"|\b(?:aimed|meant|made|intended) (?:at|for)\b",
    re.IGNORECASE,
)
_BEFOREHAND_ASKED = re.compile(r"\bneed\w*\b.*\bbefore(?:hand)?\b|\bprerequisites?\b", re.IGNORECASE)
_BEFOREHAND = re.compile(r"\b(?:asks? for|needs?|requires?|expects?|prerequisites?|assumes?)\b", re.IGNORECASE)
_DOES = re.compile(r"^what (?:do|does|did)\b.*\bdo\b", re.IGNORECASE)
_DUTIES = re.compile(r"\bwhat .*\bdo(?:es)?$|\b(?:duties|responsibilit\w+|tasks)\b", re.IGNORECASE)
COUNTED = re.compile(
    r"\bhow many (?P<noun>[\w\s-]+?)\s+(?:are|is|were|was|do|does|did|will|can|could|have|has|had|hold|exist|use|in|of"
    r"|for"
    r"|there|work|get|apply|at|per)\b",
    re.IGNORECASE,
)

_WILL_ASKED = re.compile(
    r"\bwill (?!(?:i|you|we|it take|it cost)\b)|\b(?:is|are) (?:[\w-]+ ){1,3}going to\b|\bin the future\b"
    r"|\b(?:in|over) (?:the next )?(?:\d+|five|ten|twenty|few|coming) years\b",
    re.IGNORECASE,
)
_YET_TO_COME = re.compile(
    r"\b(?:will|expect(?:s|ed)?|plan(?:s|ned)?|projected|projections?|forecasts?|predict\w*|outlook|going to)\b"
    r"|\b(?:by|to|until) (?:\d+ \w+ )?20\d\d\b",
    re.IGNORECASE,
)
"""What speaks of what is yet to come, where that is asked."""
_CHANGES = re.compile(
    r"\b(?:more|less|fewer|still|grow|rise|fall|drop|shrink|replace[ds]?|disappear|exist|die|next|future|years?"
    r"|20\d\d)\b",
    re.IGNORECASE,
)
_ENDED_ASKED = re.compile(
    r"\b(?:still|any ?more|any longer|outdated|obsolete|dead|retired)\b"
    r"|^should (?:i|we|one) (?:take|do|sit)\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\b(?:retire[sd]?|clos(?:es|ed)|no longer|any more|replace[sd]|faded|ended|lapse[sd]?|discontinued|put off"
    r"|succe(?:eds|eded|ssor))\b",
    re.IGNORECASE,
)
"""What no longer is, where it is asked whether something still is or should be begun."""
_MANNERS = (
    (_ORIGIN_ASKED, _ORIGIN),
    (_WHOM_FOR_ASKED, _WHOM_FOR),
    (_BEFOREHAND_ASKED, _BEFOREHAND),
    (_ENDED_ASKED, _ENDED),
)
"""Questions of a manner that only some statements speak in."""


def in_a_manner(asked: str) -> bool:
    """Whether it is asked where something comes from, whom it is for, or what it needs beforehand.

    >>> in_a_manner("Who is the exam for?"), in_a_manner("Who passes the exam?")
    (True, False)
    """
    return any(wanted.search(asked) for wanted, _ in _MANNERS)


def ended(asked: str, text: str) -> str:
    """The words that ask whether something still is or should be begun, where a text says that it is no more.

    >>> ended("Is welding dead?", "The welding course closed in 2020."), ended("Is welding dead?", "Welding is hot.")
    ('dead', '')
    """
    wanted = _ENDED_ASKED.search(asked)
    return wanted.group() if wanted and _ENDED.search(text) else ""


def superlative(asked: str, text: str) -> str:
    """The words that ask for the most or the least of something, where a text tells of it; else nothing.

    >>> superlative("Which job has the worst outlook?", "Cooks grow slowest."), superlative("Worst job?", "Cooks cook.")
    ('worst', '')
    """
    both = (one.findall(asked) for one in (_MOST, _LEAST) if one.search(text))
    return " ".join(word for found in both for word in found if word.lower().endswith(("est", "ost", "orst")))


def of_the_future(asked: str, text: str) -> bool:
    """Whether a text speaks of what is yet to come; true where no change to come is asked for.

    >>> of_the_future("Will the bank hire more?", "It hired nine people."), of_the_future("Will I weld?", "Weld.")
    (False, True)
    """
    wanted = _WILL_ASKED.search(asked) and _CHANGES.search(asked)
    return not wanted or bool(_YET_TO_COME.search(text))


def fits(kind: Kind, asked: str, text: str, heading: str = "") -> bool:
    """Whether a text speaks in the manner of what is asked: the most, how to do it, why it is so, whence it comes.

    >>> fits("other", "Which city pays most?", "Pay is highest in Rome."), fits("advice", "How?", "Learn to weld.")
    (True, True)
    """
    if any(one.search(asked) and one.search(text) for one in (_MOST, _LEAST)):
        return True
    for wanted, given in _MANNERS:
        if wanted.search(asked):
            return bool(given.search(text))
    if kind == "advice":
        return bool(_IMPERATIVE.search(text) or _WAY_TO.search(text) or _HOW_TO.search(heading))
    if kind == "reason":
        return bool(_WHY.search(heading))
    if kind == "definition" and _DOES.search(asked):
        return bool(_DUTIES.search(heading))
    if _WILL_ASKED.search(asked) and _YET_TO_COME.search(text):
        return True
    counted = COUNTED.search(asked) if kind == "count" else None
    return counted is not None and _counts(counted["noun"].split()[-1].rstrip("s").lower(), asked, text)


def _counts(noun: str, asked: str, text: str) -> bool:
    """Whether a text counts a noun, and not a part that a clause behind it tells apart ("of the firms that weld").

    >>> told = ("5% of firms weld.", "5% of the firms that weld cut.")
    >>> [_counts("firm", "How many firms weld?", one) for one in told]
    [True, False]
    """
    part = re.compile(rf"\b{re.escape(noun)}\w* (?:that|who|which)\b", re.IGNORECASE)
    return noun in text.lower() and (bool(part.search(asked)) or not part.search(text))


def says_lacking(kind: Kind, text: str, heading: str = "") -> bool:
    """Whether a text says that there is no figure of a kind.

    >>> says_lacking("money", "No good source was found for the pay of welders."), says_lacking("money", "No pay.")
    (True, False)
    """
    about = _SPEAKS_OF.get(kind)
    return bool(about and _ABSENT.search(text) and about.search(f"{heading} {text}"))


_AVERAGE = re.compile(r"\b(?:average|mean|median|typical(?:ly)?)\b", re.IGNORECASE)
_AVERAGE_AGE = re.compile(
    rf"{_AVERAGE.pattern}[^.;]{{0,60}}(?:{AGE.pattern})|(?:{AGE.pattern})[^.;]{{0,40}}{_AVERAGE.pattern}", re.IGNORECASE
)
"""An average age; "people aged 22 to 25" tells of a group."""


def _time(asked: str) -> re.Pattern[str]:
    if _HOW_OLD.search(asked):
        return _AVERAGE_AGE if _AVERAGE.search(asked) else AGE
    return SPAN if _HOW_LONG.search(asked) else _ANY_TIME


_ANY_TIME = re.compile(rf"{DATE.pattern}|{SPAN.pattern}", re.IGNORECASE)


def _shares_count(asked: str) -> bool:
    """Whether a share is as good as a number: of people and firms; of jobs, an absolute number is meant."""
    absolute = _HOW_MANY_JOBS.search(asked) and not _OF_JOBS.search(asked)
    return not absolute and not re.search(r"\bare there\b", asked, re.IGNORECASE)


def _other_money(asked: str, text: str) -> bool:
    """Whether a text speaks of money spent where money earned is asked for, or the other way round."""
    for one, other in ((EARNED, SPENT), (SPENT, EARNED)):
        if one.search(asked) and not other.search(asked):
            return bool(other.search(text)) and not one.search(text)
    return False
