"""The catalog: what is committed together, counted together and removed together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.torture_library import HashingEmbedder, text_of
from ingest.catalog import Catalog
from ingest.check import faults, opened
from ingest.errors import LibraryError
from ingest.library import Library
from ingest.schema import SCHEMA, SOURCE_ROW, digest
from ingest.types import Passage, Reference, Source, Statement
from ingest.words import stems


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog(tmp_path / "catalog.db")) as made:
        yield made


def put(catalog: Catalog, name: str, *texts: str) -> None:
    """Put a source whose passages have these texts."""
    passages = [
        Passage(f"{name}-{place}", name, place, ("Pay",), None, "Pay", text, (Statement(text, 0, "sentence"),))
        for place, text in enumerate(texts)
    ]
    source = Source(
        id=name, uri=f"{name}.md", root="/here", title=f"Report {name}", kind="text", topic="", summary="",
        origin=Reference("Publisher", as_of="2024"), external_id="", content_hash=name, passages=len(passages),
        added_at="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    embedder = HashingEmbedder()
    with catalog.transaction() as connection:
        vectors = embedder.embed_passages(list(texts)) if texts else []
        catalog.put(
            connection,
            source,
            source.uri,
            [(one, one.text, vector, b"words") for one, vector in zip(passages, vectors, strict=True)],
        )
        catalog.put_file(connection, "/here", source.uri, name, {name})


def remove(catalog: Catalog, name: str) -> None:
    with catalog.transaction() as connection:
        catalog.remove(connection, name)


WORDS = st.lists(st.sampled_from("pay pays paid wage C++ node.js ml engineer Zürich 105,418".split()), max_size=5)
CHANGES = st.lists(st.tuples(st.sampled_from("abc"), st.lists(WORDS.map(" ".join), max_size=3)), max_size=8)


@settings(max_examples=25, deadline=None)
@given(CHANGES)
def test_word_counts_full_text_and_digests_follow_every_change(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("catalog") / "catalog.db"
    held: dict[str, list[str]] = {}
    with closing(Catalog(path)) as catalog:
        for name, texts in changes:
            if texts:
                put(catalog, name, *texts)
                held[name] = texts
            else:
                remove(catalog, name)
                held.pop(name, None)
        assert catalog.vocabulary_fault() == ""
        assert faults(path) == []
        assert catalog.count() == sum(map(len, held.values()))
        for texts in held.values():
            for text in filter(str.strip, texts):
                found = {
                    held_at[1].text
                    for held_at in catalog.passages([n for n, _ in catalog.full_text(stems(text), 99)]).values()
                }
                assert text in found
        before = catalog.vocabulary()
        catalog.rebuild()
        assert catalog.vocabulary() == before


def test_number_of_a_removed_passage_is_never_given_again(catalog: Catalog) -> None:
    put(catalog, "a", "one", "two")
    given_before = catalog.numbers()
    remove(catalog, "a")
    put(catalog, "b", "three", "four")
    assert not catalog.numbers() & given_before


def test_what_fails_inside_a_transaction_leaves_nothing_behind(catalog: Catalog) -> None:
    put(catalog, "a", "one")
    generation = catalog.generation()
    with pytest.raises(KeyError), catalog.transaction() as connection:
        catalog.remove(connection, "a")
        raise KeyError
    assert catalog.generation() == generation
    assert catalog.count() == 1
    assert catalog.vocabulary_fault() == ""


def test_reader_sees_one_generation_while_others_commit(catalog: Catalog) -> None:
    put(catalog, "a", "one")
    with closing(Catalog(catalog.path)) as reader:
        with reader.reading():
            before = reader.generation(), reader.count()
            put(catalog, "b", "two", "three")
            with reader.reading():
                assert (reader.generation(), reader.count()) == before
        assert (reader.generation(), reader.count()) == (before[0] + 1, 3)


def test_moved_file_keeps_passages_vectors_and_digests(catalog: Catalog) -> None:
    put(catalog, "a", "one", "two")
    before = catalog.vectors()
    with catalog.transaction() as connection:
        catalog.move_file(connection, ("/here", "a.md"), ("/here", "below/a.md"))
    (source,) = catalog.sources()
    assert source.uri == "below/a.md"
    assert np.array_equal(before[1], catalog.vectors()[1])
    assert faults(catalog.path) == []


def test_catalog_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="newer version"):
        Catalog(tmp_path / "catalog.db")


def test_library_of_version_0_1_0_is_brought_to_the_new_form(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name in ("doc1", "doc2"):
        (documents / f"{name}.md").write_text(text_of(name, "1", 5))
    data = tmp_path / "data"
    with closing(Library.open(data, HashingEmbedder())) as library:
        library.sync([str(documents)])
        before = [(source, passage) for source, passage in library.passages()]
    as_0_1_0(data / "catalog.db")
    (data / "catalog.seal").unlink()
    with closing(Library.open(data, HashingEmbedder())) as library:
        assert list(library.passages()) == before
        assert library.sync([str(documents)]).embedded == 0
        (data / "catalog.seal").unlink()
    assert faults(data / "catalog.db") == []
    with closing(opened(data / "catalog.db")):
        assert json.loads((data / "catalog.seal").read_text())["passages"] == 10


def test_library_of_version_2_is_brought_to_the_new_form_and_uploads_to_their_owners(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name in ("doc1", "doc2", "upload"):
        (documents / f"{name}.md").write_text(text_of(name, "1", 5))
    data = tmp_path / "data"
    with closing(Library.open(data, HashingEmbedder())) as library:
        library.sync([str(documents / f"{name}.md") for name in ("doc1", "doc2", "upload")])
        before = [(source, passage) for source, passage in library.passages()]
        upload = next(source for source in library.sources() if source.uri == "upload.md")
        library.catalog.set_meta(f"owner {upload.root}", "key:ab")
    as_version_2(data / "catalog.db")
    with closing(sqlite3.connect(data / "catalog.db")) as connection:
        connection.execute("UPDATE sources SET summary = 'altered' WHERE uri = 'doc2.md'")
        connection.commit()
    with closing(Catalog(data / "catalog.db")) as catalog:
        assert catalog.vocabulary_fault() == ""
    # What was altered before still counts as altered.
    assert [fault.partition(" ")[0] for fault in faults(data / "catalog.db")] == ["source"]
    with closing(sqlite3.connect(data / "catalog.db")) as connection:
        connection.execute("UPDATE sources SET summary = '' WHERE uri = 'doc2.md'")
        row = connection.execute(f"SELECT {SOURCE_ROW} FROM sources WHERE uri = 'doc2.md'").fetchone()
        connection.execute("UPDATE sources SET digest = ? WHERE id = ?", (digest(row), row[0]))
        connection.commit()
    assert faults(data / "catalog.db") == []

    with closing(Library.open(data, HashingEmbedder())) as library:
        shared = [(source, passage) for source, passage in before if source != upload]
        assert list(library.passages()) == shared
        (own,) = {source for source, _ in library.own_passages(["key:ab"])}
        assert (own.id, own.owner) == (upload.id, "key:ab")
        assert library.search("upload", k=99) and upload.id not in {
            hit.source.id for hit in library.search("upload", k=99)
        }
        assert library.sync([str(documents / "doc1.md")]).embedded == 0
        assert library.sync([upload.root], owner="key:ab").embedded == 0


def test_words_that_an_earlier_version_took_apart_at_their_accents_are_found(library: Library, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Offices\n\nThe office in Zürich opened in 2019.")
    library.sync([str(tmp_path / "page.md")])
    path = library.catalog.path
    library.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "UPDATE full_text SET text = 'offic z ü rich open 2019';"
            "DELETE FROM vocabulary WHERE word LIKE 'z%rich' OR stem LIKE 'z%rich'; PRAGMA user_version = 3;"
        )
    with closing(Catalog(path)) as catalog:
        assert [number for number, _ in catalog.full_text(["zurich"], 5)] == [1]
        assert catalog.vocabulary_fault() == ""


def as_version_2(path: Path) -> None:
    """Turn a catalog's tables back into those that knew no owners."""
    row = SOURCE_ROW.removesuffix(", owner")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP INDEX sources_of_file; ALTER TABLE sources DROP COLUMN owner;"
            "CREATE INDEX sources_of_file ON sources (root, file);"
            "CREATE TABLE old (root TEXT NOT NULL, uri TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (root, uri));"
            "INSERT INTO old SELECT root, uri, hash FROM files; DROP TABLE files; ALTER TABLE old RENAME TO files;"
            "CREATE TABLE old (stem TEXT NOT NULL, word TEXT NOT NULL, passages INTEGER NOT NULL, "
            "PRIMARY KEY (stem, word));"
            "INSERT INTO old SELECT stem, word, passages FROM vocabulary; DROP TABLE vocabulary;"
            "ALTER TABLE old RENAME TO vocabulary; DROP TABLE own_text; DELETE FROM meta WHERE key = 'shared';"
            "PRAGMA user_version = 2;"
        )
        for held in connection.execute(f"SELECT {row} FROM sources").fetchall():
            connection.execute("UPDATE sources SET digest = ? WHERE id = ?", (digest(held), held[0]))
        connection.commit()


def as_0_1_0(path: Path) -> None:
    """Turn a catalog's tables back into those of version 0.1.0: no digests, numbers that may be given again."""
    as_version_2(path)
    old = SCHEMA.replace(",\n    digest TEXT NOT NULL, owner TEXT NOT NULL DEFAULT ''\n", "\n")
    old = old.replace(", digest TEXT NOT NULL", "").replace("sources (owner, root, file)", "sources (root, file)")
    old = old.replace(" AUTOINCREMENT", "")
    assert "digest" not in old
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table in ("sources", "passages"):
            create = next(one for one in old.split(";\n") if one.strip().startswith(f"CREATE TABLE {table} ("))
            connection.execute(create.replace(f"TABLE {table} (", f"TABLE old_{table} ("))
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info(old_{table})")]
            connection.execute(f"INSERT INTO old_{table} SELECT {', '.join(columns)} FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE old_{table} RENAME TO {table}")
        for index in ("sources_of_file", "passages_of", "passages_since"):
            connection.execute(next(one for one in old.split(";\n") if f"CREATE INDEX {index} " in one))
        connection.execute("DROP TABLE word_vectors")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
