"""What a follow-up points back to: a name in the turns before it. Pure.

Every run of words of an earlier turn that could be a name is a mention. It is scored by plain signs: where it stands in
its sentence, how recent it is and how often it came back, how rare its words are in English, whether its number agrees
with the pronoun, whether it titles a document of the library. A turn without a pronoun is scored by whether it leaves
out what it is about. `python -m evals.fit_topics` fits both sets of weights (logistic regression) on conversations of
TREC CAsT 2019; no word of those conversations is a sign.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from assistant.claims import without_hearsay
from assistant.labels import Labels
from assistant.spelling import commonness
from assistant.terms import is_asking
from ingest.words import STOPWORDS, stem, stems, words

_TOKEN = re.compile(r"[\w$%+#'’.-]*[\w$%+#]")
_AUXILIARIES = frozenset("do does did can could will would should may might must has have had".split())
_COPULAS = frozenset("is are was were be been being what's who's where's how's".split())
_PREPOSITIONS = frozenset(
    "in at on for with without to from by near around than as between versus vs into over according".split()
)
_ABOUT = frozenset("about of describe define explain called".split())
_WH = frozenset("what which who whom whose why how when where".split())
_SUBJECTS = frozenset("i you we they he she it".split())
_ADVERBS = frozenset(
    "say says said still already yet ever even just only also now today currently actually really".split()
)
_QUANTITIES = frozenset("many much".split())
_FUNCTION = STOPWORDS | _QUANTITIES | _ADVERBS | _AUXILIARIES | _COPULAS | _PREPOSITIONS | _ABOUT | _WH
_COMPARING = frozenset(
    "other others another else same different difference differences similar first best most largest biggest one ones "
    "type types kind kinds".split()
)
"""Words that relate to something named elsewhere."""
_VERBS = frozenset("wants needs pays has makes uses hires asks employs offers earns gets leads grows".split())
"""Verbs of one who does something, where a noun could stand, too."""
_IDIOMS = re.compile(
    r"\b(?:along|by|on|all) the way\b|\ball the time\b|\bat the (?:moment|same time|end of the day)\b"
    r"|\bin the (?:first place|long run|short run|meantime|world|future|past|news)\b|\bfor the time being\b"
    r"|\bthe (?:\w+ ){1,2}(?=(?:that|which|who|whose|why) \w)"
)
"""A "the" that points to nothing named before: turns of speech, and what a clause explains ("the reason that")."""
_LONGEST = 6
_MEASURES = frozenset(stems("minimum maximum average median typical usual starting highest lowest total"))
"""What only says which figure of a thing is meant: "minimum salary"."""
_WORKER = re.compile(
    r"(?:eer|ist|yst|ian|tect|cher|ager|oper|ltant|fessor|ruiter|lawyer|nurse|doctor)s?$", re.IGNORECASE
)
"""Endings of what people are by their work, whom "they" means where one of them was named: "What do they earn?"."""
_LETTER = re.compile(r"[^\W\d_]")
_MODIFIER = re.compile(r"-\w+ed$", re.IGNORECASE)
"""What only says which one, as in "US-based companies"; it names nothing by itself."""

WEIGHTS: Mapping[str, float] = {
    "after_about": 0.75, "after_be": 0.58, "after_do": 0.65, "after_wh": -0.17, "a": 0.48, "before_of": -0.40,
    "before_end": 0.55, "cut_ahead": -0.28, "cut_behind": -0.48, "name": 0.65, "part_name": 0.45,
    "name_goes_on": -0.75, "two_words": 0.77, "rare": 0.87, "rare_least": 0.75, "plural": -0.31, "last_turn": 1.01,
    "first_turn": 0.42, "distance": -0.85, "again": 1.23, "topic": 1.65, "in_question": -0.62, "in_dependent": -0.80,
    "agrees": 0.50, "disagrees": -0.50, "person_name": 0.32, "title": 1.50, "attribute": -3.00,
    "workers": 1.00, "alone": 1.50,
}  # fmt: skip
"""What each sign of a mention counts; the last four are set by hand, the others of an earlier fit: the newest one has
.850 of CAsT's F1 where these have .849, and took the wrong one of two kinds of work in our own set."""

OMISSION: Mapping[str, float] = {
    "always": 0.48, "rare": -0.78, "rare_mean": -0.57, "last_common": 0.85, "names": -0.53, "length": -0.10,
    "the": 1.01, "of": -0.26, "comparing": 0.96, "about": 0.69, "speaker": -0.34, "shares": -0.68,
    "shares_topic": -0.86, "topic": 0.23,
}  # fmt: skip
OMITTED, OMITTED_BESIDE = 0.8, 0.65
"""Probability from which a turn without a pronoun is taken to leave something out; high, because a question that stands
alone must not be changed. Lower for a part of a turn behind another part, which were asked in one breath."""


@dataclass(frozen=True)
class Mention:
    """A run of words of an earlier turn."""

    text: str
    key: tuple[str, ...]
    """Its stems."""
    turn: int
    """0-based."""
    signs: Mapping[str, float]
    """Where and how it stands in its own sentence, each sign about 0 to 1."""


@dataclass(frozen=True)
class Pronoun:
    """What points back in a turn."""

    start: int
    end: int
    plural: bool = False
    person: bool = False
    possessive: bool = False
    among: bool = False
    """Whether it asks for some of several: "which of them"."""


@dataclass(frozen=True)
class Talk:
    """What a conversation has named so far; grows by one turn at a time."""

    mentions: tuple[Mention, ...] = ()
    turns: tuple[frozenset[str], ...] = ()
    """Stems of each turn as it stands alone."""
    dependent: tuple[float, ...] = ()
    """How surely each turn pointed back, 0 to 1."""
    topic: tuple[str, ...] = ()
    """Stems of what the last turn pointed back to; empty when it did not."""

    def heard(self, question: str, asked: str, topic: tuple[str, ...] = (), dependent: float = 0.0) -> Talk:
        """The talk with one turn more: the question as it was put, as it stands alone, and what it pointed back to."""
        held = frozenset(stems(asked))
        return Talk(
            (*self.mentions, *mentions(without_hearsay(question), len(self.turns))),
            (*self.turns, held),
            (*self.dependent, dependent),
            topic if dependent >= 0.5 or held.issuperset(topic) else (),
        )


def pointed_at(question: str, pronoun: Pronoun | None, talk: Talk, labels: Labels = Labels()) -> Mention | None:
    """The mention that a turn most likely points back to, not one that it names itself; None when there is no other.

    >>> talk = Talk().heard("Tell me about lung cancer.", "Tell me about lung cancer.")
    >>> pointed_at("Is it treatable?", Pronoun(3, 5), talk).text
    'lung cancer'
    """
    asked = frozenset(stems(question))
    others = [one for one in talk.mentions if not asked.issuperset(one.key)]
    several = [one for one in others if one.signs["plural"] and not one.signs["name"]]
    pointed = several if pronoun and pronoun.among and several else others
    if pronoun and pronoun.plural and talk.turns:
        # "And in Germany?", "Do they stay?": whom the question before spoke of, though another turn named them.
        recent = frozenset().union(*talk.turns[-2:]) - asked
        kept = [one for one in several if frozenset(one.key) <= recent and names_people(one.text)]
        placed = all(one.signs["name"] or one in several for one in others if one.turn == len(talk.turns) - 1)
        pointed = kept if kept and placed else pointed
    return max(pointed, default=None, key=lambda one: _weighed(signs_of(one, asked, pronoun, talk, labels), WEIGHTS))


_ASKED_WHAT_FOR = re.compile(
    r"^(?:and |so |but )?(?:what|which|who|whom)\b.*\b(?:do|does|did|can|is|are)\b.*"
    r"\b(?:for|with|on|at|from|to|about|in)\W*$",
    re.IGNORECASE,
)


def asks_what_for(question: str) -> bool:
    """Whether a question ends in the preposition of what it asks for and names two things besides."""
    return bool(_ASKED_WHAT_FOR.match(question)) and len(stems(question)) > 1


def leaves_out(question: str, talk: Talk) -> float:
    """The probability, 0 to 1, that a question without a pronoun leaves out what it is about.

    None where it ends in the preposition of what it asks for and names two things besides: "What do banks use it for?".

    >>> leaves_out("What do banks use robots for?", Talk().heard("Is adoption growing?", "Is adoption growing?"))
    0.0
    """
    if asks_what_for(question):
        return 0.0
    return 1 / (1 + math.exp(-_weighed(omission_signs(question, talk), OMISSION)))


def _weighed(signs: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return sum(weight * signs[name] for name, weight in weights.items())


def signs_of(
    mention: Mention, asked: frozenset[str], pronoun: Pronoun | None, talk: Talk, labels: Labels
) -> dict[str, float]:
    """All signs of a mention for the turn at hand, whose stems are `asked`."""
    held = frozenset(mention.key)
    turn = len(talk.turns)
    plural = bool(mention.signs["plural"])
    workers = bool(_WORKER.search(mention.text))
    return {
        **mention.signs,
        "last_turn": float(mention.turn == turn - 1),
        "first_turn": float(mention.turn == 0),
        "distance": math.log(turn - mention.turn),
        "again": math.log(1 + sum(held <= one for index, one in enumerate(talk.turns) if index != mention.turn)),
        "topic": float(mention.key == talk.topic),
        "in_question": float(bool(held & asked)),
        "in_dependent": talk.dependent[mention.turn],
        "agrees": float(pronoun is not None and plural == pronoun.plural),
        "disagrees": float(pronoun is not None and plural != pronoun.plural and not workers),
        "person_name": float(pronoun is not None and pronoun.person and bool(mention.signs["name"])),
        "title": float(mention.key in labels.titles),
        "attribute": float(_told_of(mention) <= labels.attributes and not workers and mention.key not in labels.titles),
        "workers": float(pronoun is not None and (pronoun.plural or pronoun.person) and workers),
    }


def _told_of(mention: Mention) -> frozenset[str]:
    """Stems of a mention without what only says which figure is meant: nothing of "minimum salary"."""
    asking = (stem(word) for word in words(mention.text) if is_asking(word))
    return frozenset(mention.key) - _MEASURES - frozenset(asking)


def omission_signs(question: str, talk: Talk) -> dict[str, float]:
    """The signs that a question without a pronoun leaves something out."""
    tokens = [token.group() for token in _TOKEN.finditer(question)]
    low = [token.lower() for token in tokens]
    definite = _IDIOMS.sub("", " ".join(low)).split()
    content = [token for token in tokens if is_content(token)]
    held = frozenset(stems(question))
    earlier = frozenset(stem for mention in talk.mentions for stem in mention.key)
    return {
        "always": 1.0,
        "rare": rarity(content),
        "rare_mean": sum(rarity([one]) for one in content) / len(content) if content else 0.0,
        "last_common": 1 - rarity(content[-1:]),
        "names": float(any(token[:1].isupper() for token in tokens[1:])),
        "length": math.log(1 + len(content)),
        "the": float(any(one == "the" and is_content(other) for one, other in pairwise(definite))),
        "of": float("of" in low),
        "comparing": float(not _COMPARING.isdisjoint(low)),
        "about": float(bool(re.match(r"(?:and |so |but )?(?:what|how) about\b", question, re.IGNORECASE))),
        "speaker": float(not {"you", "i", "my", "your", "me"}.isdisjoint(low)),
        "shares": float(bool(held & earlier)),
        "shares_topic": float(bool(held & frozenset(talk.topic))),
        "topic": float(bool(talk.topic)),
    }


def mentions(question: str, turn: int) -> list[Mention]:
    """Every run of up to six content words that neither a function word nor punctuation interrupts.

    >>> [one.text for one in mentions("What is lung cancer?", 0)]
    ['lung', 'lung cancer', 'cancer']
    """
    tokens = list(_TOKEN.finditer(question))
    verbs = _verbs(question, tokens)
    found = []
    for first in range(len(tokens)):
        for last in range(first, min(first + _LONGEST, len(tokens))):
            if any(subject <= first <= verb <= last for subject, verb in verbs) or _said_of(tokens, first):
                break
            if not is_content(tokens[last].group()) or (last > first and not _adjoin(question, tokens, last)):
                break
            if _MODIFIER.search(tokens[last].group()):
                continue
            text = question[tokens[first].start() : tokens[last].end()]
            key = tuple(stems(text))
            if key and _LETTER.search(text):
                found.append(Mention(text, key, turn, _standing(question, tokens, first, last)))
    return found


def _verbs(question: str, tokens: Sequence[re.Match[str]]) -> list[tuple[int, int]]:
    """Where a subject begins and its verb stands behind an auxiliary, as in "do economists earn".

    The verb is what follows the subject's plural, or, where it has none, the last word of all that carry something;
    where a preposition or a verb that carries nothing comes next, that word may be the subject's own.
    """
    found = []
    for index, token in enumerate(tokens[:-1]):
        if token.group().lower() in ("which", "many"):
            if (at := _verb_of_asked(question, tokens, index + 1)) is not None:
                found.append((index + 1, at))
            continue
        if token.group().lower() not in _AUXILIARIES:
            continue
        first = index + 1 + (tokens[index + 1].group().lower() in ("the", "a", "an"))
        behind = _run_end(question, tokens, first)
        plurals = [at for at in range(first, behind - 1) if is_plural(tokens[at].group())]
        following = tokens[behind].group().lower() if behind < len(tokens) else ""
        if plurals and token.group().lower() != "does":
            found.append((first, plurals[-1] + 1))
        elif behind - first > 1 and (
            following not in _AUXILIARIES | _COPULAS | _PREPOSITIONS or is_asking(tokens[behind - 1].group())
        ):
            found.append((first, behind - 1))
    return found


def _verb_of_asked(question: str, tokens: Sequence[re.Match[str]], first: int) -> int | None:
    """Where the verb stands of what "which" asks for, as in "Which banks hire robots?"; None where none is told.

    That is what follows a plural, or one of some verbs behind a singular ("Which country wants robots?").
    """
    if _run_end(question, tokens, first) - first < 3:
        return None
    told = is_plural(tokens[first].group()) or tokens[first + 1].group().lower() in _VERBS
    return first + 1 if told else None


def _said_of(tokens: Sequence[re.Match[str]], first: int) -> bool:
    """Whether a word says something of the pronoun before it ("can I switch"), or who says it ("according to")."""
    ahead = [token.group().lower() for token in tokens[max(0, first - 3) : first]]
    return bool(ahead) and (ahead[-1] in _SUBJECTS or "according" in ahead)


def _run_end(question: str, tokens: Sequence[re.Match[str]], first: int) -> int:
    """The token behind the run of content words that begins at `first`."""
    for at in range(first, len(tokens)):
        if not is_content(tokens[at].group()) or (at > first and not _adjoin(question, tokens, at)):
            return at
    return len(tokens)


def _adjoin(question: str, tokens: Sequence[re.Match[str]], index: int) -> bool:
    """Whether a token and the one before it have nothing but a space, hyphen or slash between them."""
    return question[tokens[index - 1].end() : tokens[index].start()] in (" ", "-", "/")


def is_content(word: str) -> bool:
    """Whether a word may be a part of a name: neither a stop word nor one that only asks or joins."""
    return word.lower().replace("’", "'") not in _FUNCTION


def _standing(question: str, tokens: Sequence[re.Match[str]], first: int, last: int) -> dict[str, float]:
    """How the tokens from `first` to `last` stand in their sentence."""
    run = [token.group() for token in tokens[first : last + 1]]
    ahead = tokens[first - 1].group() if first else ""
    behind = tokens[last + 1].group() if last + 1 < len(tokens) else ""
    determined = ahead.lower() in ("the", "a", "an")
    governor = (tokens[first - 2].group() if first > 1 else "") if determined else ahead
    governor = governor.lower().replace("’", "'")
    cut_ahead = bool(ahead) and is_content(ahead) and _adjoin(question, tokens, first)
    cut_behind = bool(behind) and is_content(behind) and _adjoin(question, tokens, last + 1)
    capital = [word[:1].isupper() or word[:1].isdigit() for word in run]
    name_before = cut_ahead and first > 1 and capital[0] and ahead[:1].isupper()
    return {
        "after_about": float(governor in _ABOUT),
        "after_be": float(governor in _COPULAS),
        "after_do": float(governor in _AUXILIARIES),
        "after_wh": float(governor in _WH),
        "a": float(ahead.lower() in ("a", "an")),
        "before_of": float(behind.lower() == "of"),
        "before_end": float(not behind),
        "cut_ahead": float(cut_ahead),
        "cut_behind": float(cut_behind),
        "name": float(all(capital) and first > 0),
        "part_name": float(any(capital[1:] if first == 0 else capital) and not all(capital)),
        "name_goes_on": float(name_before or (cut_behind and capital[-1] and behind[:1].isupper())),
        "two_words": float(len(run) == 2),
        "rare": rarity(run),
        "rare_least": min(rarity([word]) for word in run),
        "plural": float(is_plural(run[-1])),
        "alone": float(last - first + 1 + determined == len(tokens) and (not ahead or determined)),
    }


def rarity(run: Sequence[str]) -> float:
    """How rare the rarest of some words is in English, 0 (everyday) to 1 (unknown)."""
    return max((1 - min(1.0, math.log10(1 + commonness(word)) / 7) for word in run), default=0.0)


_PEOPLE = frozenset("men women people children graduates students beginners juniors seniors workers".split())


def names_people(text: str) -> bool:
    """Whether a plural names people: by their work, or as such.

    >>> names_people("young welders"), names_people("nurses"), names_people("advantages")
    (False, True, False)
    """
    return bool(_WORKER.search(text)) or text.split()[-1].lower() in _PEOPLE


@lru_cache(maxsize=10_000)
def is_plural(word: str) -> bool:
    """Whether a word, or the last of some, has the form of a plural."""
    low = word.lower()
    if low in ("men", "women", "people", "children"):
        return True
    return len(low) > 3 and low.endswith("s") and not low.endswith(("ss", "us", "is", "'s", "’s"))
