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
from ingest.schema import SCHEMA
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


def as_0_1_0(path: Path) -> None:
    """Turn a catalog's tables back into those of version 0.1.0: no digests, numbers that may be given again."""
    old = SCHEMA.replace(",\n    digest TEXT NOT NULL\n", "\n").replace(", digest TEXT NOT NULL", "")
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
