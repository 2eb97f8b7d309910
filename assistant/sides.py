"""Two things, or several places, that a question sets beside each other, each with the rest of the question. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.terms import is_asking
from ingest.words import STOPWORDS, stem


@dataclass(frozen=True)
class Part:
    """One question of several."""

    text: str
    about: str
    """What sets it apart from the others, as it was typed: "Zurich", "data scientist", or the whole part."""


ASKS = (
    r"(?:what|which|how|where|when|who|whom|whose|why|do|does|did|is|are|was|were|can|could|should|would|will|has|have)"
)
CONTRACTED = r"(?:what|how|where|when|who)['’]?s\b"
AHEAD = r"(?:(?:until|till|by|since|from|for|at|in|to|with)\s+(?=(?:when|what|which|where|whom|whose|how long)\b))?"
"""What may stand in front of a word that asks: "until when", "at which bank"."""
OPENS = re.compile(rf"^(?:and|but|also|so|then|or)?\s*,?\s*{AHEAD}(?:{ASKS}\b|{CONTRACTED})", re.IGNORECASE)
_PLACE = r"(?:[A-Z][\w.'’-]*(?:\s+(?:[A-Z][\w.'’-]*|of(?=\s[A-Z])))*)"
_PLACES = re.compile(
    rf"\b(?P<lead>in|at|near)\s+(?P<names>{_PLACE}(?:\s*,\s*(?:(?:in|at|near)\s+)?{_PLACE})*"
    rf"(?:\s*,?\s*(?:and|or|versus|vs\.?|compared (?:to|with))\s+"
    rf"(?:(?:in|at|near)\s+(?:{_PLACE}|[\w-]+(?=\W*$))|{_PLACE}))+)"
)
_CONTINENTS = frozenset(("Europe", "Asia", "Africa", "America", "Australia"))
"""What only says where the places behind it lie: "in Europe, Germany or Spain"."""
_BETWEEN_PLACES = re.compile(r"\s*,?\s*\b(?:and|or|versus|vs\.?|compared (?:to|with))\s+(?:(?:in|at|near)\s+)?|\s*,\s*")
_JOINS = re.compile(
    r"\s*,?\s+(?:and|or|vs\.?|versus|than|compared (?:to|with)|differs? from|different (?:from|to)|against|over)\s+"
    r"(?:(?:that|those|the one|the ones) (?:of|for)\s+"
    r"|(?:mine|my (?:current |present )?\w+|what i (?:now )?(?:earn|make|get)(?: now)?) as (?:an?\s+)?"
    r"|(?:of|for|as|at|by|to)\s+)?",
    re.IGNORECASE,
)
EACH_OF = re.compile(r"(?<!between)\s+and\s+(?:of|for)\s+", re.IGNORECASE)
"""What asks the same of each of two things: "the ladder of a welder and of a cook"."""
_COMPARING = re.compile(
    r"(?:\s+(?:(?:get|be|is|are)\s+)?(?:earn|make|pay|paid|grow|growing|have)s?)?\s+"
    r"(?:(?:much|a lot|far|even)\s+)?(?:more|less|better|higher|lower|faster|slower|fewer|cheaper|longer|shorter|older)"
    r"(?:\s+(?:money|jobs|pay|salary|demand))?$|\s+(?:earn|make|get|cost|pay)s?$",
    re.IGNORECASE,
)
"""What stands between the first side and "than": "earn more", "better paid"."""
_COMPARATIVE = re.compile(r"\b(?:more|less|better|higher|lower|fewer)\b", re.IGNORECASE)
"""What compares, and is no part of a question on one side."""
_ARTICLE_AT_END = re.compile(r"\s*\b(?:an?|the)$", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"(?:^|(?<=[.!;]\s))(?:why\s+)?(?:is|are|was|were|do|does|did|has|have|can|will|would)\b\s*", re.IGNORECASE
)
_FIRST_NAME = re.compile(
    r"(?:(?:do|does|did|is|are|can|will)\s+)?(?P<name>(?-i:[A-Z])[\w.]+(?:\s(?-i:[A-Z])[\w.]+)*)", re.IGNORECASE
)
_WORD = re.compile(r"[\w+#.'’/-]*[\w+#]")
_SETTING_BESIDE = re.compile(
    r"\b(?:compare[ds]?|comparison(?: of| between)?|differences?|between|versus|vs\.?|who|where(?: do| does)?"
    r"|which(?: one| job| role| city| country)?)\b",
    re.IGNORECASE,
)
_IN_EACH = re.compile(
    r"^(?P<before>.*?\b)(?P<lead>in|at|near) (?P<one>(?:the )?[\w-]+(?: [\w-]+){0,2}?)"
    r"(?P<verb> (?:earn|make|get|paid|pay|grow|cost|do|are|is|have)\w*\b.*?) (?:much |far |even )?"
    r"(?:more|less|better|worse|higher|lower|faster|slower|fewer)\b(?P<what>.*?) than (?:in|at|near) "
    r"(?P<other>[^?!.,;]+)\W*$",
    re.IGNORECASE,
)
_CONTRASTING = re.compile(r"\b(?:while|whereas|unlike|difference)\b|\bboth\b.*\bbut\b", re.IGNORECASE)
_CLAUSE = re.compile(r", (?:but |and )?(?=(?:an?|the) )|; ", re.IGNORECASE)
"""Between clauses, of which the second names what it is about."""
_PEOPLE = frozenset("people folks guys".split())
"""What may end a name, though it names nothing by itself: "MLOps people"."""
_NO_NAMES = frozenset("others nah nope never something anything nothing whatever elsewhere else".split())


def places(question: str) -> list[Part]:
    """A question on several places, asked of each; empty where it names fewer than two.

    >>> [part.about for part in places("What do cooks earn in Boston, Zurich and Rome?")]
    ['Boston', 'Zurich', 'Rome']
    """
    match = _PLACES.search(question)
    if not match:
        return []
    names = [name for name in _BETWEEN_PLACES.split(match["names"]) if name]
    names = names[1:] if len(names) > 2 and names[0] in _CONTINENTS else names
    before, after = question[: match.start()], question[match.end() :]
    return [Part(f"{before}{match['lead']} {name}{after}", name) for name in names]


def named(question: str, names: Iterable[str]) -> list[range]:
    """Where a question names one of these in full, singular or plural alike.

    >>> named("Who pays Cooks and Helpers?", ["Cook and Helper"])
    [range(9, 26)]
    """
    typed = list(_WORD.finditer(question))
    told = [stem(word.group()) for word in typed]
    found = []
    for name in names:
        own = [stem(word) for word in _WORD.findall(name)]
        if len(own) > 2:
            starts = (at for at in range(len(told) - len(own) + 1) if told[at : at + len(own)] == own)
            found += [range(typed[at].start(), typed[at + len(own) - 1].end()) for at in starts]
    return found


def sides_of(question: str, whole: Sequence[range], joins: re.Pattern[str] = _JOINS) -> list[Part]:
    """Two things set beside each other by a joining word that no name holds, each with the rest of the question."""
    for join in joins.finditer(question):
        if any(join.start() in name for name in whole):
            continue
        ahead = question[: join.start()]
        if join.group().split()[0].lower() not in ("and", "or"):
            ahead = _COMPARING.sub("", ahead)
        left, right = _ending(ahead), _beginning(question[join.end() :])
        if not left or not right:
            continue
        left = ahead[min([len(ahead) - len(left), *(one.start for one in whole if len(ahead) - len(left) in one)]) :]
        ends = join.end() + len(right)
        right = question[join.end() : max([ends, *(one.stop for one in whole if ends in one)])]
        before = ahead[: len(ahead) - len(left)]
        before, listed = _listed(before)
        after = question[len(ahead) : join.start()] + question[join.end() + len(right) :]
        rest = _SETTING_BESIDE.sub(" ", before), _SETTING_BESIDE.sub(" ", after)
        shown = [_bare(side) for side in (*listed, left, right)]
        return [Part(_one_side(rest[0], side, rest[1]), side) for side in shown]
    return []


_LONGEST_ITEM = 4
"""Words of one of several things at most."""
_NO_ITEM = re.compile(r"^(?:in|at|with|for)?\s*(?:an?\s+)?$|\bas\s+(?:an?\s+)?$", re.IGNORECASE)


def _listed(before: str) -> tuple[str, list[str]]:
    """What stands in front of the second last of several things, without the things before it, and these.

    >>> _listed("Who earns most, cooks, a smith, "), _listed("As a nurse, ")
    (('Who earns most, ', ['cooks', 'smith']), ('As a nurse, ', []))
    """
    listed: list[str] = []
    while (rest := _ARTICLE_AT_END.sub("", before).rstrip()).endswith(","):
        item = _ending(rest[:-1])
        ahead = _ARTICLE_AT_END.sub("", rest[: len(rest) - 1 - len(item)].rstrip())
        ahead = ahead + " " if ahead else ahead
        if not item or len(item.split()) > _LONGEST_ITEM or _NO_ITEM.search(ahead):
            break
        before, listed = ahead, [item, *listed]
    return before, listed


def _one_side(before: str, side: str, after: str) -> str:
    """A question on one side of a comparison, without what compares.

    >>> _one_side("earns more,", "welder", "?")
    'welder earns?'
    """
    before, after = (_COMPARATIVE.sub(" ", text).strip(" ,:;?.") for text in (before, after))
    before = _ARTICLE_AT_END.sub("", before)
    before = _AUXILIARY.sub(lambda one: "what about " if one.start() else "", before).strip(" ,")
    told = (side, before) if len(before.split()) == 1 and not OPENS.match(before) else (before, side)
    return " ".join(" ".join((*told, after)).split()).rstrip(" ,?") + "?"


def within(question: str) -> list[Part]:
    """Two fields that are compared, each behind its own preposition.

    >>> [one.text for one in within("Do cooks in hotels earn more than in schools?")]
    ['cooks in hotels earn?', 'cooks in schools earn?']
    """
    match = _IN_EACH.match(question)
    if not match:
        return []
    before = _AUXILIARY.sub("", match["before"])
    told = (f"{before}{match['lead']} {name}{match['verb']}{match['what']}?" for name in (match["one"], match["other"]))
    return [Part(text, name) for text, name in zip(told, (match["one"], match["other"]), strict=True)]


def owners(question: str) -> list[Part]:
    """Two names of which the first is who does it: "Does Sweden pay nurses better than France?"."""
    than = re.search(r"\s+than\s+", question)
    match = _FIRST_NAME.match(question)
    if not than or not match or match.end() > than.start():
        return []
    right = _beginning(question[than.end() :])
    left = _ending(_COMPARING.sub("", question[: than.start()]))
    if not re.match(r"[A-Z][a-z]", right) or re.match(r"[A-Z][a-z]", left):
        return []
    ahead, after = question[match.end() : than.start()], question[than.end() + len(right) :]
    return [Part(_one_side("", name, f"{ahead} {after}"), name) for name in (match["name"], right)]


def contrasts(said: str, sides: Sequence[str]) -> bool:
    """Whether a statement tells of two things by turns, the one against the other.

    >>> contrasts("Cook and smith: a cook fries, a smith forges.", ["cook", "smith"])
    True
    >>> contrasts("A cook can become a smith, or a baker.", ["cook", "smith"])
    False
    """
    if _CONTRASTING.search(said):
        return True
    named = [frozenset(map(stem, _WORD.findall(side))) for side in sides]
    apart = [one - other for one, other in itertools.permutations(named, 2)]
    clauses = (frozenset(map(stem, _WORD.findall(clause))) for clause in _CLAUSE.split(said)[1:])
    return any(own and own <= clause for clause in clauses for own in apart)


def _bare(side: str) -> str:
    return re.sub(r"^(?:an?|the|being|is|do|does)\s+", "", side.strip(), flags=re.IGNORECASE)


def _ending(text: str) -> str:
    """The run of naming words that ends a text, as it stands there; empty when it ends in something else."""
    start = len(text)
    listed = list(_WORD.finditer(text))
    for at, match in reversed(list(enumerate(listed))):
        people = match.end() == len(text.rstrip()) and at > 0 and match.group().lower() in _PEOPLE
        if text[match.end() : start].strip() or not (people or _names(match.group())):
            break
        start = match.start()
    return text[start:]


def _beginning(text: str) -> str:
    """The run of naming words that begins a text behind an article, with the article."""
    end = 0
    for match in _WORD.finditer(text):
        article = end == 0 and match.group().lower() in ("a", "an", "the")
        if text[end : match.start()].strip() or not (article or _names(match.group())):
            break
        end = match.end()
    return text[:end]


def _names(word: str) -> bool:
    low = word.lower()
    return not word[0].isdigit() and low not in STOPWORDS and low not in _NO_NAMES and not is_asking(word)
