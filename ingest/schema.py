"""How the catalog lies in SQLite: its tables, and rows to the nouns of the library and back."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ingest.types import Filters, Passage, Reference, Source, Statement

SCHEMA_VERSION = 4
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE files (
    owner TEXT NOT NULL, root TEXT NOT NULL, uri TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (owner, root, uri)
);
CREATE TABLE sources (
    id TEXT PRIMARY KEY, root TEXT NOT NULL, file TEXT NOT NULL, uri TEXT NOT NULL, title TEXT NOT NULL,
    kind TEXT NOT NULL, topic TEXT NOT NULL, summary TEXT NOT NULL, origin TEXT NOT NULL, as_of TEXT NOT NULL,
    external_id TEXT NOT NULL, content_hash TEXT NOT NULL, passages INTEGER NOT NULL, added_at TEXT NOT NULL,
    digest TEXT NOT NULL, owner TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sources_of_file ON sources (owner, root, file);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, source_id TEXT NOT NULL REFERENCES sources (id),
    ordinal INTEGER NOT NULL, headings TEXT NOT NULL, page INTEGER, place TEXT NOT NULL, text TEXT NOT NULL,
    statements TEXT NOT NULL, embedded_hash TEXT NOT NULL, generation INTEGER NOT NULL, digest TEXT NOT NULL
);
CREATE TABLE vectors (number INTEGER PRIMARY KEY REFERENCES passages (number), vector BLOB NOT NULL);
CREATE TABLE word_vectors (number INTEGER PRIMARY KEY REFERENCES passages (number), words BLOB NOT NULL);
CREATE INDEX passages_of ON passages (source_id, ordinal);
CREATE INDEX passages_since ON passages (generation);
CREATE VIRTUAL TABLE full_text USING fts5 (title, place, text, tokenize = "unicode61 tokenchars '+#.'''");
CREATE TABLE own_text (number INTEGER PRIMARY KEY, title TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE vocabulary (
    owner TEXT NOT NULL, stem TEXT NOT NULL, word TEXT NOT NULL, passages INTEGER NOT NULL,
    PRIMARY KEY (owner, stem, word)
) WITHOUT ROWID;
"""
"""A passage's number is never given again: a view may still hold the vector of a removed one.

What belongs to one owner alone is in no index that others' searches go through: its stems are in `own_text`, not in
`full_text`, whose word counts weigh everybody's words, and its vectors are in no view.
"""
SOURCE_ROW = (
    "id, root, file, uri, title, kind, topic, summary, origin, as_of, external_id, content_hash, passages, added_at, "
    "owner"
)
PASSAGE_ROW = "id, source_id, ordinal, headings, page, place, text, statements, embedded_hash, generation"
"""What a row's digest is made from; a passage's also from its vector and its words' (`STORED`)."""
STORED = "CAST(coalesce(vector, x'') || coalesce(words, x'') AS BLOB)"
PASSAGES_STORED = "passages LEFT JOIN vectors USING (number) LEFT JOIN word_vectors USING (number)"


def digest(row: Iterable[object], stored: bytes = b"") -> str:
    """What a row must still come to when it is read again: 16 hexadecimal digits of BLAKE2b.

    >>> digest(("a", 1)) == digest(("a", 1)), digest(("a", 1)) == digest(("a", 2))
    (True, False)
    """
    return hashlib.blake2b("\x1f".join(map(str, row)).encode() + stored, digest_size=8).hexdigest()


SHARED = "s.owner = ''"
"""The SQL condition on `s` for what everybody may find."""


def owned(owners: Sequence[str]) -> str:
    """The SQL condition on `s` for what these alone may see; its values are the owners.

    >>> owned(["key:ab"]), owned([])
    ('s.owner IN (?)', 's.owner IN ()')
    """
    return f"s.owner IN ({marks(owners)})"


def filtered(filters: Filters) -> tuple[str, tuple[object, ...]]:
    """The SQL condition on `s` that filters stand for, and its values."""
    conditions = ["1"]
    values: list[object] = []
    for column, chosen in (("topic", filters.topics), ("id", filters.source_ids)):
        if chosen:
            conditions.append(f"s.{column} IN ({marks(chosen)})")
            values.extend(chosen)
    if filters.since:
        conditions.append("s.as_of >= ?")
        values.append(filters.since)
    return " AND ".join(conditions), tuple(values)


def any_of(phrases: Iterable[str]) -> str:
    """The FTS5 query for texts that hold one of some phrases, each of one or more stems.

    >>> any_of(["machin learn", "pay"])
    '"machin learn" OR "pay"'
    """
    return " OR ".join('"{}"'.format(phrase.replace('"', "")) for phrase in dict.fromkeys(phrases))


def marks(values: Sequence[object]) -> str:
    """As many question marks as there are values, for a list in SQL."""
    return ", ".join("?" * len(values))


PASSAGE_COLUMNS = "p.id, p.source_id, p.ordinal, p.headings, p.page, p.place, p.text, p.statements"
SOURCE_COLUMNS = (
    "s.id, s.uri, s.root, s.title, s.kind, s.topic, s.summary, s.origin, s.external_id, s.content_hash, s.passages, "
    "s.added_at, s.owner"
)
JOINED = "passages p JOIN sources s ON s.id = p.source_id"
"""Passages with their sources, under the names that conditions use."""
_Row = Sequence[Any]


def source_of(row: _Row) -> Source:
    """A source from the columns of `SOURCE_COLUMNS`."""
    origin = Reference(**json.loads(row[7]))
    return Source(
        id=row[0],
        uri=row[1],
        root=row[2],
        title=row[3],
        kind=row[4],
        topic=row[5],
        summary=row[6],
        origin=origin,
        external_id=row[8],
        content_hash=row[9],
        passages=row[10],
        added_at=row[11],
        owner=row[12],
    )


def passage_of(row: _Row) -> Passage:
    """A passage from the columns of `PASSAGE_COLUMNS`."""
    statements = tuple(_statement(one) for one in json.loads(row[7]))
    return Passage(row[0], row[1], row[2], tuple(json.loads(row[3])), row[4], row[5], row[6], statements)


def statements_json(statements: Sequence[Statement]) -> str:
    """Statements as a row holds them; `dataclasses.asdict` would copy everything first."""
    return json.dumps([{**vars(one), "reference": vars(one.reference)} for one in statements])


def _statement(fields: Mapping[str, Any]) -> Statement:
    reference = Reference(**fields["reference"])
    way, place = tuple(fields["way"]), fields.get("place", "")
    return Statement(fields["text"], fields["start"], fields["kind"], way, reference, place)


def next_step(error: sqlite3.Error) -> str:
    """What a person can do about an error of SQLite."""
    text = str(error)
    if "full" in text:
        return "Make room on the disk and run the command again; nothing that was reported as done is lost."
    if "I/O" in text:
        return "Check that the disk has room and is sound; nothing that was reported as done is lost."
    if "readonly" in text or "unable to open" in text:
        return "Make the data folder writable, or choose another with --data."
    if "locked" in text:
        return "Another process is writing; try again in a moment."
    return "Run `career-assistant check`; restore a backup with `career-assistant restore FILE` if it cannot be mended."
