"""The questions that a question is made of: several sentences, several places, two sides of a comparison. Pure.

It cuts by words, and only where each side would be a question by itself. Whether a cut was needed is for the answerer
to say: one statement may answer the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.claims import checks, disputed
from assistant.forms import FIGURES
from assistant.question import asks_every_source, is_asking, read_question
from assistant.topics import Talk, pointed_at
from ingest.words import STOPWORDS, stem, words

How = Literal["one", "several", "sides"]

MOST = 4
"""Parts at most."""


@dataclass(frozen=True)
class Part:
    """One question of several."""

    text: str
    about: str
    """What sets it apart from the others, as it was typed: "Zurich", "data scientist", or the whole part."""


@dataclass(frozen=True)
class Parts:
    """A question taken apart."""

    how: How
    """`one`: not at all; `several`: questions that each want an answer; `sides`: things set beside each other, which
    one statement may answer together."""
    parts: tuple[Part, ...]


_ASKS = (
    r"(?:what|which|how|where|when|who|whom|whose|why|do|does|did|is|are|was|were|can|could|should|would|will|has|have)"
)
_NEXT_SENTENCE = re.compile(r"(?<=[?!.])\s+(?=\S)")
_AHEAD = r"(?:(?:until|till|by|since|from|for|at|in|to|with)\s+(?=(?:when|what|which|where|whom|whose|how long)\b))?"
"""What may stand in front of a word that asks: "until when", "at which bank"."""
_NEXT_CLAUSE = re.compile(
    r"[,;]?\s+(?:and|but|or|also)(?: also)?\s+"
    rf"(?={_AHEAD}(?:what|which|how|where|when|who|whom|whose|why|do|does|is|are|can|should)\b(?!['’]))"
    r"|,\s+(?=(?:what|which|how|where|when|who|why)\b)",
    re.IGNORECASE,
)
_OPENS = re.compile(rf"^(?:and|but|also|so|then|or)?\s*,?\s*{_AHEAD}{_ASKS}\b", re.IGNORECASE)
_OF_THE_ASKER = re.compile(
    r"\b(?:can|could|do|should|must|may|will|would|have)\s+(?:i|we|you|one|people|somebody|someone)\b", re.IGNORECASE
)
_POINTS = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|there|one|ones|he|she|him|her|his)\b", re.IGNORECASE
)
_ANNOUNCED = re.compile(
    r"^(?:(?:hi|hello|hey|so|ok|okay|also|and)[\s,!.]+)*"
    r"(?:(?:(?:two|three|2|3|a few|some|several|a couple of) )?(?:quick )?(?:things|questions?|q['’]?s)\s*[:,.-]+"
    r"|(?:please )?(?:(?:i|we|he|she|they|(?:my|our) [\w-]+) (?:would like|['’]d like|wants?|wanted|needs?|wonders?"
    r"|am wondering|was wondering|am trying)(?: to (?:know|find out|understand))?"
    r"|(?:can|could|would) you (?:please )?(?:tell me|explain)|(?:please )?tell me)[:,]?)\s+(?=ASKS\b)".replace(
        "ASKS", _ASKS
    ),
    re.IGNORECASE,
)
"""What only announces a question: "Two things: ", "My nephew wants to know "."""
_HOW = re.compile(r"\bhow (?:long|often|soon|far|old|many|much)\b", re.IGNORECASE)
_OWN = re.compile(r"\b(?:my|our|your)\s+\w+", re.IGNORECASE)
_PLACE = r"(?:[A-Z][\w.'’-]*(?:\s+(?:[A-Z][\w.'’-]*|of(?=\s[A-Z])))*)"
_PLACES = re.compile(
    rf"\b(?P<lead>in|at|near)\s+(?P<names>{_PLACE}(?:\s*,\s*(?:(?:in|at|near)\s+)?{_PLACE})*"
    rf"(?:\s*,?\s*(?:and|or|versus|vs\.?|compared (?:to|with))\s+"
    rf"(?:(?:in|at|near)\s+(?:{_PLACE}|[\w-]+(?=\W*$))|{_PLACE}))+)"
)
_BETWEEN_PLACES = re.compile(r"\s*,?\s*\b(?:and|or|versus|vs\.?|compared (?:to|with))\s+(?:(?:in|at|near)\s+)?|\s*,\s*")
_JOINS = re.compile(
    r"\s*,?\s+(?:and|or|vs\.?|versus|than|compared (?:to|with)|against|over)\s+"
    r"(?:(?:that|those|the one|the ones) (?:of|for)\s+|(?:of|for|as|at|by|to)\s+)?",
    re.IGNORECASE,
)
_EACH_OF = re.compile(r"(?<!between)\s+and\s+(?:of|for)\s+", re.IGNORECASE)
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
_AUXILIARY = re.compile(r"^(?:why\s+)?(?:is|are|was|were|do|does|did|has|have|can|will|would)\b\s*", re.IGNORECASE)
_FIRST_NAME = re.compile(
    r"(?:(?:do|does|did|is|are|can|will)\s+)?(?P<name>(?-i:[A-Z])[\w.]+(?:\s(?-i:[A-Z])[\w.]+)*)", re.IGNORECASE
)
_PLEASE = re.compile(r"[\s,]+(?:please|pls|plz|thanks|thank you)\W*$", re.IGNORECASE)
_ATTRIBUTES = re.compile(
    r"^(?P<lead>(?:and |so )?what(?:['’]s| is| are|s)?|(?:please )?compare|tell me|give me"
    r"|i (?:want|need) (?:to know )?)\s+"
    r"(?:about )?(?P<first>(?:(?:the|an?|their|its)\s)?(?:[\w-]+ ){0,2}?[\w-]+)\s*(?:,|and|&|plus|as well as)\s+"
    r"(?P<second>(?:(?:the|an?|their|its)\s)?(?:[\w-]+ ){0,2}?[\w-]+)\s+(?P<rest>(?:of|for|in|as)\s.+)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w+#.'’/-]*[\w+#]")
_COMPARED = re.compile(r"\b(?:compare[ds]?|comparison|differen\w+|differs?|between|versus|vs)\b", re.IGNORECASE)
_FIGURES_COMPARED = re.compile(
    r"\b(?:more|less|better|worse|higher|lower|fewer|faster|slower|cheaper|longer|shorter)\b", re.IGNORECASE
)
_SETTING_BESIDE = re.compile(
    r"\b(?:compare[ds]?|comparison(?: of| between)?|differences?|between|versus|vs\.?|who|where(?: do| does)?"
    r"|which(?: one| job| role| city| country)?)\b",
    re.IGNORECASE,
)


def parts(question: str, names: Iterable[str] = ()) -> Parts:
    """Take a question apart.

    Args:
        question: What is asked, standing alone.
        names: What the library calls things, as titles; one of them that joins two things stays whole.

    >>> [part.text for part in parts("What do welders earn? Which degree do they need?").parts]
    ['What do welders earn?', 'Which degree do they need?']
    >>> [part.text for part in parts("What do cooks earn in Boston and in Zurich?").parts]
    ['What do cooks earn in Boston?', 'What do cooks earn in Zurich?']
    >>> [part.about for part in parts("Who earns more, a data scientist or an ML engineer?").parts]
    ['data scientist', 'ML engineer']
    >>> [parts("What do cooks and helpers earn?", names).how for names in ((), ("Cooks and Helpers",))]
    ['sides', 'one']
    """
    question = _unannounced(" ".join(question.split()))
    whole = _named(question, names)
    several = _several(question)
    if len(several) < 2:
        several = _attributes(question)
    if len(several) > 1:
        return Parts("several", tuple(Part(one, one.rstrip("?!. ")) for one in several[:MOST]))
    if len(each := _sides(question, whole, _EACH_OF)) > 1:
        return Parts("several", tuple(each[:MOST]))
    # Why two sources differ is one question.
    apart = disputed(question)
    sides = [] if apart else _places(question) or _within(question) or _owners(question) or _sides(question, whole)
    if not sides and not apart and _COMPARED.search(question):
        sides = _sides(question, ())
    if len(sides) > 1:
        return Parts("sides", tuple(sides[:MOST]))
    return Parts("one", (Part(question, question.rstrip("?!. ")),))


def compares(question: str) -> bool:
    """Whether a question asks which of two is more, so that both sides want the same kind of figure.

    >>> compares("Do cooks make more than smiths?"), compares("Do I need a degree and a licence?")
    (True, False)
    """
    return bool(_FIGURES_COMPARED.search(question) or _COMPARED.search(question))


_GRANTED = re.compile(
    r"^(?:as|since|because|given that|now that|considering that|if)\s+"
    r"(?P<claim>[^?]*?(?!(?:19|20)\d\d\b)\b\d[^?]*?),\s+"
    r"(?P<asked>(?:what|which|how|where|when|who|why)\b[^?]*\b(?:they|them|their|it|its)\b[^?]*\?)$",
    re.IGNORECASE,
)
"""A figure taken for granted in front of a question that points to what it is of."""


_INDIRECT = re.compile(
    r"^(?P<ask>what|how much|how many [\w-]+) (?P<who>(?:an? |the )?[\w-]+(?: [\w-]+){0,3}?)"
    r" (?P<verb>earn|make|cost|need|get|pay|do|hold)(?P<s>s|es)?\b",
    re.IGNORECASE,
)


def _unannounced(sentence: str) -> str:
    """A sentence without what only announces its question, which is then put directly.

    >>> _unannounced("I want to know what a cook earns in Rome"), _unannounced("Two things: what is it?")
    ('what does a cook earn in Rome', 'what is it?')
    """
    asked = _ANNOUNCED.sub("", sentence)
    if asked == sentence:
        return sentence
    return _INDIRECT.sub(lambda one: f"{one['ask']} {'does' if one['s'] else 'do'} {one['who']} {one['verb']}", asked)


def _several(question: str) -> list[str]:
    """The questions in several sentences or clauses; one that does not ask is kept with the next."""
    found: list[str] = []
    if granted := _GRANTED.match(question):
        return [f"{granted['claim']}?", granted["asked"]]
    ahead = ""
    for sentence in _NEXT_SENTENCE.split(question):
        for place, clause in enumerate(_NEXT_CLAUSE.split(_unannounced(sentence))):
            said = f"{ahead} {clause}".strip()
            if found and (asks_every_source(clause) or checks(clause)):
                found[-1] = f"{found[-1].rstrip(' ?.!')}, {clause.rstrip(' ?.!')}?"
                continue
            if len(clause.split()) < 3 or not (_OPENS.match(clause) or clause.endswith("?")):
                ahead = said
                continue
            whole = said if said.endswith("?") else f"{said.rstrip(' .!')}?"
            if found:
                whole = _with_verb(whole, found[-1])
            found.append(_with_subject(whole, found[-1]) if found and place else whole)
            ahead = ""
    if ahead and found:
        found[-1] = f"{found[-1]} {ahead}"
    return found


def _attributes(question: str) -> list[str]:
    """One question for each of two attributes of different kinds: "the pay and the outlook of welders"."""
    match = _ATTRIBUTES.match(question)
    if not match:
        return []
    rest = _PLEASE.sub("", match["rest"]).rstrip(" ?.!,")
    asked = [f"{match['lead']} {match[name]} {rest}?" for name in ("first", "second")]
    kinds = [read_question(one).kind for one in (match["first"], match["second"])]
    return asked if kinds[0] != kinds[1] and set(kinds) & FIGURES else []


_VERBLESS = re.compile(
    r"^(?P<ahead>(?:what|how much|how many \w+|which \w+) (?:do|does) (?:an?|the)\s[\w -]+?)\?$", re.I
)
_WITH_VERB = re.compile(
    r"\b(?:do|does) .*?(?P<verb>\b(?:earn|make|get|cost|need|use|pay|do|hold|learn|know|build)\b.*?)\?$", re.I
)


def _with_verb(question: str, before: str) -> str:
    """A question that leaves out its verb with the one of the question before it.

    >>> _with_verb("what does a welder?", "What does a cook earn on average?")
    'what does a welder earn on average?'
    """
    if not _VERBLESS.match(question) or _WITH_VERB.search(question):
        return question
    verb = _WITH_VERB.search(before)
    return f"{question[:-1]} {verb['verb']}?" if verb else question


def _with_subject(question: str, before: str) -> str:
    """A question on what the person who asks can do, with the subject of the one before it where it names none.

    >>> _with_subject("until when can I apply?", "What does Hill Bank pay?")
    'until when can I apply for Hill Bank?'
    >>> _with_subject("how do I learn Python?", "What does Hill Bank pay?")
    'how do I learn Python?'
    """
    said = words(_HOW.sub(" ", _OWN.sub(" ", question)))
    own = [word for word in said if word not in STOPWORDS and not is_asking(word)]
    if len(own) > 1 or not _OF_THE_ASKER.search(question) or _OF_THE_ASKER.search(before):
        return question
    if _POINTS.search(question) or _POINTS.search(before):
        return question
    subject = pointed_at(question, None, Talk().heard(before, before))
    if subject is None or all(is_asking(word) for word in subject.text.split()):
        return question
    return f"{question.rstrip(' ?.!')} for {subject.text}?"


def _places(question: str) -> list[Part]:
    match = _PLACES.search(question)
    if not match:
        return []
    names = [name for name in _BETWEEN_PLACES.split(match["names"]) if name]
    before, after = question[: match.start()], question[match.end() :]
    return [Part(f"{before}{match['lead']} {name}{after}", name) for name in names]


def _named(question: str, names: Iterable[str]) -> list[range]:
    """Where a question names one of these in full, singular or plural alike.

    >>> _named("Who pays Cooks and Helpers?", ["Cook and Helper"])
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


def _sides(question: str, whole: Sequence[range], joins: re.Pattern[str] = _JOINS) -> list[Part]:
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
        after = question[len(ahead) : join.start()] + question[join.end() + len(right) :]
        rest = _SETTING_BESIDE.sub(" ", before), _SETTING_BESIDE.sub(" ", after)
        shown = [_bare(side) for side in (left, right)]
        return [Part(_one_side(rest[0], side, rest[1]), side) for side in shown]
    return []


def _one_side(before: str, side: str, after: str) -> str:
    """A question on one side of a comparison, without what compares.

    >>> _one_side("earns more,", "welder", "?")
    'welder earns?'
    """
    before, after = (_COMPARATIVE.sub(" ", text).strip(" ,:;?.") for text in (before, after))
    before = _AUXILIARY.sub("", _ARTICLE_AT_END.sub("", before)).strip(" ,")
    told = (side, before) if len(before.split()) == 1 and not _OPENS.match(before) else (before, side)
    return " ".join(" ".join((*told, after)).split()).rstrip(" ,?") + "?"


_IN_EACH = re.compile(
    r"^(?P<before>.*?\b)(?P<lead>in|at|near) (?P<one>(?:the )?[\w-]+(?: [\w-]+){0,2}?)"
    r"(?P<verb> (?:earn|make|get|paid|pay|grow|cost|do|are|is|have)\w*\b.*?) (?:much |far |even )?"
    r"(?:more|less|better|worse|higher|lower|faster|slower|fewer)\b(?P<what>.*?) than (?:in|at|near) "
    r"(?P<other>[^?!.,;]+)\W*$",
    re.IGNORECASE,
)


def _within(question: str) -> list[Part]:
    """Two fields that are compared, each behind its own preposition.

    >>> [one.text for one in _within("Do cooks in hotels earn more than in schools?")]
    ['cooks in hotels earn?', 'cooks in schools earn?']
    """
    match = _IN_EACH.match(question)
    if not match:
        return []
    before = _AUXILIARY.sub("", match["before"])
    told = (f"{before}{match['lead']} {name}{match['verb']}{match['what']}?" for name in (match["one"], match["other"]))
    return [Part(text, name) for text, name in zip(told, (match["one"], match["other"]), strict=True)]


def _owners(question: str) -> list[Part]:
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


def _bare(side: str) -> str:
    return re.sub(r"^(?:an?|the|being|is|do|does)\s+", "", side.strip(), flags=re.IGNORECASE)


def _ending(text: str) -> str:
    """The run of naming words that ends a text, as it stands there; empty when it ends in something else."""
    start = len(text)
    for match in reversed(list(_WORD.finditer(text))):
        if text[match.end() : start].strip() or not _names(match.group()):
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


_NO_NAMES = frozenset("others nah nope never something anything nothing whatever elsewhere else".split())


def _names(word: str) -> bool:
    low = word.lower()
    return not word[0].isdigit() and low not in STOPWORDS and low not in _NO_NAMES and not is_asking(word)
