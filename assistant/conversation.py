"""Turns of conversations, owned by a caller, in one SQLite file beside the library.

A conversation belongs to whoever began it: somebody else's id and an absent one look the same from outside.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

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
"""


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


def _turn(question: str, answer: dict[str, str]) -> Turn:
    return Turn(question, answer["answer"], answer["searched_for"])
