"""Turns of conversations, owned by a caller, in one SQLite file beside the library.

A conversation belongs to whoever began it: somebody else's id and an absent one look the same from outside.
"""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

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
    turn_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    rating TEXT NOT NULL,
    comment TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS titles (
    conversation_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (conversation_id, owner)
);
"""

Rating = Literal["up", "down"]


class Kept(NamedTuple):
    """One turn as it is kept."""

    question: str
    answer: dict[str, Any]
    """The whole answer object."""
    at: str
    """When it was answered: UTC, ISO 8601, to the second."""


class Rated(NamedTuple):
    """One turn with what its owner said of it; whose it is, is left out."""

    turn_id: str
    conversation_id: str
    question: str
    answer: dict[str, Any]
    """The whole answer object."""
    rating: Rating | None
    comment: str


class Summary(NamedTuple):
    """One line of a caller's list of conversations."""

    conversation_id: str
    title: str
    """What its owner calls it, else its first question."""
    turns: int
    began: str
    latest: str


def new_id() -> str:
    """An id that nobody can guess: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def own_documents(owner: str, conversation_id: str) -> str:
    """The name under which the library keeps what was brought in for one conversation alone.

    It holds whose conversation it is, so that somebody else who gives the same id gets at nothing.

    >>> own_documents("key:ab", "c1"), own_documents("", "c1"), own_documents("key:ab", "")
    ('key:ab/c1', '/c1', 'key:ab')
    """
    return f"{owner}/{conversation_id}" if conversation_id else owner


def owners_of(owner: str, conversation_id: str = "") -> tuple[str, ...]:
    """Whose documents a caller may find beside the shared library: their own, and the conversation's.

    >>> owners_of("key:ab", "c1"), owners_of("", "c1"), owners_of("")
    (('key:ab', 'key:ab/c1'), ('/c1',), ())
    """
    return tuple(dict.fromkeys(one for one in (owner, own_documents(owner, conversation_id)) if one))


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
                # What was deleted is not left to be read from the free pages.
                connection.execute("PRAGMA secure_delete=ON")
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

    def answers(self, conversation_id: str, owner: str = "") -> list[Kept]:
        """The turns of a conversation with their whole answers, oldest first; none for somebody else's."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT question, answer, at FROM turns WHERE conversation_id = ? AND owner = ? ORDER BY rowid",
                (conversation_id, owner),
            ).fetchall()
        return [Kept(question, json.loads(answer), at) for question, answer, at in rows]

    def listed(self, owner: str = "", limit: int = 100, containing: str = "") -> list[Summary]:
        """An owner's conversations, the latest first, at most `limit`; where words are given, those that hold them."""
        sought = "%" + re.sub(r"([\\%_])", r"\\\1", containing) + "%"
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT c.conversation_id, coalesce(n.title, t.question), c.turns, c.began, c.latest FROM (SELECT "
                "conversation_id, min(rowid) AS first, max(rowid) AS last, count(*) AS turns, min(at) AS began, "
                "max(at) AS latest, max(question LIKE :sought ESCAPE '\\' OR json_extract(answer, '$.answer') LIKE "
                ":sought ESCAPE '\\') AS holds FROM turns WHERE owner = :owner GROUP BY conversation_id) c "
                "JOIN turns t ON t.rowid = c.first "
                "LEFT JOIN titles n ON n.conversation_id = c.conversation_id AND n.owner = :owner "
                "WHERE c.holds OR n.title LIKE :sought ESCAPE '\\' ORDER BY c.last DESC LIMIT :limit",
                {"owner": owner, "limit": limit, "sought": sought},
            ).fetchall()
        return [Summary(*row) for row in rows]

    def rename(self, conversation_id: str, title: str, owner: str = "") -> bool:
        """Call an owner's conversation something, in place of its first question; whether there is one."""
        with self._connect() as connection:
            named = connection.execute(
                "INSERT OR REPLACE INTO titles SELECT conversation_id, owner, ? FROM turns "
                "WHERE conversation_id = ? AND owner = ? LIMIT 1",
                (title, conversation_id, owner),
            )
            return named.rowcount > 0

    def ratings(self, conversation_id: str, owner: str = "") -> dict[str, str]:
        """What an owner said of the answers of a conversation, `up` or `down` by turn id."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT f.turn_id, f.rating FROM feedback f "
                "JOIN turns t ON t.turn_id = f.turn_id AND t.owner = f.owner "
                "WHERE t.conversation_id = ? AND t.owner = ?",
                (conversation_id, owner),
            ).fetchall()
        return dict(rows)

    def conversation_of(self, turn_id: str, owner: str = "") -> str:
        """The conversation that an owner's turn belongs to; empty for an absent turn or somebody else's."""
        with self._connect() as connection:
            row = connection.execute(
                "SELECT conversation_id FROM turns WHERE turn_id = ? AND owner = ?", (turn_id, owner)
            ).fetchone()
        return str(row[0]) if row else ""

    def owned_by_other(self, conversation_id: str, owner: str) -> bool:
        """Whether an id is in use by somebody else, so that a caller never writes into it."""
        with self._connect() as connection:
            row = connection.execute(
                "SELECT 1 FROM turns WHERE conversation_id = ? AND owner <> ? LIMIT 1", (conversation_id, owner)
            ).fetchone()
        return row is not None

    def keep(self, question: str, answer: Answer, owner: str = "") -> None:
        """Add one turn; one that is answered anew keeps its place, and loses what was said about the answer before."""
        with self._connect() as connection:
            connection.execute("DELETE FROM feedback WHERE turn_id = ? AND owner = ?", (answer.turn_id, owner))
            connection.execute(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (turn_id) DO UPDATE SET question = "
                "excluded.question, answer = excluded.answer, at = excluded.at WHERE owner = excluded.owner",
                (answer.turn_id, answer.conversation_id, owner, question, json.dumps(asdict(answer)), _now()),
            )

    def delete(self, conversation_id: str, owner: str = "") -> bool:
        """Remove an owner's conversation with what was said about its answers; whether there was one."""
        of = "conversation_id = ? AND owner = ?"
        with self._connect() as connection:
            connection.execute(
                f"DELETE FROM feedback WHERE turn_id IN (SELECT turn_id FROM turns WHERE {of})",
                (conversation_id, owner),
            )
            connection.execute(f"DELETE FROM titles WHERE {of}", (conversation_id, owner))
            return connection.execute(f"DELETE FROM turns WHERE {of}", (conversation_id, owner)).rowcount > 0

    def delete_owned(self, owners: str) -> int:
        """Remove every conversation whose owner's name begins so, with what was said about its answers; how many turns.

        Raises:
            ValueError: The beginning is empty, which would be everybody.
        """
        if not owners:
            raise ValueError("whose conversations go must be named")
        begins = (len(owners), owners)
        with self._connect() as connection:
            connection.execute("DELETE FROM feedback WHERE substr(owner, 1, ?) = ?", begins)
            return connection.execute("DELETE FROM turns WHERE substr(owner, 1, ?) = ?", begins).rowcount

    def delete_turn(self, turn_id: str, owner: str = "") -> bool:
        """Remove one turn of an owner's with what was said about it; whether there was one."""
        with self._connect() as connection:
            connection.execute("DELETE FROM feedback WHERE turn_id = ? AND owner = ?", (turn_id, owner))
            gone = connection.execute("DELETE FROM turns WHERE turn_id = ? AND owner = ?", (turn_id, owner))
            return gone.rowcount > 0

    def rate(self, turn_id: str, rating: Rating, comment: str = "", owner: str = "") -> bool:
        """Keep what an owner thinks of an answer, in place of what they said before; whether it is their turn."""
        with self._connect() as connection:
            kept = connection.execute(
                "INSERT OR REPLACE INTO feedback SELECT turn_id, owner, ?, ?, ? FROM turns "
                "WHERE turn_id = ? AND owner = ?",
                (rating, comment, _now(), turn_id, owner),
            )
            return kept.rowcount > 0

    def every_turn(self) -> list[Rated]:
        """The turns of all conversations, oldest first, for those who keep the library."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT t.turn_id, t.conversation_id, t.question, t.answer, f.rating, coalesce(f.comment, '')"
                " FROM turns t LEFT JOIN feedback f ON f.turn_id = t.turn_id AND f.owner = t.owner ORDER BY t.rowid"
            ).fetchall()
        return [Rated(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5]) for row in rows]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _turn(question: str, answer: dict[str, str]) -> Turn:
    return Turn(question, answer["answer"], answer["searched_for"])
