"""Looking after a library as a whole: check, repair, backup, restore.

A backup is one zip file: the catalog, the conversations, and a description (`library.json`) with their SHA-256. It is
taken from one moment of each, while others read and write; the search index is not in it, since the catalog makes it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.catalog import Catalog
from ingest.check import altered, faults, opened, saved
from ingest.database import pour
from ingest.dense import DenseViews
from ingest.embed import Embedder
from ingest.errors import EmbedderMismatch, LibraryBusy, LibraryEmpty, LibraryError
from ingest.library import Library
from ingest.lock import writer
from ingest.schema import next_step
from ingest.seal import Seal, fingerprint

_FORMAT = "career-assistant backup 1"
_DESCRIPTION = "library.json"
_CATALOG, _CONVERSATIONS = "catalog.db", "conversations.db"
_TRIED = 100
"""Passages that must find themselves when a check is asked for."""


@dataclass(frozen=True)
class Check:
    """What a check of the library found."""

    ok: bool
    lines: tuple[str, ...]
    """One sentence each."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    made_at: str
    """UTC, ISO 8601, to the second."""
    sources: int
    passages: int
    embedder: str


class Upkeep:
    """Looks after the library of a data folder, whatever state it is in."""

    def __init__(self, data_dir: Path, embedder: Embedder, chroma_url: str = "") -> None:
        """Remember where it is; nothing is opened yet."""
        self._folder = data_dir
        self._path = data_dir / _CATALOG
        self._embedder = embedder
        self._chroma_url = chroma_url

    def check(self, *, repair: bool = False) -> Check:
        """Whether catalog, full text, word counts and search index agree; with `repair`, what can be rebuilt is.

        Raises:
            LibraryBusy: Repair is asked for while another process is writing.
            LibraryError: The data folder cannot be read or written.
        """
        with _said(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        problems = self._problems()
        if not problems:
            return Check(True, (f"The library is whole: {self._counted()}.",))
        told = tuple(f"{problem}." for problem in problems)
        if not repair:
            return Check(False, (*told, "Run `career-assistant check --repair` to rebuild what can be rebuilt."))
        before = Seal.of(self._path)
        with _said(self._folder), writer(self._folder):
            if self._catalog_problems():
                saved(self._path, whole=False)
            with closing(self._library()) as library:
                library.build_view()
                library.catalog.seal()
        left = self._problems()
        if left:
            return Check(False, (*told, f"Not mended: {'; '.join(left)}."))
        after = Seal.of(self._path)
        if before and after and after.sources < before.sources:
            lost = f"{before.sources - after.sources} of {before.sources} sources could not be saved"
            told = (*told, f"{lost}; ingest the same folders again to bring them back.")
        return Check(True, (*told, f"Rebuilt; the library is whole: {self._counted()}."))

    def backup(self, target: Path) -> Backup:
        """Write the library and the conversations to one file, and read it again before it takes its name.

        Raises:
            LibraryEmpty: There is no library to back up.
            LibraryError: The file exists or cannot be written, or the library is damaged.
        """
        if target.exists():
            raise LibraryError(f"{target} exists already.", "Choose another name, or move it away.")
        opened_catalog = opened(self._path) if self._path.exists() else None
        if opened_catalog is None:
            raise LibraryEmpty(f"There is no library in {self._folder}.", "Choose another data folder with --data.")
        opened_catalog.close()
        with _said(target.parent), tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as aside:
            parts = [_copy(self._folder / name, Path(aside) / name) for name in (_CATALOG, _CONVERSATIONS)]
            packed = Path(aside) / "packed"
            backup = _pack(packed, [part for part in parts if part.exists()])
            with _unpacked(packed, Path(aside) / "read"):
                pass
            os.replace(packed, target)
        return backup

    def restore(self, file: Path) -> Backup:
        """Put a backup in the library's place; until that is done the old one stays, and others go on reading it.

        Raises:
            LibraryError: The file is no backup, is damaged, or cannot be unpacked for lack of room.
            EmbedderMismatch: It was made with another embedding model.
            LibraryBusy: Another process is writing.
        """
        with _said(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            with (
                writer(self._folder),
                tempfile.TemporaryDirectory(dir=self._folder, prefix="restore-") as aside,
                _unpacked(file, Path(aside)) as backup,
            ):
                if backup.embedder and backup.embedder != self._embedder.name:
                    raise EmbedderMismatch(
                        f"The library in {file} was embedded with {backup.embedder}, and the settings say "
                        f"{self._embedder.name}.",
                        f"Set CAREER_EMBEDDING_MODEL to {backup.embedder} and run the command again.",
                    )
                self._take_over(Path(aside))
        return backup

    def _take_over(self, aside: Path) -> None:
        """Pour the unpacked files into the library's own, and build its search index; needs the lock."""
        live = Seal.of(self._path)
        with closing(Catalog(aside / _CATALOG)) as catalog:
            # Later than whatever others have seen here, so that they read it anew.
            generation = max(catalog.generation(), live.generation if live else 0) + 1
            with catalog.transaction() as connection:
                catalog.begin_anew(connection, generation)
            catalog.set_meta("view", "")
        if (aside / _CONVERSATIONS).exists():
            pour(aside / _CONVERSATIONS, self._folder / _CONVERSATIONS)
        pour(aside / _CATALOG, self._path)
        with closing(self._library()) as library:
            library.build_view()
            library.catalog.seal()

    def _library(self) -> Library:
        """The library as it is, unchecked."""
        views = DenseViews(self._folder / "views", self._chroma_url)
        return Library(self._folder, Catalog(self._path), views, self._embedder)

    def _problems(self) -> list[str]:
        found = self._catalog_problems()
        if found:
            return found
        with closing(self._library()) as library:
            counts = library.catalog.vocabulary_fault()
            fault = library.view_fault(_TRIED, afresh=True)
        return ([f"Catalog: {counts}"] if counts else []) + ([f"Search index: {fault}"] if fault else [])

    def _catalog_problems(self) -> list[str]:
        found = faults(self._path)
        if not found:
            try:
                with writer(self._folder, wait=0):
                    found = altered(self._path)
            except LibraryBusy:
                pass
        return [f"Catalog: {one}" for one in found]

    def _counted(self) -> str:
        with closing(Catalog(self._path)) as catalog:
            state = catalog.state()
            return f"{state.sources} sources, {state.passages} passages"


def _copy(source: Path, target: Path) -> Path:
    """A copy of a SQLite file as it is at one moment, where there is one; others read and write meanwhile."""
    if source.exists():
        with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    return target


def _pack(target: Path, parts: list[Path]) -> Backup:
    """Write the files and their description into one zip file."""
    with closing(Catalog(parts[0])) as catalog:
        state = catalog.state()
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    description = {
        "format": _FORMAT,
        "made_at": made_at,
        "sources": state.sources,
        "passages": state.passages,
        "embedder": state.embedder,
        "sha256": {part.name: fingerprint(part) for part in parts},
    }
    with target.open("wb") as file:
        # Vectors hardly get smaller, texts do; the lowest level gives most of that at a fraction of the time.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.writestr(_DESCRIPTION, json.dumps(description, indent=2))
            for part in parts:
                packed.write(part, part.name)
        file.flush()
        os.fsync(file.fileno())
    return Backup(made_at, state.sources, state.passages, state.embedder)


@contextmanager
def _unpacked(file: Path, folder: Path) -> Iterator[Backup]:
    """A backup's files in a folder, checked.

    Raises:
        LibraryError: It is no backup, or damaged.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            about: dict[str, Any] = json.loads(packed.read(_DESCRIPTION))
            if about["format"] != _FORMAT:
                raise ValueError(about["format"])
            names = [name for name in (_CATALOG, _CONVERSATIONS) if name in about["sha256"]]
            for name in names:
                packed.extract(name, folder)
            backup = Backup(about["made_at"], about["sources"], about["passages"], about["embedder"])
    except FileNotFoundError as error:
        raise LibraryError(f"There is no file {file}.", "Check the path.") from error
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError, zlib.error) as error:
        raise LibraryError(
            f"{file} is no backup of career-assistant, or is damaged.", "Choose another file."
        ) from error
    problems = [name for name in names if fingerprint(folder / name) != about["sha256"][name]]
    problems = problems or faults(folder / _CATALOG)
    if problems:
        raise LibraryError(f"The backup {file} is damaged: {'; '.join(problems)}.", "Choose another one.")
    yield backup


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of the disk into sentences."""
    try:
        yield
    except sqlite3.Error as error:
        raise LibraryError(f"The library cannot be copied: {error}.", next_step(error)) from error
    except OSError as error:
        raise LibraryError(
            f"{folder} cannot be written: {(error.strerror or str(error)).lower()}.",
            "Make room on the disk, or choose another place; the library is as it was.",
        ) from error
