"""Turns of conversations, owned by a caller, in one SQLite file beside the library.

A conversation belongs to whoever began it: somebody else's id and an absent one look the same from outside.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from assistant.types import Answer, Turn
from ingest.errors import LibraryError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (
    turn_id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS turns_of ON turns (conversation_id, owner);
CREATE TABLE IF NOT EXISTS feedback (
    turn_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
    comment TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (turn_id, owner)
);
"""

Rating = Literal["up", "down"]
"""What a person says of an answer."""


@dataclass(frozen=True)
class KeptTurn:
    """One turn as it was kept, with what its owner said of it; whose it is, is left out."""

    turn_id: str
    conversation_id: str
    question: str
    answer: Mapping[str, Any]
    """The whole answer object."""
    rating: Rating | None
    comment: str


def new_id() -> str:
    """An id that nobody can guess: 32 hexadecimal digits."""
    return uuid.uuid4().hex


class Conversations:
    """The kept turns of all conversations. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            LibraryError: The file cannot be opened or written.
        """
        self._path = path
        with self._connect() as connection:
            connection.executescript(_SCHEMA)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
                connection.execute("PRAGMA journal_mode=WAL")
                yield connection
        except sqlite3.Error as error:
            raise LibraryError(
                f"The conversations in {self._path} cannot be read or written ({error}).",
                "Check that the data folder is writable and has room, or choose another with --data.",
            ) from error

    def turns(self, conversation_id: str, owner: str = "") -> list[Turn]:
        """The turns of a conversation, oldest first; none for an absent one or somebody else's."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT question, answer FROM turns WHERE conversation_id = ? AND owner = ? ORDER BY rowid",
                (conversation_id, owner),
            ).fetchall()
        return [_turn(question, json.loads(answer)) for question, answer in rows]

    def answers(self, conversation_id: str, owner: str = "") -> list[tuple[str, dict[str, object]]]:
        """Question and whole answer object of each turn, oldest first."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT question, answer FROM turns WHERE conversation_id = ? AND owner = ? ORDER BY rowid",
                (conversation_id, owner),
            ).fetchall()
        return [(question, json.loads(answer)) for question, answer in rows]

    def owned_by_other(self, conversation_id: str, owner: str) -> bool:
        """Whether an id is in use by somebody else, so that a caller never writes into it."""
        with self._connect() as connection:
            row = connection.execute(
                "SELECT 1 FROM turns WHERE conversation_id = ? AND owner <> ? LIMIT 1", (conversation_id, owner)
            ).fetchone()
        return row is not None

    def keep(self, question: str, answer: Answer, owner: str = "") -> None:
        """Add one turn."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connect() as connection:
            connection.execute(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)",
                (answer.turn_id, answer.conversation_id, owner, question, json.dumps(asdict(answer)), at),
            )

    def rate(self, turn_id: str, rating: Rating, comment: str = "", owner: str = "") -> bool:
        """Keep what a person says of an answer of theirs; a second word on it replaces the first.

        False when there is no such turn of this owner's.
        """
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connect() as connection:
            written = connection.execute(
                "INSERT OR REPLACE INTO feedback SELECT turn_id, owner, ?, ?, ? FROM turns"
                " WHERE turn_id = ? AND owner = ?",
                (rating, comment, at, turn_id, owner),
            )
            return written.rowcount == 1

    def every_turn(self) -> list[KeptTurn]:
        """The turns of all conversations, oldest first, for those who keep the library."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT t.turn_id, t.conversation_id, t.question, t.answer, f.rating, coalesce(f.comment, '')"
                " FROM turns t LEFT JOIN feedback f ON f.turn_id = t.turn_id AND f.owner = t.owner ORDER BY t.rowid"
            ).fetchall()
        return [KeptTurn(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5]) for row in rows]


def _turn(question: str, answer: dict[str, str]) -> Turn:
    return Turn(question, answer["answer"], answer["searched_for"])
