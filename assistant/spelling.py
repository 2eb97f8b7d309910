"""Typos and initials in a question, mended by the library's own words.

A word is mended only when neither the library nor an English dictionary knows it; so "dentist" stays a dentist in a
library that has none, while "saleries" becomes "salaries". Initials ("MLE", "SF") are written out when they are those
of a title or label of the library.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from assistant.labels import Key, Labels
from assistant.narrowing import initials
from assistant.spans import article
from ingest.words import STOPWORDS, stem, word_spans

if TYPE_CHECKING:
    from spellchecker import SpellChecker


EVERYDAY = 300_000
"""Occurrences, in the dictionary's 1.6 thousand million words of text, of an everyday word."""


_ALIKE = 4
"""Letters at the beginning of two short words from which two changes are no other word."""
_CONTRACTED = frozenset(
    "dont doesnt didnt cant cannot wont wouldnt isnt arent im ive id whats hows theres thats".split()
)
_SHORT_FORMS = {
    "maths": "mathematics", "math": "mathematics", "stats": "statistics", "uni": "university", "dev": "developer",
    "admin": "administrator",
    "devs": "developers", "exec": "executive", "execs": "executives", "grad": "graduate", "grads": "graduates",
    "cert": "certification", "certs": "certifications", "prof": "professor", "lang": "language", "langs": "languages",
    "exp": "experience", "yrs": "years", "info": "information", "prob": "probability", "algos": "algorithms",
    "ppl": "people", "comp": "compensation", "biz": "business", "mgmt": "management", "mgr": "manager",
    "diff": "difference", "qs": "questions", "avg": "average", "1st": "first", "2nd": "second", "3rd": "third",
    "newbie": "beginner", "newbies": "beginners", "noob": "beginner", "noobs": "beginners", "rookie": "beginner",
    "rookies": "beginners", "gig": "job", "gigs": "jobs", "haggle": "negotiate", "haggling": "negotiating",
    "cv": "resume", "cvs": "resumes", "k8s": "kubernetes", "sklearn": "scikit", "tf": "tensorflow",
    "ghosted": "silent", "fishy": "suspicious", "shady": "suspicious", "sketchy": "suspicious", "dodgy": "suspicious",
}  # fmt: skip
"""What English shortens or says among friends, written out where the library writes it so."""
_JOINED = re.compile(r"([a-z]{1,3})(\d+[a-z]?)s?")
"""A name of letters and a number as it is written without the hyphen that the library's labels give it: "h1bs"."""
_JOTTED = (
    (re.compile(r"(?<![\w/])w/o(?![\w/])", re.IGNORECASE), "without"),
    (re.compile(r"(?<![\w/])b/c(?![\w/])|\bcuz\b", re.IGNORECASE), "because"),
    (
        re.compile(
            r"\b4(?= (?:me|you|us|him|her|them|my|an?|the|people|beginners|more|free|ai|ml|data)\b)", re.IGNORECASE
        ),
        "for",
    ),
    (re.compile(r"\bb4\b", re.IGNORECASE), "before"),
    (re.compile(r"(?<=[a-z] )n(?= [a-z])"), "and"),
    (re.compile(r"(?<=[a-z] )w(?= [a-z])"), "with"),
    (re.compile(r"^n(?= [a-z])"), "and"),
    (re.compile(r"(?<=[a-z] )em(?=\W*$|[,.?!])"), "them"),
    (
        re.compile(r"(?<=[a-z] )2(?= (?:know|be|do|get|go|have|learn|make|become|start|see|work|find|use|ask|say)\b)"),
        "to",
    ),
    (re.compile(r"\b(?:shld|shud)\b", re.IGNORECASE), "should"),
    (re.compile(r"\b(?:wld|wud)\b", re.IGNORECASE), "would"),
    (re.compile(r"\b(?:cld|cud)\b", re.IGNORECASE), "could"),
    (re.compile(r"\bhav\b", re.IGNORECASE), "have"),
    (re.compile(r"\babt\b", re.IGNORECASE), "about"),
    (re.compile(r"\bthru\b", re.IGNORECASE), "through"),
    (re.compile(r"\b(?:smth|sth)\b", re.IGNORECASE), "something"),
    (re.compile(r"\balr(?:ea)?dy\b", re.IGNORECASE), "already"),
    (re.compile(r"\$\$+\s*"), ""),
    (re.compile(r"\b(?:rn|atm)(?=\W*$|[,.?!])", re.IGNORECASE), "now"),
    (re.compile(r"\bgen[- ]?ai\b", re.IGNORECASE), "generative AI"),
    (
        re.compile(r"\b(?:what now|now what|what next|what do i do now)(?=\W*$|[,.?!])", re.IGNORECASE),
        "what should I do",
    ),
    (re.compile(r"\bwtf\b", re.IGNORECASE), "what"),
    (re.compile(r"\b(?:kicks? in|takes? effect|comes? into (?:effect|force))\b", re.IGNORECASE), "start"),
    (re.compile(r"\b(?:lay|lays|laid|laying) (?:(?:people|workers|staff|them|me|us) )?off\b", re.IGNORECASE), "cut"),
    (
        re.compile(r"(?<=\bwork )from (?:home|anywhere)\b|(?<=\bworking )from (?:home|anywhere)\b|\bwfh\b", re.I),
        "remote",
    ),
    (re.compile(r"\b(?:my|your|a|their) foot in the door\b", re.IGNORECASE), "in"),
    (re.compile(r"\b(?:make|rake in|pull down) (?:big )?(?:bank|bucks|dough|cash)\b", re.IGNORECASE), "earn"),
)
"""What people jot down for words of asking, and turns of speech whose words are not meant, whatever the library
holds."""
_LONG = 8
"""Letters from which two changes are still the same word; in shorter ones they make another ("Milgram", "diagram")."""
_LIKELIER = 20
"""How many times more frequent an everyday word of English is than one of the library's that was meant instead."""
_NAME = 5
"""Letters that a name has at least, to be taken for a typo."""
_SHORT = 5
"""Letters of a word at most to which a name may stand near by chance ("paleo", "Palo")."""


class Words(Protocol):
    """The words that a library uses."""

    @property
    def words(self) -> Mapping[str, int]:
        """In how many passages each word stands."""
        ...

    def frequency(self, stem: str) -> int:
        """Passages that hold a stem; 0 when none does."""
        ...

    def surface(self, stem: str) -> str:
        """The most frequent word with this stem, lower-case."""
        ...


@cache
def _english() -> SpellChecker:
    """An English dictionary by word frequency; loaded once, about 0.2 s."""
    from spellchecker import SpellChecker

    return SpellChecker(language="en")


def is_english(word: str) -> bool:
    """Whether a dictionary of English knows the word."""
    return word.lower() in _english().word_frequency


def is_everyday(word: str) -> bool:
    """Whether a word is so frequent in English that it hardly ever names what a question is about ("come", "put")."""
    return int(_english().word_frequency[word.lower()]) > EVERYDAY if is_english(word) else False


def commonness(word: str) -> int:
    """Occurrences of a word in the dictionary's 1.6 thousand million words of text; 0 for an unknown one."""
    return int(_english().word_frequency[word.lower()])


@dataclass(frozen=True)
class Speller:
    """Mends questions by one library's words."""

    known: Words
    labels: Labels
    _surfaces: tuple[str, ...] = field(init=False)
    _initials: dict[str, Key] = field(init=False)
    _begun: dict[tuple[str, str], Key] = field(init=False)
    _pairs: frozenset[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Collect the words to mend towards and the initials of titles and labels."""
        usable = sorted(word for word in {*self.known.words, *STOPWORDS} if len(word) > 3 and word.isalpha())
        object.__setattr__(self, "_surfaces", tuple(usable))
        object.__setattr__(self, "_initials", _by_initials(self.labels))
        object.__setattr__(self, "_begun", _begun_by_initials(self.labels))
        object.__setattr__(self, "_pairs", frozenset(pair for label in self.labels.groups for pair in pairwise(label)))

    def mend(self, question: str, known: Container[str] = (), said: Container[str] = ()) -> str:
        """The question with unknown words mended; itself when nothing had to be.

        Args:
            question: What was typed.
            known: Stems of words that are known, too, and stay; nothing is mended towards them.
            said: Words of the turns before, lower-case, each likelier meant than its equals.
        """
        for jotted, word in _JOTTED:
            question = jotted.sub(word, question)
        mended, behind = question, ""
        for start, end in reversed(word_spans(question)):
            word, following = question[start:end], behind
            behind = stem(word) if question[start - 1 : start] != "/" else ""
            if stem(word) in known:
                continue
            begun = self._begun.get((word.lower(), following if question[end : end + 1] == " " else ""))
            if begun and (word.isupper() or not is_english(word.lower())) and question[start - 1 : start] != "/":
                mended = f"{_with_article(mended[:start], self._written(begun))}{mended[end:]}"
                continue
            better = self._better(word, said, named=start > 0 and word[:1].isupper())
            if better and better != word.lower():
                mended = mended[:start] + better + mended[end:]
        return mended

    def _better(self, word: str, said: Container[str], *, named: bool) -> str:
        """What a word is mended to; empty where it stays. `named`: written with a capital, as names are."""
        low = word.lower()
        shortened = not named or word.isupper()
        if (longer := _SHORT_FORMS.get(low)) and shortened and self.known.frequency(stem(longer)):
            return longer if self.known.frequency(stem(longer)) > self.known.frequency(stem(low)) else ""
        if joined := _JOINED.fullmatch(low):
            return "-".join(joined.groups()) if joined.groups() in self._pairs else ""
        if (
            low in STOPWORDS
            or low in _CONTRACTED
            or not low.isascii()
            or not low.isalpha()
            or self.known.frequency(stem(low))
        ):
            return ""
        label = self._initials.get(low) or self._initials.get(low.removesuffix("s"))
        if label and (word[:1].isupper() or not is_english(low)):
            return self._written(label)
        if len(low) < 4 or is_english(low):
            return _asking_word(low) if len(low) == 3 and not named and not is_english(low) else ""
        if named:
            # A name that the library lacks is no typo; people hit the first letter of those that they mean.
            near = self._nearest(low, said, 1) if len(low) >= _NAME else ""
            return near if near[:1] == low[0] else ""
        near, english = self._parted(low) or self._nearest(low, said), _one_off(low)
        likelier = near not in said and is_everyday(english) and commonness(english) > _LIKELIER * commonness(near)
        return english if likelier or not near else near

    def _written(self, label: Key) -> str:
        return " ".join(self.known.surface(one) or one for one in label)

    def _parted(self, word: str) -> str:
        """Two words of the library that were written as one, the more frequent pair of several; else nothing."""
        pairs = [(word[:at], word[at:]) for at in range(3, len(word) - 2)] if len(word) > 6 else []
        known = [pair for pair in pairs if all(part in self.known.words for part in pair)]
        return " ".join(max(known, key=lambda pair: min(self.known.words[part] for part in pair), default=()))

    def _nearest(self, word: str, said: Container[str], most: int = 2) -> str:
        """The library's word with the fewest changes; of equals one that was said, a word of English, a frequent one.

        Empty where none is near.

        Two changes make another word of a short one, unless both begin alike ("preper", "prepare").
        """
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        far = 2 if len(word) > 5 else 1
        near = extract(word, self._surfaces, scorer=OSA.distance, score_cutoff=min(far, most), limit=20)
        found = [one for one in near if one[1] < 2 or _two_off(word, one[0])]
        if len(word) <= _SHORT:
            found = [one for one in found if is_english(one[0]) or self.known.words.get(one[0], 0) > 1]
        best = min(
            found,
            key=lambda one: (
                one[1],
                one[0] not in said,
                one[0][0] != word[0],
                not is_english(one[0]),
                one[0][-1] != word[-1],
                -self.known.words.get(one[0], 0),
            ),
            default=None,
        )
        return str(best[0]) if best else ""


def _two_off(word: str, other: str) -> bool:
    """Whether two changes may make one word of another: a long one or one that begins alike, and no end cut off.

    People leave letters out and swap them; an end that is another and shorter belongs to another word, and so do two
    other letters in a short one.

    >>> _two_off("experianse", "experience"), _two_off("coursera", "courses"), _two_off("milgram", "diagram")
    (True, False, False)
    >>> _two_off("softwear", "software"), _two_off("openai", "opencv")
    (True, False)
    """
    if len(word) < _LONG and len(word) == len(other) and sorted(word) != sorted(other):
        return False
    alike = len(word) >= _LONG or other[:_ALIKE] == word[:_ALIKE]
    return alike and (word[-1] == other[-1] or len(other) >= len(word))


def mistyped(term: str, held: Sequence[str]) -> bool:
    """Whether a stem is one change away from that of a word of a text, though it is a word itself.

    >>> mistyped("carer", ["career", "ladder"]), mistyped("stress", ["career"])
    (True, False)
    """
    from rapidfuzz.distance import OSA

    return len(term) >= 5 and any(OSA.distance(term, stem(word), score_cutoff=1) <= 1 for word in held)


_ASKING_WORDS = (
    "how",
    "what",
    "who",
    "why",
    "the",
    "and",
    "are",
    "for",
    "earn",
    "make",
    "need",
    "job",
    "jobs",
    "pay",
    "does",
)


def _asking_word(word: str) -> str:
    """The word of asking that three letters without meaning are one change away from, the most frequent of several.

    >>> _asking_word("hwo"), _asking_word("ern"), _asking_word("xqz")
    ('how', 'earn', '')
    """
    from rapidfuzz.distance import OSA

    near = [one for one in _ASKING_WORDS if OSA.distance(word, one) == 1]
    return near[0] if near else ""


def _one_off(word: str) -> str:
    """The most frequent English word that is one change away from a longer word; empty where there is none."""
    near = _english().known(_english().edit_distance_1(word)) if len(word) > 5 else ()
    return max(near, key=commonness, default="")


def _by_initials(labels: Labels) -> dict[str, Key]:
    """Initials of titles first, then of names, then of labels that recur; of two to five words each."""
    found: dict[str, Key] = {}
    recurring = (label for label, groups in labels.groups.items() if len(groups) > 1)
    named: Iterable[Key] = (*sorted(labels.titles), *sorted(labels.names), *sorted(recurring))
    for label in named:
        if 2 <= len(label) <= 5:
            whole = [one for one in initials(label) if len(one) == len(label)]
            for one in whole:
                found.setdefault(one, label)
    return found


def _with_article(ahead: str, words: str) -> str:
    """Words behind a text that may end in an article, which is put right.

    >>> _with_article("Is an ", "machine learning"), _with_article("Is an ", "applied")
    ('Is a machine learning', 'Is an applied')
    """
    typed = re.search(r"\b(a)n? $", ahead, re.IGNORECASE)
    if typed:
        ahead = f"{ahead[: typed.end(1)]}{article(words)[1:]} "
    return ahead + words


def _begun_by_initials(labels: Labels) -> dict[tuple[str, str], Key]:
    """Initials of the words that begin a title, with its next word, to those words: "ML" in front of "engineer".

    Initials that begin two titles differently are left out.
    """
    found: dict[tuple[str, str], Key] = {}
    doubtful = set()
    for title in labels.titles:
        for length in range(2, len(title)):
            letters = "".join(one[0] for one in title[:length])
            if letters.isalpha() and found.setdefault((letters, title[length]), title[:length]) != title[:length]:
                doubtful.add((letters, title[length]))
    return {begun: words for begun, words in found.items() if begun not in doubtful}
