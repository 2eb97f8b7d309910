"""The library: the one class that the other rooms touch.

It joins the catalog, which is the truth, with the Chroma view, which makes searching fast, and keeps them in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ingest.catalog import Catalog
from ingest.check import opened
from ingest.current_view import CurrentView
from ingest.dense import DenseViews, Vectors, ViewError, exact, merged
from ingest.embed import Embedder
from ingest.errors import EmbedderMismatch, LibraryError
from ingest.lock import writer
from ingest.ranking import CANDIDATES, by_score, hits, late_scores, put_forward, ranked, weighed, worded
from ingest.rerank import DEPTH, Reranker
from ingest.schema import filtered, owned
from ingest.snapshot import Snapshot, Vocabulary, read_snapshot
from ingest.types import Filters, Hit, Neighbourhood, Passage, Progress, Report, Source

if TYPE_CHECKING:
    from ingest.web import Web

SPARE = 10
"""Passages beyond the number asked for that stand by for near-duplicates."""


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
        self._view = CurrentView(catalog, views, self.writing)
        self._snapshot: Snapshot | None = None
        self._refreshing = Lock()

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
        library._view.mend()
        return library

    def close(self) -> None:
        """Close the catalog and the view."""
        self.catalog.close()
        self._view.close()

    # Reading

    def search(self, query: str, k: int = 10, filters: Filters = Filters(), owners: Sequence[str] = ()) -> list[Hit]:
        """The best passages for a question, best first, at most `k`; none in an empty library.

        All of it is read from one generation of the catalog, whatever is committed meanwhile.

        Args:
            query: What is looked for.
            k: Hits at most.
            filters: Limits the search to some sources.
            owners: Whose own documents are searched beside the shared library. Others' are not looked at: neither
                what is found nor any score depends on them.
        """
        owners = _named(owners)
        self._view.mend()
        try:
            with self.catalog.reading():
                return self._search(query, k, filters, owners)
        except ViewError as error:
            self._view.give_up(error.message)
        with self.catalog.reading():
            return self._search(query, k, filters, owners)

    def _search(self, query: str, k: int, filters: Filters, owners: Sequence[str]) -> list[Hit]:
        snapshot = self._current()
        if not snapshot.passages and self.catalog.is_empty(owners):
            return []
        asked = self.embedder.embed_words([query])[0]
        known = self._vocabulary(snapshot, owners)
        near = self._nearest(snapshot, asked.vector, filters, owners)
        similarities = dict(near)
        nearest = list(similarities)
        by_words = worded(self.catalog, query, known.frequency, known.passages, filters, owners=owners, also=nearest)
        lacking = [number for number, _ in by_words if number not in similarities]
        similarities.update(self._similarities(lacking, asked.vector))
        words = weighed(query, asked, known.rarity, known.passages, lambda one: self.catalog.spread(one, owners))
        found, judged = ranked(
            by_words,
            similarities,
            snapshot.mean_similarity(asked.vector),
            lambda numbers: late_scores(self.catalog, asked, words, numbers),
            words.telling,
        )
        deep = max(k, DEPTH if self._reranker else 0) + SPARE
        fused = [one for one in found if one.number not in snapshot.repeated][:deep]
        lists = {
            "vector": near,
            "bm25": put_forward(by_words, nearest),
            "statement": by_score({number: said.statement for number, said in judged.items()}),
        }
        return hits(self.catalog, query, fused, k, similarities, lists, self._reranker)

    def passage(self, passage_id: str, owners: Sequence[str] = ()) -> Neighbourhood | None:
        """A passage with its neighbours in its source; None when there is none of this id that these may see.

        `owners` see what is theirs and what is in any of their conversations.
        """
        found = self.catalog.passage(passage_id)
        if found is None or not (found[0].owner == "" or belongs(found[0].owner, owners)):
            return None
        source, passage = found
        before = self.catalog.passage_at(source.id, passage.ordinal - 1)
        after = self.catalog.passage_at(source.id, passage.ordinal + 1)
        return Neighbourhood(passage, source, before[1] if before else None, after[1] if after else None)

    def passages(self) -> Iterator[tuple[Source, Passage]]:
        """All passages of the shared library with their sources, source by source in order."""
        return self.catalog.every_passage()

    def own_passages(self, owners: Sequence[str]) -> Iterator[tuple[Source, Passage]]:
        """The same of what belongs to these owners alone."""
        return self.catalog.every_passage(_named(owners))

    def sources(self, owners: Sequence[str] = ()) -> list[Source]:
        """The shared sources and those of these owners, in the order of their titles."""
        seen = ("", *owners)
        return self.catalog.sources(owned(seen), seen)

    def is_empty(self, owners: Sequence[str] = ()) -> bool:
        """Whether nothing has been brought in yet, neither for everybody nor for these owners alone."""
        return self.catalog.is_empty(("", *owners))

    def generation(self) -> int:
        """Grows whenever the shared library changes, by whichever process."""
        return self.catalog.shared_generation()

    def vocabulary(self, owners: Sequence[str] = ()) -> Vocabulary:
        """The words that the shared library and these owners' documents use, as they are now."""
        with self.catalog.reading():
            return self._vocabulary(self._current(), _named(owners))

    def _vocabulary(self, snapshot: Snapshot, owners: Sequence[str]) -> Vocabulary:
        own = self.catalog.holds(owners)[0] if owners else 0
        return Vocabulary(*self.catalog.vocabulary(owners), own, snapshot.vocabulary) if own else snapshot.vocabulary

    def _nearest(
        self, snapshot: Snapshot, vector: Vectors, filters: Filters, owners: Sequence[str]
    ) -> list[tuple[int, float]]:
        """Candidates by vectors: the view's and, exactly, what the view does not hold."""
        if filters != Filters():
            where, values = filtered(filters)
            seen = ("", *owners)
            return exact(*self.catalog.vectors(f"{owned(seen)} AND {where}", (*seen, *values)), vector, CANDIDATES)
        beside = exact(snapshot.numbers, snapshot.vectors, vector, CANDIDATES)
        if owners:
            own = exact(*self.catalog.vectors(owned(owners), owners), vector, CANDIDATES)
            beside = list(merged(beside, own))
        if snapshot.view is None:
            return beside[:CANDIDATES]
        held = self._view.query(snapshot.view, vector, CANDIDATES + snapshot.gone)
        alive = [(number, similarity) for number, similarity in held if number in snapshot.alive]
        return list(merged(alive, beside))[:CANDIDATES]

    def _similarities(self, numbers: Sequence[int], vector: Vectors) -> dict[int, float]:
        if not numbers:
            return {}
        marks = ", ".join("?" * len(numbers))
        found, vectors = self.catalog.vectors(f"p.number IN ({marks})", numbers)
        return {int(number): float(value) for number, value in zip(found, vectors @ vector, strict=True)}

    def _current(self) -> Snapshot:
        """The snapshot of the shared library's newest generation."""
        with self.catalog.reading():
            generation, view = self.catalog.shared_generation(), self._view.usable()
            with self._refreshing:
                snapshot = self._snapshot
                if snapshot is None or (snapshot.generation, snapshot.view) != (generation, view):
                    self._snapshot = snapshot = read_snapshot(self.catalog, generation, view)
            return snapshot

    # Writing

    def sync(
        self,
        targets: Sequence[str] = (),
        *,
        dry_run: bool = False,
        prune: bool = False,
        progress: Callable[[Progress], None] | None = None,
        web: Web | None = None,
        owner: str = "",
    ) -> Report:
        """Bring files and folders in, and report what was new, changed, removed, unchanged and failed.

        Args:
            targets: Files and folders; none means the bundled library.
            dry_run: Only say what would be done.
            prune: Remove sources of these roots whose files are gone.
            progress: Told how far it has come.
            web: Who fetches pages; the open internet when left out.
            owner: Who alone may find it; everybody when empty. The same file or page, brought in for two owners, is
                two sources that know nothing of each other.

        Raises:
            LibraryBusy: Another process is writing.
            SourceError: A target does not exist.
            LibraryError: The catalog cannot be written.
        """
        from ingest.sync import bring_in

        def brought() -> Report:
            told = progress or (lambda _: None)
            return bring_in(
                self.catalog, self.embedder, targets, dry_run=dry_run, prune=prune, progress=told, web=web, owner=owner
            )

        if dry_run:
            return brought()
        with self.writing():
            self._remember_embedder()
            report = brought()
            if not owner:
                self._keep_view_fresh()
        return report

    def remove(self, source_id: str) -> None:
        """Remove a source with its passages; nothing happens when there is none of this id.

        Raises:
            LibraryBusy: Another process is writing.
            LibraryError: The catalog cannot be written.
        """
        self._removed("s.id = ?", source_id)

    def forget(self, owner: str) -> list[Source]:
        """Remove everything that belongs to one owner alone, and say what that was.

        Raises:
            LibraryBusy: Another process is writing.
            LibraryError: The catalog cannot be written.
        """
        return self._removed("s.owner = ?", owner) if owner else []

    def _removed(self, where: str, value: str) -> list[Source]:
        if not self.catalog.sources(where, (value,)):
            return []
        with self.writing():
            sources = self.catalog.sources(where, (value,))
            shared = not all(source.owner for source in sources)
            with self.catalog.transaction("" if shared else sources[0].owner) as connection:
                for source in sources:
                    self.catalog.remove_source(connection, source.id)
            if shared:
                self._keep_view_fresh()
        return sources

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
        snapshot = self._current()
        self._view.keep_fresh(snapshot.view, snapshot.passages, len(snapshot.numbers) + snapshot.gone)

    def build_view(self) -> None:
        """Build a new view from the catalog and point to it; the caller holds the writer's lock.

        Raises:
            LibraryError: The disk is full.
        """
        self._view.build()

    def view_fault(self, sample: int = 5, *, afresh: bool = False) -> str:
        """What is wrong with the view, in a few words; empty when it is whole or there is none.

        Args:
            sample: Passages that must find themselves in it.
            afresh: Let them do so even when its files are known to be what they were.
        """
        return self._view.fault(sample, afresh=afresh)

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


def _named(owners: Sequence[str]) -> tuple[str, ...]:
    """Owners without the one who has no name, and to whom everything shared belongs."""
    return tuple(one for one in owners if one)


def belongs(owner: str, owners: Sequence[str]) -> bool:
    """Whether a source's owner is one of some owners, or a conversation of one of them.

    >>> belongs("key:ab/c1", ["key:ab"]), belongs("key:ab", ["key:ab/c1"]), belongs("", ["key:ab"])
    (True, False, False)
    """
    return owner in owners or owner.partition("/")[0] in owners and "/" in owner
