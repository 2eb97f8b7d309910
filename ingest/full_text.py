"""Words in the catalog: full text with BM25, and in how many passages each word stands.

What everybody may find is in an index of SQLite's (FTS5), which also weighs each word by how many of its passages hold
it. What belongs to one owner alone is kept beside it, as stems, and scored with that owner (`ingest.bm25`): inside the
index its words would change what others' searches find, and tell that they are there.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ingest.bm25 import Columns
from ingest.database import Database
from ingest.schema import JOINED, PASSAGE_COLUMNS, any_of, filtered, marks, owned, passage_of
from ingest.types import Filters, Passage, given_title
from ingest.words import STOPWORDS, stem, stems, words

WEIGHTS = (2.0, 1.5, 1.0)
"""What a word counts in a title, in headings, in the text."""
_UPSERT = (
    "INSERT INTO vocabulary VALUES (?, ?, ?, ?) ON CONFLICT (owner, stem, word) DO UPDATE SET "
    "passages = passages + excluded.passages"
)


class FullText(Database):
    """The words of a catalog's passages: what is read from them and written of them."""

    def full_text(
        self, phrases: Iterable[str], limit: int, filters: Filters = Filters(), also: Sequence[int] = ()
    ) -> list[tuple[int, float]]:
        """Numbers of shared passages that hold one of some phrases of stems, with BM25, best (highest) first.

        Args:
            phrases: Each of one stem or more.
            limit: Passages at most; all when negative.
            filters: Limits them to some sources.
            also: Numbers of passages that are told in any case, where they hold a phrase.
        """
        match = any_of(phrases)
        if not match:
            return []
        where, values = filtered(filters)
        # Looked up for every passage that holds a word, a source takes twice as long as its score.
        sources = "JOIN passages p ON p.number = f.rowid JOIN sources s ON s.id = p.source_id" if values else ""
        with self._told():
            rows = self._connection().execute(
                f"WITH scored AS MATERIALIZED (SELECT f.rowid AS number, -bm25(full_text, "
                f"{', '.join(map(str, WEIGHTS))}) AS score FROM full_text f {sources} "
                f"WHERE full_text MATCH ? AND {where}) "
                "SELECT * FROM (SELECT * FROM scored ORDER BY score DESC, number LIMIT ?) "
                f"UNION SELECT * FROM scored WHERE number IN ({marks(also)}) ORDER BY score DESC, number",
                (match, *values, limit, *also),
            )
            return [(row[0], row[1]) for row in rows]

    def holding(self, phrases: Iterable[str]) -> dict[str, int]:
        """In how many shared passages each phrase of stems stands."""
        asked = "SELECT count(*) FROM full_text WHERE full_text MATCH ?"
        with self._told():
            connection = self._connection()
            return {one: connection.execute(asked, (any_of([one]),)).fetchone()[0] for one in phrases}

    def spread(self, one: str, owners: Sequence[str] = ()) -> tuple[int, int]:
        """How many documents hold a stem, and how many there are: of the shared ones and of these owners'."""
        columns = "' ' || t.title || ' ' || t.place || ' ' || t.text || ' '"
        shared = "SELECT p.source_id FROM full_text f JOIN passages p ON p.number = f.rowid WHERE full_text MATCH ?"
        own = (
            "SELECT p.source_id FROM own_text t JOIN passages p ON p.number = t.number "
            f"JOIN sources s ON s.id = p.source_id WHERE {owned(owners)} AND {columns} LIKE ?"
        )
        everybody = ("", *owners)
        with self._told():
            connection = self._connection()
            holding = connection.execute(
                f"SELECT count(*) FROM ({shared} UNION {own})", (any_of([one]), *owners, f"% {one} %")
            ).fetchone()[0]
            of = connection.execute(f"SELECT count(*) FROM sources s WHERE {owned(everybody)}", everybody).fetchone()[0]
        return int(holding), int(of)

    def shared_columns(self, numbers: Sequence[int]) -> dict[int, Columns]:
        """The stems of shared passages by their numbers."""
        return self._columns("full_text t", f"t.rowid IN ({marks(numbers)})", numbers)

    def own_columns(self, owners: Sequence[str], filters: Filters = Filters()) -> dict[int, Columns]:
        """The stems of all passages that belong to these owners alone."""
        where, values = filtered(filters)
        table = "own_text t JOIN passages p ON p.number = t.number JOIN sources s ON s.id = p.source_id"
        return self._columns(table, f"{owned(owners)} AND {where}", (*owners, *values))

    def _columns(self, table: str, where: str, values: Sequence[object]) -> dict[int, Columns]:
        with self._told():
            rows = self._connection().execute(
                f"SELECT t.rowid, t.title, t.place, t.text FROM {table} WHERE {where}", tuple(values)
            )
            return {number: tuple(column.split() for column in columns) for number, *columns in rows}

    def vocabulary(self, owners: Sequence[str] = ("",)) -> tuple[dict[str, int], dict[str, int]]:
        """In how many of these owners' passages each stem stands, and each word; without stop words.

        What is shared belongs to the owner without a name.
        """
        with self._told():
            rows = self._connection().execute(
                "SELECT stem, word, sum(passages) FROM vocabulary WHERE passages > 0 "
                f"AND owner IN ({marks(owners)}) GROUP BY stem, word",
                tuple(owners),
            )
            counted = rows.fetchall()
        return {found: n for found, word, n in counted if not word}, {word: n for _, word, n in counted if word}

    # Writing

    def _index(
        self, connection: sqlite3.Connection, owner: str, number: int | None, title: str, passage: Passage
    ) -> None:
        fields = (stems(part) for part in (given_title(title), " ".join(passage.headings), passage.text))
        held = (number, *(" ".join(field) for field in fields))
        table = "own_text (number, title, place, text)" if owner else "full_text (rowid, title, place, text)"
        connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", held)

    def _count(
        self, connection: sqlite3.Connection, owner: str, title: str, passages: Iterable[Passage], sign: int
    ) -> None:
        """Add or subtract the words of passages; of what belongs to one owner, no word outlasts its last passage."""
        counts = _words_of(title, passages)
        connection.executemany(_UPSERT, [(owner, *key, sign * count) for key, count in counts.items()])
        if owner and sign < 0:
            connection.execute("DELETE FROM vocabulary WHERE owner = ? AND passages < 1", (owner,))

    def _every_word(self, connection: sqlite3.Connection) -> Iterator[tuple[str, int, str, Passage]]:
        """Owner, number, title and passage of everything that is to be indexed and counted."""
        rows = connection.execute(f"SELECT {PASSAGE_COLUMNS}, p.number, s.title, s.owner FROM {JOINED}").fetchall()
        return ((row[10], row[8], row[9], passage_of(row[:8])) for row in rows)

    def vocabulary_fault(self) -> str:
        """Whether the word counts are those of the passages; empty when they are. Reads everything."""
        counted: Counter[tuple[str, str, str]] = Counter()
        with self._told():
            for owner, _, title, passage in self._every_word(self._connection()):
                counted.update((owner, *key) for key in _words_of(title, [passage]))
            rows = self._connection().execute("SELECT owner, stem, word, passages FROM vocabulary WHERE passages <> 0")
            stated = {(owner, found, word): passages for owner, found, word, passages in rows}
        return "" if stated == counted else "the word counts are not those of the passages"

    def rebuild(self) -> None:
        """Build full text and vocabulary again from the passages."""
        with self.transaction() as connection:
            self._words_anew(connection)

    def _words_anew(self, connection: sqlite3.Connection) -> None:
        for table in ("full_text", "own_text", "vocabulary"):
            connection.execute(f"DELETE FROM {table}")
        for owner, number, title, passage in self._every_word(connection):
            self._index(connection, owner, number, title, passage)
            self._count(connection, owner, title, [passage], +1)


def _words_of(title: str, passages: Iterable[Passage]) -> Counter[tuple[str, str]]:
    """In how many of these passages each stem and word stands; an empty word counts the stem itself."""
    counts: Counter[tuple[str, str]] = Counter()
    for passage in passages:
        held = {word for word in words(passage.embedded_text(title)) if word not in STOPWORDS}
        counts.update((stem(word), word) for word in held)
        counts.update((one, "") for one in {stem(word) for word in held})
    return counts
