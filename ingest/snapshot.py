"""What searching keeps in memory of one generation of the shared library, and the words of a library.

What belongs to one owner alone is not kept: it is small, and read with each of that owner's searches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ingest.catalog import Catalog
from ingest.dense import Numbers, Vectors, View
from ingest.ranking import rarity_of
from ingest.schema import SHARED
from ingest.words import stem

_STANDING = 3
"""Sources that hold the same passage word for word before it counts as a standing note."""


class Vocabulary:
    """The words of a library, without stop words."""

    def __init__(
        self,
        stems: Mapping[str, int],
        words: Mapping[str, int],
        passages: int,
        shared: Vocabulary | None = None,
    ) -> None:
        """Take in how many passages each stem and each word stands, and the number of all passages.

        With `shared`, these are one owner's own words, and count beside those of the shared library.
        """
        self._stems, self._words, self._shared = stems, words, shared
        self._surfaces = {stem(word): word for word, _ in sorted(words.items(), key=lambda pair: (pair[1], pair[0]))}
        self.passages: int = passages + (shared.passages if shared else 0)

    @property
    def words(self) -> Mapping[str, int]:
        """In how many passages each word stands."""
        return {**self._shared.words, **self._words} if self._shared else self._words

    def frequency(self, stem: str) -> int:
        """Passages that hold a stem; 0 when none does."""
        return self._stems.get(stem, 0) + (self._shared.frequency(stem) if self._shared else 0)

    def rarity(self, stem: str) -> float:
        """How rare a stem is in the library, above 0."""
        return rarity_of(self.frequency(stem), self.passages)

    def surface(self, stem: str) -> str:
        """The most frequent word with this stem, a shared one before one's own; empty for an unknown one."""
        return (self._shared.surface(stem) if self._shared else "") or self._surfaces.get(stem, "")


@dataclass(frozen=True)
class Snapshot:
    """The shared library at one generation."""

    generation: int
    view: View | None
    numbers: Numbers
    """Passages that the view does not hold."""
    vectors: Vectors
    centroid: Vectors
    alive: frozenset[int]
    """Passages of the view that have not been removed since."""
    vocabulary: Vocabulary
    repeated: frozenset[int]
    """Passages that stand in many sources word for word and are found in the first of them only."""

    @property
    def passages(self) -> int:
        """All passages."""
        return len(self.alive) + len(self.numbers)

    def mean_similarity(self, vector: Vectors) -> float:
        """The mean cosine of a vector and all passages; 0 where there are none."""
        return float(self.centroid @ vector) if self.passages else 0.0

    @property
    def gone(self) -> int:
        """Passages that the view holds and the catalog no longer does."""
        return self.view.count - len(self.alive) if self.view else 0


def read_snapshot(catalog: Catalog, generation: int, view: View | None) -> Snapshot:
    """Read what searching needs of the shared library; `view` is left out where it must not be used."""
    since = catalog.numbers("p.generation > ?", (view.generation,)) if view else None
    fresh: list[tuple[Numbers, Vectors]] = [(np.zeros(0, np.int64), np.zeros((0, 1), np.float32))]
    alive: list[int] = []
    total, count = np.zeros(1), 0
    for numbers, vectors in catalog.vectors_in_parts(SHARED):
        chosen = np.array([since is None or number in since for number in numbers.tolist()], dtype=bool)
        if chosen.any():
            fresh.append((numbers[chosen], vectors[chosen]))
        alive.extend(numbers[~chosen].tolist())
        total, count = total + vectors.sum(axis=0), count + len(numbers)
    stems, words = catalog.vocabulary()
    return Snapshot(
        generation=generation,
        view=view,
        numbers=np.concatenate([numbers for numbers, _ in fresh]),
        vectors=np.concatenate([vectors for _, vectors in fresh[1:] or fresh]),
        centroid=(total / max(1, count)).astype(np.float32),
        alive=frozenset(alive),
        vocabulary=Vocabulary(stems, words, count),
        repeated=frozenset(catalog.repeated(_STANDING)),
    )
