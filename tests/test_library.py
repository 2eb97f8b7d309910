"""The library as the other rooms use it: what is found after which change, from whichever process."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from evals.torture_library import HashingEmbedder, apart, ingest, write
from ingest.errors import EmbedderMismatch, LibraryBusy, LibraryError
from ingest.library import Library


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    write(tmp_path / "documents", dict.fromkeys(["doc1", "doc2", "doc3"], "1"), 8)
    return tmp_path / "documents"


@pytest.fixture
def held(tmp_path: Path, documents: Path) -> Iterator[Library]:
    with closing(Library.open(tmp_path / "data", HashingEmbedder())) as library:
        library.sync([str(documents)])
        yield library


def titles(library: Library, query: str) -> set[str]:
    return {hit.source.title for hit in library.search(query, k=3)}


def test_changed_new_and_removed_documents_are_found_as_they_are_now(held: Library, documents: Path) -> None:
    write(documents, {"doc1": "2", "doc2": "1", "doc4": "1"}, 8)
    report = held.sync([str(documents)], prune=True)
    assert str(report) == "1 new, 1 changed, 1 removed, 1 unchanged, 0 failed"
    assert titles(held, "doc4") == {"Report doc4"}
    assert "Report doc3" not in titles(held, "doc3")
    assert all("doc1v2" in hit.passage.text for hit in held.search("doc1", k=3))
    assert held.view_fault() == ""


def test_passage_of_the_view_that_was_removed_is_not_found(held: Library, documents: Path) -> None:
    (passage, *_) = (one for _, one in held.passages())
    (documents / "doc1.md").unlink()
    held.sync([str(documents)], prune=True)
    assert all(hit.passage.id != passage.id for hit in held.search(passage.text, k=20))


def test_other_process_sees_new_documents_at_its_next_search(held: Library, documents: Path, tmp_path: Path) -> None:
    assert titles(held, "doc9") != {"Report doc9"}
    write(documents, dict.fromkeys(["doc1", "doc2", "doc3", "doc9"], "1"), 8)
    apart(ingest, held.folder, documents, tmp_path / "shown", False)
    assert titles(held, "doc9") == {"Report doc9"}


def test_second_writer_is_refused_and_readers_are_not(held: Library, documents: Path) -> None:
    with closing(Library.open(held.folder, HashingEmbedder())) as other, other.writing():
        with pytest.raises(LibraryBusy, match="Another process is writing"):
            held.sync([str(documents)])
        assert titles(held, "doc1") == {"Report doc1"}
    assert len(held.sync([str(documents)]).unchanged) == 3


def test_library_of_another_model_is_refused(held: Library) -> None:
    class Other(HashingEmbedder):
        name = "other"

    with pytest.raises(EmbedderMismatch, match="hashing-128"):
        Library.open(held.folder, Other())


def test_catalog_that_disappears_is_an_error_and_no_empty_library(held: Library) -> None:
    for file in held.folder.glob("catalog.db*"):
        file.unlink()
    with pytest.raises(LibraryError):
        held.search("doc1")
    assert not (held.folder / "catalog.db").exists()
    with pytest.raises(LibraryError, match="is gone, and it held 3 sources with 24 passages"):
        Library.open(held.folder, HashingEmbedder())


def test_view_that_fails_while_serving_is_given_up_and_the_catalog_answers(held: Library) -> None:
    before = [hit.passage.id for hit in held.search("doc2", k=3)]
    held.close()
    with closing(Library.open(held.folder, HashingEmbedder())) as library:
        for file in held.folder.glob("views/*/*/*"):
            file.unlink()
        for file in held.folder.glob("views/*/chroma.sqlite3"):
            file.write_bytes(b"")
        assert [hit.passage.id for hit in library.search("doc2", k=3)] == before


def test_nothing_is_written_by_an_ingest_that_finds_nothing_new(held: Library, documents: Path) -> None:
    before = {file.name: file.stat().st_mtime_ns for file in held.folder.glob("catalog.*")}
    held.sync([str(documents)])
    after = {file.name: file.stat().st_mtime_ns for file in held.folder.glob("catalog.*")}
    assert {name: at for name, at in after.items() if name in before} == before


def test_first_questions_may_come_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    documents = tmp_path / "documents"
    write(documents, {f"doc{number}": "1" for number in range(40)}, 8)
    with closing(Library.open(tmp_path / "data", HashingEmbedder())) as library:
        library.sync([str(documents)])
    for _ in range(5):
        with closing(Library.open(tmp_path / "data", HashingEmbedder())) as library, ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda number: library.search(f"doc{number}", k=3), range(16)))
        assert all(found)
    assert "damaged" not in caplog.text
