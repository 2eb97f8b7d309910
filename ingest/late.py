"""Late interaction: the words of a question against the words of each passage, in their contexts. Pure.

Every content word has the mean of its token vectors, as the embedding model leaves them in the word's sentence. A
statement, and a passage, scores over the question's words the mean of the best cosine that each finds among its own,
weighed by how rare the word is in the library (MaxSim, after Khattab and Zaharia's ColBERT, 2020, here with a model
that was never trained for it). The mean of a statement's words is a vector of it within its passage, without reading
it alone. Of a passage's vectors only the signs are kept, a bit a dimension, which was measured to rank as well as whole
numbers: 48 bytes a word with the packaged model.

A question's interrogatives ("who", "when", "how") have vectors, too, which tell a little of what kind of words may
answer. What a passage lacks, those beside it in its document may hold: it is asked alone and with them, half and half.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.words import INTERROGATIVES, STOPWORDS, word_spans

Vectors = NDArray[np.float32]
Span = tuple[int, int]

_OWN_SIGNS = math.sqrt(2 / math.pi)
"""Cosine of a vector of many dimensions with its own signs, when it has no preferred direction."""
_TITLE = 255
"""Stands for the title and headings where a word's statement is told; the last statement a passage can name is 254."""


class WordVectors(NamedTuple):
    """The content words of a text in its context."""

    spans: tuple[Span, ...]
    """Where each stands in the text."""
    vectors: Vectors
    """Unit vectors, shape (words, dimension)."""


def content_spans(text: str) -> list[Span]:
    """Where the words of a text stand that are not stop words, in order.

    >>> content_spans("the pay in Seattle")
    [(4, 7), (11, 18)]
    """
    return [(start, end) for start, end in word_spans(text) if text[start:end].lower() not in STOPWORDS]


def interrogative_spans(text: str) -> list[Span]:
    """Where a question's interrogatives stand, in order, without what is drawn together with them.

    >>> interrogative_spans("Who's paid how?")
    [(0, 3), (11, 14)]
    """
    found = ((start, start + len(text[start:end].replace("’", "'").split("'")[0])) for start, end in word_spans(text))
    return [(start, end) for start, end in found if text[start:end].lower() in INTERROGATIVES]


def pooled(spans: Sequence[Span], tokens: Sequence[Span], vectors: Vectors) -> WordVectors:
    """Token vectors, shape (tokens, dimension), to the vectors of some words of the text.

    Args:
        spans: Where the words stand in the text, in order.
        tokens: Where each token stands in it; an empty span for a mark of the model.
        vectors: A vector for each token; words that lie behind the last one are left out.
    """
    kept, rows = [], []
    at = 0
    for start, end in spans:
        while at < len(tokens) and (tokens[at][1] <= start or tokens[at][0] == tokens[at][1]):
            at += 1
        last = at
        while last < len(tokens) and tokens[last][0] < end and tokens[last][0] < tokens[last][1]:
            last += 1
        if last > at:
            kept.append((start, end))
            rows.append(vectors[at:last].mean(axis=0))
    if not rows:
        return WordVectors((), np.zeros((0, vectors.shape[1]), np.float32))
    made = np.array(rows, dtype=np.float32)
    return WordVectors(tuple(kept), made / np.linalg.norm(made, axis=1, keepdims=True))


def packed(words: WordVectors, starts: Sequence[int]) -> bytes:
    """A passage's words as they are kept: a byte for the statement of each word, then the signs of each vector.

    Args:
        words: The words of the text that was embedded.
        starts: Where each statement begins in that text, ascending; what stands before the first is the title's.
    """
    if not words.spans:
        return b""
    owners = np.searchsorted(np.array(starts), [start for start, _ in words.spans], side="right") - 1
    owners = np.where(owners < 0, _TITLE, np.minimum(owners, _TITLE - 1)).astype(np.uint8)
    return owners.tobytes() + np.packbits(words.vectors > 0, axis=1).tobytes()


def unpacked(pack: bytes, dimension: int) -> Vectors:
    """The signs of the words' vectors as they are kept: -1 and 1, shape (words, dimension)."""
    count = len(pack) // (1 + math.ceil(dimension / 8))
    bits = np.frombuffer(pack[count:], np.uint8).reshape(count, -1)
    signs: Vectors = 2 * np.unpackbits(bits, axis=1)[:, :dimension].astype(np.float32) - 1
    return signs


class Matched(NamedTuple):
    """What late interaction says of a passage; each about -1 to 1."""

    statement: float
    """What the question's words find in one of its statements, the best."""
    passage: float
    """What they find in the passage, each wherever it is found best; half of it with the passages beside it."""
    meaning: float
    """Cosine of the whole question and the nearest statement, a statement being the mean of its words."""
    kind: float
    """What the question's interrogatives find in the passage; 0 where it has none."""


def matched(whole: Vectors, question: Vectors, weights: Sequence[float], asking: Vectors, held: Mapping[int, bytes],
            beside: Mapping[int, Sequence[int]]) -> dict[int, Matched]:  # fmt: skip
    """What each passage's words say to a question.

    Args:
        whole: Unit vector of the question, shape (dimension,).
        question: Unit vectors of the question's content words, shape (words, dimension).
        weights: What each of them counts, at least 0.
        asking: Unit vectors of the question's interrogatives, shape (interrogatives, dimension).
        held: Packed words by passage number; passages without any are left out of the result.
        beside: Those of them that stand beside a passage in its document, by its number.
    """
    packs = {number: pack for number, pack in held.items() if pack}
    total = sum(weights)
    if not packs or not len(question) or not total:
        return {}
    dimension = question.shape[1]
    width = 1 + math.ceil(dimension / 8)
    counts = [len(pack) // width for pack in packs.values()]
    owners = np.frombuffer(b"".join(pack[:count] for pack, count in zip(packs.values(), counts, strict=True)), np.uint8)
    bits = np.frombuffer(b"".join(pack[count:] for pack, count in zip(packs.values(), counts, strict=True)), np.uint8)
    ones = np.unpackbits(bits.reshape(-1, width - 1), axis=1, count=dimension).astype(np.float32)
    passage = np.repeat(np.arange(len(packs)), counts)
    begins = np.flatnonzero(np.r_[True, (np.diff(passage) != 0) | (np.diff(owners.astype(int)) != 0)])
    firsts = np.flatnonzero(np.r_[True, np.diff(passage[begins]) != 0])
    best = np.maximum.reduceat(_cosines(question, ones), begins, axis=1)
    share = np.array(weights, np.float32) / total
    most = np.maximum.reduceat(best, firsts, axis=1)
    kinds = np.maximum.reduceat(_cosines(asking, ones), begins[firsts], axis=1) if len(asking) else np.zeros_like(most)
    scores = (
        np.maximum.reduceat(share @ best, firsts),
        share @ (most + _together(most, list(packs), beside)) / 2,
        np.maximum.reduceat(_means(ones, begins) @ whole, firsts),
        kinds.mean(axis=0),
    )
    return {number: Matched(*map(float, row)) for number, row in zip(packs, np.stack(scores, axis=1), strict=True)}


def _cosines(question: Vectors, ones: Vectors) -> Vectors:
    """Cosines of words with those of which 0 and 1 tell the signs, shape (question's words, words)."""
    # The product with -1 and 1 from that with 0 and 1, which needs no second pass over the signs.
    products: Vectors = 2 * (question @ ones.T) - question.sum(axis=1, keepdims=True)
    return products / (_OWN_SIGNS * math.sqrt(ones.shape[1]))


def _together(most: Vectors, numbers: Sequence[int], beside: Mapping[int, Sequence[int]]) -> Vectors:
    """What each word finds in each passage (shape (words, passages)) or those beside it, wherever it is found best."""
    column = {number: at for at, number in enumerate(numbers)}
    together = most.copy()
    for number, others in beside.items():
        for other in others:
            if number in column and other in column:
                at = column[number]
                together[:, at] = np.maximum(together[:, at], most[:, column[other]])
    return together


def _means(ones: Vectors, begins: NDArray[np.intp]) -> Vectors:
    """Unit vectors of runs of words, of which 0 and 1 tell the signs."""
    ends = np.r_[begins[1:], len(ones)]
    # One sum a run: `np.add.reduceat` over rows takes over ten times as long.
    sums = np.empty((len(begins), ones.shape[1]), np.float32)
    for row, (start, end) in enumerate(zip(begins, ends, strict=True)):
        np.add.reduce(ones[start:end], axis=0, out=sums[row])
    means: Vectors = 2 * sums - (ends - begins).astype(np.float32)[:, None]
    means /= np.sqrt(np.maximum(1e-6, np.einsum("ij,ij->i", means, means)))[:, None]
    return means
