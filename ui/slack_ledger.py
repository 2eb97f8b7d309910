"""What the Slack bot has taken on and what became of it: one SQLite file, so that nothing is done twice or forgotten.

A message is known by workspace, channel and timestamp, whatever event tells of it and however often. Whoever claims it
holds a lease; when a process dies, its lease runs out and another goes on with the reply that was begun. Safe to use
from several processes.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.conversation import new_id
from ingest.errors import LibraryError

LEASE_SECONDS = 60.0
"""How long a claim holds unless it is renewed."""
KEPT_SECONDS = 7 * 24 * 3600.0
"""How long it is remembered what was answered; Slack delivers an event again for some minutes, at most hours."""
MOST_ATTEMPTS = 5
"""How often one message is taken up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    team TEXT NOT NULL, channel TEXT NOT NULL, ts TEXT NOT NULL,
    thread TEXT NOT NULL, user TEXT NOT NULL, text TEXT NOT NULL,
    turn_id TEXT NOT NULL, state TEXT NOT NULL, lease REAL NOT NULL, attempts INTEGER NOT NULL,
    begun INTEGER NOT NULL, replies TEXT NOT NULL, edited TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (team, channel, ts)
);
CREATE INDEX IF NOT EXISTS messages_at_work ON messages (state, lease);
CREATE TABLE IF NOT EXISTS events (event_id TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS threads (
    team TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (team, channel, thread)
);
"""
_FIELDS = "team, channel, ts, thread, user, text, turn_id, attempts, begun, replies"
_ROW = "team = ? AND channel = ? AND ts = ?"

Key = tuple[str, str, str]
"""Workspace, channel and timestamp of a message."""


@dataclass(frozen=True)
class Asked:
    """A message that is to be answered."""

    team: str
    channel: str
    ts: str
    thread: str
    """Timestamp of the message that its thread hangs from; its own when it begins one."""
    user: str
    text: str

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.team, self.channel, self.ts


@dataclass(frozen=True)
class Claim:
    """A message that is ours to answer, and how far its answer has come."""

    message: Asked
    turn_id: str
    attempts: int
    begun: bool
    """Whether posting had begun: a reply may stand in the thread that is not in `replies`."""
    replies: tuple[str, ...]
    """Timestamps of the messages that hold the answer, in order."""


class SlackLedger:
    """The claims of all workspaces."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open or create the file.

        Raises:
            LibraryError: It cannot be opened or written.
        """
        self._path = path
        self._clock = clock
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            connecting = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            with closing(connecting) as connection:
                connection.execute("PRAGMA synchronous=NORMAL")
                yield connection
        except sqlite3.Error as error:
            raise LibraryError(
                f"What Slack was answered, in {self._path}, cannot be read or written ({error}).",
                "Check that the data folder is writable and has room, or choose another with --data.",
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its first read on; what fails in it closes the file on it."""
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def claim(self, message: Asked, event_id: str) -> Claim | None:
        """Take a message on, and follow its thread: what is asked in it from now on needs no mention.

        None when somebody has taken it on, unless their lease has run out.
        """
        with self._writing() as connection:
            now = self._clock()
            thread = (message.team, message.channel, message.thread, now)
            connection.execute("INSERT OR REPLACE INTO threads VALUES (?, ?, ?, ?)", thread)
            new_event = _first_time(connection, event_id, now)
            if self._row(connection, message.key) is not None:
                return self._taken_up(connection, message.key)
            if not new_event:
                return None
            connection.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, 'working', ?, 1, 0, '[]', '', ?)",
                (*message.key, message.thread, message.user, message.text, new_id(), now + LEASE_SECONDS, now),
            )
            return self._row(connection, message.key)

    def edit(self, key: Key, text: str, edited: str) -> Claim | None:
        """Note a message's new words; a claim to answer it again when it had been answered and they differ."""
        with self._writing() as connection:
            now = self._clock()
            changed = connection.execute(
                f"UPDATE messages SET text = ?, edited = ?, attempts = 1 WHERE {_ROW} AND text <> ? "
                "AND state IN ('working', 'answered') AND CAST(edited AS REAL) < CAST(? AS REAL)",
                (text, edited, *key, text, edited),
            )
            taken = changed.rowcount and connection.execute(
                f"UPDATE messages SET state = 'working', lease = ? WHERE {_ROW} AND state = 'answered'",
                (now + LEASE_SECONDS, *key),
            )
            return self._row(connection, key) if taken and taken.rowcount else None

    def delete(self, key: Key) -> Claim | None:
        """Forget a message's words and never answer it; what had become of it, None when it was not known."""
        with self._writing() as connection:
            found = self._row(connection, key)
            connection.execute(
                "INSERT INTO messages VALUES (?, ?, ?, '', '', '', '', 'deleted', 0, 0, 0, '[]', '', ?) "
                "ON CONFLICT DO UPDATE SET text = '', user = '', state = 'deleted'",
                (*key, self._clock()),
            )
            return found

    def forget_team(self, team: str, before: float | None = None) -> None:
        """Forget what was asked in a workspace, or what was before a time, and never answer it."""
        until = self._clock() if before is None else before
        with self._writing() as connection:
            connection.execute(
                "UPDATE messages SET text = '', user = '', state = 'deleted' WHERE team = ? AND at <= ?", (team, until)
            )
            connection.execute("DELETE FROM threads WHERE team = ? AND at <= ?", (team, until))

    def note(self, key: Key, replies: tuple[str, ...]) -> None:
        """Note that posting has begun, and the messages that hold the answer so far."""
        with self._writing() as connection:
            connection.execute(
                f"UPDATE messages SET begun = 1, replies = ?, lease = ? WHERE {_ROW}",
                (json.dumps(replies), self._clock() + LEASE_SECONDS, *key),
            )

    def finish(self, claim: Claim) -> Claim | None:
        """Mark a message answered; a claim to answer again when its words have changed meanwhile."""
        key = claim.message.key
        with self._writing() as connection:
            connection.execute(
                f"UPDATE messages SET state = 'answered' WHERE {_ROW} AND state = 'working' AND text = ?",
                (*key, claim.message.text),
            )
            left = connection.execute(f"SELECT 1 FROM messages WHERE {_ROW} AND state = 'working'", key).fetchone()
            return self._row(connection, key) if left else None

    def is_deleted(self, key: Key) -> bool:
        """Whether its writer has deleted a message."""
        with self._connect() as connection:
            row = connection.execute(f"SELECT 1 FROM messages WHERE {_ROW} AND state = 'deleted'", key).fetchone()
        return row is not None

    def give_up(self, key: Key) -> None:
        """Mark a message as one that cannot be answered."""
        with self._writing() as connection:
            connection.execute(f"UPDATE messages SET state = 'failed' WHERE {_ROW} AND state = 'working'", key)

    def renew(self, key: Key) -> None:
        """Hold a claim for another lease."""
        with self._writing() as connection:
            connection.execute(f"UPDATE messages SET lease = ? WHERE {_ROW}", (self._clock() + LEASE_SECONDS, *key))

    def release(self, key: Key) -> None:
        """Let a claim go, for whoever looks next."""
        with self._writing() as connection:
            connection.execute(f"UPDATE messages SET lease = 0 WHERE {_ROW} AND state = 'working'", key)

    def abandoned(self) -> list[Claim]:
        """Take up every message whose lease has run out."""
        with self._writing() as connection:
            keys = connection.execute(
                "SELECT team, channel, ts FROM messages WHERE state = 'working' AND lease < ? ORDER BY at",
                (self._clock(),),
            ).fetchall()
            taken = [self._taken_up(connection, key) for key in keys]
        return [claim for claim in taken if claim is not None]

    def replies(self, team: str, channel: str) -> set[str]:
        """Timestamps of all messages of ours in a channel that are known to hold an answer."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT replies FROM messages WHERE team = ? AND channel = ?", (team, channel)
            ).fetchall()
        return {ts for (replies,) in rows for ts in json.loads(replies)}

    def has_joined(self, team: str, channel: str, thread: str) -> bool:
        """Whether a thread is followed."""
        with self._connect() as connection:
            row = connection.execute(
                "SELECT 1 FROM threads WHERE team = ? AND channel = ? AND thread = ?", (team, channel, thread)
            ).fetchone()
        return row is not None

    def forget_old(self) -> None:
        """Drop what is too old to come again; threads stay followed four times as long."""
        old = self._clock() - KEPT_SECONDS
        with self._writing() as connection:
            connection.execute("DELETE FROM events WHERE at < ?", (old,))
            connection.execute("DELETE FROM messages WHERE at < ? AND state <> 'working'", (old,))
            connection.execute("DELETE FROM threads WHERE at < ?", (old - 3 * KEPT_SECONDS,))

    def _taken_up(self, connection: sqlite3.Connection, key: Key) -> Claim | None:
        now = self._clock()
        taken = connection.execute(
            f"UPDATE messages SET lease = ?, attempts = attempts + 1 WHERE {_ROW} AND state = 'working' AND lease < ?",
            (now + LEASE_SECONDS, *key, now),
        )
        return self._row(connection, key) if taken.rowcount else None

    def _row(self, connection: sqlite3.Connection, key: Key) -> Claim | None:
        row = connection.execute(f"SELECT {_FIELDS} FROM messages WHERE {_ROW}", key).fetchone()
        if row is None:
            return None
        team, channel, ts, thread, user, text, turn_id, attempts, begun, replies = row
        message = Asked(team, channel, ts, thread, user, text)
        return Claim(message, turn_id, attempts, bool(begun), tuple(json.loads(replies)))


def _first_time(connection: sqlite3.Connection, event_id: str, at: float) -> bool:
    """Whether an event is new; one without an id always is."""
    return not event_id or connection.execute("INSERT OR IGNORE INTO events VALUES (?, ?)", (event_id, at)).rowcount > 0
