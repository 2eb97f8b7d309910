"""The questions that a question is made of: several sentences, several places, two sides of a comparison. Pure.

It cuts by words, and only where each side would be a question by itself. Whether a cut was needed is for the answerer
to say: one statement may answer the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from assistant.carrying import choice_of
from assistant.claims import begins_checking, disputed
from assistant.clauses import clauses, unannounced
from assistant.forms import FIGURES
from assistant.question import NEXT_SENTENCE, asks_every_source, read_question
from assistant.sides import EACH_OF, OPENS, Part, named, owners, places, sides_of, within
from assistant.terms import is_asking
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


_OF_THE_ASKER = re.compile(
    r"\b(?:can|could|do|should|must|may|will|would|have)\s+(?:i|we|you|one|people|somebody|someone)\b", re.IGNORECASE
)
_POINTS = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|there|one|ones|he|she|him|her|his)\b", re.IGNORECASE
)
_SHORT = re.compile(r"(?:and |but |so )?(?:what|where|how|which)(?: comes)? (?:first|next|then)\W*$", re.IGNORECASE)
"""What asks in two words: "what first?"."""
_BY_HOW_MUCH = re.compile(r",?\s+(?:and|or)\s+(?:if so,? )?(?:by )?how much\W*$", re.IGNORECASE)
"""What asks once more for the figures that are compared: "Do cooks earn more, and how much?"."""
_UNIT = re.compile(
    r"\b(?P<more>more|less|better|higher|lower) (?P<unit>(?:per|an|a) (?:hour|year|month|week))(?= than\b)",
    re.IGNORECASE,
)
"""The time that two pays are compared by."""
_COMPARE = re.compile(r"(?:please )?compare\b", re.IGNORECASE)
_ALSO = re.compile(r"(?:do|does|did|is|are|has|have|can) (?:[A-Z][\w-]*(?: [A-Z][\w-]*)*)\W*$")
_WHO_DOES = re.compile(r"(?:who|which [\w-]+)\s+", re.IGNORECASE)
"""What asks of one more whether it is so, too: "Who has to weld, and does Texas?"."""
_OF_A_LIST = re.compile(r"^(?P<asked>(?:which|who|what)\b[^:?]*):\s*(?P<list>[^:?,]+(?:,[^:?,]+)+)\??$", re.IGNORECASE)
"""What asks of things that are listed behind it: "Which of these pays most: cooks, smiths, welders?"."""
_OF_THESE = re.compile(r"\s+of (?:these|those|them|the following)\b", re.IGNORECASE)
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
    question = _compared_last(_listed_last(" ".join(question.split())))
    several = _several(question)
    question = unannounced(question)
    whole = named(question, names)
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


def _compared_last(question: str) -> str:
    """A comparison with the time that it is by in front, and without what asks for its figures once more.

    >>> _compared_last("Do cooks earn more per hour than smiths, and by how much?")
    'per hour: Do cooks earn more than smiths'
    """
    if not _FIGURES_COMPARED.search(question):
        return question
    question = _BY_HOW_MUCH.sub("", question)
    unit = _UNIT.search(question)
    return f"{unit['unit']}: {_UNIT.sub(unit['more'], question)}" if unit else question


def _listed_last(question: str) -> str:
    """A question of things that are listed behind a colon, with the list in each of its clauses.

    >>> _listed_last("Which of these pays most and which is hardest: cook, smith or welder?")
    'Which pays most, cook, smith or welder? which is hardest, cook, smith or welder?'
    """
    match = _OF_A_LIST.match(question)
    if not match:
        return question
    *items, last = re.split(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+", match["list"].strip())
    asked = (_OF_THESE.sub("", one) for one in clauses(match["asked"]))
    return " ".join(f"{one}, {', '.join(items)} or {last}?" for one in asked)


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


def _several(question: str) -> list[str]:
    """The questions in several sentences or clauses; one that does not ask is kept with the next."""
    found: list[str] = []
    if granted := _GRANTED.match(question):
        return [f"{granted['claim']}?", granted["asked"]]
    ahead = ""
    for sentence in NEXT_SENTENCE.split(question):
        for place, clause in enumerate(clauses(sentence)):
            said = choice_of(clause, ahead) or f"{ahead} {clause}".strip()
            if found and (asks_every_source(clause) or begins_checking(clause)):
                found[-1] = f"{found[-1].rstrip(' ?.!')}, {clause.rstrip(' ?.!')}?"
                continue
            asks = OPENS.match(clause) or clause.endswith("?") or _ATTRIBUTE_OF.match(clause) or _COMPARE.match(clause)
            if found and _ALSO.match(clause) and (who := _WHO_DOES.match(found[-1])):
                said = re.sub(r"^has\b", "have", found[-1][who.end() :], flags=re.IGNORECASE)
                found.append(f"{clause.rstrip(' ?.!')} {said}")
                continue
            if not asks or (len(clause.split()) < 3 and not (found and _SHORT.match(clause))):
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


_PUT_BEHIND = re.compile(r"\s(?:of|for|in|at)\s(?P<name>(?:(?!\s(?:of|for|in|at)\s)[^?])+)\?$")


def without_tail(question: str, before: str) -> str:
    """A question without a thing of the question before it that ends it; empty where it ends in none.

    >>> without_tail("what do smiths earn of cook?", "What does a cook do?"), without_tail("Is it late?", "Is it?")
    ('what do smiths earn?', '')
    """
    match = _PUT_BEHIND.search(question)
    return f"{question[: match.start()]}?" if match and match["name"].lower() in before.lower() else ""


def otherwise(question: str, before: str) -> list[str]:
    """The same question without a thing of the question before it that ends it, or else with that thing behind it.

    >>> otherwise("what do smiths earn of cook?", "What does a cook do?"), otherwise("Is it late?", "What is a cook?")
    (['what do smiths earn?'], ['Is it late of cook?'])
    """
    if bare := without_tail(question, before):
        return [bare]
    subject = pointed_at(question, None, Talk().heard(before, before))
    return [f"{question.rstrip(' ?.!')} of {subject.text}?"] if subject else []


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
