"""The catalog: the record of truth, in one SQLite file.

One transaction commits a source with its passages, their vectors, full text and word counts; whatever else exists
(the Chroma view) can be thrown away and built again from here without embedding anything. It searches full text; it
does not search vectors.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from ingest.database import Database
from ingest.schema import (
    JOINED,
    PASSAGE_COLUMNS,
    PASSAGE_ROW,
    SOURCE_COLUMNS,
    SOURCE_ROW,
    any_of,
    digest,
    filtered,
    marks,
    passage_of,
    source_of,
    statements_json,
)
from ingest.types import Filters, Passage, Source, given_title
from ingest.words import STOPWORDS, stem, stems, words

_TITLE, _PLACE, _TEXT = 2.0, 1.5, 1.0
"""What a word counts in a title, in headings, in the text (weights of FTS5's bm25)."""
_PART = 4_000
"""Vectors that are read at once."""


class Catalog(Database):
    """One catalog file: what is read from it and written to it."""

    # Reading

    def sources(self, where: str = "1", values: Sequence[object] = ()) -> list[Source]:
        """Sources in the order of their titles."""
        with self._told():
            rows = self._connection().execute(
                f"SELECT {SOURCE_COLUMNS} FROM sources s WHERE {where} ORDER BY s.title COLLATE NOCASE, s.uri", values
            )
            return [source_of(row) for row in rows]

    def files(self) -> dict[tuple[str, str], str]:
        """Content hash of every file by root and path; an empty one where only a part of it was brought in."""
        with self._told():
            rows = self._connection().execute(
                "SELECT root, uri, hash FROM files UNION ALL SELECT DISTINCT root, file, '' FROM sources s "
                "WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.root = s.root AND f.uri = s.file)"
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

    def full_text(self, phrases: Iterable[str], limit: int, filters: Filters = Filters()) -> list[tuple[int, float]]:
        """Numbers of passages that hold one of some phrases of stems, with BM25, best (highest) first."""
        match = any_of(phrases)
        if not match:
            return []
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
            asked = self._connection().execute("SELECT stem, word, passages FROM vocabulary WHERE passages > 0")
            rows = asked.fetchall()
        stems_counted = {found: passages for found, word, passages in rows if not word}
        return stems_counted, {word: passages for _, word, passages in rows if word}

    # Writing

    def put_file(
        self, connection: sqlite3.Connection, root: str, uri: str, content_hash: str, source_ids: Collection[str]
    ) -> None:
        """Remember that a file has been brought in whole, and remove the sources that it no longer holds."""
        rows = connection.execute("SELECT id FROM sources WHERE root = ? AND file = ?", (root, uri)).fetchall()
        for (source_id,) in rows:
            if source_id not in source_ids:
                self.remove(connection, source_id)
        connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (root, uri, content_hash))

    def move_file(self, connection: sqlite3.Connection, old: tuple[str, str], new: tuple[str, str]) -> None:
        """Give a file and its sources another root and path; they keep their ids, passages and vectors."""
        connection.execute("UPDATE files SET root = ?, uri = ? WHERE root = ? AND uri = ?", (*new, *old))
        connection.execute(
            "UPDATE sources SET root = ?, file = ?, uri = ? || substr(uri, ?) WHERE root = ? AND file = ?",
            (new[0], new[1], new[1], len(old[1]) + 1, *old),
        )
        rows = connection.execute(f"SELECT {SOURCE_ROW} FROM sources WHERE root = ? AND file = ?", new)
        for row in rows.fetchall():
            connection.execute("UPDATE sources SET digest = ? WHERE id = ?", (digest(row), row[0]))

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
            source.passages, source.added_at,
        )  # fmt: skip
        connection.execute(f"INSERT INTO sources VALUES ({marks(row)}, ?)", (*row, digest(row)))
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
            self._index(connection, number, source.title, passage)
        self._count(connection, source.title, [one[0] for one in passages], +1)

    def _index(self, connection: sqlite3.Connection, number: int | None, title: str, passage: Passage) -> None:
        fields = (stems(part) for part in (given_title(title), " ".join(passage.headings), passage.text))
        held = (number, *(" ".join(field) for field in fields))
        connection.execute("INSERT INTO full_text (rowid, title, place, text) VALUES (?, ?, ?, ?)", held)

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
        for table, column in (
            ("full_text", "rowid"),
            ("vectors", "number"),
            ("word_vectors", "number"),
            ("passages", "number"),
        ):
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", numbers)
        connection.execute("DELETE FROM sources WHERE id = ?", (source_id,))

    def _count(self, connection: sqlite3.Connection, title: str, passages: Iterable[Passage], sign: int) -> None:
        """Add or subtract the words of passages."""
        connection.executemany(
            "INSERT INTO vocabulary VALUES (?, ?, ?) ON CONFLICT (stem, word) DO UPDATE SET passages = passages + "
            "excluded.passages",
            [(found, word, sign * count) for (found, word), count in _words_of(title, passages).items()],
        )

    def vocabulary_fault(self) -> str:
        """Whether the word counts are those of the passages; empty when they are. Reads everything."""
        counted: Counter[tuple[str, str]] = Counter()
        for source, passage in self.every_passage():
            counted.update(_words_of(source.title, [passage]))
        with self._told():
            rows = self._connection().execute("SELECT stem, word, passages FROM vocabulary WHERE passages <> 0")
            stated = {(found, word): passages for found, word, passages in rows}
        return "" if stated == counted else "the word counts are not those of the passages"

    def rebuild(self) -> None:
        """Build full text and vocabulary again from the passages."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM full_text")
            connection.execute("DELETE FROM vocabulary")
            rows = connection.execute(f"SELECT {PASSAGE_COLUMNS}, p.number, s.title FROM {JOINED}").fetchall()
            for row in rows:
                self._index(connection, row[8], row[9], passage_of(row[:8]))
                self._count(connection, row[9], [passage_of(row[:8])], +1)


def _words_of(title: str, passages: Iterable[Passage]) -> Counter[tuple[str, str]]:
    """In how many of these passages each stem and word stands; an empty word counts the stem itself."""
    counts: Counter[tuple[str, str]] = Counter()
    for passage in passages:
        held = {word for word in words(passage.embedded_text(title)) if word not in STOPWORDS}
        counts.update((stem(word), word) for word in held)
        counts.update((one, "") for one in {stem(word) for word in held})
    return counts
