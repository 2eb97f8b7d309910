"""What narrows a question or a statement down: a level of a career, a tenth of the earners, a year, an hour. Pure.

"Beginners", "junior" and "entry level" are one level; "the best paid ten percent" and "the highest tenth" one share. A
figure that is narrowed to something else than what is asked for is another figure, however alike the words are. Places
and firms are told by their capitals, for any library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.agreement import SPELLED
from ingest.words import stem, words


@dataclass(frozen=True)
class Qualifier:
    """One narrowing of a question, as it was said."""

    value: str
    """What it narrows to, however it was said: `entry`, `highest 10`, `2019`, `hour`."""
    said: str
    stems: frozenset[str]
    """Stems of the words that say it; a statement that holds the value need not repeat them."""
    place: bool = False
    """Whether it is a place or a firm, told by its capitals."""


_SHARE = r"(?P<share>(?:\d{1,2}|ten|five|one|twenty[- ]five)(?=\s?%|[ -]?per ?cent)|tenth|decile|quarter|quartile|half)"
_HIGH = r"(?:top|best|best[- ](?:paid|earning)|highest(?:[- ](?:paid|earning))?|upper|richest)"
_LOW = r"(?:bottom|worst[- ]paid|lowest(?:[- ](?:paid|earning))?|least[- ](?:paid|earning)|lower|poorest)"
_OF_EARNERS = re.compile(
    rf"\b(?P<side>{_HIGH}|{_LOW})\s{_SHARE}(?:\s?%|[ -]?per ?cent)?"
    rf"|\b(?P<p>\d{{1,2}})(?:st|nd|rd|th)[ -]percentile\b"
    rf"|\ba quarter\b(?=[^.;]*?\bearn\w*\s+(?P<more>more|less) than)(?P<and>[^.;]*\band a quarter more than)?",
    re.IGNORECASE,
)
_MIDDLE = re.compile(r"\b(?:middle (?:half|50\s?%|fifty per ?cent)|interquartile)\b", re.IGNORECASE)
_NUMBERS = {"ten": "10", "tenth": "10", "decile": "10", "five": "5", "one": "1", "half": "50"}

_LEVELS = tuple(
    (level, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE))
    for level, pattern in (
        ("entry", r"entry[- ]?levels?|beginners?|juniors?|newcomers?|(?:new|fresh|recent) graduates?"
                  r"|(?:at|in|from) the (?:very )?(?:start|beginning)(?! of the)"
                  r"|start(?:ing|s)? (?:out|at|from|with(?=\W*$|\s(?:[$€£\d]|as|in|at)))"
                  r"|starting (?:salar\w+|pay|wages?)|(?:just|only) starting|first job|starters?|inexperienced"
                  r"|when (?:i|you|we|they|he|she|one|people) (?:first |just )?starts?(?! (?:to|an?|the|my|as)\b)"
                  r"|(?:no|little|zero|without(?: any| much)?|(?:not|\w+n['’]t) (?:have )?(?:any|much))"
                  r" (?:work )?experience"
                  r"|(?:not|\w+n['’]t)(?: yet| very| that)? experienced"),
        ("early", r"early[- ]careers?"),
        ("mid", r"mid[- ]?(?:careers?|levels?)|middle of (?:the|a|my|your|their) career|intermediate"),
        ("senior", r"(?<!not )(?<!n['’]t )(?<!not yet )(?<!not very )experienced|seniors?(?: level)?"
                    r"|seasoned|(?:a lot|lots|much|plenty) of experience"),
        ("late", r"late[- ]careers?|(?:at|near|towards?) the end of (?:the|a|my|your|their) career"),
        ("principal", r"principals?"),
        ("staff", r"staff(?= (?:level|engineers?|scientists?)|$)"),
    )
)  # fmt: skip
_UNITS = tuple(
    (unit, re.compile(pattern, re.IGNORECASE))
    for unit, pattern in (
        ("year", r"\b(?:per|a|each|every) year\b|\b(?:annual|annually|yearly)\b|/\s?yr?\b"),
        ("hour", r"\b(?:per|an|by the|each|every) hour\b|\bhourly\b|/\s?h\b"),
        ("month", r"\b(?:per|a|each|every) month\b|\bmonthly\b"),
        ("week", r"\b(?:per|a|each|every) week\b|\bweekly\b"),
        ("day", r"\b(?:per|each|every) day\b|\bdaily\b"),
    )
)
UNITS = frozenset(unit for unit, _ in _UNITS)
LEVELS = frozenset(level for level, _ in _LEVELS)
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_PLACED = re.compile(r"\b(?:in|at)\s+(?:the\s+)?(?P<name>[A-Z][\w’'&-]*(?:\.\w+)*(?:\s+[A-Z][\w’'&-]*)*)")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_NO_PLACE = re.compile(rf"(?:{_MONTHS}|United States|U\.?S\.?A?|America)\b")
ASKED_PLACE = re.compile(rf"\b(?:in|near) (?!(?:{_MONTHS})\b)(?P<name>[A-Z][a-z]{{3,}}(?: [A-Z][a-z]{{3,}})*)")
"""Where something is asked about: "in Spain". Narrower than `places`, because an answer is refused by it: what is
short or all capitals ("in ML", "in SQL") is seldom a place. A language ("in Python") is taken for one."""


def qualifiers(text: str) -> tuple[Qualifier, ...]:
    """What a question or a statement is narrowed to: shares, levels, units, years, then places.

    >>> [one.value for one in qualifiers("What do the best paid ten percent of junior welders make an hour in 2019?")]
    ['highest 10', 'entry', 'hour', '2019']
    >>> [one.value for one in qualifiers("A quarter of welders earned less than $9 and a quarter more than $40.")]
    ['lowest 25', 'highest 25']
    """
    found = [*_shares(text), *_matched(_LEVELS, text), *_matched(_UNITS, text)]
    found += [_qualifier(year, year) for year in YEAR.findall(text)]
    if not text.isupper():
        found += [replace(_qualifier(name.lower(), name), place=True) for name in places(text)]
    return tuple({one.value: one for one in found}.values())


_YEARS_OF_WORK = re.compile(
    r"\b(?:with|after|have|has|having|got)\s+(?:about |around |over |more than |some )?"
    rf"(?P<years>\d{{1,2}}|{'|'.join(filter(SPELLED.get, SPELLED))})\+?\s*(?:years?|yrs?)\b"
    r"(?!\s*(?:old|of age|ago|left|to go))",
    re.IGNORECASE,
)
_LEVEL_FROM = ((10, "late"), (7, "senior"), (4, "mid"), (1, "early"), (0, "entry"))
"""Years of work from which a level begins, as salary guides that give both tell them apart."""


def level_by_years(text: str) -> tuple[Qualifier, ...]:
    """The level of a career that years of work come to, where a text names no level itself.

    >>> [one.value for one in level_by_years("What does a welder with 12 years make?")], level_by_years("At 45 years?")
    (['late'], ())
    >>> [one.value for one in level_by_years("What does a welder with about five years of work make?")]
    ['mid']
    """
    match = _YEARS_OF_WORK.search(text)
    if not match or any(pattern.search(text) for _, pattern in _LEVELS):
        return ()
    told = match["years"].lower()
    worked = SPELLED[told] if told in SPELLED else int(told)
    level = next(name for years, name in _LEVEL_FROM if worked >= years)
    return (_qualifier(level, match.group()),)


def unmet(
    asked: Sequence[Qualifier], held: frozenset[str], text: str, stems: frozenset[str] = frozenset()
) -> tuple[Qualifier, ...]:
    """The qualifiers of a question that a statement is not narrowed to.

    Args:
        asked: Those of the question.
        held: The values of the statement's own, with the way to it.
        text: All that is said of the statement, dates too: a year may stand anywhere.
        stems: Stems of all that is said of it: a place may be named anywhere, too.
    """

    def met(one: Qualifier) -> bool:
        if one.place:
            return one.stems <= stems
        return one.value in held or one.value == "year" or (bool(YEAR.match(one.value)) and one.value in text)

    return tuple(one for one in asked if not met(one))


def places(text: str) -> tuple[str, ...]:
    """Names that a statement says something is in or at, as far as they narrow it down.

    >>> places("Welders in San Francisco earn most in May 2024, of all in the United States."), places("Welders weld.")
    (('San Francisco',), ())
    """
    return tuple(found["name"] for found in _PLACED.finditer(text) if not _NO_PLACE.match(found["name"]))


def without_shares(text: str) -> str:
    """The text, as long as it was, with its shares of the earners blanked: "the top 10%" claims no figure.

    >>> without_shares("the top 10% earn $9")
    'the         earn $9'
    """
    return _OF_EARNERS.sub(lambda match: " " * len(match.group()), text)


def _shares(text: str) -> Iterator[Qualifier]:
    if middle := _MIDDLE.search(text):
        yield from (_qualifier(value, middle.group()) for value in ("lowest 25", "highest 25"))
    for match in _OF_EARNERS.finditer(text):
        if match["p"]:
            percentile = int(match["p"])
            value = f"highest {100 - percentile}" if percentile > 50 else f"lowest {percentile}"
            yield _qualifier(value, match.group())
        elif match["side"]:
            side = "highest" if re.fullmatch(_HIGH, match["side"], re.IGNORECASE) else "lowest"
            share = match["share"].lower()
            yield _qualifier(f"{side} {share if share.isdigit() else _NUMBERS.get(share, '25')}", match.group())
        else:
            yield _qualifier("lowest 25" if match["more"].lower() == "less" else "highest 25", match.group())
            if match["and"]:
                yield _qualifier("highest 25", match["and"])


def _matched(patterns: Sequence[tuple[str, re.Pattern[str]]], text: str) -> Iterator[Qualifier]:
    for value, pattern in patterns:
        if match := pattern.search(text):
            yield _qualifier(value, match.group())


def _qualifier(value: str, said: str) -> Qualifier:
    return Qualifier(value, " ".join(said.split()), frozenset(map(stem, words(said))))
