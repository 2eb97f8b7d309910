"""From a follow-up and the turns before it to one question that stands alone, without any model.

What the new turn leaves out is carried over from the question before, what it names anew takes the place of its
like (`replacing`), what it puts right is put right (`corrections`), and a question that stands on its own is left as
it is.

What a pronoun, or a question that leaves out what it is about, points back to is weighed in `topics`. It does not
resolve references to what only an answer named, but for "the second one".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.carrying import carried, differing
from assistant.corrections import CORRECTS, mended
from assistant.labels import Labels
from assistant.phrases import QUESTION_WORD, has_topic, is_fragment, named_anew, only_attributes, set_against, under
from assistant.places import is_place
from assistant.pronouns import name_ordinal, pronoun_in
from assistant.question import read_question
from assistant.replacing import Similar, put_in_place
from assistant.smalltalk import reply_to
from assistant.spans import article
from assistant.topics import (
    OMITTED,
    OMITTED_BESIDE,
    Mention,
    Pronoun,
    Talk,
    asks_what_for,
    is_plural,
    leaves_out,
    names_people,
    pointed_at,
)
from assistant.types import NOT_HELD, Turn
from ingest.words import stems

_LEAD_IN = re.compile(
    r"^(?:(?:and|or|but|so|ok|okay|then|also|well|sure|thanks|thank you|great|cool)\b[\s,.!]*)*"
    r"(?:(?:what|how) about\b|what if it(?:'s| is)\b|same for\b|compared (?:to|with)\b)?[\s,]*",
    re.IGNORECASE,
)
_LITTLE = 2
"""Words that name something, up to which a question is about who asks it: "What should I learn first?"."""
_TOLD_AHEAD = re.compile(r"^(?P<told>(?:i['’]?m|i am) (?:an? |currently |now )[^,.;?!]{2,40})[,.;!]\s", re.IGNORECASE)
"""Who somebody is, in front of what they ask: "I'm a nurse, can I teach?"."""
_ENDED = re.compile(r"\s+(?:then|too|as well|instead)$", re.IGNORECASE)
"""What is said behind a phrase and is no part of it: "India then"."""
_BARE = re.compile(
    r"^(?:(?:and|but|so|ok|okay)[\s,]+)*(?:why|how|how so|how come|since when|when|where|who|really|says who"
    r"|why (?:not|so|that)|what then"
    r"|(?:what|how|where|which)(?: (?:do|should) (?:i|we|one))?(?: (?:begin|do|learn|start|try))? first)\b[\s?!.]*$",
    re.IGNORECASE,
)
_ABOUT_THE_ASKER = re.compile(
    r"^(?:(?:hi|hello|hey|so|well|ok|okay)[\s,!.]+)*(?:i|i['’](?:m|ve)|im|my|we) "
    r"(?!(?:want|need|would|wonder|like)\b)[^?]*$",
    re.IGNORECASE,
)
"""What somebody tells of themselves and asks nothing with."""
_OF_ONESELF = re.compile(r"\b(?:i|me|my|we|us|our)\b", re.IGNORECASE)
_OWN_SUBJECT = re.compile(
    r"\b(?:do|does|did|can|could|will|would|should|has|have)\s+(?!(?:i|you|we|one|it|they|there)\b)\w"
    r"|^(?:which|what)\s+(?!(?:is|are|was|were|do|does|did|can|should)\b)[\w-]+\s+(?!(?:do|does|did|can|should)\b)\w",
    re.IGNORECASE,
)
"""Who or what does it, named in the question: "Which skills do employers want?", "Which jobs pay most?"."""
_AMERICA_ALONE = re.compile(
    r"^(?P<ahead>(?:(?:and|but|so|what about|how about|ok|okay)\s+)*)(?:in )?the (?:US|us|USA|U\.S\.|States)"
    r"(?=(?: then| too)?\W*$)"
)
"""A country whose initials are a pronoun, too: "And the US?"."""
_SUCH_ONE = re.compile(
    r"\b(?:want|wants|need|needs|have|has|had|get|gets|got|require|requires|buy|without|ask for|asks for) "
    r"(?P<one>one)\W*$",
    re.IGNORECASE,
)
"""One of what was named before: "Do I need one?"."""
_ONE_AT_END = re.compile(r"(?<=\bbecome )one\W*$", re.IGNORECASE)
_MORE = "more|less|better|worse|higher|lower|faster|slower|fewer|bigger"
_THAN_ANOTHER = re.compile(
    r"^(?:and |but |so )*(?:is|was|are|were) (?:that|this|it|they|those) (?:also |even |much |really |still )*"
    rf"(?:{_MORE}|above|below)(?: or (?:{_MORE}))?(?: than)? "
    r"(?P<other>(?:(?:for|in|of|at) )?[\w][^,;?]*)\W*$",
    re.IGNORECASE,
)
"""What asks for the same of another: "Is that more than for cooks?"."""
_MORE_THAN = re.compile(
    rf"^(?:and |but |so )*(?:{_MORE}) than "
    r"(?P<other>(?:(?:for|in|of|at) \w|(?-i:[A-Z]))[^,;?]*?)(?: or (?:more|less|not))?\W*$",
    re.IGNORECASE,
)
"""The same, cut short: "More than Rome or less?"."""
_ITS_VERB = re.compile(r"\s+(?:gets?|earns?|makes?|pays?|costs?|has|have|does|do|is|are)(?: on average)?\W*$", re.I)
"""What the other thing does, as the question before says already: "an actuary gets"."""
_SUBJECT_AHEAD = re.compile(r"\b(?:do|does|did|can|could|will|would|should|must)\s+$", re.I)
"""In front of a pronoun that does something, so that another one behind it is another thing: "Do they trust it?"."""
_NAMELESS = frozenset(stems("till until then job jobs future")) | frozenset(("till", "until", "then"))
"""What names nothing by itself in a part of a turn: up to when, or that there will be jobs."""
_LEVEL_ALONE = re.compile(
    r"\b(?:seniors?|juniors?|beginners?|principals?|newcomers?)\b"
    r"(?=\W*$|\W+(?:earn|get|make|do|need|have|has|is|are|learn|start)\w*\b|\W+(?:in|per|a|at)\b)",
    re.IGNORECASE,
)
"""A level of a career without the work it is of: "What does a senior get?"."""


def standalone(question: str, history: Sequence[Turn], labels: Labels, similar: Similar) -> str:
    """The question as it would have to be asked without the turns before it.

    Args:
        question: The new turn.
        history: The turns before it, oldest first; where a turn does not know what it searched for, that is
            worked out again from its question.
        labels: What the library calls things.
        similar: Similarity by the embedding model, asked only when the library does not know the words.

    Returns:
        The question itself when it stands alone or nothing came before it.
    """
    state = State()
    for turn in history:
        if reply_to(turn.question):
            continue
        if turn.searched_for and not state.asked:
            state = state.heard(turn.searched_for, turn.searched_for)
        else:
            state = _step(turn.question, state, labels, similar)
        state = replace(state, asked=turn.searched_for or state.asked, answer=turn.answer, beside=turn.unanswered)
    return _step(question, state, labels, similar).asked


@dataclass(frozen=True)
class State:
    """What a conversation has come to."""

    asked: str = ""
    """The last question, standing alone."""
    put: str = ""
    """It, as it was put; standing alone where it was put as a part of the one before ("And Rome?")."""
    answer: str = ""
    """What was answered."""
    talk: Talk = Talk()
    """What has been named so far."""
    told: str = ""
    """What somebody told of themselves, in a turn that asked nothing or in front of a question."""
    beside: bool = False
    """Whether the last question is a part of the same turn as the next."""
    before: str = ""
    """The question before the last, standing alone."""

    def heard(self, question: str, asked: str, topic: tuple[str, ...] = (), dependent: float = 0.0) -> State:
        """The state after one turn more: as it was put, as it stands alone, and how surely it pointed back to what."""
        ahead = _TOLD_AHEAD.match(question)
        told = asked.rstrip(" .!") if only_told(asked) else ahead["told"] if ahead else self.told
        spoken = asked if _led(question) else question
        talk = self.talk.heard(question, asked, topic or self.talk.topic, dependent)
        return State(asked, spoken, "", talk, told, before=self.asked)


def _step(question: str, state: State, labels: Labels, similar: Similar) -> State:
    """One turn: the new question in the light of what came before it, and what the talk is about after it."""
    question = " ".join(question.split())
    if not question or not state.asked:
        return state.heard(question, question)
    question = _AMERICA_ALONE.sub(r"\g<ahead>in the United States", name_ordinal(question, state.answer))
    if than := _THAN_ANOTHER.match(question) or _MORE_THAN.match(question):
        other = _ITS_VERB.sub("", than["other"])
        same = put_in_place(other, state.asked, labels, similar, led=True)
        return state.heard(question, same or _set_beside(other, state, labels), state.talk.topic, 1.0)
    if _of_who_told(question, state, labels):
        # What was told of oneself belongs to the questions that come next and name little.
        return replace(state.heard(question, question), asked=f"{state.told}. {question}")
    if right := mended(question, state.asked, labels, similar):
        return _without_last(state, right).heard(right, right)
    form = carried(question, state.asked, labels) or carried(question, _two_asked_about(question, state), labels)
    if form:
        return state.heard(question, form, state.talk.topic, 1.0)
    question = CORRECTS.sub("", question) or question
    if _BARE.match(question):
        return state.heard(question, f"{state.asked.rstrip(' ?.!')}: {question}", state.talk.topic, 1.0)
    lead_in = _LEAD_IN.match(question)
    rest = _ENDED.sub("", question[lead_in.end() if lead_in else 0 :].rstrip(" ?.!"))
    pronoun = pronoun_in(question)
    meant = pointed_at(question, pronoun, state.talk, labels)
    attributes_only = only_attributes(rest, labels) and not has_topic(rest, labels) and not asks_what_for(question)
    if is_fragment(rest) and (state_after := _phrase(rest, question, state, labels, similar, meant, attributes_only)):
        return state_after
    says_nothing = not pronoun and not stems(rest) and not QUESTION_WORD.match(rest)
    if meant is None or says_nothing:
        return state.heard(question, question)
    if not pronoun and (one := _SUCH_ONE.search(question)) and (such := _named_with_a(state.talk)):
        of_such = f"{question[: one.start('one')]}{article(such.text)} {such.text}?"
        return state.heard(question, of_such, such.key, 1.0)
    subject = frozenset(read_question(question).subject)
    if (level := _LEVEL_ALONE.search(question)) and subject and subject <= frozenset(stems(level.group())):
        ahead, behind = question[: level.end()].removesuffix("s"), question[level.end() :]
        return state.heard(question, f"{ahead} {meant.text}{behind}", meant.key, 1.0)
    nameless = state.beside and not _OWN_SUBJECT.search(question) and subject <= _NAMELESS
    nameless |= state.beside and all(one.isdigit() for one in subject)
    likely = 1.0 if pronoun or attributes_only or nameless else leaves_out(question, state.talk)
    least = OMITTED_BESIDE if state.beside else OMITTED
    unheld = state.answer.startswith(NOT_HELD) and meant.turn == len(state.talk.turns) - 1
    if unheld and not pronoun and not (attributes_only and not _OWN_SUBJECT.search(question)):
        # What nothing was held of is no subject of the talk: only a question that has none itself is about it.
        likely = 0.0
    asked = put(question, pronoun, meant.text, _placed(meant.text, state.asked)) if likely >= least else question
    if pronoun and (pronoun.among or _SUBJECT_AHEAD.search(question[: pronoun.start])) and likely >= least:
        asked = _other_pronoun(asked, question[pronoun.end :], meant, state.talk, labels)
    if likely < least and is_fragment(rest) and not _led(question):
        # A bare phrase that takes nothing's place begins a subject.
        likely = 0.0
    return state.heard(question, asked, meant.key if likely >= 0.5 else (), likely)


def _without_last(state: State, right: str) -> State:
    """The state without what the last turn named and the turn that puts it right does not."""
    last, held = len(state.talk.turns) - 1, frozenset(stems(right))
    kept = tuple(one for one in state.talk.mentions if one.turn != last or frozenset(one.key) <= held)
    return replace(state, asked=state.before, talk=replace(state.talk, mentions=kept, topic=()))


def _two_asked_about(question: str, state: State) -> str:
    """The two things that the last two questions were about; empty where "them" may be several named at once."""
    pronoun = pronoun_in(question)
    several = any(one.signs["plural"] and not one.signs["name"] for one in state.talk.mentions)
    return "" if pronoun and pronoun.among and several else differing(state.before, state.asked)


def _phrase(
    rest: str, question: str, state: State, labels: Labels, similar: Similar, meant: Mention | None, attribute: bool
) -> State | None:
    """The state after a turn that only names something; None where it takes nothing from the turns before.

    `attribute`: whether it only names what is asked about a thing ("salary"), which is then asked of what was `meant`.
    """
    if attribute and meant and (meant.key in labels.titles or not set(meant.key) <= labels.attributes):
        return state.heard(question, f"{rest[:1].upper()}{rest[1:]} of {meant.text}?", meant.key, 1.0)
    led = _led(question) or is_place(rest)
    asked = put_in_place(rest, state.asked, labels, similar, led)
    if not asked and led and meant and state.beside:
        return state.heard(question, put(question, None, meant.text), meant.key, 1.0)
    if asked:
        held = set(state.talk.topic)
        kept = bool(held) and (held <= set(stems(asked)) or not held <= set(stems(state.asked)))
        # What took the place of something else leaves the talk about what it was about.
        return state.heard(question, asked, state.talk.topic, 1.0) if kept else state.heard(question, asked)
    if against := set_against(rest):
        return state.heard(question, against)
    if not led and not state.beside and named_anew(rest, labels):
        return replace(state.heard(question, question), asked=under(rest, state.put))
    return None


def _other_pronoun(asked: str, behind: str, meant: Mention, talk: Talk, labels: Labels) -> str:
    """A question with the other thing named that it points to: "How many of them use it?", "Do they trust them?"."""
    pronoun = pronoun_in(behind)
    if pronoun is None:
        return asked
    rest = replace(talk, mentions=tuple(one for one in talk.mentions if not frozenset(one.key) & frozenset(meant.key)))
    other = pointed_at(asked, pronoun, rest, labels)
    return f"{asked[: -len(behind)]}{put(behind, pronoun, other.text)}" if other else asked


def _named_with_a(talk: Talk) -> Mention | None:
    """The thing that was last named with "a" or "an", with all its words."""
    named = [one for one in talk.mentions if one.signs["a"] and not one.signs["cut_behind"]]
    return max(named, default=None, key=lambda one: (one.turn, len(one.key)))


def _of_who_told(question: str, state: State, labels: Labels) -> bool:
    """Whether a question of oneself comes next behind what was told, or later and names nothing by itself."""
    if not state.told or not _OF_ONESELF.search(question) or only_told(question):
        return False
    if only_told(state.asked):
        return True
    named = len(read_question(question).subject) > _LITTLE or any(
        word[:1].isupper() and word not in ("I", "I'm", "I’m") for word in question.split()[1:]
    )
    # "They" may be employers, whom nobody has named.
    points = (one := pronoun_in(question)) and not one.plural
    return not (named or has_topic(question, labels) or points) and bool(
        QUESTION_WORD.match(_LEAD_IN.sub("", question))
    )


def _led(question: str) -> bool:
    """Whether an "and" or "what about" leads a turn."""
    lead_in = _LEAD_IN.match(question)
    return bool(lead_in and lead_in.group())


def _set_beside(other: str, state: State, labels: Labels) -> str:
    """The question before with another thing beside what it is about; at its end where that is not in it."""
    about = pointed_at(other, None, state.talk, labels)
    at = state.asked.find(about.text) if about else -1
    if about is None or at < 0:
        return f"{state.asked.rstrip(' ?.!')} vs {other}?"
    end = at + len(about.text)
    return f"{state.asked[:end]} vs {other}{state.asked[end:]}"


def only_told(text: str) -> bool:
    """Whether somebody tells of themselves and asks nothing.

    >>> only_told("I am a nurse."), only_told("I am a nurse. How do I weld"), only_told("How do I weld?")
    (True, False, False)
    """
    asks = any(QUESTION_WORD.match(clause) for clause in re.split(r"[.!,;]\s+", text))
    return bool(_ABOUT_THE_ASKER.match(text)) and not asks


def _placed(name: str, asked: str) -> str:
    """The preposition of place that a name had in the question before; "of" where it had none.

    >>> _placed("Rome", "How long is hiring in Rome?"), _placed("Rome", "How old is Rome?")
    ('in', 'of')
    """
    found = re.search(rf"\b(in|at|near)\s+(?:the\s+)?{re.escape(name)}\b", asked, re.IGNORECASE)
    return found.group(1).lower() if found else "of"


def put(question: str, pronoun: Pronoun | None, name: str, joined: str = "of") -> str:
    """The question with a name in the pronoun's place, or behind it, joined by a preposition, where there is none.

    >>> put("What are its symptoms?", Pronoun(9, 12, possessive=True), "lung cancer")
    "What are lung cancer's symptoms?"
    >>> put("What are the symptoms?", None, "lung cancer")
    'What are the symptoms of lung cancer?'
    >>> put("How do I become one?", None, "welder"), put("What do they earn?", Pronoun(8, 12, plural=True), "nurse")
    ('How do I become a welder?', 'What do nurses earn?')
    """
    if pronoun is None and (one := _ONE_AT_END.search(question)):
        return f"{question[: one.start()]}{'' if is_plural(name) else f'{article(name)} '}{name}?"
    if pronoun is None:
        return f"{question.rstrip(' ?.!')} {joined} {name}?"
    if question[pronoun.start : pronoun.end].lower() == "there":
        name = f"at {name}"
    elif pronoun.plural and not pronoun.possessive and names_people(name) and not is_plural(name):
        name = f"{name}s"
    owner = name + ("'" if name.endswith("s") else "'s") if pronoun.possessive else name
    return f"{question[: pronoun.start]}{owner}{question[pronoun.end :]}"
