"""The Chroma view of the catalog's vectors: built aside, then only read, then thrown away.

A view is never changed. Updating Chroma's embedded store in place was measured to break it when the process is killed
and never to show new vectors to other processes; an immutable view has neither trouble. What was committed after a view
was built is searched exactly, beside it. This is the only file that imports chromadb.

A damaged store can crash the process that opens it, or answer wrongly without a word. So a view's digest is remembered
when it is built, and what does not come to it is not opened; and a view that this version of Chroma has never opened
from disk is tried in a child process first (`python -m ingest.dense`).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import LibraryError
from ingest.seal import fingerprint

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
_DATABASE = "chroma.sqlite3"
_TABLES = ("collections", "segments", "embeddings", "max_seq_id", "embeddings_queue")
"""What a view's answers come from. Opening a store adds a row to another table, so its bytes do not stay the same."""
_PERSISTED = "index_metadata.pickle"
"""Lies beside an index that was written out; before that its files mean nothing, and the vectors are in the queue."""
_PATIENCE = 120
"""Seconds that a child may take to try a view."""


class ViewError(LibraryError):
    """A view is damaged or gone; the catalog can answer without it."""


@dataclass(frozen=True)
class View:
    """Which view is current: what the catalog remembers of it."""

    name: str
    """Its folder, or its collection's name on a Chroma server."""
    generation: int
    """The catalog's generation that it holds."""
    count: int
    digest: str = ""
    """Of its files; empty on a server."""

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
        self._open: dict[str, tuple[Any, Collection]] = {}
        """The views in use, with their clients, whose type does not declare that they can be closed."""
        self._opening = threading.Lock()
        """Chroma's clients of one folder share their insides, which are not ready for whoever comes second."""

    def build(self, generation: int, parts: Iterable[tuple[Numbers, Vectors]]) -> View | None:
        """Build a new view aside from passage numbers and unit vectors, part by part; None when there are none.

        Raises:
            LibraryError: The disk is full, or the server does not answer.
        """
        name = f"{generation:08d}-{uuid.uuid4().hex[:8]}"
        count = 0
        with _told():
            for numbers, vectors in parts:
                if not count:
                    self._keep_open(name, self._created(name))
                for start in range(0, len(numbers), _BATCH):
                    part = slice(start, start + _BATCH)
                    self._open[name][1].add(ids=[str(one) for one in numbers[part]], embeddings=vectors[part])
                count += len(numbers)
            sealed = digest(self._folder / name) if count and not self._server else ""
        return View(name, generation, count, sealed) if count else None

    def _created(self, name: str) -> tuple[Any, Collection]:
        client = self._client(name)
        # Written out after each batch, so that nothing is left to be done by whoever opens it.
        index: Any = {"space": "cosine", "ef_search": 200, "ef_construction": 200, "sync_threshold": 2, "batch_size": 2}
        return client, client.create_collection(
            self._collection_name(name), configuration={"hnsw": index}, embedding_function=None
        )

    def _keep_open(self, name: str, opened: tuple[Any, Collection]) -> None:
        """Keep a view open, and the one before it, which a question may still be asked of; close older ones."""
        self._open[name] = opened
        for old in list(self._open)[:-2]:
            self._open.pop(old)[0].close()

    def query(self, view: View, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """Numbers and cosine similarities of the nearest passages, best first.

        Raises:
            ViewError: The view is damaged or gone.
            LibraryError: The Chroma server does not answer.
        """
        wanted = min(limit, view.count)
        if not wanted:
            return []
        with _told(LibraryError if self._server else ViewError):
            found: Any = self._collection(view).query(
                query_embeddings=vector.reshape(1, -1), n_results=wanted, include=["distances"]
            )
        return [(int(one), 1.0 - float(far)) for one, far in zip(found["ids"][0], found["distances"][0], strict=True)]

    def close(self) -> None:
        """Close what is open."""
        while self._open:
            self._open.popitem()[1][0].close()

    @property
    def remote(self) -> bool:
        """Whether the views are on a server."""
        return bool(self._server)

    def fault(self, view: View, sample: Callable[[], tuple[Numbers, Vectors]], *, afresh: bool = False) -> str:
        """What is wrong with a view, in a few words; empty when it is whole and safe to open.

        Args:
            view: Which.
            sample: Gives the catalog's numbers and vectors of some passages that must find themselves in it.
            afresh: Try it in a child process even when that has been done.
        """
        if self._server:
            return self.self_queries(view, *sample())
        folder = self._folder / view.name
        try:
            if not folder.is_dir():
                return "its folder is gone"
            if digest(folder) != view.digest:
                return "its files are not those that were built"
        except (OSError, sqlite3.Error) as error:
            return f"its files cannot be read: {error}"
        proof = self._proof(view.name)
        if not afresh and (view.name in self._open or (proof.is_file() and proof.read_text() == version("chromadb"))):
            return ""
        fault = self._tried(view, *sample())
        if not fault:
            # Without the proof, on a folder that is not ours to write, the next process only tries it again.
            with suppress(OSError):
                proof.write_text(version("chromadb"))
        return fault

    def self_queries(self, view: View, numbers: Numbers, vectors: Vectors) -> str:
        """Open a view and let passages find themselves; what is wrong, in a few words."""
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

    def _tried(self, view: View, numbers: Numbers, vectors: Vectors) -> str:
        """The same in a child process, which a damaged store may crash."""
        sample = io.BytesIO()
        np.savez(sample, numbers=numbers, vectors=vectors)
        command = [sys.executable, "-m", "ingest.dense", str(self._folder.absolute()), view.to_json()]
        try:
            ran = subprocess.run(command, input=sample.getvalue(), capture_output=True, timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            return f"opening it takes more than {_PATIENCE} seconds"
        return ran.stdout.decode().strip() if ran.returncode == 0 else "opening it crashes"

    def _proof(self, name: str) -> Path:
        """Says that a child has opened a view, and with which version of Chroma."""
        return self._folder / f"{name}.opened"

    def discard(self, current: View | None) -> None:
        """Throw away views that are no longer current and have not been for some minutes."""
        if self._server:
            self._discard_collections(current)
            return
        for folder in self._folder.glob("*-*/"):
            if current is not None and folder.name == current.name:
                continue
            if time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
                self._proof(folder.name).unlink(missing_ok=True)

    def replaced(self, view: View | None) -> None:
        """Note that a view is no longer current: the minutes that it is kept begin now."""
        if view is not None and not self._server:
            with suppress(OSError):
                os.utime(self._folder / view.name)

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
        with self._opening:
            opened = self._open.get(view.name)
            if opened is None:
                client = self._client(view.name)
                opened = client, client.get_collection(self._collection_name(view.name), embedding_function=None)
                self._keep_open(view.name, opened)
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

    def __init__(self, kind: type[LibraryError] = LibraryError) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, (LibraryError, KeyboardInterrupt, SystemExit)):
            return
        raise self._kind(
            f"The search index cannot be used: {error}.", "Run `career-assistant check --repair` to build it again."
        ) from error


def digest(folder: Path) -> str:
    """SHA-256 of what a view answers from: its index files, and the rows of its database that count.

    Raises:
        OSError, sqlite3.Error: It cannot be read.
    """
    found = hashlib.sha256()
    for path in sorted(folder.glob("*/*")):
        if (path.parent / _PERSISTED).exists():
            found.update(f"{path.parent.name}/{path.name} {fingerprint(path)}\n".encode())
    # Reading only: a missing database must not come back as an empty one.
    with closing(sqlite3.connect(f"{(folder / _DATABASE).absolute().as_uri()}?mode=ro", uri=True)) as database:
        for table in _TABLES:
            for row in database.execute(f"SELECT * FROM {table} ORDER BY 1"):
                found.update(repr(row).encode())
    return found.hexdigest()


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


def _try() -> None:
    """A child's side: open the view that the arguments name, ask it for the sample on standard input, say the fault."""
    folder, view = Path(sys.argv[1]), View.from_json(sys.argv[2])
    assert view is not None
    sample = np.load(io.BytesIO(sys.stdin.buffer.read()))
    sys.stdout.write(DenseViews(folder).self_queries(view, sample["numbers"], sample["vectors"]))


if __name__ == "__main__":
    _try()
