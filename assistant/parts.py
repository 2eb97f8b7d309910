"""The questions that a question is made of: several sentences, several places, two sides of a comparison. Pure.

It cuts by words, and only where each side would be a question by itself. Whether a cut was needed is for the answerer
to say: one statement may answer the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from assistant.claims import checks, disputed
from assistant.forms import FIGURES
from assistant.question import asks_every_source, is_asking, read_question
from assistant.sides import AHEAD, ASKS, EACH_OF, OPENS, Part, named, owners, places, sides_of, within
from assistant.topics import Talk, pointed_at
from ingest.words import STOPWORDS, words

How = Literal["one", "several", "sides"]

MOST = 4
"""Parts at most."""


@dataclass(frozen=True)
class Parts:
    """A question taken apart."""

    how: How
    """`one`: not at all; `several`: questions that each want an answer; `sides`: things set beside each other, which
    one statement may answer together."""
    parts: tuple[Part, ...]


_NEXT_SENTENCE = re.compile(r"(?<=[?!.])\s+(?=\S)")
_NEXT_CLAUSE = re.compile(
    r"[,;]?\s+(?:and|but|or|also)(?: also)?\s+"
    rf"(?={AHEAD}(?:what|which|how|where|when|who|whom|whose|why|do|does|is|are|can|should)\b(?!['’]))"
    r"|,\s+(?=(?:what|which|how|where|when|who|why)\b)",
    re.IGNORECASE,
)
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
        "ASKS", ASKS
    ),
    re.IGNORECASE,
)
"""What only announces a question: "Two things: ", "My nephew wants to know "."""
_HOW = re.compile(r"\bhow (?:long|often|soon|far|old|many|much)\b", re.IGNORECASE)
_ATTRIBUTE_OF = re.compile(
    r"^(?:(?:the|average|median|typical|starting) )*(?:salary|salaries|pay|wages?|income|cost|price|outlook"
    r"|duties|skills)"
    r" (?:of|for|as)\s+\S",
    re.IGNORECASE,
)
"""What asks without a verb: "salary of a welder"."""
_A_THING = re.compile(r"\ban?\s+\w", re.IGNORECASE)
_OWN = re.compile(r"\b(?:my|our|your)\s+\w+", re.IGNORECASE)
_PLEASE = re.compile(r"[\s,]+(?:please|pls|plz|thanks|thank you)\W*$", re.IGNORECASE)
_ATTRIBUTES = re.compile(
    r"^(?P<lead>(?:and |so )?what(?:['’]s| is| are|s)?|(?:please )?compare|tell me|give me"
    r"|i (?:want|need) (?:to know )?)\s+"
    r"(?:about )?(?P<first>(?:(?:the|an?|their|its)\s)?(?:[\w-]+ ){0,2}?[\w-]+)\s*(?:,|and|&|plus|as well as)\s+"
    r"(?P<second>(?:(?:the|an?|their|its)\s)?(?:[\w-]+ ){0,2}?[\w-]+)\s+(?P<rest>(?:of|for|in|as)\s.+)$",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"\b(?:compare[ds]?|comparison|differen\w+|differs?|between|versus|vs)\b", re.IGNORECASE)
_FIGURES_COMPARED = re.compile(
    r"\b(?:more|less|better|worse|higher|lower|fewer|faster|slower|cheaper|longer|shorter)\b", re.IGNORECASE
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
    whole = named(question, names)
    several = _several(question)
    if len(several) < 2:
        several = _attributes(question)
    if len(several) > 1:
        return Parts("several", tuple(Part(one, one.rstrip("?!. ")) for one in several[:MOST]))
    if len(each := sides_of(question, whole, EACH_OF)) > 1:
        return Parts("several", tuple(each[:MOST]))
    # Why two sources differ is one question.
    apart = disputed(question)
    sides = [] if apart else places(question) or within(question) or owners(question) or sides_of(question, whole)
    if not sides and not apart and _COMPARED.search(question):
        sides = sides_of(question, ())
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
            asks = OPENS.match(clause) or clause.endswith("?") or _ATTRIBUTE_OF.match(clause)
            if len(clause.split()) < 3 or not asks:
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
    >>> [_with_subject(one, "What does Hill Bank pay?") for one in ("how do I learn Python?", "how do I get a visa?")]
    ['how do I learn Python?', 'how do I get a visa?']
    """
    said = words(_HOW.sub(" ", _OWN.sub(" ", question)))
    own = [word for word in said if word not in STOPWORDS and not is_asking(word)]
    if len(own) > 1 or _A_THING.search(question) or not _OF_THE_ASKER.search(question) or _OF_THE_ASKER.search(before):
        return question
    if _POINTS.search(question) or _POINTS.search(before):
        return question
    subject = pointed_at(question, None, Talk().heard(before, before))
    if subject is None or all(is_asking(word) for word in subject.text.split()):
        return question
    return f"{question.rstrip(' ?.!')} for {subject.text}?"
