"""Does this passage support this sentence?

First form: figures and names have to stand in the passage, most content words too, and the two must agree in
negation. It compares words, not worlds: a paraphrase with none of the passage's words is called unsupported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.words import STOPWORDS, stem, words

SUPPORTED = 0.5
"""Least score of a supported sentence."""

_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MARK = re.compile(r"\[\d+\]")
_NEGATION = re.compile(r"\b(?:not|no|never|none|neither|nor|without|cannot)\b|n['’]t\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w’'-]+")


@dataclass(frozen=True)
class Support:
    """A verdict on one sentence."""

    supported: bool
    score: float
    """0 to 1; 1 where every word of the sentence stands in the passage."""
    missing: tuple[str, ...]
    """Figures, names and words of the sentence that the passage does not hold, in order."""


def check(sentence: str, passage: str) -> Support:
    """Whether a passage supports a sentence, and what is missing.

    Args:
        sentence: One sentence, with or without `[n]` marks.
        passage: The text it cites, with its title and headings if they count.

    >>> check("Robotics engineers earn $200,000.", "Robotics engineer: $96,013 a year").missing[0]
    '200,000'
    """
    plain = _MARK.sub("", sentence)
    if passage and " ".join(plain.split()).strip(" .") in " ".join(passage.split()):
        return Support(True, 1.0, ())
    figures = _missing_figures(plain, passage)
    held = {stem(word) for word in words(passage)}
    names = [name for name in _NAME.findall(plain) if not all(stem(word) in held for word in words(name))]
    content = [word for word in words(plain) if word not in STOPWORDS and not word[0].isdigit()]
    absent = [word for word in content if stem(word) not in held]
    score = 1 - len(absent) / len(content) if content else float(not figures)
    if figures:
        score *= 0.2
    elif names:
        score *= 0.6
    if bool(_NEGATION.search(plain)) != bool(_NEGATION.search(passage)) and _NEGATION.search(plain):
        score *= 0.5
    missing = tuple(dict.fromkeys((*figures, *names, *absent)))
    return Support(score >= SUPPORTED and not figures, round(score, 3), missing)


def _missing_figures(sentence: str, passage: str) -> list[str]:
    held = {figure.replace(",", "") for figure in _FIGURE.findall(passage)}
    found = (figure.rstrip(",") for figure in _FIGURE.findall(sentence))
    return [figure for figure in found if figure.replace(",", "") not in held]
