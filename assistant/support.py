"""Does this passage support this sentence? A small logistic model over named features; disagreements settle it.

Words say how much of the sentence the passage repeats, the embedding model how near their meanings are; the
coefficients are fitted by `python -m evals.attribution`. Whatever the model thinks, a figure, a name, a denial or a
comparison that the passage does not bear out leaves the sentence unsupported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assistant.agreement import best_pair, denied, figures, missing_figures, missing_names, names, turned_round
from ingest.passages import sentences
from ingest.words import STOPWORDS, stem, stems, words

Embed = Callable[[Sequence[str]], "np.ndarray[tuple[int, int], np.dtype[np.float32]]"]
"""Texts -> unit vectors, shape (n, dimension)."""

COEFFICIENTS: Mapping[str, float] = {
    "words": 0.801,
    "one_sentence": 0.416,
    "neighbours": 1.226,
    "meaning": 0.573,
    "joined_meaning": 2.649,
    "figures_missing": -2.188,
    "names_missing": -0.807,
    "turned_round": -1.877,
    "length": 0.54,
    "passage_length": 3.465,
    "passage_length_squared": -4.113,
    "bias": -3.85,
}
"""What each feature counts, in log-odds. Fitted on claims that others judged, not on ours."""

SUPPORTED = 0.5
"""Least score of a supported sentence."""
_SETTLED = 0.2
"""Score at most where a figure, a name, a denial or a comparison is not borne out."""
_SAID = 0.9
"""Share of the sentence's words that one sentence of the passage holds, with all figures and names, from which it says
the same in other order, whatever the model thinks of the rest."""
_DENIED, _AFFIRMED = 0.7, 0.85
"""Share of the sentence's words that the nearest sentence of the passage has to hold before a denial in one of them
tells them apart: where it says something else, it neither denies nor affirms. The second where the passage denies."""
_ABOUT = 0.7
"""Share of the words around a figure that the passage has to hold: else it is a figure of something else."""
_COMPARED = 12
"""Sentences of a passage at most whose meaning is compared, those that share most words."""

_MARK = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True)
class Support:
    """A verdict on one sentence."""

    supported: bool
    score: float
    """0 to 1: how likely it is that a careful reader would say so."""
    missing: tuple[str, ...]
    """Figures, names and words of the sentence that the passage does not hold, in order."""


class SupportCheck:
    """Judges sentences by words and by the meaning that an embedding model gives them."""

    def __init__(self, embed: Embed) -> None:
        """Take the embedding function."""
        self._embed = embed

    def __call__(self, sentence: str, passage: str) -> Support:
        """Whether a passage supports a sentence, and what is missing.

        Args:
            sentence: One sentence, with or without `[n]` marks.
            passage: The text it cites, with its title and headings if they count.
        """
        plain = " ".join(_MARK.sub("", sentence).split())
        if says_verbatim(plain, passage):
            return Support(True, 1.0, ())
        found = features(plain, passage, self._embed)
        score = likelihood(found)
        disagreeing = disagreements(plain, passage)
        bare = found["words"] < _ABOUT and bool(figures(plain))
        if disagreeing or bare:
            score = min(score, _SETTLED)
        elif found["one_sentence"] >= _SAID:
            score = max(score, _SAID)
        held = frozenset(stems(passage))
        absent = [word for word in _content(plain) if stem(word) not in held]
        missing = tuple(dict.fromkeys((*disagreeing, *absent)))
        return Support(score >= SUPPORTED, round(score, 3), missing)


def says_verbatim(sentence: str, passage: str) -> bool:
    """Whether a passage holds a sentence word for word, whole words at both ends.

    >>> says_verbatim("Entry: $6,453", "Entry: $6,453 a year"), says_verbatim("6,453", "76,453")
    (True, False)
    """
    bare = sentence.strip(" .")
    if not bare:
        return False
    pattern = rf"(?<!\w)(?<!\d[.,]){re.escape(bare)}(?!\w|[.,]\d)"
    return bool(re.search(pattern, " ".join(passage.split())))


def disagreements(sentence: str, passage: str) -> list[str]:
    """What of a sentence the passage does not bear out, in the sentence's own words.

    >>> disagreements("Nurses earn $50,000 in Rome.", "Nurses earn $40,000 there.")
    ['50,000', 'Rome']
    >>> disagreements("Nurses do not earn $40,000.", "Nurses earn $40,000 there.")
    ['not']
    """
    absent = missing_names(sentence, passage)
    # One name of several may be spelt another way; that all are missing is no accident.
    found = [*missing_figures(sentence, passage), *(absent if len(absent) == len(set(names(sentence))) else ())]
    beside = best_pair(sentence, split(passage))
    if turned_round(sentence, beside):
        found.append("the comparison")
    if denied(sentence) and not denied(beside) and _told(sentence, beside) >= _DENIED:
        found.append("not")
    elif denied(beside) and not denied(sentence) and _told(sentence, beside) >= _AFFIRMED:
        found.append("the denial")
    return found


def features(sentence: str, passage: str, embed: Embed) -> dict[str, float]:
    """What speaks for and against support, each about 0 to 1.

    Args:
        sentence: One sentence without marks.
        passage: The text that may support it.
        embed: The embedding function.
    """
    content, held = [stem(word) for word in _content(sentence)], stems(passage)
    parts = split(passage)
    known = frozenset(held)
    named = names(sentence)
    pairs = list(zip(content, content[1:], strict=False))
    told = frozenset(zip(held, held[1:], strict=False))
    repeated = max((_told(sentence, part) for part in parts), default=0.0)
    best, joined = _meanings(sentence, parts, embed)
    return {
        "words": sum(one in known for one in content) / max(1, len(content)),
        "one_sentence": repeated,
        "neighbours": sum(pair in told for pair in pairs) / max(1, len(pairs)),
        "meaning": best,
        "joined_meaning": joined,
        "figures_missing": float(bool(missing_figures(sentence, passage))),
        "names_missing": len(missing_names(sentence, passage)) / max(1, len(named)),
        "turned_round": float(turned_round(sentence, best_pair(sentence, parts))),
        "length": math.log(1 + len(content)) / 3,
        "passage_length": math.log(1 + len(held)) / 6,
        "passage_length_squared": (math.log(1 + len(held)) / 6) ** 2,
    }


def likelihood(found: Mapping[str, float], coefficients: Mapping[str, float] = COEFFICIENTS) -> float:
    """The model's score, 0 to 1.

    >>> likelihood({"words": 0.5}, {"words": 1.0, "bias": -0.5})
    0.5
    """
    total = coefficients["bias"] + sum(coefficients[name] * found[name] for name in coefficients if name != "bias")
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@lru_cache(maxsize=2_000)
def split(passage: str) -> tuple[str, ...]:
    """The sentences and lines of a passage, long ones cut after sixty words."""
    found = []
    for line in passage.splitlines():
        for sentence in sentences(line):
            listed = sentence.split()
            found += [" ".join(listed[start : start + 60]) for start in range(0, len(listed), 60)]
    return tuple(found)


def overlap(sentence: str, text: str) -> float:
    """How much of a sentence a text repeats, its figures above all: for choosing, not for judging.

    >>> overlap("Entry level: $5", "Entry level: $5 a year") > overlap("Entry level: $5", "Entry level, late: $9")
    True
    """
    return _told(sentence, text) - len(missing_figures(sentence, text)) - 0.001 * len(stems(text))


def _meanings(sentence: str, parts: Sequence[str], embed: Embed) -> tuple[float, float]:
    """Cosine of the sentence with the nearest sentence, and with the three nearest taken together; 0 without any."""
    near = _nearest(sentence, parts)
    if not near or not sentence:
        return 0.0, 0.0
    vectors = embed([sentence, *near])
    cosines = vectors[1:] @ vectors[0]
    joined = vectors[1:][np.argsort(-cosines)[:3]].sum(axis=0)
    length = float(np.linalg.norm(joined)) or 1.0
    return max(0.0, float(cosines.max())), max(0.0, float(joined @ vectors[0]) / length)


def nearest(sentence: str, passage: str) -> list[str]:
    """The sentences of a passage whose meaning is compared with a sentence's: those that share most words."""
    return _nearest(sentence, split(passage))


def _nearest(sentence: str, parts: Sequence[str]) -> list[str]:
    return sorted(parts, key=lambda part: -_told(sentence, part))[:_COMPARED]


def _told(sentence: str, part: str) -> float:
    """Share of a sentence's content words that another holds."""
    own, held = stems(sentence), frozenset(stems(part))
    return sum(one in held for one in own) / len(own) if own else 0.0


def _content(sentence: str) -> list[str]:
    return [word for word in words(sentence) if word not in STOPWORDS and not word[0].isdigit()]
