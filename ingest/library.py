"""The library: the one class that the other rooms touch.

It joins the catalog, which is the truth, with the Chroma view, which makes searching fast, and keeps them in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from filelock import FileLock, Timeout

from ingest.catalog import Catalog
from ingest.dense import DenseViews, Numbers, Vectors, View, exact, merged
from ingest.embed import Embedder
from ingest.errors import EmbedderMismatch, LibraryBusy, LibraryError
from ingest.fusion import fuse
from ingest.schema import filtered
from ingest.types import Filters, Hit, Neighbourhood, Passage, Progress, Report, Source
from ingest.words import stem

CANDIDATES = 60
"""Passages that each ranking puts forward."""
_DELTA = 200
"""Passages committed since the view was built that are searched exactly, at least, before a new view is built."""
_DELTA_SHARE = 0.1
"""The same as a share of the library."""
_STANDING = 3
"""Sources that hold the same passage word for word before it counts as a standing note."""
_SAMPLE = 5
"""Passages that must find themselves when a view is checked."""


@dataclass(frozen=True)
class Check:
    """What a check of the library found."""

    ok: bool
    lines: tuple[str, ...]
    """One sentence each."""


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
    """All passages: the view may still hold removed ones."""
    vocabulary: Vocabulary
    repeated: frozenset[int]
    """Passages that stand in many sources word for word and are found in the first of them only."""


class Library:
    """A library in a data folder."""

    def __init__(self, folder: Path, catalog: Catalog, views: DenseViews, embedder: Embedder) -> None:
        """Use `Library.open`."""
        self.folder = folder
        self.embedder = embedder
        self.catalog = catalog
        self._views = views
        self._snapshot: _Snapshot | None = None
        self._refreshing = Lock()

    @classmethod
    def open(cls, data_dir: Path, embedder: Embedder, chroma_url: str = "") -> Library:
        """Open the library of a data folder, creating an empty one where there is none.

        Raises:
            LibraryError: The folder cannot be used, or the catalog is damaged.
            EmbedderMismatch: The vectors in it were made by another model.
        """
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The data folder {data_dir} cannot be made: {error.strerror}.", "Choose another with --data."
            ) from error
        library = cls(data_dir, Catalog(data_dir / "catalog.db"), DenseViews(data_dir / "views", chroma_url), embedder)
        library._same_embedder()
        library._mend_view()
        return library

    def close(self) -> None:
        """Close the catalog."""
        self.catalog.close()

    # Reading

    def search(self, query: str, k: int = 10, filters: Filters = Filters()) -> list[Hit]:
        """The best passages for a question, best first, at most `k`; none in an empty library."""
        snapshot = self._current()
        if not snapshot.alive:
            return []
        vector = self.embedder.embed_query(query)
        near = self._nearest(snapshot, vector, filters)
        worded = self.catalog.full_text(query, CANDIDATES, filters)
        similarities = dict(near)
        lacking = [number for number, _ in worded if number not in similarities]
        similarities.update(self._similarities(lacking, vector))
        fused = [
            one
            for one in fuse(similarities, dict(worded), float(snapshot.centroid @ vector))
            if one.number not in snapshot.repeated
        ][:k]
        held = self.catalog.passages([one.number for one in fused])
        ranks = _ranks(near, worded)
        return [
            Hit(held[one.number][1], held[one.number][0], round(one.score, 6), ranks[one.number],
                round(similarities[one.number], 6))
            for one in fused
            if one.number in held
        ]  # fmt: skip

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
        gone = max(0, snapshot.view.count + len(snapshot.numbers) - len(snapshot.alive))
        held = self._views.query(snapshot.view, vector, CANDIDATES + gone)
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
        generation = self.catalog.generation()
        snapshot = self._snapshot
        view = View.from_json(self.catalog.meta("view"))
        if snapshot is not None and snapshot.generation == generation and snapshot.view == view:
            return snapshot
        with self._refreshing:
            self._snapshot = self._read_snapshot(generation, view)
            return self._snapshot

    def _read_snapshot(self, generation: int, view: View | None) -> _Snapshot:
        numbers, vectors = self.catalog.vectors()
        since = self.catalog.numbers("p.generation > ?", (view.generation,)) if view else set(map(int, numbers))
        fresh = np.array([int(number) in since for number in numbers], dtype=bool)
        stems, words = self.catalog.vocabulary()
        return _Snapshot(
            generation=generation,
            view=view,
            numbers=numbers[fresh],
            vectors=vectors[fresh],
            centroid=vectors.mean(axis=0) if len(vectors) else np.zeros(1, np.float32),
            alive=frozenset(map(int, numbers)),
            vocabulary=Vocabulary(stems, words, len(numbers)),
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
    ) -> Report:
        """Bring files and folders in, and report what was new, changed, removed, unchanged and failed.

        Args:
            targets: Files and folders; none means the bundled library.
            dry_run: Only say what would be done.
            prune: Remove sources of these roots whose files are gone.
            progress: Told how far it has come.

        Raises:
            LibraryBusy: Another process is writing.
            SourceError: A target does not exist.
            LibraryError: The catalog cannot be written.
        """
        from ingest.sync import bring_in

        told = progress or (lambda _: None)
        if dry_run:
            return bring_in(self.catalog, self.embedder, targets, dry_run=True, prune=prune, progress=told)
        with self.writing():
            self._remember_embedder()
            report = bring_in(self.catalog, self.embedder, targets, dry_run=False, prune=prune, progress=told)
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

    def writing(self) -> _Held:
        """The writer's lock, held.

        Raises:
            LibraryBusy: Another process holds it.
            LibraryError: The data folder is not writable.
        """
        lock = FileLock(self.folder / "write.lock")
        try:
            lock.acquire(timeout=1)
        except Timeout as error:
            raise LibraryBusy(
                f"Another process is writing to the library in {self.folder}.",
                "Wait until it is done, or choose another data folder with --data.",
            ) from error
        except OSError as error:
            raise LibraryError(
                f"The data folder {self.folder} cannot be written: {error.strerror}.",
                "Make it writable, or choose another with --data.",
            ) from error
        return _Held(lock)

    def check(self, *, repair: bool = False) -> Check:
        """Whether catalog, full text and view agree; with `repair`, what can be rebuilt is.

        Raises:
            LibraryBusy: Repair is asked for while another process is writing.
        """
        faults = self.catalog.faults()
        view_fault = self._view_fault()
        counted = f"{len(self.sources())} sources, {self.catalog.count()} passages"
        if not faults and not view_fault:
            return Check(True, (f"The library is whole: {counted}.",))
        told = [f"Catalog: {fault}." for fault in faults] + ([f"Search index: {view_fault}."] if view_fault else [])
        if not repair:
            return Check(False, (*told, "Run `career-assistant check --repair` to rebuild what can be rebuilt."))
        with self.writing():
            if faults:
                self.catalog.rebuild()
            self._build_view()
        left = self.catalog.faults()
        outcome = f"Rebuilt; the library is whole: {counted}." if not left else f"Not mended: {'; '.join(left)}."
        return Check(not left, (*told, outcome))

    # The view

    def _keep_view_fresh(self) -> None:
        """Build a new view when too much was committed or removed since the last one."""
        snapshot = self._current()
        gone = snapshot.view.count + len(snapshot.numbers) - len(snapshot.alive) if snapshot.view else 0
        changed = len(snapshot.numbers) + gone
        if snapshot.alive and (snapshot.view is None or changed > max(_DELTA, _DELTA_SHARE * len(snapshot.alive))):
            self._build_view()
        self._views.discard(View.from_json(self.catalog.meta("view")))

    def _build_view(self) -> None:
        generation = self.catalog.generation()
        numbers, vectors = self.catalog.vectors()
        view = self._views.build(generation, numbers, vectors) if len(numbers) else None
        self.catalog.set_meta("view", view.to_json() if view else "")

    def _view_fault(self) -> str:
        view = View.from_json(self.catalog.meta("view"))
        if view is None:
            return ""
        numbers, vectors = self.catalog.vectors(
            "p.number IN (SELECT number FROM passages WHERE generation <= ? ORDER BY random() LIMIT ?)",
            (view.generation, _SAMPLE),
        )
        return self._views.fault(view, numbers, vectors)

    def _mend_view(self) -> None:
        """Build the view again when it is damaged; while another process writes, search exactly instead."""
        if not self._view_fault():
            return
        try:
            with self.writing():
                self._build_view()
        except LibraryBusy:
            self.catalog.set_meta("view", "")

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


class _Held:
    """A lock that is already held, to be let go at the end of a `with`."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _ranks(near: Sequence[tuple[int, float]], worded: Sequence[tuple[int, float]]) -> dict[int, dict[str, int]]:
    """1-based rank of each passage in each list that holds it."""
    ranks: dict[int, dict[str, int]] = {}
    for name, listed in (("vector", near), ("bm25", worded)):
        for rank, (number, _) in enumerate(listed, 1):
            ranks.setdefault(number, {})[name] = rank
    return ranks
