"""Older catalogs in the tables of today: nothing is read from documents or embedded again.

Version 1 is that of career-assistant 0.1.0, which had no digests; version 2 had no owners; version 3 took words apart
at their accents.
"""

from __future__ import annotations

import sqlite3

from ingest.schema import PASSAGE_ROW, PASSAGES_STORED, SCHEMA, SOURCE_ROW, STORED, digest

_PASSAGES = SCHEMA[SCHEMA.index("CREATE TABLE passages") : SCHEMA.index("CREATE TABLE vectors")]
_TO_2 = f"""
ALTER TABLE sources ADD COLUMN digest TEXT NOT NULL DEFAULT '';
{_PASSAGES.replace("TABLE passages", "TABLE passages_2")}
INSERT INTO passages_2 SELECT *, '' FROM passages;
DROP TABLE passages;
ALTER TABLE passages_2 RENAME TO passages;
CREATE INDEX passages_of ON passages (source_id, ordinal);
CREATE INDEX passages_since ON passages (generation);
CREATE TABLE word_vectors (number INTEGER PRIMARY KEY REFERENCES passages (number), words BLOB NOT NULL);
"""


def _as_now(table: str) -> str:
    """The statement that makes a table as it is today."""
    return SCHEMA[SCHEMA.index(f"CREATE TABLE {table} (") :].partition(";\n")[0]


_TO_3 = f"""
ALTER TABLE sources ADD COLUMN owner TEXT NOT NULL DEFAULT '';
DROP INDEX sources_of_file;
CREATE INDEX sources_of_file ON sources (owner, root, file);
ALTER TABLE files RENAME TO files_2;
{_as_now("files")};
INSERT INTO files SELECT '', root, uri, hash FROM files_2;
DROP TABLE files_2;
ALTER TABLE vocabulary RENAME TO vocabulary_2;
{_as_now("vocabulary")};
INSERT INTO vocabulary SELECT '', stem, word, passages FROM vocabulary_2;
DROP TABLE vocabulary_2;
{_as_now("own_text")};
UPDATE sources SET owner = (SELECT value FROM meta WHERE key = 'owner ' || root)
    WHERE root IN (SELECT substr(key, 7) FROM meta WHERE key LIKE 'owner %' AND value <> '');
UPDATE files SET owner = (SELECT value FROM meta WHERE key = 'owner ' || root)
    WHERE root IN (SELECT substr(key, 7) FROM meta WHERE key LIKE 'owner %' AND value <> '');
DELETE FROM meta WHERE key LIKE 'owner %'"""
"""What was brought in with a key could be found by everybody in version 2; it now belongs to that key alone."""


def brought_up(connection: sqlite3.Connection, version: int) -> bool:
    """Bring a catalog's tables from a version to today's, in the transaction at hand; 0 is an empty file.

    A row that did not come to its digest before does not afterwards. Whether the words of the passages must be counted
    anew, since they were read otherwise, or some of them are no longer everybody's.
    """
    if not version:
        _run(connection, SCHEMA)
    elif version < 3:
        _with_owners(connection, version)
    return version > 0


def _with_owners(connection: sqlite3.Connection, version: int) -> None:
    if version == 1:
        _run(connection, _TO_2)
    sound = _sound_sources(connection) if version > 1 else None
    _run(connection, _TO_3)
    for row in connection.execute(f"SELECT {SOURCE_ROW} FROM sources").fetchall():
        if sound is None or row[0] in sound:
            connection.execute("UPDATE sources SET digest = ? WHERE id = ?", (digest(row), row[0]))
    if version == 1:
        _digest_passages(connection)
    if connection.execute("SELECT 1 FROM sources WHERE owner <> '' LIMIT 1").fetchone():
        # It holds their vectors.
        connection.execute("UPDATE meta SET value = '' WHERE key = 'view'")


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Run statements one by one: `executescript` would end the transaction."""
    for statement in statements.split(";\n"):
        connection.execute(statement)


def _sound_sources(connection: sqlite3.Connection) -> set[str]:
    """Ids of the sources of version 2 whose rows are what was written."""
    rows = connection.execute(f"SELECT {SOURCE_ROW.removesuffix(', owner')}, digest FROM sources")
    return {row[0] for *row, held in rows if digest(row) == held}


def _digest_passages(connection: sqlite3.Connection) -> None:
    rows = connection.execute(f"SELECT number, {STORED}, {PASSAGE_ROW} FROM {PASSAGES_STORED}")
    for number, stored, *row in rows.fetchall():
        connection.execute("UPDATE passages SET digest = ? WHERE number = ?", (digest(row, stored), number))
