"""The Chroma view of the catalog's vectors: built aside, then only read, then thrown away.

A view is never changed. Updating Chroma's embedded store in place was measured to break it when the process is killed
and never to show new vectors to other processes; an immutable view has neither trouble. What was committed after a view
was built is searched exactly, beside it. This is the only file that imports chromadb.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import LibraryError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

_BATCH = 4_000
"""Vectors handed to Chroma at once; it takes 5,461 at most."""
_KEPT_SECONDS = 600
"""How long a view that was replaced is kept for readers that still use it."""
_COLLECTION = "passages"


@dataclass(frozen=True)
class View:
    """Which view is current: what the catalog remembers of it."""

    name: str
    """Its folder, or its collection's name on a Chroma server."""
    generation: int
    """The catalog's generation that it holds."""
    count: int

    def to_json(self) -> str:
        """As the catalog keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> View | None:
        """Read back; None when there is no view yet."""
        return cls(**json.loads(text)) if text else None


class DenseViews:
    """All views of one catalog, in a folder or on a Chroma server."""

    def __init__(self, folder: Path, server: str = "") -> None:
        """Keep views in a folder, or on the Chroma server at this address (`http://host:port`)."""
        self._folder = folder
        self._server = server
        self._open: tuple[str, Collection] | None = None

    def build(self, generation: int, numbers: Numbers, vectors: Vectors) -> View:
        """Build a new view aside, from passage numbers, shape (n,), and unit vectors, shape (n, dimension).

        Raises:
            LibraryError: The disk is full, or the server does not answer.
        """
        view = View(f"{generation:08d}-{uuid.uuid4().hex[:8]}", generation, len(numbers))
        with _told():
            collection = self._client(view.name).create_collection(
                self._collection_name(view.name),
                configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
                embedding_function=None,
            )
            for start in range(0, len(numbers), _BATCH):
                part = slice(start, start + _BATCH)
                collection.add(ids=[str(one) for one in numbers[part]], embeddings=vectors[part])
        return view

    def query(self, view: View, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """Numbers and cosine similarities of the nearest passages, best first.

        Raises:
            LibraryError: The view is damaged or gone.
        """
        wanted = min(limit, view.count)
        if not wanted:
            return []
        with _told():
            found: Any = self._collection(view).query(
                query_embeddings=vector.reshape(1, -1), n_results=wanted, include=["distances"]
            )
        return [(int(one), 1.0 - float(far)) for one, far in zip(found["ids"][0], found["distances"][0], strict=True)]

    def fault(self, view: View, numbers: Numbers, vectors: Vectors) -> str:
        """What is wrong with a view, in a few words; empty when it is whole.

        A sample of passages must find themselves; the sample's numbers and vectors come from the catalog.
        """
        if not self._server and not (self._folder / view.name).is_dir():
            return "its folder is gone"
        try:
            with _told():
                held = self._collection(view).count()
            if held != view.count:
                return f"it holds {held} vectors where {view.count} were put in"
            for number, vector in zip(numbers, vectors, strict=True):
                nearest = self.query(view, vector, 5)
                if not any(one == number or far > 0.9999 for one, far in nearest):
                    return "a passage does not find itself"
        except LibraryError as error:
            return error.message
        return ""

    def discard(self, current: View | None) -> None:
        """Throw away views that are no longer current and have not been for some minutes."""
        if self._server:
            self._discard_collections(current)
            return
        for folder in self._folder.glob("*-*"):
            if current is not None and folder.name == current.name:
                continue
            if time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    def _discard_collections(self, current: View | None) -> None:
        """On a server, keep the current view and the newest other one, which readers may still use."""
        client = self._client("")
        names = sorted(one.name for one in client.list_collections() if one.name.startswith(f"{_COLLECTION}-"))
        spare = [name for name in names if current is None or name != self._collection_name(current.name)]
        for name in spare[:-1]:
            client.delete_collection(name)

    def _collection_name(self, name: str) -> str:
        return f"{_COLLECTION}-{name}" if self._server else _COLLECTION

    def _collection(self, view: View) -> Collection:
        opened = self._open
        if opened is None or opened[0] != view.name:
            collection = self._client(view.name).get_collection(
                self._collection_name(view.name), embedding_function=None
            )
            self._open = opened = (view.name, collection)
        return opened[1]

    def _client(self, name: str) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if self._server:
            from urllib.parse import urlsplit

            address = urlsplit(self._server)
            return chromadb.HttpClient(
                host=address.hostname or "localhost",
                port=address.port or 8000,
                ssl=address.scheme == "https",
                settings=settings,
            )
        path = self._folder / name
        path.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(str(path), settings=settings)


class _told:
    """Turns Chroma's errors into sentences. Its Rust core also raises panics, which are no `Exception`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, (LibraryError, KeyboardInterrupt, SystemExit)):
            return
        raise LibraryError(
            f"The search index cannot be used: {error}.", "Run `career-assistant check --repair` to build it again."
        ) from error


def exact(numbers: Numbers, vectors: Vectors, vector: Vectors, limit: int) -> list[tuple[int, float]]:
    """The nearest of some vectors by their dot products, best first: search without an index.

    >>> exact(np.array([7, 8]), np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), np.array([0.0, 1.0], np.float32), 1)
    [(8, 1.0)]
    """
    if not len(numbers):
        return []
    similarities = vectors @ vector
    order = np.argsort(-similarities, kind="stable")[:limit]
    return [(int(numbers[index]), float(similarities[index])) for index in order]


def merged(one: Iterable[tuple[int, float]], other: Iterable[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """Two lists of numbers and similarities as one, best first, each number once."""
    return sorted({**dict(one), **dict(other)}.items(), key=lambda pair: (-pair[1], pair[0]))
