"""The library is whole at every moment: killed writers, damaged files, full disks, backups. The long form of much of
this is `make torture`.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversation import Conversations
from assistant.types import Answer
from evals import torture
from evals.torture_library import HashingEmbedder, answers, apart, ingest, write
from ingest.catalog import Catalog
from ingest.dense import View, digest
from ingest.errors import EmbedderMismatch, LibraryError
from ingest.library import Library
from ingest.upkeep import Upkeep

NAMES = [f"doc{number}" for number in range(18)]
FEW = NAMES[:3]
Answers = list[tuple[str, float]]
Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answers]:
    """A library of 1,080 passages, more than Chroma keeps back, and what it answers."""
    folder = tmp_path_factory.mktemp("filled")
    write(folder / "documents", dict.fromkeys(NAMES, "1"))
    apart(ingest, folder / "data", folder / "documents", folder / "shown", False)
    return folder / "data", apart(answers, folder / "data", NAMES)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answers]:
    """A library of 180 passages, and what it answers."""
    folder = tmp_path_factory.mktemp("few")
    write(folder / "documents", dict.fromkeys(FEW, "1"))
    apart(ingest, folder / "data", folder / "documents", folder / "shown", False)
    return folder / "data", apart(answers, folder / "data", FEW)


@pytest.fixture
def small(few: tuple[Path, Answers], tmp_path: Path) -> Path:
    return Path(shutil.copytree(few[0], tmp_path / "data"))


@pytest.fixture
def data(filled: tuple[Path, Answers], tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled[0], tmp_path / "data"))


def flip(path: Path, count: int = 200, start: int = 0) -> None:
    """Turn some bytes of a file, always the same ones."""
    content = bytearray(path.read_bytes())
    for place in random.Random(path.name).sample(range(start, len(content)), count):
        content[place] ^= 0xFF
    path.write_bytes(content)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def index(data: Path, name: str) -> Path:
    """A file of the view's index."""
    (found,) = data.glob(f"views/*/*/{name}")
    return found


def database(data: Path) -> Path:
    (found,) = data.glob("views/*/chroma.sqlite3")
    return found


def read_only(data: Path) -> None:
    for path in data.glob("views/**/*"):
        path.chmod(0o500 if path.is_dir() else 0o400)


# What was measured to be harmless, loud, silently wrong, or to crash the process that opens the store.
VIEW_FAULTS: dict[str, Damage] = {
    "none": lambda data: None,
    "no index folder": lambda data: shutil.rmtree(index(data, "header.bin").parent),
    "no index metadata": lambda data: index(data, "index_metadata.pickle").unlink(),
    "empty database": lambda data: database(data).write_bytes(b""),
    "no vectors": lambda data: index(data, "data_level0.bin").unlink(),
    "bad header": lambda data: index(data, "header.bin").write_bytes(b"\xff" * 100),
    "truncated index metadata": lambda data: truncate(index(data, "index_metadata.pickle")),
    "truncated vectors": lambda data: truncate(index(data, "data_level0.bin")),
    "truncated database": lambda data: truncate(database(data)),
    "flipped bytes in vectors": lambda data: flip(index(data, "data_level0.bin")),
    "flipped bytes in database": lambda data: flip(database(data)),
    "zeroed links": lambda data: index(data, "link_lists.bin").write_bytes(
        b"\0" * index(data, "link_lists.bin").stat().st_size
    ),
    "read-only": read_only,
    "no view at all": lambda data: shutil.rmtree(data / "views"),
}


@pytest.mark.parametrize("fault", VIEW_FAULTS)
def test_damaged_view_never_changes_an_answer(data: Path, filled: tuple[Path, Answers], fault: str) -> None:
    VIEW_FAULTS[fault](data)
    assert apart(answers, data, NAMES) == filled[1]
    assert len(list(data.glob("views/*/chroma.sqlite3"))) == (1 if fault in ("none", "read-only") else 2) - (
        fault == "no view at all"
    )


def test_view_that_no_process_has_opened_is_tried_in_one_that_may_crash(
    data: Path, filled: tuple[Path, Answers]
) -> None:
    flip(index(data, "data_level0.bin"))
    for proof in data.glob("views/*.opened"):
        proof.unlink()
    with closing(Catalog(data / "catalog.db")) as catalog:
        view = View.from_json(catalog.meta("view"))
        assert view is not None
        catalog.set_meta("view", replace(view, digest=digest(data / "views" / view.name)).to_json())
        catalog.seal()
    assert apart(answers, data, NAMES) == filled[1]


def test_whole_view_is_tried_once_and_never_built_again(data: Path) -> None:
    for proof in data.glob("views/*.opened"):
        proof.unlink()
    before = sorted(data.glob("views/*/"))
    apart(answers, data, NAMES)
    (proof,) = data.glob("views/*.opened")
    written = proof.stat().st_mtime_ns
    apart(answers, data, NAMES)
    assert proof.stat().st_mtime_ns == written
    assert sorted(data.glob("views/*/")) == before


# The catalog


def execute(data: Path, *statements: str) -> None:
    """Write to the catalog behind the library's back."""
    with closing(sqlite3.connect(data / "catalog.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def overwrite(data: Path, begin: bytes) -> None:
    content = (data / "catalog.db").read_bytes()
    (data / "catalog.db").write_bytes(begin + content[len(begin) :])


def replace_bytes(data: Path, old: bytes, new: bytes) -> None:
    content = (data / "catalog.db").read_bytes()
    assert old in content
    (data / "catalog.db").write_bytes(content.replace(old, new, 1))


# What is damaged, and whether the rest holds everything that had been committed.
CATALOG_FAULTS: dict[str, tuple[Damage, bool]] = {
    "none": (lambda data: None, True),
    "gone": (lambda data: (data / "catalog.db").unlink(), False),
    "empty": (lambda data: (data / "catalog.db").write_bytes(b""), False),
    "truncated": (lambda data: truncate(data / "catalog.db"), False),
    "bad header": (lambda data: overwrite(data, b"\xff" * 100), False),
    "flipped bytes": (lambda data: flip(data / "catalog.db", start=4_096), False),
    "a word altered in the file": (lambda data: replace_bytes(data, b"doc2v1p3 says", b"doc2v1p8 says"), False),
    "a vector altered": (
        lambda data: execute(data, "UPDATE vectors SET vector = zeroblob(512) WHERE number = 8"), False
    ),
    "a word's vector altered": (
        lambda data: execute(data, "UPDATE word_vectors SET words = zeroblob(17) WHERE number = 8"), False
    ),
    "a source gone": (lambda data: execute(data, "DELETE FROM sources WHERE title = 'Report doc1'"), False),
    "full text altered": (lambda data: execute(data, "DELETE FROM full_text WHERE rowid = 9"), True),
    "word counts altered": (lambda data: execute(data, "UPDATE vocabulary SET passages = passages + 5"), True),
    "an index damaged": (lambda data: execute(data, "DELETE FROM full_text_idx"), True),
    "another model's name": (lambda data: execute(data, "UPDATE meta SET value = 'x' WHERE key = 'embedder'"), True),
    "no seal": (lambda data: (data / "catalog.seal").unlink(), True),
}  # fmt: skip


@pytest.mark.parametrize("fault", CATALOG_FAULTS)
def test_damaged_catalog_is_mended_without_loss_or_refused(small: Path, few: tuple[Path, Answers], fault: str) -> None:
    damage, lossless = CATALOG_FAULTS[fault]
    damage(small)
    if lossless:
        assert apart(answers, small, FEW) == few[1]
        return
    with pytest.raises(LibraryError) as refused:
        Library.open(small, HashingEmbedder())
    assert "check --repair" in refused.value.hint


@pytest.mark.parametrize("fault", ["gone", "truncated", "flipped bytes", "a word altered in the file"])
def test_repair_keeps_what_is_sound_and_an_ingest_brings_back_the_rest(
    small: Path, few: tuple[Path, Answers], fault: str
) -> None:
    CATALOG_FAULTS[fault][0](small)
    repaired = Upkeep(small, HashingEmbedder()).check(repair=True)
    assert repaired.ok, repaired.lines
    # What is left is what was there; what is not is brought back by the same ingest.
    with closing(Library.open(small, HashingEmbedder())) as library:
        left = {passage.id for _, passage in library.passages()}
        report = library.sync([str(few[0].parent / "documents")])
        assert {passage.id for _, passage in library.passages()} >= left | {one for one, _ in few[1]}
    assert not report.failed
    assert apart(answers, small, FEW) == few[1]


def test_lost_write_ahead_file_is_seen(small: Path, few: tuple[Path, Answers]) -> None:
    documents = few[0].parent / "more"
    write(documents, {"other1": "1"})
    with pytest.raises(RuntimeError, match="exit code 0"):
        apart(torture.unclean, small, documents)
    log = small / "catalog.db-wal"
    kept = log.read_bytes()
    for number, damage in enumerate((log.unlink, lambda: log.write_bytes(kept[: len(kept) // 3]), lambda: flip(log))):
        log.write_bytes(kept)
        damage()
        for index_file in small.glob("catalog.db-shm"):
            index_file.unlink()
        with pytest.raises(LibraryError, match="missing|holds"):
            Library.open(Path(shutil.copytree(small, small.parent / f"copy{number}")), HashingEmbedder())
    log.write_bytes(kept)
    with closing(Library.open(small, HashingEmbedder())) as library:
        assert any(source.title == "Report other1" for source in library.sources())


def test_older_catalog_put_in_the_place_of_a_newer_one_is_seen(small: Path, tmp_path: Path) -> None:
    older = (small / "catalog.db").read_bytes()
    write(tmp_path / "more", {"other1": "1"})
    apart(ingest, small, tmp_path / "more", tmp_path / "shown", False)
    (small / "catalog.db").write_bytes(older)
    with pytest.raises(LibraryError, match="commits are missing"):
        Library.open(small, HashingEmbedder())


# Killed, collided, crowded, full


def test_killed_writers_lose_nothing(tmp_path: Path) -> None:
    counts = torture.life(tmp_path, 5, seed=3)
    assert not [name for name in counts if name.startswith("PROBLEM")]
    assert counts["killed while ingesting"] >= 3


def test_second_writer_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert torture.collisions(tmp_path, 4) == {"second writers refused": 4}


def test_readers_and_backups_go_on_while_everything_is_brought_in_again(tmp_path: Path) -> None:
    counts = torture.unrest(tmp_path, size=5, ingests=2, searches=100, backups=2)
    assert not [name for name in counts if name.startswith("PROBLEM")]
    assert counts["backups restored and answering"] == 2


def test_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    counts = torture.full_disk(tmp_path, 2, seed=1)
    assert not [name for name in counts if name.startswith("PROBLEM")]
    assert counts["stopped for lack of room"]


def test_small_file_system_that_is_full_is_said_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        write(tmp_path / "documents", dict.fromkeys(NAMES, "1"))
        arguments = (place / "data", tmp_path / "documents", tmp_path / "shown")
        said = apart(torture.limited, *arguments, None)
        assert "room" in said
        shown = torture.last_shown(tmp_path / "shown")
        subprocess.run(["mount", "-o", "remount,size=50m", place], check=True)
        found, problems = apart(torture.look, place / "data", {name: ["", "1"] for name in NAMES}, 5, False)
        assert not problems
        assert set(found) >= set(shown)
        assert not apart(torture.limited, *arguments, None)
        assert apart(torture.look, place / "data", {name: ["1"] for name in NAMES}, 5, False)[1] == []
    finally:
        subprocess.run(["umount", "-l", place], check=True)


# Backup and restore


def test_backup_brings_everything_back_and_running_readers_see_it(
    small: Path, few: tuple[Path, Answers], tmp_path: Path
) -> None:
    turn = Answer("Because. [1]", "answered", (), (), "why", (), "extractive", "conversation", "turn", {})
    Conversations(small / "conversations.db").keep("Why?", turn)
    upkeep = Upkeep(small, HashingEmbedder())
    made = upkeep.backup(tmp_path / "backup.zip")
    assert (made.sources, made.passages) == (3, 180)
    with closing(Library.open(small, HashingEmbedder())) as running:
        for source in running.sources()[:2]:
            with running.writing(), running.catalog.transaction() as connection:
                running.catalog.remove(connection, source.id)
        (small / "conversations.db").unlink()
        assert len(running.sources()) == 1
        apart(restored, tmp_path / "backup.zip", small)
        assert len(running.sources()) == 3
        hits = running.search("doc2")
        assert {hit.source.title for hit in hits} == {"Report doc2"}
    assert apart(answers, small, FEW) == few[1]
    assert [one.question for one in Conversations(small / "conversations.db").turns("conversation")] == ["Why?"]
    empty = tmp_path / "elsewhere" / "new"
    upkeep_there = Upkeep(empty, HashingEmbedder())
    upkeep_there.restore(tmp_path / "backup.zip")
    assert upkeep_there.check().ok
    assert apart(answers, empty, FEW) == few[1]


def restored(file: Path, data: Path) -> str:
    return Upkeep(data, HashingEmbedder()).restore(file).made_at


def test_backup_never_overwrites_and_says_when_there_is_nothing_to_keep(small: Path, tmp_path: Path) -> None:
    upkeep = Upkeep(small, HashingEmbedder())
    taken = tmp_path / "backup.zip"
    taken.write_text("mine")
    with pytest.raises(LibraryError, match="exists already"):
        upkeep.backup(taken)
    assert taken.read_text() == "mine"
    with pytest.raises(LibraryError, match="no such file or directory"):
        upkeep.backup(tmp_path / "nowhere" / "backup.zip")
    with pytest.raises(LibraryError, match="no library"):
        Upkeep(tmp_path / "nothing", HashingEmbedder()).backup(tmp_path / "other.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "data"]


def test_file_that_is_no_whole_backup_is_refused_and_the_library_stays(
    small: Path, few: tuple[Path, Answers], tmp_path: Path
) -> None:
    upkeep = Upkeep(small, HashingEmbedder())
    good = tmp_path / "good.zip"
    upkeep.backup(good)
    content = good.read_bytes()
    bad = tmp_path / "bad.zip"
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as packed:
        packed.writestr("readme.txt", "nothing of ours")
    middle = len(content) // 2
    for harmed in (b"", b"text", content[:middle], content[:middle] + b"\0" * 50 + content[middle + 50 :]):
        bad.write_bytes(harmed)
        with pytest.raises(LibraryError, match="no backup|damaged"):
            upkeep.restore(bad)
    for file, said in ((foreign, "no backup"), (tmp_path / "absent.zip", "no file"), (tmp_path, "no backup|cannot")):
        with pytest.raises(LibraryError, match=said):
            upkeep.restore(file)
    with pytest.raises(EmbedderMismatch, match="hashing-128"):
        Upkeep(small, OtherEmbedder()).restore(good)
    assert apart(answers, small, FEW) == few[1]


class OtherEmbedder(HashingEmbedder):
    name = "other"


def test_repair_of_a_whole_library_changes_no_answer(small: Path, few: tuple[Path, Answers]) -> None:
    upkeep = Upkeep(small, HashingEmbedder())
    assert upkeep.check().lines == ("The library is whole: 3 sources, 180 passages.",)
    assert upkeep.check(repair=True).ok
    assert apart(answers, small, FEW) == few[1]


def test_new_data_folder_holds_a_whole_library_of_nothing(tmp_path: Path) -> None:
    found = Upkeep(tmp_path / "new", HashingEmbedder()).check()
    assert (found.ok, found.lines) == (True, ("The library is whole: 0 sources, 0 passages.",))
