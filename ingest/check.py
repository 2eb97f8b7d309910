"""Whether the catalog is whole, and what can be saved of a damaged one.

A catalog that its last writer sealed is compared with its seal, which costs as much as reading the file. After an
unclean stop it is looked through. What is damaged is never patched: every source whose rows still come to their digests
goes into a new catalog, whose full text and vocabulary are made from the passages, and that takes the old one's place.
"""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ingest.catalog import Catalog
from ingest.database import pour
from ingest.errors import LibraryBusy, LibraryError
from ingest.lock import writer
from ingest.schema import PASSAGE_ROW, PASSAGES_STORED, SCHEMA_VERSION, SOURCE_ROW, STORED, digest, marks
from ingest.seal import Seal

_REPAIR = (
    "Restore a backup with `career-assistant restore FILE`, or keep what is sound with `career-assistant check "
    "--repair` and ingest the rest again."
)
_log = logging.getLogger(__name__)
_Row = tuple[Any, ...]


class _Held(NamedTuple):
    """What a catalog holds of one passage."""

    row: _Row
    number: int
    vector: bytes
    words: bytes | None
    """None in a library of version 0.1.0 that has not been ingested again."""


def opened(path: Path) -> Catalog:
    """The catalog of a file, once it is known to be whole; a new one where there is none.

    Damage that costs nothing that was committed is mended and logged.

    Raises:
        LibraryError: The catalog is damaged or lacks what had been committed.
    """
    seal = Seal.of(path)
    fault = _lost(path, seal)
    if fault:
        raise LibraryError(fault, _REPAIR)
    if seal is not None and seal.holds(path):
        return Catalog(path)
    try:
        with writer(path.parent, wait=0):
            return _looked_through(path)
    except LibraryBusy:
        # The writer has looked before it began.
        return Catalog(path)


def _looked_through(path: Path) -> Catalog:
    """The catalog after an unclean stop, or after something else has written to its file; needs the lock."""
    problems = faults(path) or altered(path)
    if problems and not saved(path, whole=True):
        raise LibraryError(f"The catalog {path} is damaged: {'; '.join(problems)}.", _REPAIR)
    if problems:
        _log.warning("The catalog %s was damaged (%s) and has been built again; nothing is lost.", path, problems[0])
    catalog = Catalog(path)
    if catalog.generation():
        catalog.seal()
    return catalog


def altered(path: Path) -> list[str]:
    """Whether something has written to a catalog since its last writer left it; needs the lock."""
    seal = Seal.of(path)
    return ["its file is not the one that was left"] if seal and seal.sha256 and not seal.holds(path) else []


def _lost(path: Path, seal: Seal | None) -> str:
    """Whether a file that should hold something is empty or gone, as a sentence."""
    if seal is None or not seal.generation or (path.exists() and path.stat().st_size):
        return ""
    state = "empty" if path.exists() else "gone"
    return f"The catalog {path} is {state}, and it held {seal.sources} sources with {seal.passages} passages."


def faults(path: Path) -> list[str]:
    """What is wrong with a catalog, a few words each; nothing when it is whole.

    The structure of the file, each row against its digest, full text and counts against the passages, and all of it
    against the seal. Writers wait meanwhile, readers do not.
    """
    lost = _lost(path, Seal.of(path))
    if lost:
        return [lost.rstrip(".")]
    try:
        with closing(Catalog(path)), closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            structure = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
            return structure or [*_row_faults(connection), *_count_faults(connection, Seal.of(path))]
    except (sqlite3.Error, LibraryError) as error:
        return [str(error.__cause__ or error).rstrip(".")]


def _row_faults(connection: sqlite3.Connection) -> list[str]:
    found = []
    for *row, held in connection.execute(f"SELECT {SOURCE_ROW}, digest FROM sources"):
        if digest(row) != held:
            found.append(f"source {row[0]} has been altered")
    for stored, *row, held in connection.execute(f"SELECT {STORED}, {PASSAGE_ROW}, digest FROM {PASSAGES_STORED}"):
        if digest(row, stored) != held:
            found.append(f"passage {row[0]} has been altered")
    return found[:3] + ([f"and {len(found) - 3} more rows"] if len(found) > 3 else [])


def _count_faults(connection: sqlite3.Connection, seal: Seal | None) -> list[str]:
    def number(query: str) -> int:
        return int(connection.execute(query).fetchone()[0] or 0)

    found = []
    passages = number("SELECT count(*) FROM passages")
    for name, count in (
        ("the vectors", number("SELECT count(*) FROM vectors")),
        ("the full text", number("SELECT (SELECT count(*) FROM full_text) + (SELECT count(*) FROM own_text)")),
        ("the sources", number("SELECT sum(passages) FROM sources")),
    ):
        if count != passages:
            found.append(f"{name} speak of {count} passages where there are {passages}")
    generation = number("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation' UNION ALL SELECT 0")
    if seal is not None and generation < seal.generation:
        found.append(
            f"{seal.generation - generation} of {seal.generation} commits are missing; catalog.db-wal held them"
        )
    if seal is not None and generation == seal.generation and passages != seal.passages:
        found.append(f"it holds {passages} passages where there were {seal.passages}")
    # FTS5 compares its index with its text, and says so by an error.
    connection.execute("INSERT INTO full_text (full_text) VALUES ('integrity-check')")
    return found


# Saving


def saved(path: Path, *, whole: bool) -> bool:
    """Put a new catalog of all sound sources in a damaged one's place; `whole`: only when nothing would be lost.

    Needs the lock. False when it was not done.

    Raises:
        LibraryError: It was written by an older version, and is too damaged to be brought to the form of this one.
    """
    _of_this_version(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="repair-") as folder:
        aside = Path(folder) / "catalog.db"
        with closing(Catalog(aside)) as made:
            lost = _gather(path, made, Seal.of(path))
            if lost and whole:
                return False
        pour(aside, path)
    with closing(Catalog(path)) as catalog:
        catalog.seal()
    return True


def _of_this_version(path: Path) -> None:
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if 0 < version < SCHEMA_VERSION:
            raise LibraryError(
                f"The catalog {path} is damaged and was written by an older version of career-assistant.",
                "Restore a backup, or run `career-assistant check --repair` with the version that wrote it.",
            )


def _gather(path: Path, made: Catalog, seal: Seal | None) -> bool:
    """Copy what is sound into a new catalog, and say whether anything that should be there is not."""
    with closing(sqlite3.connect(path, timeout=30)) as damaged, made.transaction() as new:
        sources = passages = 0
        known = _ids(damaged)
        for source_id in known:
            with suppress(sqlite3.Error, TypeError, ValueError):
                source, held = _sound(damaged, source_id)
                _copied(new, source, held)
                sources, passages = sources + 1, passages + len(held)
        for table in ("files", "meta"):
            with suppress(sqlite3.Error):
                rows = damaged.execute(f"SELECT * FROM {table}").fetchall()
                new.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks(rows[0]) if rows else ''})", rows)
        row = new.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation'").fetchone()
        generation = max(row[0], seal.generation if seal else 0)
        lost = sources < len(known) or row[0] < generation
        if seal is not None and seal.generation == generation:
            lost = lost or (sources, passages) != (seal.sources, seal.passages)
        if lost:
            # So that the next ingest reads every file again; what is here is not embedded again.
            new.execute("UPDATE files SET hash = ''")
        made.begin_anew(new, generation + 1)
        made.remember(new, "view", "")
        if seal is not None and seal.embedder:
            made.remember(new, "embedder", seal.embedder)
    made.rebuild()
    return lost


def _ids(connection: sqlite3.Connection) -> list[str]:
    """The ids of all sources that can be come at, from either end of the table."""
    found: dict[str, None] = {}
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.Error):
            for row in connection.execute(f"SELECT id FROM sources NOT INDEXED ORDER BY rowid {order}"):
                found[row[0]] = None
    return list(found)


def _sound(connection: sqlite3.Connection, source_id: str) -> tuple[_Row, list[_Held]]:
    """A source's row and what is held of its passages.

    Raises:
        sqlite3.Error: They cannot be read.
        ValueError: A row is not what was written, or is missing.
    """
    *source, held = connection.execute(
        f"SELECT {SOURCE_ROW}, digest FROM sources WHERE id = ?", (source_id,)
    ).fetchone()
    rows = connection.execute(
        f"SELECT number, vector, words, {PASSAGE_ROW}, digest FROM {PASSAGES_STORED} WHERE source_id = ?", (source_id,)
    ).fetchall()
    sound = digest(source) == held and len(rows) == source[12]
    if not sound or any(digest(row[3:-1], row[1] + (row[2] or b"")) != row[-1] for row in rows):
        raise ValueError(source_id)
    return (*source, held), [_Held(row[3:], *row[:3]) for row in rows]


def _copied(new: sqlite3.Connection, source: _Row, held: list[_Held]) -> None:
    new.execute(f"INSERT INTO sources ({SOURCE_ROW}, digest) VALUES ({marks(source)})", source)
    for one in held:
        new.execute(
            f"INSERT INTO passages (number, {PASSAGE_ROW}, digest) VALUES (?, {marks(one.row)})", (one.number, *one.row)
        )
        new.execute("INSERT INTO vectors VALUES (?, ?)", (one.number, one.vector))
        if one.words is not None:
            new.execute("INSERT INTO word_vectors VALUES (?, ?)", (one.number, one.words))
