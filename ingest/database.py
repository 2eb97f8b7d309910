"""The file under the catalog: connections, transactions, migration, and errors as sentences.

It knows nothing of sources and passages but how many there are. Reading is safe from several threads and processes;
writing needs the writer's lock.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ingest.errors import LibraryError
from ingest.migration import brought_up
from ingest.schema import SCHEMA_VERSION, next_step
from ingest.seal import Seal, fingerprint, loosen

_SHARED = "INSERT OR REPLACE INTO meta SELECT 'shared', value FROM meta WHERE key = 'generation'"


class Database:
    """One SQLite file with the tables of `ingest.schema`."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

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

    def meta(self, key: str, default: str = "") -> str:
        """One remembered value."""
        with self._told():
            row = self._connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def generation(self) -> int:
        """How often something was committed; grows with each commit, in any process."""
        return int(self.meta("generation", "0"))

    def shared_generation(self) -> int:
        """The generation that last changed what everybody may find."""
        return int(self.meta("shared", "0"))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Everything that this thread reads inside is of one generation, whatever is committed meanwhile."""
        connection = self._connection()
        if connection.in_transaction:
            yield
            return
        with self._told():
            connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.rollback()

    @contextmanager
    def transaction(self, owner: str = "") -> Iterator[sqlite3.Connection]:
        """Everything inside is committed together, as one new generation, or not at all.

        With an owner it changes only what is theirs alone, so that nothing has to be read anew for others.
        """
        connection = self._connection()
        with self._told():
            loosen(self.path)
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute(
                    "INSERT INTO meta VALUES ('generation', '1') "
                    "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
                )
                if not owner:
                    connection.execute(_SHARED)
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            self.state().put(self.path)

    def set_meta(self, key: str, value: str) -> None:
        """Remember one value, in a transaction of its own that makes no new generation."""
        with self._told():
            loosen(self.path)
            self.remember(self._connection(), key, value)

    def seal(self) -> None:
        """Note that the catalog is left as it should be; what a writer does at its end, before it lets the lock go."""
        sealed = Seal.of(self.path)
        if sealed is not None and sealed.sha256:
            return
        with self._told():
            busy, *_ = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            # Where a reader holds on for long, the next one to open the library looks through it instead.
            replace(self.state(), sha256="" if busy else fingerprint(self.path)).put(self.path)

    def state(self) -> Seal:
        """How far the catalog has come; its seal but for the fingerprint."""
        sources, passages = (
            self._connection().execute("SELECT count(*), coalesce(sum(passages), 0) FROM sources").fetchone()
        )
        return Seal(self.generation(), sources, passages, self.meta("embedder"))

    def begin_anew(self, connection: sqlite3.Connection, generation: int) -> None:
        """Count generations from this one, in the transaction at hand, so that everybody reads everything anew."""
        for key in ("generation", "shared"):
            self.remember(connection, key, str(generation))

    def remember(self, connection: sqlite3.Connection, key: str, value: str) -> None:
        """Remember one value, in the transaction at hand."""
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # Connections

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection; a new one when the file has been replaced."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and self._local.file == self._file():
            return connection
        # A file that has gone must not come back as an empty one.
        mode = "rwc" if connection is None else "rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}", 30, isolation_level=None, check_same_thread=False, uri=True
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What was removed, such as somebody's document, is not left to be read from the free pages.
        connection.execute("PRAGMA secure_delete = ON")
        self._local.connection, self._local.file = connection, self._file()
        self._opened.append(connection)
        return connection

    def _file(self) -> int:
        """Which file lies at the path: its inode; 0 when there is none."""
        try:
            return os.stat(self.path).st_ino
        except FileNotFoundError:
            return 0

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LibraryError(
                f"The library in {self.path.parent} was written by a newer version of career-assistant.",
                "Update career-assistant, or choose another data folder with --data.",
            )
        if version == SCHEMA_VERSION:
            return
        connection.execute("PRAGMA foreign_keys = OFF")
        loosen(self.path)
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have been quicker.
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version < SCHEMA_VERSION:
                if brought_up(connection, version):
                    self._words_anew(connection)
                connection.execute(_SHARED)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        connection.execute("PRAGMA foreign_keys = ON")

    def _words_anew(self, connection: sqlite3.Connection) -> None:
        """Build what is made from the passages' words again."""

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the errors of SQLite and of the disk into sentences."""
        try:
            yield
        except sqlite3.Error as error:
            raise LibraryError(f"The catalog {self.path} cannot be used: {error}.", next_step(error)) from error
        except OSError as error:
            raise LibraryError(
                f"The data folder {self.path.parent} cannot be written: {error.strerror}.",
                "Make room on the disk and make the folder writable; nothing that was reported as done is lost.",
            ) from error


def pour(made: Path, live: Path) -> None:
    """Put the content of one SQLite file in another's place, in one transaction; its readers read the new content next.

    Needs the writer's lock.

    Raises:
        sqlite3.Error: The disk is full, or a reader holds on.
        OSError: The folder is not writable.
    """
    loosen(live)
    try:
        with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(live, timeout=30)) as target:
            source.backup(target)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        # Too damaged to be written into: set it aside with what belongs to it.
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{live}{ending}", f"{live}{ending}.damaged")
        os.replace(made, live)
