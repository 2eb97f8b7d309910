"""The catalog: the record of truth, in one SQLite file.

One transaction commits a source with its passages, their vectors, full text and word counts; whatever else exists
(the Chroma view) can be thrown away and built again from here without embedding anything. It searches full text; it
does not search vectors.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.errors import LibraryError
from ingest.schema import (
    JOINED,
    PASSAGE_COLUMNS,
    SCHEMA,
    SCHEMA_VERSION,
    SOURCE_COLUMNS,
    filtered,
    marks,
    next_step,
    passage_of,
    source_of,
)
from ingest.types import Filters, Passage, Source
from ingest.words import STOPWORDS, stem, stems, words

_TITLE, _PLACE, _TEXT = 2.0, 1.5, 1.0
"""What a word counts in a title, in headings, in the text (weights of FTS5's bm25)."""


class Catalog:
    """One catalog file. Reading is safe from several threads and processes; writing needs the writer's lock."""

    def __init__(self, path: Path) -> None:
        """Open the catalog, or create it.

        Raises:
            LibraryError: The file cannot be opened, is damaged, or was written by a newer version.
        """
        self.path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        with self._told():
            self._migrate(self._connection())

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        self._local = threading.local()

    # Reading

    def meta(self, key: str, default: str = "") -> str:
        """One remembered value."""
        with self._told():
            row = self._connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def generation(self) -> int:
        """How often something was committed; grows with each commit, in any process."""
        return int(self.meta("generation", "0"))

    def sources(self, where: str = "1", values: Sequence[object] = ()) -> list[Source]:
        """Sources in the order of their titles."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT {SOURCE_COLUMNS} FROM sources s WHERE {where} ORDER BY s.title COLLATE NOCASE, s.uri", values
            )
            return [source_of(row) for row in rows]

    def files(self, roots: Iterable[str]) -> dict[tuple[str, str], str]:
        """Content hash of every file brought in from these roots, by root and path."""
        chosen = tuple(roots)
        with self._told():
            rows = self._connection().execute(
                f"SELECT root, uri, hash FROM files WHERE root IN ({marks(chosen)})", chosen
            )
            return {(root, uri): content_hash for root, uri, content_hash in rows}

    def count(self) -> int:
        """Passages in the catalog."""
        with self._told():
            return int(self._connection().execute("SELECT count(*) FROM passages").fetchone()[0])

    def passages(self, numbers: Sequence[int]) -> dict[int, tuple[Source, Passage]]:
        """Passages by their numbers, each with its source; absent numbers are left out."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT p.number, {PASSAGE_COLUMNS}, {SOURCE_COLUMNS} FROM {JOINED} "
                f"WHERE p.number IN ({marks(numbers)})",
                tuple(numbers),
            )
            return {row[0]: (source_of(row[9:]), passage_of(row[1:9])) for row in rows}

    def every_passage(self) -> Iterator[tuple[Source, Passage]]:
        """All passages with their sources, source by source in order."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT {PASSAGE_COLUMNS}, {SOURCE_COLUMNS} FROM {JOINED} ORDER BY s.title, s.id, p.ordinal"
            )
            for row in rows:
                yield source_of(row[8:]), passage_of(row[:8])

    def passage(self, passage_id: str) -> tuple[Source, Passage] | None:
        """One passage by its id."""
        return self._one("p.id = ?", (passage_id,))

    def passage_at(self, source_id: str, ordinal: int) -> tuple[Source, Passage] | None:
        """The passage at a position of a source."""
        return self._one("p.source_id = ? AND p.ordinal = ?", (source_id, ordinal))

    def _one(self, where: str, values: Sequence[object]) -> tuple[Source, Passage] | None:
        with self._told():
            row = (
                self._connection()
                .execute(
                    f"SELECT {PASSAGE_COLUMNS}, {SOURCE_COLUMNS} FROM {JOINED} WHERE {where}",
                    tuple(values),
                )
                .fetchone()
            )
        return (source_of(row[8:]), passage_of(row[:8])) if row else None

    def vectors(self, where: str = "1", values: Sequence[object] = ()) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers, shape (n,), and unit vectors, shape (n, dimension), of the passages that a condition holds for."""
        with self._told():
            rows = (
                self._connection()
                .execute(
                    "SELECT p.number, v.vector FROM passages p JOIN vectors v USING (number) "
                    f"JOIN sources s ON s.id = p.source_id WHERE {where} ORDER BY p.number",
                    tuple(values),
                )
                .fetchall()
            )
        numbers = np.array([row[0] for row in rows], dtype=np.int64)
        flat = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32)
        return numbers, flat.reshape(len(rows), -1) if rows else flat.reshape(0, 1)

    def numbers(self, where: str = "1", values: Sequence[object] = ()) -> set[int]:
        """Numbers of the passages that a condition on `p` and `s` holds for."""
        with self._told():
            rows = self._connection().execute(f"SELECT p.number FROM {JOINED} WHERE {where}", tuple(values))
            return {row[0] for row in rows}

    def repeated(self, sources: int) -> set[int]:
        """Numbers of the passages whose words stand in this many sources or more, but for the first of each.

        A page's furniture and a handbook's standing notes come with every document; said under each document's title
        they would seem to speak of its subject.
        """
        with self._told():
            rows = self._connection().execute(
                "SELECT p.number FROM passages p JOIN (SELECT text, min(number) AS first FROM passages GROUP BY text "
                "HAVING count(DISTINCT source_id) >= ?) r ON r.text = p.text AND p.number > r.first",
                (sources,),
            )
            return {row[0] for row in rows}

    def full_text(self, query: str, limit: int, filters: Filters = Filters()) -> list[tuple[int, float]]:
        """Passage numbers with their BM25 scores (higher is better), best first, that hold any word of the query."""
        terms = dict.fromkeys(stems(query))
        if not terms:
            return []
        match = " OR ".join(f'"{term.replace(chr(34), "")}"' for term in terms)
        where, values = filtered(filters)
        with self._told():
            rows = self._connection().execute(
                f"SELECT f.rowid, -bm25(full_text, {_TITLE}, {_PLACE}, {_TEXT}) AS score FROM full_text f "
                "JOIN passages p ON p.number = f.rowid JOIN sources s ON s.id = p.source_id "
                f"WHERE full_text MATCH ? AND {where} ORDER BY score DESC, f.rowid LIMIT ?",
                (match, *values, limit),
            )
            return [(row[0], row[1]) for row in rows]

    def vocabulary(self) -> tuple[dict[str, int], dict[str, int]]:
        """In how many passages each stem stands, and in how many each word; without stop words."""
        with self._told():
            rows = (
                self._connection().execute("SELECT stem, word, passages FROM vocabulary WHERE passages > 0").fetchall()
            )
        stems_counted = {found: passages for found, word, passages in rows if not word}
        return stems_counted, {word: passages for _, word, passages in rows if word}

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is committed together, as one new generation, or not at all."""
        connection = self._connection()
        with self._told():
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute(
                    "INSERT INTO meta VALUES ('generation', '1') "
                    "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
                )
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def set_meta(self, key: str, value: str) -> None:
        """Remember one value, in a transaction of its own that makes no new generation."""
        with self._told(), self._connection() as connection:
            self.remember(connection, key, value)

    def remember(self, connection: sqlite3.Connection, key: str, value: str) -> None:
        """Remember one value, in the transaction at hand."""
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def put_file(
        self, connection: sqlite3.Connection, root: str, uri: str, content_hash: str, source_ids: Collection[str]
    ) -> None:
        """Remember that a file has been brought in whole, and remove the sources that it no longer holds."""
        rows = connection.execute("SELECT id FROM sources WHERE root = ? AND file = ?", (root, uri)).fetchall()
        for (source_id,) in rows:
            if source_id not in source_ids:
                self.remove(connection, source_id)
        connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (root, uri, content_hash))

    def move_file(self, connection: sqlite3.Connection, root: str, old: str, new: str) -> None:
        """Give a file and its sources another path; they keep their ids, passages and vectors."""
        connection.execute("UPDATE files SET uri = ? WHERE root = ? AND uri = ?", (new, root, old))
        connection.execute(
            "UPDATE sources SET file = ?, uri = ? || substr(uri, ?) WHERE root = ? AND file = ?",
            (new, new, len(old) + 1, root, old),
        )

    def remove_file(self, connection: sqlite3.Connection, root: str, uri: str) -> None:
        """Remove all sources of a file, and the memory of it."""
        rows = connection.execute("SELECT id FROM sources WHERE root = ? AND file = ?", (root, uri)).fetchall()
        for (source_id,) in rows:
            self.remove(connection, source_id)
        connection.execute("DELETE FROM files WHERE root = ? AND uri = ?", (root, uri))

    def remove_source(self, connection: sqlite3.Connection, source_id: str) -> None:
        """Remove a source and the memory of its file, so that the file counts as new when it is met again."""
        connection.execute(
            "DELETE FROM files WHERE (root, uri) IN (SELECT root, file FROM sources WHERE id = ?)", (source_id,)
        )
        self.remove(connection, source_id)

    def identity(self, root: str, uri: str) -> str:
        """The id of a source: the one it has, else one that is still free, made from its root and path."""
        with self._told():
            connection = self._connection()
            row = connection.execute("SELECT id FROM sources WHERE root = ? AND uri = ?", (root, uri)).fetchone()
            made = str(row[0]) if row else hashlib.sha256(f"{root}\n{uri}".encode()).hexdigest()[:16]
            # Taken where a file has moved away and another came to its old place.
            while not row and connection.execute("SELECT 1 FROM sources WHERE id = ?", (made,)).fetchone():
                made = hashlib.sha256(made.encode()).hexdigest()[:16]
        return made

    def embedded(self, source_id: str) -> dict[str, NDArray[np.float32]]:
        """Vector by hash of the embedded text, of the passages of a source."""
        with self._told():
            rows = self._connection().execute(
                "SELECT p.embedded_hash, v.vector FROM passages p JOIN vectors v USING (number) WHERE p.source_id = ?",
                (source_id,),
            )
            return {key: np.frombuffer(vector, dtype=np.float32) for key, vector in rows}

    def put(
        self,
        connection: sqlite3.Connection,
        source: Source,
        file: str,
        passages: Sequence[tuple[Passage, str, NDArray[np.float32]]],
    ) -> None:
        """Put a source with its passages (each with the hash of its embedded text and its vector), replacing it."""
        self.remove(connection, source.id)
        generation = int(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])
        connection.execute(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                source.id, source.root, file, source.uri, source.title, source.kind, source.topic, source.summary,
                json.dumps(asdict(source.origin)), source.origin.as_of, source.external_id, source.content_hash,
                source.passages, source.added_at,
            ),
        )  # fmt: skip
        for passage, embedded_hash, vector in passages:
            cursor = connection.execute(
                "INSERT INTO passages (id, source_id, ordinal, headings, page, place, text, statements, embedded_hash, "
                "generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    passage.id, source.id, passage.ordinal, json.dumps(passage.headings), passage.page, passage.place,
                    passage.text, json.dumps([asdict(one) for one in passage.statements]), embedded_hash, generation,
                ),
            )  # fmt: skip
            number = cursor.lastrowid
            connection.execute("INSERT INTO vectors VALUES (?, ?)", (number, vector.astype(np.float32).tobytes()))
            self._index(connection, number, source.title, passage)
        self._count(connection, source.title, [passage for passage, _, _ in passages], +1)

    def _index(self, connection: sqlite3.Connection, number: int | None, title: str, passage: Passage) -> None:
        connection.execute(
            "INSERT INTO full_text (rowid, title, place, text) VALUES (?, ?, ?, ?)",
            (number, *(" ".join(stems(part)) for part in (title, " ".join(passage.headings), passage.text))),
        )

    def remove(self, connection: sqlite3.Connection, source_id: str) -> None:
        """Remove a source with everything that belongs to it; nothing happens when it is absent."""
        row = connection.execute("SELECT title FROM sources WHERE id = ?", (source_id,)).fetchone()
        if row is None:
            return
        rows = connection.execute(
            f"SELECT {PASSAGE_COLUMNS}, p.number FROM passages p WHERE p.source_id = ?", (source_id,)
        ).fetchall()
        self._count(connection, row[0], [passage_of(one[:8]) for one in rows], -1)
        numbers = [(one[8],) for one in rows]
        for table, column in (("full_text", "rowid"), ("vectors", "number"), ("passages", "number")):
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", numbers)
        connection.execute("DELETE FROM sources WHERE id = ?", (source_id,))

    def _count(self, connection: sqlite3.Connection, title: str, passages: Iterable[Passage], sign: int) -> None:
        """Add or subtract the words of passages; the row with an empty word counts the stem itself."""
        counts: Counter[tuple[str, str]] = Counter()
        for passage in passages:
            held = {word for word in words(passage.embedded_text(title)) if word not in STOPWORDS}
            counts.update((stem(word), word) for word in held)
            counts.update((one, "") for one in {stem(word) for word in held})
        connection.executemany(
            "INSERT INTO vocabulary VALUES (?, ?, ?) ON CONFLICT (stem, word) DO UPDATE SET passages = passages + "
            "excluded.passages",
            [(found, word, sign * count) for (found, word), count in counts.items()],
        )

    def rebuild(self) -> None:
        """Build full text and vocabulary again from the passages."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM full_text")
            connection.execute("DELETE FROM vocabulary")
            rows = connection.execute(f"SELECT {PASSAGE_COLUMNS}, p.number, s.title FROM {JOINED}").fetchall()
            for row in rows:
                self._index(connection, row[8], row[9], passage_of(row[:8]))
                self._count(connection, row[9], [passage_of(row[:8])], +1)

    def faults(self) -> list[str]:
        """What is wrong with the file, one sentence each; nothing when it is whole."""
        with self._told():
            connection = self._connection()
            problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            counted = {
                table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
                for table in ("passages", "vectors", "full_text")
            }
            stated = int(connection.execute("SELECT coalesce(sum(passages), 0) FROM sources").fetchone()[0])
        for table, count in (*counted.items(), ("sources", stated)):
            if count != counted["passages"]:
                problems.append(f"{table} speaks of {count} passages where there are {counted['passages']}")
        return problems

    # Connections

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LibraryError(
                f"The library in {self.path.parent} was written by a newer version of career-assistant.",
                "Update career-assistant, or choose another data folder with --data.",
            )
        if version < SCHEMA_VERSION:
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's errors into sentences."""
        try:
            yield
        except sqlite3.Error as error:
            raise LibraryError(f"The catalog {self.path} cannot be used: {error}.", next_step(error)) from error
