"""Documents that belong to one owner alone: their owner finds them, and for everybody else they are not there."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.build import LibraryRewriter
from assistant.conversation import own_documents, owners_of
from evals.torture_library import HashingEmbedder, text_of
from ingest.bm25 import bm25
from ingest.catalog import Catalog
from ingest.check import faults
from ingest.errors import LibraryError
from ingest.full_text import WEIGHTS
from ingest.library import Library
from ingest.types import Filters, Hit
from ingest.upkeep import Upkeep
from ingest.uploads import bring_file, forgotten, settle, take_out
from ingest.words import stem

MINE, THEIRS = "key:mine", "key:theirs"
CANARY = "Zanzibarkolonie"
NOTE = f"# {CANARY} handbook\n\n## Pay\n\nThe {CANARY} pays a keeper 61,200 kronor a week.\n\n- {CANARY} tower\n"
WORDS = ["report", "part", "alpha", "pay", "keeper", "week", CANARY, CANARY[:-1], "tower", "kronor", "handbook", "2024"]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    for name in ("alpha", "beta", "gamma"):
        (folder / f"{name}.md").write_text(text_of(name, "1", 8) + "\n\nA keeper is paid by the week.\n")
    return folder


def opened(data: Path, documents: Path) -> Library:
    library = Library.open(data, HashingEmbedder())
    library.sync([str(documents)])
    return library


@pytest.fixture
def library(tmp_path: Path, documents: Path) -> Iterator[Library]:
    with closing(opened(tmp_path / "data", documents)) as library:
        yield library


def bring(library: Library, owner: str, text: str = NOTE, name: str = "note.md") -> str:
    """Bring a document in and give its source's id."""
    (source,) = bring_file(library, name, io.BytesIO(text.encode()), owner).sources
    return source.id


def found(hits: list[Hit]) -> list[tuple[object, ...]]:
    return [(hit.passage, hit.source.id, hit.score, dict(hit.ranks), hit.similarity) for hit in hits]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, documents: Path) -> Iterator[tuple[Library, Library]]:
    """A library beside others' documents, and the same without them."""
    folder = tmp_path_factory.mktemp("pair")
    with (
        closing(opened(folder / "crowded", documents)) as crowded,
        closing(opened(folder / "alone", documents)) as alone,
    ):
        for number, owner in enumerate((THEIRS, own_documents(THEIRS, "c1"), own_documents("", "c1"))):
            bring(crowded, owner, NOTE + f"\nCopy {number}. A keeper is paid by the week.\n")
            # The same words as a shared document, so that they would count as its repetition.
            bring(crowded, owner, (documents / "alpha.md").read_text(), "alpha.md")
        yield crowded, alone


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6),
    k=st.integers(1, 30),
    filters=st.sampled_from([Filters(), Filters(since="2000"), Filters(topics=("x",))]),
    owners=st.sampled_from([(), (MINE,), owners_of(MINE, "c1"), owners_of("key:their", "s/c1")]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_others_documents_change_neither_hits_nor_scores_nor_suggestions(
    pair: tuple[Library, Library], words: list[str], k: int, filters: Filters, owners: tuple[str, ...]
) -> None:
    crowded, alone = pair
    query = " ".join(words)
    assert found(crowded.search(query, k, filters, owners)) == found(alone.search(query, k, filters, owners))
    assert LibraryRewriter(crowded)(query, [], owners) == LibraryRewriter(alone)(query, [], owners)
    counts = [[one.vocabulary(owners).frequency(word.lower()) for word in words] for one in pair]
    assert counts[0] == counts[1]


def test_everything_that_is_listed_is_the_same_beside_others(pair: tuple[Library, Library]) -> None:
    crowded, alone = pair
    ids = [[source.id for source in one.sources([MINE])] for one in pair]
    assert ids[0] == ids[1]
    assert [passage for _, passage in crowded.passages()] == [passage for _, passage in alone.passages()]
    assert CANARY.lower() not in crowded.vocabulary().words
    assert not list(crowded.own_passages([MINE]))
    hidden = [passage.id for _, passage in crowded.own_passages([THEIRS])]
    assert hidden and all(crowded.passage(one, [MINE]) is None and crowded.passage(one) is None for one in hidden)
    assert all(crowded.passage(one, [THEIRS]) for one in hidden)


def test_view_holds_no_vector_of_an_owner(pair: tuple[Library, Library]) -> None:
    crowded, _ = pair
    with crowded.writing():
        crowded.build_view()
    assert crowded.view_fault(99, afresh=True) == ""
    held = crowded._current().view
    assert held is not None and held.count == len(list(crowded.passages()))


def test_owner_finds_their_own_beside_the_shared(library: Library) -> None:
    bring(library, MINE)
    (first, *_) = library.search(f"What does the {CANARY} pay a keeper a week?", owners=[MINE])
    assert (first.source.owner, set(first.ranks)) == (MINE, {"vector", "bm25", "statement"})
    owners = {hit.source.owner for hit in library.search("keeper week", 30, owners=[MINE])}
    assert owners == {"", MINE}
    assert library.search("keeper", filters=Filters(source_ids=(first.source.id,)), owners=[MINE])
    assert not library.search("keeper", filters=Filters(source_ids=(first.source.id,)), owners=[THEIRS])
    # A word of one's own document is no typo, and counts as known.
    rewriter = LibraryRewriter(library)
    assert rewriter(f"{CANARY.lower()} keeper", [], [MINE]) == f"{CANARY.lower()} keeper"
    assert library.vocabulary([MINE]).frequency("zanzibarkoloni") > 0


def test_library_with_nothing_shared_answers_from_ones_own(tmp_path: Path) -> None:
    with closing(Library.open(tmp_path / "data", HashingEmbedder())) as library:
        bring(library, MINE)
        assert library.is_empty() and not library.is_empty([MINE])
        assert library.search("keeper", owners=[MINE]) and not library.search("keeper")


def test_same_document_of_two_owners_and_of_everybody_is_three_sources(library: Library, documents: Path) -> None:
    text = (documents / "alpha.md").read_text()
    mine, theirs = bring(library, MINE, text, "alpha.md"), bring(library, THEIRS, text, "alpha.md")
    shared = {source.id for source in library.sources()}
    assert len({mine, theirs} | shared) == 2 + len(shared)
    assert not take_out(library, mine, THEIRS) and not take_out(library, "absent", THEIRS)
    assert not take_out(library, next(iter(shared)), THEIRS)
    assert take_out(library, mine, MINE)
    assert {source.id for source in library.sources([MINE, THEIRS])} == {theirs} | shared
    # Bringing in or pruning what is shared leaves what is somebody's own alone.
    assert str(library.sync([str(documents)], prune=True)).startswith("0 new, 0 changed, 0 removed")
    assert {source.id for source in library.sources([THEIRS])} == {theirs} | shared


def test_changed_file_of_an_owner_takes_the_place_of_the_one_before(library: Library) -> None:
    first = bring(library, MINE)
    assert bring(library, MINE, NOTE.replace("61,200", "70,000")) == first
    assert "70,000" in library.search("keeper kronor", owners=[MINE])[0].passage.text
    assert len(library.catalog.sources("s.owner = ?", (MINE,))) == 1


def test_private_commit_changes_nothing_that_others_would_have_to_read_anew(library: Library) -> None:
    before, kept = library.generation(), library._current()
    bring(library, MINE)
    take_out(library, bring(library, THEIRS), THEIRS)
    assert library.generation() == before and library._current() is kept


def test_removed_conversation_leaves_no_word_and_no_vector_in_any_file(library: Library, tmp_path: Path) -> None:
    before = library.catalog.state()
    owner = own_documents("page:visitor", "c1")
    bring(library, owner)
    _, vectors = library.catalog.vectors("s.owner = ?", (owner,))
    needles = [CANARY.encode(), CANARY.lower().encode(), b"zanzibarkoloni", vectors[0].tobytes()]
    assert all(needle in everything(library.folder) for needle in needles)
    other = bring(library, own_documents("page:visitor", "c2"), "# Other\n\nAnother text stays.\n")
    assert forgotten(library, owner) and not forgotten(library, owner)
    assert not [needle for needle in needles if needle in everything(library.folder)]
    assert library.passage(next(library.own_passages(["page:visitor/c2"]))[1].id, ["page:visitor"])
    assert take_out(library, other, "page:visitor")
    after = library.catalog.state()
    assert (before.sources, before.passages) == (after.sources, after.passages)
    assert library.catalog.vocabulary_fault() == ""


def everything(folder: Path) -> bytes:
    """The bytes of all files, with the pages that a database has not written back yet."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_check_repair_backup_and_restore_keep_whose_everything_is(tmp_path: Path, documents: Path) -> None:
    data = tmp_path / "data"
    with closing(opened(data, documents)) as library:
        mine = bring(library, MINE)
    upkeep = Upkeep(data, HashingEmbedder())
    assert upkeep.check().ok
    upkeep.backup(tmp_path / "kept.zip")
    # An owner is part of what a row's digest is made from: a private document never becomes everybody's by damage.
    with closing(sqlite3.connect(data / "catalog.db")) as connection:
        connection.execute("UPDATE sources SET owner = '' WHERE id = ?", (mine,))
        connection.commit()
    assert any("altered" in fault for fault in faults(data / "catalog.db"))
    upkeep.restore(tmp_path / "kept.zip")
    with closing(sqlite3.connect(data / "catalog.db")) as connection:
        connection.execute("DELETE FROM own_text")
        connection.commit()
    assert upkeep.check(repair=True).ok and faults(data / "catalog.db") == []
    with closing(Library.open(data, HashingEmbedder())) as library:
        assert library.search(CANARY, owners=[MINE])[0].source.id == mine
        assert mine not in {hit.source.id for hit in library.search(CANARY, 99)}


def test_damaged_library_of_an_older_version_is_not_emptied_by_a_repair(tmp_path: Path, documents: Path) -> None:
    data = tmp_path / "data"
    with closing(opened(data, documents)):
        pass
    with closing(sqlite3.connect(data / "catalog.db")) as connection:
        connection.execute("PRAGMA user_version = 2")
        connection.commit()
    before = (data / "catalog.db").read_bytes()

    with pytest.raises(LibraryError, match="older version"):
        Upkeep(data, HashingEmbedder()).check(repair=True)
    assert (data / "catalog.db").read_bytes() == before


@given(
    texts=st.lists(
        st.lists(st.sampled_from("pay wage rise ml engin".split()), min_size=1, max_size=9), min_size=5, max_size=9
    ),
    asked=st.sampled_from([["pay"], ["pay", "rise"], ["pay rise"], ["ml engin", "wage"]]),
)
@settings(max_examples=60, deadline=None)
def test_bm25_is_that_of_sqlite(texts: list[list[str]], asked: list[str]) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (title, place, text)")
        held = {}
        for number, text in enumerate(texts, 1):
            held[number] = (text[:1], text[1:2], text)
            connection.execute("INSERT INTO t (rowid, title, place, text) VALUES (?, ?, ?, ?)",
                               (number, *(" ".join(column) for column in held[number])))  # fmt: skip
        match = " OR ".join(f'"{phrase}"' for phrase in asked)
        rank = f"SELECT rowid, -bm25(t, {', '.join(map(str, WEIGHTS))}) FROM t WHERE t MATCH ?"
        oracle = dict(connection.execute(rank, (match,)).fetchall())
        holding = {
            phrase: connection.execute("SELECT count(*) FROM t WHERE t MATCH ?", (f'"{phrase}"',)).fetchone()[0]
            for phrase in asked
        }
    ours = bm25(held, asked, WEIGHTS, holding, len(texts))
    assert ours == pytest.approx(oracle)


def test_a_caller_sees_only_conversations_of_their_own() -> None:
    assert owners_of("key:ab", "c/1") == ("key:ab", "key:ab/c/1")
    # An id of a conversation cannot name another owner.
    assert not set(owners_of("", "key:ab/c1")) & set(owners_of("key:ab", "c1"))


def test_catalog_counts_words_of_each_owner_apart(tmp_path: Path) -> None:
    with closing(Library.open(tmp_path / "data", HashingEmbedder())) as library:
        bring(library, MINE)
        bring(library, THEIRS)
        catalog: Catalog = library.catalog
        one, both = catalog.vocabulary([MINE])[0], catalog.vocabulary([MINE, THEIRS])[0]
        assert both == {stem: 2 * count for stem, count in one.items()} and not catalog.vocabulary()[0]


def test_every_hit_of_own_and_shared_documents_says_why_it_was_found(library: Library, tmp_path: Path) -> None:
    names = ("oak", "elm", "ash", "yew", "fir", "bay", "fig", "box", "may", "sorb")
    for owner in ("", "ada"):
        pages = "\n\n".join(
            f"## Shelf {n}\n\nThere lies the bank ledger {names[n % 10]} {n} of {owner or 'all'} in {names[n // 10]}."
            for n in range(100)
        )
        file = tmp_path / f"shelves{owner}.md"
        file.write_text(f"# Shelves of {owner or 'all'}\n\n{pages}")
        library.sync([str(file)], owner=owner)
    found = library.search("Where does the bank ledger of the oak office lie?", k=200, owners=("ada",))
    assert {hit.source.owner for hit in found} == {"", "ada"}
    assert all(hit.ranks for hit in found)


def test_a_mark_that_was_cut_short_keeps_no_server_from_beginning(library: Library) -> None:
    bring_file(library, "note.md", io.BytesIO(NOTE.encode()), MINE)
    (folder,) = library.folder.glob("uploads/*")
    (folder / "coming").write_text('["no')
    settle(library)
    bring_file(library, "second.md", io.BytesIO(b"# Second\n\nA second keeper earns more.\n"), MINE)
    assert sorted(path.name for path in (folder / "files").iterdir()) == ["note.md", "second.md"]
    assert not list(folder.glob("coming*"))


def test_documents_that_hold_a_word_are_counted_for_those_who_may_find_them(library: Library) -> None:
    bring(library, MINE)
    keeper, canary = stem("keeper"), stem(CANARY.lower())
    assert library.catalog.spread(keeper) == (3, 3)
    assert library.catalog.spread(keeper, [MINE]) == (4, 4)
    assert library.catalog.spread(canary) == library.catalog.spread(canary, [THEIRS]) == (0, 3)
    assert library.catalog.spread(canary, [MINE]) == (1, 4)
