"""The library: the one class that the other rooms touch.

It joins the catalog, which is the truth, with the Chroma view, which makes searching fast, and keeps them in step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ingest.catalog import Catalog
from ingest.check import opened
from ingest.dense import DenseViews, Numbers, Vectors, View, ViewError, exact, merged
from ingest.embed import Embedder
from ingest.errors import EmbedderMismatch, LibraryBusy, LibraryError
from ingest.lock import writer
from ingest.ranking import CANDIDATES, by_score, hits, late_scores, ranked, rarity, worded
from ingest.rerank import DEPTH, Reranker
from ingest.schema import filtered
from ingest.types import Filters, Hit, Neighbourhood, Passage, Progress, Report, Source
from ingest.words import stem

if TYPE_CHECKING:
    from ingest.web import Web

SPARE = 10
"""Passages beyond the number asked for that stand by for near-duplicates."""
_DELTA = 200
"""Passages committed since the view was built that are searched exactly, at least, before a new view is built."""
_DELTA_SHARE = 0.1
"""The same as a share of the library."""
_STANDING = 3
"""Sources that hold the same passage word for word before it counts as a standing note."""
_SAMPLE = 5
"""Passages that must find themselves when a view is tried."""
_log = logging.getLogger(__name__)


class Vocabulary:
    """The words of a library, without stop words."""

    def __init__(self, stems: Mapping[str, int], words: Mapping[str, int], passages: int) -> None:
        """Take in how many passages each stem and each word stands, and the number of all passages."""
        self._stems = stems
        self._surfaces = {stem(word): word for word, _ in sorted(words.items(), key=lambda pair: (pair[1], pair[0]))}
        self.words = words
        self.passages = passages

    def frequency(self, stem: str) -> int:
        """Passages that hold a stem; 0 when none does."""
        return self._stems.get(stem, 0)

    def rarity(self, stem: str) -> float:
        """How rare a stem is in the library, above 0."""
        return rarity(self.frequency(stem), self.passages)

    def surface(self, stem: str) -> str:
        """The most frequent word with this stem; empty for an unknown one."""
        return self._surfaces.get(stem, "")


@dataclass(frozen=True)
class _Snapshot:
    """What searching keeps in memory of one generation of the catalog."""

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

    @property
    def gone(self) -> int:
        """Passages that the view holds and the catalog no longer does."""
        return self.view.count - len(self.alive) if self.view else 0


class Library:
    """A library in a data folder."""

    def __init__(
        self, folder: Path, catalog: Catalog, views: DenseViews, embedder: Embedder, reranker: Reranker | None = None
    ) -> None:
        """Use `Library.open`."""
        self._reranker = reranker
        self.folder = folder
        self.embedder = embedder
        self.catalog = catalog
        self._views = views
        self._looked_at: set[str] = set()
        self._given_up: set[str] = set()
        self._snapshot: _Snapshot | None = None
        self._refreshing, self._looking = Lock(), Lock()

    @classmethod
    def open(
        cls, data_dir: Path, embedder: Embedder, chroma_url: str = "", reranker: Reranker | None = None
    ) -> Library:
        """Open the library of a data folder, creating an empty one where there is none.

        Raises:
            LibraryError: The folder cannot be used, or the catalog is damaged and cannot be mended without loss.
            EmbedderMismatch: The vectors in it were made by another model.
        """
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The data folder {data_dir} cannot be made: {error.strerror}.", "Choose another with --data."
            ) from error
        library = cls(
            data_dir,
            opened(data_dir / "catalog.db"),
            DenseViews(data_dir / "views", chroma_url),
            embedder,
            reranker,
        )
        library._same_embedder()
        library._mend_view()
        return library

    def close(self) -> None:
        """Close the catalog and the view."""
        self.catalog.close()
        self._views.close()

    # Reading

    def search(self, query: str, k: int = 10, filters: Filters = Filters()) -> list[Hit]:
        """The best passages for a question, best first, at most `k`; none in an empty library.

        All of it is read from one generation of the catalog, whatever is committed meanwhile.
        """
        self._mend_view()
        try:
            with self.catalog.reading():
                return self._search(query, k, filters)
        except ViewError as error:
            self._give_up_view(self.catalog.meta("view"), error.message)
        with self.catalog.reading():
            return self._search(query, k, filters)

    def _search(self, query: str, k: int, filters: Filters) -> list[Hit]:
        snapshot = self._current()
        if not snapshot.passages:
            return []
        asked = self.embedder.embed_words([query])[0]
        near = self._nearest(snapshot, asked.vector, filters)
        by_words = worded(self.catalog, query, snapshot.vocabulary.frequency, snapshot.passages, filters)
        similarities = dict(near)
        lacking = [number for number, _ in by_words if number not in similarities]
        similarities.update(self._similarities(lacking, asked.vector))
        found, judged = ranked(
            by_words,
            similarities,
            float(snapshot.centroid @ asked.vector),
            lambda numbers: late_scores(self.catalog, query, asked, numbers, snapshot.vocabulary.rarity),
        )
        fused = [one for one in found if one.number not in snapshot.repeated][: max(k, DEPTH) + SPARE]
        lists = {"vector": near, "bm25": by_words, "statement": by_score(judged)}
        return hits(self.catalog, query, fused, k, similarities, lists, self._reranker)

    def passage(self, passage_id: str) -> Neighbourhood | None:
        """A passage with its neighbours in its source; None when there is none of this id."""
        found = self.catalog.passage(passage_id)
        if found is None:
            return None
        source, passage = found
        before = self.catalog.passage_at(source.id, passage.ordinal - 1)
        after = self.catalog.passage_at(source.id, passage.ordinal + 1)
        return Neighbourhood(passage, source, before[1] if before else None, after[1] if after else None)

    def passages(self) -> Iterator[tuple[Source, Passage]]:
        """All passages with their sources, source by source in order."""
        return self.catalog.every_passage()

    def sources(self) -> list[Source]:
        """All sources in the order of their titles."""
        return self.catalog.sources()

    def is_empty(self) -> bool:
        """Whether nothing has been brought in yet."""
        return self.catalog.count() == 0

    def generation(self) -> int:
        """Grows whenever the library changes, by whichever process."""
        return self.catalog.generation()

    def vocabulary(self) -> Vocabulary:
        """The words that the library uses, as it is now."""
        return self._current().vocabulary

    def _nearest(self, snapshot: _Snapshot, vector: Vectors, filters: Filters) -> list[tuple[int, float]]:
        """Candidates by vectors: the view's and, exactly, what the view does not hold."""
        if filters != Filters():
            numbers, vectors = self.catalog.vectors(*filtered(filters))
            return exact(numbers, vectors, vector, CANDIDATES)
        beside = exact(snapshot.numbers, snapshot.vectors, vector, CANDIDATES)
        if snapshot.view is None:
            return beside
        held = self._views.query(snapshot.view, vector, CANDIDATES + snapshot.gone)
        alive = [(number, similarity) for number, similarity in held if number in snapshot.alive]
        return list(merged(alive, beside))[:CANDIDATES]

    def _similarities(self, numbers: Sequence[int], vector: Vectors) -> dict[int, float]:
        if not numbers:
            return {}
        marks = ", ".join("?" * len(numbers))
        found, vectors = self.catalog.vectors(f"p.number IN ({marks})", numbers)
        return {int(number): float(value) for number, value in zip(found, vectors @ vector, strict=True)}

    def _current(self) -> _Snapshot:
        """The snapshot of the catalog's newest generation."""
        with self.catalog.reading():
            generation, held = self.catalog.generation(), self.catalog.meta("view")
            view = View.from_json(held) if held in self._looked_at and held not in self._given_up else None
            with self._refreshing:
                snapshot = self._snapshot
                if snapshot is None or (snapshot.generation, snapshot.view) != (generation, view):
                    self._snapshot = snapshot = self._read_snapshot(generation, view)
            return snapshot

    def _read_snapshot(self, generation: int, view: View | None) -> _Snapshot:
        since = self.catalog.numbers("p.generation > ?", (view.generation,)) if view else None
        fresh: list[tuple[Numbers, Vectors]] = [(np.zeros(0, np.int64), np.zeros((0, 1), np.float32))]
        alive: list[int] = []
        total, count = np.zeros(1), 0
        for numbers, vectors in self.catalog.vectors_in_parts():
            chosen = np.array([since is None or number in since for number in numbers.tolist()], dtype=bool)
            if chosen.any():
                fresh.append((numbers[chosen], vectors[chosen]))
            alive.extend(numbers[~chosen].tolist())
            total, count = total + vectors.sum(axis=0), count + len(numbers)
        stems, words = self.catalog.vocabulary()
        return _Snapshot(
            generation=generation,
            view=view,
            numbers=np.concatenate([numbers for numbers, _ in fresh]),
            vectors=np.concatenate([vectors for _, vectors in fresh[1:] or fresh]),
            centroid=(total / max(1, count)).astype(np.float32),
            alive=frozenset(alive),
            vocabulary=Vocabulary(stems, words, count),
            repeated=frozenset(self.catalog.repeated(_STANDING)),
        )

    # Writing

    def sync(
        self,
        targets: Sequence[str] = (),
        *,
        dry_run: bool = False,
        prune: bool = False,
        progress: Callable[[Progress], None] | None = None,
        web: Web | None = None,
    ) -> Report:
        """Bring files and folders in, and report what was new, changed, removed, unchanged and failed.

        Args:
            targets: Files and folders; none means the bundled library.
            dry_run: Only say what would be done.
            prune: Remove sources of these roots whose files are gone.
            progress: Told how far it has come.
            web: Who fetches pages; the open internet when left out.

        Raises:
            LibraryBusy: Another process is writing.
            SourceError: A target does not exist.
            LibraryError: The catalog cannot be written.
        """
        from ingest.sync import bring_in

        told = progress or (lambda _: None)
        if dry_run:
            return bring_in(self.catalog, self.embedder, targets, dry_run=True, prune=prune, progress=told, web=web)
        with self.writing():
            self._remember_embedder()
            report = bring_in(self.catalog, self.embedder, targets, dry_run=False, prune=prune, progress=told, web=web)
            self._keep_view_fresh()
        return report

    def remove(self, source_id: str) -> None:
        """Remove a source with its passages; nothing happens when there is none of this id.

        Raises:
            LibraryBusy: Another process is writing.
            LibraryError: The catalog cannot be written.
        """
        with self.writing():
            with self.catalog.transaction() as connection:
                self.catalog.remove_source(connection, source_id)
            self._keep_view_fresh()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The writer's lock, held; the catalog is sealed at the end.

        Raises:
            LibraryBusy: Another process holds it.
            LibraryError: The data folder is not writable.
        """
        with writer(self.folder):
            yield
            self.catalog.seal()

    # The view

    def _keep_view_fresh(self) -> None:
        """Build a new view when too much was committed or removed since the last one."""
        snapshot = self._current()
        changed = len(snapshot.numbers) + snapshot.gone
        if snapshot.passages and (snapshot.view is None or changed > max(_DELTA, _DELTA_SHARE * snapshot.passages)):
            self.build_view()
        self._views.discard(View.from_json(self.catalog.meta("view")))

    def build_view(self) -> None:
        """Build a new view from the catalog and point to it; the caller holds the writer's lock.

        Raises:
            LibraryError: The disk is full.
        """
        old = View.from_json(self.catalog.meta("view"))
        view = self._views.build(self.catalog.generation(), self.catalog.vectors_in_parts())
        held = view.to_json() if view else ""
        self._looked_at.add(held)
        self.catalog.set_meta("view", held)
        self._views.replaced(old)

    def view_fault(self, sample: int = _SAMPLE, *, afresh: bool = False) -> str:
        """What is wrong with the view, in a few words; empty when it is whole or there is none.

        Args:
            sample: Passages that must find themselves in it.
            afresh: Let them do so even when its files are known to be what they were.
        """
        view = View.from_json(self.catalog.meta("view"))
        if view is None:
            return ""
        chosen = "p.number IN (SELECT number FROM passages WHERE generation <= ? ORDER BY random() LIMIT ?)"
        return self._views.fault(view, lambda: self.catalog.vectors(chosen, (view.generation, sample)), afresh=afresh)

    def _mend_view(self) -> None:
        """Look at a view before it is first used, and build it again when it is damaged."""
        held = self.catalog.meta("view")
        with self._looking:
            if held not in self._looked_at:
                self._look_at(held)

    def _look_at(self, held: str) -> None:
        fault = self.view_fault()
        self._looked_at.add(held)
        if not fault:
            return
        self._give_up_view(held, fault)
        try:
            with self.writing():
                self.build_view()
        except LibraryError as error:
            # A server that does not answer is for a person to mend; without a folder of ours the catalog is enough.
            if self._views.remote and not isinstance(error, LibraryBusy):
                raise
            _log.warning("The search index cannot be built again yet: %s", error)

    def _give_up_view(self, held: str, fault: str) -> None:
        """Search without a view from now on: exactly, over the catalog's own vectors."""
        _log.warning("The search index is damaged (%s); searching without it until it is built again.", fault)
        self._given_up.add(held)

    # The embedding model

    def _same_embedder(self) -> None:
        made_by = self.catalog.meta("embedder")
        if made_by and made_by != self.embedder.name:
            raise EmbedderMismatch(
                f"The library was embedded with {made_by}, and the settings say {self.embedder.name}.",
                "Set CAREER_EMBEDDING_MODEL back, or choose a new data folder with --data and ingest again.",
            )

    def _remember_embedder(self) -> None:
        if not self.catalog.meta("embedder"):
            self.catalog.set_meta("embedder", self.embedder.name)
