"""What is there is found, each once; what could not be looked at is named, and does not count as gone."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.discover import BUNDLED, Found, Known, Plan, Walk, diff, discover, file_hash, place_of
from ingest.errors import SourceError
from ingest.web import Web


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that anybody may look into."""
    made = Path(tempfile.mkdtemp(prefix="library-")).resolve()
    made.chmod(0o755)
    yield made
    for place, _, _ in os.walk(made):
        os.chmod(place, 0o700)
    shutil.rmtree(made)


@contextmanager
def nobody() -> Iterator[None]:
    """Permissions hold for everybody but root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(before)


def walked(*targets: Path | str, known: Known | None = None, prune: bool = False) -> Walk:
    with Web() as web:
        return discover([str(one) for one in targets], {".md"}, web, known or {}, lambda _: {}, prune)


def planned(*targets: Path | str, known: Known, prune: bool = True) -> Plan:
    return diff(walked(*targets, known=known, prune=prune), known, prune)


def keys(walk: Walk) -> Known:
    """What is known once everything found was brought in."""
    return {(one.root, one.uri): one.content_hash for one in walk.found}


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or path.name)
    return path


def uris(walk: Walk) -> list[str]:
    return [one.uri for one in walk.found]


def test_files_are_found_in_order_without_hidden_ones_and_those_of_systems(folder: Path) -> None:
    for name in ("b.md", "a.MD", "c/d.md", "c/.e.md", ".f/g.md", "~$b.md", "c/Thumbs.db", "desktop.ini", ".DS_Store"):
        put(folder / name)
    walk = walked(folder)
    assert uris(walk) == ["a.MD", "b.md", "c/d.md"]
    assert not walk.failed


def test_what_no_reader_takes_is_named_and_does_not_count_as_gone(folder: Path) -> None:
    put(folder / "film.mp4")
    put(folder / "plain")
    walk = walked(folder)
    assert [(one.uri, one.reason.split(".")[0]) for one in walk.failed] == [
        ("film.mp4", "No reader takes files ending in "),
        ("plain", "No reader takes files without an ending"),
    ]
    assert not planned(folder, known={(str(folder), "film.mp4"): "x"}).gone


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_what_may_not_be_read_is_named_and_does_not_count_as_gone(folder: Path) -> None:
    for name in ("a.md", "shut/b.md", "shut/deep/c.md", "locked.md", "gone.md"):
        put(folder / name)
    known = keys(walked(folder))
    (folder / "gone.md").unlink()
    (folder / "locked.md").chmod(0)
    (folder / "shut").chmod(0)
    with nobody():
        walk = walked(folder, known=known)
    assert uris(walk) == ["a.md"]
    assert {one.uri: one.reason.split(":")[0] for one in walk.failed} == {
        "locked.md": "locked.md cannot be read",
        "shut": f"{folder / 'shut'} cannot be looked into",
    }
    assert diff(walk, known, prune=True).gone == ((str(folder), "gone.md"),)


def test_links_are_not_followed_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "secret.md")
    put(folder / "a.md")
    (folder / "out.md").symlink_to(tmp_path / "elsewhere" / "secret.md")
    (folder / "outside").symlink_to(tmp_path / "elsewhere")
    (folder / "up").symlink_to("..")
    (folder / "nowhere.md").symlink_to("absent.md")
    walk = walked(folder)
    assert uris(walk) == ["a.md"]
    assert sorted(one.uri for one in walk.failed) == ["nowhere.md", "out.md", "outside", "up"]
    assert all("is a link" in one.reason for one in walk.failed)


def test_links_within_the_folder_find_each_file_once_and_loops_end(folder: Path) -> None:
    put(folder / "pay" / "a.md")
    (folder / "again").symlink_to("pay")
    (folder / "first.md").symlink_to("pay/a.md")
    (folder / "pay" / "loop").symlink_to("..")
    (folder / "self").symlink_to("self")
    walk = walked(folder)
    assert uris(walk) == ["pay/a.md"]
    assert [one.uri for one in walk.failed] == ["self"]


def test_a_link_to_a_hidden_file_stands_for_it(folder: Path) -> None:
    # So a Kubernetes volume shows its files.
    put(folder / "..2024" / "a.md", "words")
    (folder / "..data").symlink_to("..2024")
    (folder / "a.md").symlink_to("..data/a.md")
    walk = walked(folder)
    assert (uris(walk), walk.failed) == (["a.md"], ())


def test_what_is_no_ordinary_file_is_named_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket.md"))
        walk = walked(folder)
    assert [one.uri for one in walk.failed] == ["pipe.md", "socket.md"]


def test_folders_may_be_deep(folder: Path) -> None:
    # Deeper than Python calls itself.
    places = [folder]
    for _ in range(1_200):
        places.append(places[-1] / "d")
        places[-1].mkdir()
    put(places[-1] / "a.md")
    try:
        assert len(uris(walked(folder))) == 1
    finally:
        (places[-1] / "a.md").unlink()
        for place in reversed(places[1:]):
            place.rmdir()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are bytes on Linux only")
def test_names_of_any_bytes_are_found_and_can_be_stored(folder: Path) -> None:
    for name in (
        b"caf\xe9.md",
        "cafe\u0301.md".encode(),
        "caf\u00e9.md".encode(),
        "\u30ad\u30e3\u30ea\u30a2 \U0001f4bc.md".encode(),
        b"new\nline.md",
    ):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text("words")
    walk = walked(folder)
    assert len(set(uris(walk))) == 5 and not walk.failed
    assert "caf\\xe9.md" in uris(walk)
    for one in uris(walk):
        one.encode()


def test_a_file_reached_by_two_targets_is_found_once(folder: Path) -> None:
    put(folder / "pay" / "a.md")
    for targets in (
        (folder, folder),
        (folder, folder / "pay"),
        (folder, folder / "pay" / "a.md"),
        (folder, f"{folder}/pay/.."),
    ):
        assert uris(walked(*targets)) == ["pay/a.md"]


def test_a_file_keeps_its_root_when_a_folder_above_or_below_is_named(folder: Path) -> None:
    put(folder / "pay" / "a.md")
    put(folder / "pay" / "b.md")
    put(folder / "c.md")
    from_above = keys(walked(folder))
    assert len(planned(folder / "pay", known=from_above).same) == 2
    assert len(planned(folder / "pay" / "a.md", known=from_above).same) == 1
    for below in (folder / "pay", folder / "pay" / "a.md"):
        plan = planned(folder, known=keys(walked(below)))
        assert {one.uri for one in (*plan.same, *plan.new)} == {
            "a.md",
            "c.md",
            "b.md" if below.is_dir() else "pay/b.md",
        }
        assert all(one.root == str(below) for one in plan.same) and not plan.gone


def test_only_what_lies_below_the_named_folder_can_be_gone(folder: Path) -> None:
    for name in ("pay/a.md", "payroll/b.md", "c.md"):
        put(folder / name)
    known = keys(walked(folder))
    for name in ("pay/a.md", "payroll/b.md", "c.md"):
        (folder / name).unlink()
    assert planned(folder / "pay", known=known).gone == ((str(folder), "pay/a.md"),)
    assert not planned(folder / "pay", known=known, prune=False).gone
    assert len(planned(folder, known=known).gone) == 3


def test_a_folder_that_is_gone_is_an_error_but_can_be_pruned(folder: Path) -> None:
    put(folder / "pay" / "a.md")
    known = keys(walked(folder / "pay"))
    shutil.rmtree(folder / "pay")
    with pytest.raises(SourceError, match="add --prune"):
        walked(folder / "pay", known=known)
    assert planned(folder / "pay", known=known).gone == ((str(folder / "pay"), "a.md"),)
    with pytest.raises(SourceError, match="There is no file or folder"):
        walked(folder / "absent", known=known, prune=True)


def test_moved_and_renamed_files_are_known_by_their_content(folder: Path) -> None:
    put(folder / "a.md", "one")
    put(folder / "b.md", "two")
    known = keys(walked(folder))
    (folder / "pay").mkdir()
    (folder / "a.md").rename(folder / "pay" / "a.md")
    (folder / "b.md").rename(folder / "c.md")
    plan = planned(folder, known=known, prune=False)
    root = str(folder)
    assert [(old, one.uri) for old, one in plan.moved] == [((root, "b.md"), "c.md"), ((root, "a.md"), "pay/a.md")]
    assert not (plan.new or plan.gone or plan.changed)


def test_a_copy_is_new_and_takes_nothing_away(folder: Path) -> None:
    put(folder / "a.md", "one")
    known = keys(walked(folder))
    put(folder / "copy.md", "one")
    plan = planned(folder, known=known)
    assert ([one.uri for one in plan.new], [one.uri for one in plan.same], plan.moved) == (["copy.md"], ["a.md"], ())


def test_of_several_with_the_same_bytes_each_is_matched_once_by_name_first(folder: Path) -> None:
    for name in ("x/a.md", "x/b.md"):
        put(folder / name, "same")
    known = keys(walked(folder))
    (folder / "x").rename(folder / "y")
    put(folder / "y" / "c.md", "same")
    plan = planned(folder, known=known)
    assert {old[1]: one.uri for old, one in plan.moved} == {"x/a.md": "y/a.md", "x/b.md": "y/b.md"}
    assert [one.uri for one in plan.new] == ["y/c.md"]


def test_a_file_moves_between_two_folders_that_are_named_together(folder: Path) -> None:
    put(folder / "old" / "a.md", "one")
    (folder / "new").mkdir()
    known = keys(walked(folder / "old", folder / "new"))
    (folder / "old" / "a.md").rename(folder / "new" / "a.md")
    plan = planned(folder / "old", folder / "new", known=known)
    assert [(old, one.root) for old, one in plan.moved] == [((str(folder / "old"), "a.md"), str(folder / "new"))]


def test_a_change_within_the_same_second_and_size_is_seen(folder: Path) -> None:
    path = put(folder / "a.md", "$100,000")
    known = keys(walked(folder))
    stamp = path.stat()
    path.write_text("$900,000")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert [one.uri for one in planned(folder, known=known).changed] == ["a.md"]


def test_the_bundled_library_is_the_same_by_its_name_and_by_its_folder() -> None:
    by_name = walked()
    assert {one.root for one in by_name.found} == {BUNDLED}
    folder = by_name.found[0].path.parent
    again = walked(folder, known=keys(by_name))
    assert {one.root for one in again.found if one.uri != "README.md"} == {BUNDLED}


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://x/", "http://user@x/", "http://127.0.0.1:1/"])
def test_an_address_that_cannot_be_fetched_is_named_and_the_others_are_found(target: str, folder: Path) -> None:
    put(folder / "a.md")
    walk = walked(target, folder)
    assert uris(walk) == ["a.md"]
    assert [one.uri for one in walk.failed] == [target]


paths = st.lists(st.sampled_from(["a", "b", "c/a", "c/b", "d"]), max_size=5, unique=True)


@given(paths, st.data())
def test_a_plan_accounts_for_everything_once(names: list[str], data: st.DataObject) -> None:
    contents = st.sampled_from(["x", "y", "z"])
    found = tuple(Found("/r", name, Path(name), data.draw(contents)) for name in names)
    known = {("/r", name): data.draw(contents) for name in data.draw(paths)}
    unreached = frozenset(f"/r/{name}" for name in data.draw(paths) if name not in names)
    plan = diff(Walk(found, (), ("/r",), unreached), known, prune=True)
    taken = [*plan.new, *plan.changed, *plan.same, *(one for _, one in plan.moved)]
    assert sorted(taken, key=lambda one: one.uri) == sorted(found, key=lambda one: one.uri)
    left = {key for key in known if key[1] not in names and place_of(*key) not in unreached}
    assert sorted([*plan.gone, *(old for old, _ in plan.moved)]) == sorted(left)
    assert all(known[old] == one.content_hash for old, one in plan.moved)


def test_a_hash_is_of_the_bytes_alone(folder: Path) -> None:
    assert (
        file_hash(put(folder / "a.md", "x"))
        == file_hash(put(folder / "b.md", "x"))
        != file_hash(put(folder / "c.md", "y"))
    )
