"""Which Chroma view a library searches, and its care: tried before it is used, built again when damaged or outgrown.

Views hold what is shared and nothing else; what belongs to one owner is searched exactly, and gone when it is removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock

from ingest.catalog import Catalog
from ingest.dense import DenseViews, Vectors, View
from ingest.errors import LibraryBusy, LibraryError
from ingest.schema import JOINED, SHARED

_DELTA = 200
"""Passages committed since the view was built that are searched exactly, at least, before a new view is built."""
_DELTA_SHARE = 0.1
"""The same as a share of the library."""
_SAMPLE = 5
"""Passages that must find themselves when a view is tried."""
_log = logging.getLogger(__name__)


class CurrentView:
    """The view that a catalog points to."""

    def __init__(
        self, catalog: Catalog, views: DenseViews, writing: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Care for the view of this catalog among these; `writing` is the writer's lock, held."""
        self._catalog = catalog
        self._views = views
        self._writing = writing
        self._looked_at: set[str] = set()
        self._given_up: set[str] = set()
        self._looking = Lock()

    def usable(self) -> View | None:
        """The view, when it has been looked at and found whole."""
        held = self._catalog.meta("view")
        return View.from_json(held) if held in self._looked_at and held not in self._given_up else None

    def query(self, view: View, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """Numbers and cosine similarities of the nearest passages, best first.

        Raises:
            ViewError: The view is damaged or gone.
            LibraryError: The Chroma server does not answer.
        """
        return self._views.query(view, vector, limit)

    def close(self) -> None:
        """Close what is open."""
        self._views.close()

    def keep_fresh(self, view: View | None, passages: int, changed: int) -> None:
        """Build a new view when too much was committed or removed since this one; the caller holds the lock."""
        if passages and (view is None or changed > max(_DELTA, _DELTA_SHARE * passages)):
            self.build()
        self._views.discard(View.from_json(self._catalog.meta("view")))

    def build(self) -> None:
        """Build a new view from the catalog and point to it; the caller holds the lock.

        Raises:
            LibraryError: The disk is full.
        """
        old = View.from_json(self._catalog.meta("view"))
        view = self._views.build(self._catalog.generation(), self._catalog.vectors_in_parts(SHARED))
        held = view.to_json() if view else ""
        self._looked_at.add(held)
        self._catalog.set_meta("view", held)
        self._views.replaced(old)

    def fault(self, sample: int = _SAMPLE, *, afresh: bool = False) -> str:
        """What is wrong with the view, in a few words; empty when it is whole or there is none.

        Args:
            sample: Passages that must find themselves in it.
            afresh: Let them do so even when its files are known to be what they were.
        """
        view = View.from_json(self._catalog.meta("view"))
        if view is None:
            return ""
        some = f"SELECT p.number FROM {JOINED} WHERE {SHARED} AND p.generation <= ? ORDER BY random() LIMIT ?"
        values = view.generation, sample
        return self._views.fault(view, lambda: self._catalog.vectors(f"p.number IN ({some})", values), afresh=afresh)

    def mend(self) -> None:
        """Look at a view before it is first used, and build it again when it is damaged."""
        held = self._catalog.meta("view")
        with self._looking:
            if held not in self._looked_at:
                self._look_at(held)

    def _look_at(self, held: str) -> None:
        fault = self.fault()
        self._looked_at.add(held)
        if not fault:
            return
        self._give_up(held, fault)
        try:
            with self._writing():
                self.build()
        except LibraryError as error:
            # A server that does not answer is for a person to mend; without a folder of ours the catalog is enough.
            if self._views.remote and not isinstance(error, LibraryBusy):
                raise
            _log.warning("The search index cannot be built again yet: %s", error)

    def give_up(self, fault: str) -> None:
        """Search without a view from now on: exactly, over the catalog's own vectors."""
        self._give_up(self._catalog.meta("view"), fault)

    def _give_up(self, held: str, fault: str) -> None:
        _log.warning("The search index is damaged (%s); searching without it until it is built again.", fault)
        self._given_up.add(held)
