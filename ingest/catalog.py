"""The catalog: the record of truth, in one SQLite file.

One transaction commits a source with its passages, their vectors, full text and word counts; whatever else exists
(the Chroma view) can be thrown away and built again from here without embedding anything. It searches full text
(`ingest.full_text`); it does not search vectors.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from ingest.full_text import FullText
from ingest.schema import (
    JOINED,
    PASSAGE_COLUMNS,
    PASSAGE_ROW,
    SOURCE_COLUMNS,
    SOURCE_ROW,
    digest,
    marks,
    owned,
    passage_of,
    source_of,
    statements_json,
)
from ingest.types import Passage, Source

_PART = 4_000
"""Vectors that are read at once."""


class Catalog(FullText):
    """One catalog file: what is read from it and written to it."""

    # Reading

    def sources(self, where: str = "1", values: Sequence[object] = ()) -> list[Source]:
        """Sources in the order of their titles."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT {SOURCE_COLUMNS} FROM sources s WHERE {where} ORDER BY s.title COLLATE NOCASE, s.uri", values
            )
            return [source_of(row) for row in rows]

    def files(self, owner: str = "") -> dict[tuple[str, str], str]:
        """Content hash of an owner's files by root and path; an empty one where only a part of it was brought in."""
        with self._told():
            rows = self._connection().execute(
                "SELECT root, uri, hash FROM files WHERE owner = ?1 UNION ALL "
                "SELECT DISTINCT root, file, '' FROM sources s WHERE owner = ?1 AND NOT EXISTS "
                "(SELECT 1 FROM files f WHERE f.owner = s.owner AND f.root = s.root AND f.uri = s.file)",
                (owner,),
            )
            return {(root, uri): content_hash for root, uri, content_hash in rows}

    def count(self) -> int:
        """Passages in the catalog, whosever they are."""
        with self._told():
            return int(self._connection().execute("SELECT count(*) FROM passages").fetchone()[0])

    def holds(self, owners: Sequence[str]) -> tuple[int, int]:
        """How many passages these owners have, and the generation of the newest: what tells one state from another."""
        asked = f"SELECT count(*), coalesce(max(p.generation), 0) FROM {JOINED} WHERE {owned(owners)}"
        with self._told():
            count, newest = self._connection().execute(asked, tuple(owners)).fetchone()
        return int(count), int(newest)

    def is_empty(self, owners: Sequence[str] = ("",)) -> bool:
        """Whether these owners have nothing; what is shared belongs to the owner without a name."""
        with self._told():
            asked = f"SELECT 1 FROM sources s WHERE {owned(owners)} LIMIT 1"
            return self._connection().execute(asked, tuple(owners)).fetchone() is None

    def passages(self, numbers: Sequence[int]) -> dict[int, tuple[Source, Passage]]:
        """Passages by their numbers, each with its source; absent numbers are left out."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT p.number, {PASSAGE_COLUMNS}, {SOURCE_COLUMNS} FROM {JOINED} "
                f"WHERE p.number IN ({marks(numbers)})",
                tuple(numbers),
            )
            return {row[0]: (source_of(row[9:]), passage_of(row[1:9])) for row in rows}

    def every_passage(self, owners: Sequence[str] = ("",)) -> Iterator[tuple[Source, Passage]]:
        """All passages of these owners with their sources, source by source in order."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT {PASSAGE_COLUMNS}, {SOURCE_COLUMNS} FROM {JOINED} WHERE {owned(owners)} "
                "ORDER BY s.title, s.id, p.ordinal",
                tuple(owners),
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
        asked = f"SELECT {PASSAGE_COLUMNS}, {SOURCE_COLUMNS} FROM {JOINED} WHERE {where}"
        with self._told():
            row = self._connection().execute(asked, tuple(values)).fetchone()
        return (source_of(row[8:]), passage_of(row[:8])) if row else None

    def vectors(self, where: str = "1", values: Sequence[object] = ()) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers, shape (n,), and unit vectors, shape (n, dimension), of the passages that a condition holds for."""
        parts = list(self.vectors_in_parts(where, values))
        if not parts:
            return np.zeros(0, np.int64), np.zeros((0, 1), np.float32)
        return np.concatenate([numbers for numbers, _ in parts]), np.concatenate([vectors for _, vectors in parts])

    def vectors_in_parts(
        self, where: str = "1", values: Sequence[object] = ()
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """The same, some thousand at a time, so that a large library need not be held in memory."""
        with self._told():
            cursor = self._connection().execute(
                "SELECT p.number, v.vector FROM passages p JOIN vectors v USING (number) "
                f"JOIN sources s ON s.id = p.source_id WHERE {where} ORDER BY p.number",
                tuple(values),
            )
            while rows := cursor.fetchmany(_PART):
                flat = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32)
                yield np.array([row[0] for row in rows], dtype=np.int64), flat.reshape(len(rows), -1)

    def numbers(self, where: str = "1", values: Sequence[object] = ()) -> set[int]:
        """Numbers of the passages that a condition on `p` and `s` holds for."""
        with self._told():
            rows = self._connection().execute(f"SELECT p.number FROM {JOINED} WHERE {where}", tuple(values))
            return {row[0] for row in rows}

    def repeated(self, sources: int) -> set[int]:
        """Numbers of shared passages whose words stand in this many sources or more, but for the first of each.

        A page's furniture and a handbook's standing notes come with every document; said under each document's title
        they would seem to speak of its subject.
        """
        with self._told():
            rows = self._connection().execute(
                f"SELECT p.number FROM {JOINED} JOIN (SELECT p.text, min(p.number) AS first FROM {JOINED} "
                "WHERE s.owner = '' GROUP BY p.text HAVING count(DISTINCT p.source_id) >= ?) r "
                "ON r.text = p.text AND p.number > r.first WHERE s.owner = ''",
                (sources,),
            )
            return {row[0] for row in rows}

    # Writing

    def put_file(
        self,
        connection: sqlite3.Connection,
        root: str,
        uri: str,
        content_hash: str,
        source_ids: Collection[str],
        owner: str = "",
    ) -> None:
        """Remember that a file has been brought in whole, and remove the sources that it no longer holds."""
        for source_id in self._of_file(connection, root, uri, owner):
            if source_id not in source_ids:
                self.remove(connection, source_id)
        connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", (owner, root, uri, content_hash))

    def move_file(
        self, connection: sqlite3.Connection, old: tuple[str, str], new: tuple[str, str], owner: str = ""
    ) -> None:
        """Give a file and its sources another root and path; they keep their ids, passages and vectors."""
        of = "owner = ? AND root = ?"
        connection.execute(f"UPDATE files SET root = ?, uri = ? WHERE {of} AND uri = ?", (*new, owner, *old))
        connection.execute(
            f"UPDATE sources SET root = ?, file = ?, uri = ? || substr(uri, ?) WHERE {of} AND file = ?",
            (new[0], new[1], new[1], len(old[1]) + 1, owner, *old),
        )
        rows = connection.execute(f"SELECT {SOURCE_ROW} FROM sources WHERE {of} AND file = ?", (owner, *new))
        for row in rows.fetchall():
            connection.execute("UPDATE sources SET digest = ? WHERE id = ?", (digest(row), row[0]))

    def remove_file(self, connection: sqlite3.Connection, root: str, uri: str, owner: str = "") -> None:
        """Remove all sources of a file, and the memory of it."""
        for source_id in self._of_file(connection, root, uri, owner):
            self.remove(connection, source_id)
        self._forget_file(connection, root, uri, owner)

    def remove_source(self, connection: sqlite3.Connection, source_id: str) -> None:
        """Remove a source and the memory of its file, so that the file counts as new when it is met again."""
        row = connection.execute("SELECT root, file, owner FROM sources WHERE id = ?", (source_id,)).fetchone()
        if row is not None:
            self._forget_file(connection, *row)
        self.remove(connection, source_id)

    def _forget_file(self, connection: sqlite3.Connection, root: str, uri: str, owner: str) -> None:
        connection.execute("DELETE FROM files WHERE owner = ? AND root = ? AND uri = ?", (owner, root, uri))
        connection.execute("DELETE FROM meta WHERE key = ?", (web_key(uri, owner),))

    def _of_file(self, connection: sqlite3.Connection, root: str, uri: str, owner: str) -> list[str]:
        """Ids of a file's sources."""
        of = "owner = ? AND root = ? AND file = ?"
        return [row[0] for row in connection.execute(f"SELECT id FROM sources WHERE {of}", (owner, root, uri))]

    def identity(self, root: str, uri: str, owner: str = "") -> str:
        """The id of a source: the one it has, else one that is still free, made from its root and path."""
        of, made_from = "owner = ? AND root = ? AND uri = ?", f"{owner}\n{root}\n{uri}" if owner else f"{root}\n{uri}"
        with self._told():
            connection = self._connection()
            row = connection.execute(f"SELECT id FROM sources WHERE {of}", (owner, root, uri)).fetchone()
            made = str(row[0]) if row else hashlib.sha256(made_from.encode()).hexdigest()[:16]
            # Taken where a file has moved away and another came to its old place.
            while not row and connection.execute("SELECT 1 FROM sources WHERE id = ?", (made,)).fetchone():
                made = hashlib.sha256(made.encode()).hexdigest()[:16]
        return made

    def embedded(self, source_id: str) -> dict[str, tuple[NDArray[np.float32], bytes]]:
        """Vector and packed words by hash of the embedded text, of the passages of a source."""
        with self._told():
            rows = self._connection().execute(
                "SELECT p.embedded_hash, v.vector, w.words FROM passages p JOIN vectors v USING (number) "
                "JOIN word_vectors w USING (number) WHERE p.source_id = ?",
                (source_id,),
            )
            return {key: (np.frombuffer(vector, dtype=np.float32), words) for key, vector, words in rows}

    def words_of(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """Packed words (`ingest.late.packed`) by passage number; of passages that have none, nothing."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT number, words FROM word_vectors WHERE number IN ({marks(numbers)})", tuple(numbers)
            )
            return dict(rows.fetchall())

    def beside(self, numbers: Sequence[int]) -> dict[int, list[int]]:
        """Of these passages, those that stand just before or after one of them in its source, by its number."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT number, source_id, ordinal FROM passages WHERE number IN ({marks(numbers)})", tuple(numbers)
            )
            at = {(source, ordinal): number for number, source, ordinal in rows.fetchall()}
        found = {
            number: [at[place] for place in ((source, ordinal - 1), (source, ordinal + 1)) if place in at]
            for (source, ordinal), number in at.items()
        }
        return {number: others for number, others in found.items() if others}

    def put(
        self,
        connection: sqlite3.Connection,
        source: Source,
        file: str,
        passages: Sequence[tuple[Passage, str, NDArray[np.float32], bytes]],
    ) -> None:
        """Put a source with its passages (each with the hash of its embedded text, its vector and its packed words)."""
        self.remove(connection, source.id)
        generation = int(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])
        row = (
            source.id, source.root, file, source.uri, source.title, source.kind, source.topic, source.summary,
            json.dumps(asdict(source.origin)), source.origin.as_of, source.external_id, source.content_hash,
            source.passages, source.added_at, source.owner,
        )  # fmt: skip
        connection.execute(f"INSERT INTO sources ({SOURCE_ROW}, digest) VALUES ({marks(row)}, ?)", (*row, digest(row)))
        for passage, embedded_hash, vector, packed in passages:
            held = (
                passage.id, source.id, passage.ordinal, json.dumps(passage.headings), passage.page, passage.place,
                passage.text, statements_json(passage.statements), embedded_hash, generation,
            )  # fmt: skip
            stored = vector.astype(np.float32).tobytes()
            number = connection.execute(
                f"INSERT INTO passages ({PASSAGE_ROW}, digest) VALUES ({marks(held)}, ?)",
                (*held, digest(held, stored + packed)),
            ).lastrowid
            connection.execute("INSERT INTO vectors VALUES (?, ?)", (number, stored))
            connection.execute("INSERT INTO word_vectors VALUES (?, ?)", (number, packed))
            self._index(connection, source.owner, number, source.title, passage)
        self._count(connection, source.owner, source.title, [one[0] for one in passages], +1)

    def remove(self, connection: sqlite3.Connection, source_id: str) -> None:
        """Remove a source with everything that belongs to it; nothing happens when it is absent."""
        row = connection.execute("SELECT owner, title FROM sources WHERE id = ?", (source_id,)).fetchone()
        if row is None:
            return
        rows = connection.execute(
            f"SELECT {PASSAGE_COLUMNS}, p.number FROM passages p WHERE p.source_id = ?", (source_id,)
        ).fetchall()
        self._count(connection, row[0], row[1], [passage_of(one[:8]) for one in rows], -1)
        numbers = [(one[8],) for one in rows]
        for table, column in (
            ("own_text", "number") if row[0] else ("full_text", "rowid"),
            ("vectors", "number"),
            ("word_vectors", "number"),
            ("passages", "number"),
        ):
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", numbers)
        connection.execute("DELETE FROM sources WHERE id = ?", (source_id,))


def web_key(url: str, owner: str) -> str:
    """Under which name the catalog remembers the marks of an owner's page from the web.

    >>> web_key("https://example.org/", "")
    'web https://example.org/'
    """
    return f"web {owner} {url}" if owner else f"web {url}"
