"""Where a sentence and a text disagree: figures, names, negation, direction. Pure.

It reads the surface only: what it finds is a reason to doubt, and finding nothing is no proof. What two texts mean is
for `support` to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ingest.words import STOPWORDS, stem, stems, words

_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "b": 1e9, "billion": 1e9, "trillion": 1e12}
_FIGURE = re.compile(
    r"(?<![\w.])[$€£₹]?\s?(?P<value>\d+(?:,\d{3})*(?:\.\d+)?)(?:\s?(?P<scale>k|m|bn|b|thousand|million|billion|trillion)\b)?",
    re.IGNORECASE,
)
_GLUED = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
SPELLED = {word: float(number) for number, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve".split())}  # fmt: skip
"""Numbers that are written as words."""
_LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|unable|hardly|rarely|lacks?|nobody|nothing|false|impossible)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-Z][\w’'&-]*\w")
_OPENING = re.compile(r"(?:^|[.!?:;\n]\s+|[\"“(•*-]\s*)$")

UP = frozenset(
    stem(word)
    for word in (
        "more higher greater above over exceed exceeds increase increased rise rises rose risen grow grows grew grown "
        "growth gain larger bigger better most highest largest faster up improve"
    ).split()
)
DOWN = frozenset(
    stem(word)
    for word in (
        "less lower fewer below under decrease decreased fall falls fell fallen decline declined shrink shrunk drop "
        "dropped smaller worse least lowest smallest slower down reduce reduced"
    ).split()
)
_THAN = re.compile(r"\bthan\b", re.IGNORECASE)


def figures(text: str) -> dict[str, float]:
    """Every figure of a text as it is written, with its value; the number of a list item is none.

    >>> figures("2. It pays $96,013, or 200k; 1.5 million do")
    {'96,013': 96013.0, '200k': 200000.0, '1.5 million': 1500000.0}
    """
    found = {}
    for match in _FIGURE.finditer(_LIST_MARK.sub("", text)):
        scale = _SCALES.get((match["scale"] or "").lower(), 1.0)
        found[match.group().strip("$€£₹ ")] = float(match["value"].replace(",", "")) * scale
    return found


def missing_figures(sentence: str, text: str) -> list[str]:
    """The figures of a sentence that a text does not hold, in order; "20%" is not held by "120%", nor 2 by 2,000.

    >>> missing_figures("200k, or 12 of 34", "$200,000 and twelve"), missing_figures("$6,453", "$76,453")
    (['34'], ['6,453'])
    """
    held = set(figures(text).values())
    # What is glued to letters or stands behind a list mark ("COVID19", "3. ") is held, too, though it claims nothing.
    held |= {float(one.replace(",", "")) for one in _GLUED.findall(text)}
    held |= {SPELLED[word] for word in words(text) if word in SPELLED}
    return [written for written, value in figures(sentence).items() if value not in held]


def names(sentence: str) -> list[str]:
    """Words with a capital that do not owe it to their place, in order.

    >>> names("The pay in Berlin is high. Zurich pays more than the EU.")
    ['Berlin', 'EU']
    """
    return [
        match.group()
        for match in _NAME.finditer(sentence)
        if not _OPENING.search(sentence[: match.start()]) and match.group().lower() not in STOPWORDS
    ]


def missing_names(sentence: str, text: str) -> list[str]:
    """The names of a sentence of which a text does not hold every word, in order."""
    held = frozenset(map(stem, words(text)))
    return [name for name in dict.fromkeys(names(sentence)) if not all(stem(word) in held for word in words(name))]


def denied(sentence: str) -> bool:
    """Whether a sentence denies something.

    >>> denied("It isn't so."), denied("It is so.")
    (True, False)
    """
    return bool(_NEGATION.search(sentence))


def turned_round(sentence: str, text: str) -> bool:
    """Whether a text compares the other way: down where the sentence says up, or the two sides changed over.

    >>> turned_round("Nurses earn more than cooks.", "Nurses earn less than cooks.")
    True
    >>> turned_round("Nurses earn more than cooks.", "Cooks earn more than nurses.")
    True
    >>> turned_round("Nurses earn more than cooks.", "Nurses earn more than most cooks do.")
    False
    """
    said, held = direction(sentence), direction(text)
    if said and held and said != held:
        return not _sides_swapped(sentence, text)
    return bool(said) and said == held and _sides_swapped(sentence, text)


def direction(text: str) -> int:
    """Which way a text points: 1 for up, -1 for down, 0 for neither or both.

    >>> direction("Jobs are projected to grow"), direction("Why do jobs shrink?"), direction("Jobs")
    (1, -1, 0)
    """
    found = frozenset(map(stem, words(text)))
    return bool(found & UP) - bool(found & DOWN)


def _sides_swapped(sentence: str, text: str) -> bool:
    """Whether what stands before "than" in one stands behind it in the other."""
    pairs = [_THAN.split(one, maxsplit=1) for one in (sentence, text)]
    if any(len(pair) < 2 for pair in pairs):
        return False
    (left, right), (held_left, held_right) = ([_sides(one) for one in pair] for pair in pairs)
    left, right = left - right, right - left
    straight = len(left & held_left) + len(right & held_right)
    crossed = len(left & held_right) + len(right & held_left)
    return crossed > straight


def _sides(text: str) -> frozenset[str]:
    return frozenset(stems(text)) - UP - DOWN


def best_pair(sentence: str, sentences: Sequence[str]) -> str:
    """The sentence that shares the most words with another; empty without any."""
    own = frozenset(stems(sentence))
    return max(sentences, key=lambda one: _shared(own, stems(one)), default="")


def _shared(own: frozenset[str], other: Iterable[str]) -> float:
    held = frozenset(other)
    return len(own & held) - 0.01 * len(held)
