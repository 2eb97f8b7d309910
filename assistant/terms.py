"""The words of a question that an answer has to be about, and those that only carry the request. Pure."""

from __future__ import annotations

import re

from assistant.agreement import DOWN, UP
from assistant.forms import Kind
from assistant.kinds import CUES
from ingest.words import STOPWORDS, stem, words

# Words of asking: they carry the request, not its subject, and no document is expected to repeat them.
ASKING = frozenset(
    stem(word)
    for word in (
        "tell explain describe show give list name know find want wanna need like would please help question answer "
        "mean means thing things stuff kind kinds type types sort sorts example examples really actually exactly "
        "usually typically generally currently nowadays today now realistically roughly about approximately likely "
        "someone somebody anyone person people lot lots bit good best important main key difference differences "
        "different differ compare compared versus vs better happen happens involve involved consist hi hello hey "
        "thanks thank think believe say says said consider possible ask asking wonder wondering look looking tend "
        "get getting got go going come comes coming came take takes does do done use used work worth start become "
        "becoming way ways "
        "shud cud wud wanna gonna gotta gimme lemme dunno pls plz abt bout ur u r im ive dont doesnt cant wat wut wats "
        "whats hows whos wheres yo dude bro guys folks hey ok okay much rather still even ever actual truly true right "
        "chance chances able hope dear sir maam hard easy difficult tough realistic less lower higher fewer bigger "
        "define definition meaning usual normal fair reasonable okay enough well going rate cheap cheaper cheapest "
        "expensive longer shorter faster slower expect anyway since given accord hate avoid besides dose "
        "mostly mainly yet already "
        "asap lol rn tho btw imo imho tbh fr nah kinda sorta legit lowkey fyi pronto hear heard reads claims "
        "mine yours ours theirs "
        "clarify elaborate specify confirm tip tips advice suggestion suggestions "
        "monday tuesday wednesday thursday friday saturday sunday tomorrow yesterday tonight"
    ).split()
)


_WANTED_WORDS = re.compile(r"^(?:what|which) (?:[\w-]+ )?(questions|answers)\b", re.IGNORECASE)
"""Words of asking that are themselves asked for: "What questions come up?"."""

_ASKED_OF_ME = re.compile(
    r"\bwhat (?:will|do|does|did|would|might|could|can)?\s*"
    r"(?:they|he|she|people|recruiters?|interviewers?|employers)(?: \w+)? ask\b",
    re.IGNORECASE,
)
"""Who asks is not the reader: "What will they ask?" wants the questions of an interview."""
WORKED = re.compile(
    r"^how (?:many (?:hours|days)|much|long) (?:do|does|did|must|should|will) .*\b(work)\b", re.IGNORECASE
)
"""Work that is itself measured: "How many hours do welders work?"."""

# A stretch of time that a question about the future names; statements give theirs in years ("2024 to 2034").
_HORIZON = re.compile(
    r"\b(?:in|over|for|during|within) the (?:next|coming)(?: few| several| \w+)?(?: years?| decades?)?\b"
    r"|\b(?:in|over|within) (?:\d{1,2}|two|three|five|ten|twenty|thirty|a few|some) (?:years?|decades?)"
    r"(?: time\b| from now\b|(?=\W*$))",
    re.IGNORECASE,
)

_AT_HOME = re.compile(r"\b(?:in|across|throughout) (?:America|the (?:US|U\.S\.|USA|States))(?!\w)", re.IGNORECASE)
"""The country that figures are of where none is named; it sets none apart."""

_AGE = re.compile(
    r"\b(?:(?:at|am|i['’]?m|turn(?:ed|ing)?|aged?|be(?:ing)?|over) (?P<at>[2-7]\d)\b"
    r"(?!\s?(?:%|,\d|k\b|per|hours?|dollars|days|weeks|months|years? (?:in|of (?!age)))|\.\d)"
    r"|(?P<old>[2-7]\d)[- ]?(?:years?[- ]old|yrs?[- ]old|y/?o)\b)",
    re.IGNORECASE,
)
"""How old somebody is; no document has to repeat the very year."""

_GOES_ON = re.compile(r"\bkeeps? (?:on )?(?=\w+ing\b)", re.IGNORECASE)
"""What only says that something goes on: "Do jobs keep growing?"."""


def is_asking(word: str) -> bool:
    """Whether a word only carries a request or says what kind of figure is wanted ("tell", "earn").

    >>> is_asking("earn"), is_asking("welder")
    (True, False)
    """
    return stem(word) in ASKING or stem(word) in CUES["money"] or word.lower() in ("need", "hold", "grow", "growing")


_GROWING = re.compile(r"\bemployment\b(?=.*\b(?:grow\w*|change\w*|rise|fall|increase|decline|shrink)\b)", re.IGNORECASE)
"""What grows or shrinks: it says which figure is wanted, not of what, and employers are not employment."""


def terms_of(asked: str, kind: Kind) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Stems that an answer has to be about, and all that carry meaning, each once, in order.

    Args:
        asked: What is asked.
        kind: The kind of answer that it wants: words that only name that one ("salary") are no subject.

    >>> terms_of("Tell me what welders earn", "money")
    (('welder',), ('welder', 'earn'))
    """
    bare = _AGE.sub(" ", _GOES_ON.sub(" ", _AT_HOME.sub(" ", _HORIZON.sub(" ", asked))))
    asked_of_me = [stem("interview"), stem("questions")] if _ASKED_OF_ME.search(asked) else []
    raw = (*asked_of_me, *(stem(word) for word in words(bare) if word not in STOPWORDS))
    carried = tuple(dict.fromkeys(raw))
    aside = ASKING | CUES.get(kind, frozenset()) | (UP | DOWN if kind == "percent" else frozenset())
    if kind == "percent" and _GROWING.search(asked):
        aside |= {stem("employment")}
    aside -= frozenset(stem(match[1]) for match in (_WANTED_WORDS.search(asked), WORKED.search(asked)) if match)
    aside -= frozenset(asked_of_me)
    return tuple(one for one in carried if one not in aside), carried
