"""Words of a text: the one tokenizer and stemmer that full text, finding and answering share."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

_stemmer = Stemmer.Stemmer("english")

_LATIN = r"a-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u0300-\u036f"
"""Letters of Latin script, those with accents and the accents by themselves included, and digits."""

# A word keeps inner apostrophes, dots, plus and hash signs, so that "c++", "c#", "node.js" and "ph.d" stay whole, and a
# figure its thousands separators, so that "45" is not found in "45,196".
_WORD = re.compile(
    rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|[{_LATIN}]+(?:['’.][{_LATIN}]+)*(?:\+\+|#)?|[^\W_{_LATIN}]+", re.IGNORECASE
)
_IS_LATIN = re.compile(rf"[{_LATIN}]", re.IGNORECASE)
# What Unicode does not take apart into a letter and its accent.
_UNDIVIDED = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"}
)

STOPWORDS = frozenset(
    """a about above after again all also am an and any are aren't as at be because been before being below between
    both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either else
    ever few for from further get gets give got had hadn't has hasn't have haven't having he her here hers him his
    how i i'd i'll i'm i've if in into is isn't it it's its itself just let let's like me might more most much must
    my myself no nor not now of off on once one only or other our ours out over own please same shall she should
    shouldn't so some such tell than that that's the their theirs them then there there's these they they're this
    those through to too under until up us very was wasn't we were weren't what what's when where which while who
    whom whose why will with within without would wouldn't yes you you're your yours""".split()
)

INTERROGATIVES = frozenset("how what when where which who whom whose why".split())


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The Snowball (Porter 2) stem of one word, lower-case, without accents.

    >>> stem("Engineers"), stem("salaries"), stem("résumés")
    ('engin', 'salari', 'resum')
    """
    return str(_stemmer.stemWord(_plain(word).replace("’", "'").removesuffix("'s")))


@lru_cache(maxsize=200_000)
def _plain(word: str) -> str:
    """A word in lower case; of Latin letters without accents, since people leave them out: "Zurich", "resume"."""
    lower = word.lower()
    if lower.isascii() or not _IS_LATIN.match(lower):
        return lower
    apart = unicodedata.normalize("NFKD", lower)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_UNDIVIDED)


def words(text: str) -> list[str]:
    """The words of a text in order, lower-case and without accents, stop words included.

    >>> words("C++ and Node.js: $105,418 a year in Zürich")
    ['c++', 'and', 'node.js', '105418', 'a', 'year', 'in', 'zurich']
    """
    return list(_words(text))


# Statements are read again for every question that they compete for.
@lru_cache(maxsize=8_192)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_plain(match.group()).replace(",", "") for match in _WORD.finditer(text))


def stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, repeats kept.

    >>> stems("What do machine learning engineers earn?")
    ['machin', 'learn', 'engin', 'earn']
    """
    return list(_stems(text))


@lru_cache(maxsize=8_192)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in _words(text) if word not in STOPWORDS)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each word of a text, in order.

    >>> word_spans("Pay in SF?")
    [(0, 3), (4, 6), (7, 9)]
    """
    return [match.span() for match in _WORD.finditer(text)]
