"""A library holds exactly what its folders and sites hold, whatever happens meanwhile. The real store and model."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from ingest.embed import Embedded, SentenceTransformerEmbedder, Vectors
from ingest.fetch import Network, addresses_of
from ingest.library import Library
from ingest.types import Progress, Report
from ingest.upkeep import Upkeep
from ingest.web import Web


@dataclass
class Counting:
    """The packaged model, and what it was given."""

    model: SentenceTransformerEmbedder
    texts: list[str] = field(default_factory=list)
    name: str = "all-MiniLM-L6-v2"
    max_tokens: int = 256

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return self.model.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        return self.model.embed_query(text)

    def embed_words(self, texts: Sequence[str]) -> list[Embedded]:
        self.texts += texts
        return self.model.embed_words(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.model.count_tokens(texts)


@pytest.fixture
def counting(embedder: SentenceTransformerEmbedder) -> Counting:
    return Counting(embedder)


@pytest.fixture
def library(tmp_path: Path, counting: Counting) -> Iterator[Library]:
    opened = Library.open(tmp_path / "data", counting)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    return made


def put(path: Path, words: str = "It is good.", title: str = "Pay") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {title}\n\n{words}\n")
    return path


def counts(report: Report) -> str:
    return str(report)


def held(library: Library) -> dict[str, str]:
    """Words of each source by its path."""
    return {source.uri: passage.text for source, passage in library.passages()}


def test_a_folder_is_followed_through_its_life(library: Library, folder: Path) -> None:
    for name in ("a", "b", "c"):
        put(folder / f"{name}.md", f"This is {name}.")
    assert counts(library.sync([str(folder)])) == "3 new, 0 changed, 0 removed, 0 unchanged, 0 failed"
    put(folder / "a.md", "This is different.")
    (folder / "b.md").unlink()
    put(folder / "d.md", "This is d.")
    assert counts(library.sync([str(folder)])) == "1 new, 1 changed, 0 removed, 1 unchanged, 0 failed"
    assert set(held(library)) == {"a.md", "b.md", "c.md", "d.md"}
    report = library.sync([str(folder)], prune=True)
    assert (counts(report), report.removed) == ("0 new, 0 changed, 1 removed, 3 unchanged, 0 failed", ("b.md",))
    assert held(library) == {"a.md": "This is different.", "c.md": "This is c.", "d.md": "This is d."}
    assert Upkeep(library.folder, library.embedder).check().ok


def test_a_dry_run_says_the_same_and_does_nothing(library: Library, folder: Path, counting: Counting) -> None:
    for name in ("a", "b", "c"):
        put(folder / f"{name}.md", f"This is {name}.")
    library.sync([str(folder)])
    put(folder / "a.md", "This is different.")
    (folder / "b.md").unlink()
    (folder / "c.md").rename(folder / "d.md")
    put(folder / "e.md")
    put(folder / "film.mp4")
    before, embedded = held(library), len(counting.texts)
    dry = library.sync([str(folder)], prune=True, dry_run=True)
    assert (held(library), len(counting.texts)) == (before, embedded)
    wet = library.sync([str(folder)], prune=True)
    assert (dry.new, dry.changed, dry.removed, dry.unchanged, dry.failed) == (
        wet.new, wet.changed, wet.removed, wet.unchanged, wet.failed,
    )  # fmt: skip
    assert counts(wet) == "1 new, 2 changed, 1 removed, 0 unchanged, 1 failed"


def test_what_is_unchanged_is_neither_read_nor_embedded(library: Library, folder: Path, counting: Counting) -> None:
    put(folder / "a.md", "First.\n\n## More\n\nSecond.")
    library.sync([str(folder)])
    generation = library.generation()
    counting.texts.clear()
    library.sync([str(folder)])
    assert (counting.texts, library.generation()) == ([], generation)
    put(folder / "a.md", "First.\n\n## More\n\nAnother.")
    library.sync([str(folder)])
    assert counting.texts == ["Pay > More\nAnother."]


def test_a_moved_file_keeps_its_identity_without_being_embedded_again(
    library: Library, folder: Path, counting: Counting
) -> None:
    put(folder / "a.md", "This stays.")
    library.sync([str(folder)])
    before = library.sources()[0]
    counting.texts.clear()
    (folder / "pay").mkdir()
    (folder / "a.md").rename(folder / "pay" / "b.md")
    assert counts(library.sync([str(folder)])) == "0 new, 1 changed, 0 removed, 0 unchanged, 0 failed"
    after = library.sources()[0]
    assert (after.id, after.uri, counting.texts) == (before.id, "pay/b.md", [])
    put(folder / "a.md", "Something else.")
    assert counts(library.sync([str(folder)], prune=True)) == "1 new, 0 changed, 0 removed, 1 unchanged, 0 failed"
    assert len({source.id for source in library.sources()}) == 2


def test_a_renamed_file_gets_the_title_that_its_name_gives(library: Library, folder: Path) -> None:
    (folder / "nurses.txt").write_text("They earn well.\n")
    library.sync([str(folder)])
    (folder / "nurses.txt").rename(folder / "doctors.txt")
    library.sync([str(folder)])
    assert [(source.title, source.uri) for source in library.sources()] == [("doctors", "doctors.txt")]


def test_lines_of_a_file_move_with_it(library: Library, folder: Path) -> None:
    lines = "".join(f'{{"_id": "{number}", "title": "T", "text": "Words {number}."}}\n' for number in range(3))
    (folder / "a.jsonl").write_text(lines)
    library.sync([str(folder)])
    before = {source.external_id: source.id for source in library.sources()}
    (folder / "a.jsonl").rename(folder / "b.jsonl")
    library.sync([str(folder)], prune=True)
    assert {source.external_id: source.id for source in library.sources()} == before
    assert {source.uri for source in library.sources()} == {"b.jsonl#0", "b.jsonl#1", "b.jsonl#2"}


def test_a_line_that_goes_takes_its_source_along(library: Library, folder: Path) -> None:
    lines = [f'{{"_id": "{number}", "title": "T", "text": "Words {number}."}}\n' for number in range(3)]
    (folder / "a.jsonl").write_text("".join(lines))
    library.sync([str(folder)])
    (folder / "a.jsonl").write_text("".join(lines[1:]))
    library.sync([str(folder)])
    assert {source.external_id for source in library.sources()} == {"1", "2"}


def test_half_a_file_is_read_again_and_can_be_pruned(library: Library, folder: Path) -> None:
    path = folder / "a.jsonl"
    path.write_text('{"_id": "1", "text": "One."}\n{"_id": "2", "text": "Two."}\nnot JSON\n')
    report = library.sync([str(folder)])
    assert [one.uri for one in report.failed] == ["a.jsonl"] and "line 3" in report.failed[0].reason
    assert not report.new
    path.write_text('{"_id": "1", "text": "One."}\n')
    assert not library.sync([str(folder)]).failed
    assert [source.external_id for source in library.sources()] == ["1"]
    path.write_text('{"_id": "1", "text": "One."}\nnot JSON\n')
    library.sync([str(folder)])
    path.unlink()
    library.sync([str(folder)], prune=True)
    assert library.is_empty()


def test_a_file_that_fails_leaves_what_it_was(library: Library, folder: Path) -> None:
    put(folder / "a.md", "This was good.")
    put(folder / "b.md", "This is good.")
    library.sync([str(folder)])
    (folder / "a.md").write_bytes(b"")
    put(folder / "b.md", "This is better.")
    report = library.sync([str(folder)], prune=True)
    assert counts(report) == "0 new, 1 changed, 0 removed, 0 unchanged, 1 failed"
    assert (report.failed[0].uri, "is kept" in report.failed[0].reason) == ("a.md", True)
    assert held(library) == {"a.md": "This was good.", "b.md": "This is better."}


def test_files_of_the_same_name_in_two_roots_are_counted_apart(library: Library, folder: Path) -> None:
    put(folder / "one" / "a.md", "This is one.")
    (folder / "two").mkdir()
    (folder / "two" / "a.md").write_bytes(b"")
    report = library.sync([str(folder / "one"), str(folder / "two")])
    assert counts(report) == "1 new, 0 changed, 0 removed, 0 unchanged, 1 failed"


def test_a_file_that_changes_while_it_is_read_is_not_taken(
    library: Library, folder: Path, counting: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "odd-1.0.dist-info").mkdir(parents=True)
    (site / "odd-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (site / "odd-1.0.dist-info" / "entry_points.txt").write_text("[career_assistant.readers]\nlog = odd:read\n")
    (site / "odd.py").write_text(
        "from ingest.types import Block, Document\n\n\n"
        "def read(path):\n"
        "    words = path.read_text()\n"
        "    if 'still' in words:\n"
        "        path.write_text('Written at last.')\n"
        "    yield Document('Log', (Block('paragraph', words),), 'log')\n"
    )
    monkeypatch.syspath_prepend(str(site))
    from ingest import readers

    for remembered in (readers.suffixes, readers._added):
        remembered.cache_clear()
    (folder / "a.log").write_text("Half of it, still writing.")
    put(folder / "b.md")
    report = library.sync([str(folder)])
    assert (report.new, [one.uri for one in report.failed]) == (("b.md",), ["a.log"])
    assert "was changed while it was read" in report.failed[0].reason
    assert library.sync([str(folder)]).new == ("a.log",)
    assert held(library)["a.log"] == "Written at last."
    for remembered in (readers.suffixes, readers._added):
        remembered.cache_clear()


class Quick(Counting):
    """Vectors that mean nothing, at once."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        drawn = np.random.default_rng(len(self.texts)).normal(size=(len(texts), 8)).astype(np.float32)
        unit: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        return unit


def test_texts_of_one_length_are_embedded_together(
    tmp_path: Path, folder: Path, embedder: SentenceTransformerEmbedder
) -> None:
    counting = Quick(embedder)
    library = Library.open(tmp_path / "data", counting)
    for number in range(300):
        put(folder / f"{number}.md", f"Words {number}. " + "And so it goes. " * (number * 7 % 20), f"Title {number}")
    steps: list[Progress] = []
    library.sync([str(folder)], progress=steps.append)
    lengths = [len(text) for text in counting.texts]
    assert len(lengths) == 300 and lengths == sorted(lengths, reverse=True)
    shares = [step.share or 0.0 for step in steps]
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) >= 3
    assert [step.passages for step in steps] == sorted(step.passages for step in steps)
    assert steps[-1].passages == 300 and steps[-1].label == ""
    library.close()


def test_the_same_words_are_embedded_once(library: Library, folder: Path, counting: Counting) -> None:
    for name in ("a", "b", "c"):
        put(folder / f"{name}.md", "The same.")
    assert library.sync([str(folder)]).embedded == 1
    assert len(library.sources()) == 3


# Pages


class _Site(BaseHTTPRequestHandler):
    pages: dict[str, tuple[str, str]] = {}
    sent: list[tuple[str, int]] = []
    failing: set[str] = set()

    def do_GET(self) -> None:
        words, etag = self.pages.get(self.path, ("", ""))
        status = 503 if self.path in self.failing else 404 if not words else 200
        if status == 200 and etag and etag == self.headers.get("If-None-Match"):
            status = 304
        self.sent.append((self.path, status))
        body = words.encode() if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Type", "text/xml" if self.path.endswith(".xml") else "text/markdown")
        self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Site:
    url: str
    pages: dict[str, tuple[str, str]]
    sent: list[tuple[str, int]]
    failing: set[str]

    def lists(self, *paths: str) -> None:
        urls = "".join(f"<url><loc>{self.url}{path}</loc></url>" for path in paths)
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        self.pages["/map.xml"] = (f'<urlset xmlns="{space}">{urls}</urlset>', "")


@pytest.fixture
def site() -> Iterator[Site]:
    handler = type("Handler", (_Site,), {"pages": {}, "sent": [], "failing": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Site(f"http://127.0.0.1:{server.server_address[1]}", handler.pages, handler.sent, handler.failing)
    server.shutdown()
    server.server_close()


def loopback() -> Web:
    return Web(Network(lambda address: address == "127.0.0.1", addresses_of))


def test_a_page_is_brought_in_with_its_address(library: Library, site: Site) -> None:
    site.pages["/pay"] = ("# Pay\n\nIt is good.\n", "")
    assert library.sync([f"{site.url}/pay"], web=loopback()).new == (f"{site.url}/pay",)
    hit = library.search("pay")[0]
    assert (hit.source.title, hit.source.origin.url) == ("Pay", f"{site.url}/pay")
    assert library.sync([f"{site.url}/pay#part"], web=loopback()).unchanged == (f"{site.url}/pay",)


def test_inner_pages_are_not_brought_in_without_being_asked_for(library: Library, site: Site) -> None:
    site.pages["/pay"] = ("# Pay\n\nIt is good.\n", "")
    report = library.sync([f"{site.url}/pay"])
    assert counts(report) == "0 new, 0 changed, 0 removed, 0 unchanged, 1 failed"
    assert "private network" in report.failed[0].reason and not site.sent


def test_a_sitemap_is_followed_through_its_life(library: Library, site: Site) -> None:
    sitemap = f"{site.url}/map.xml"
    for name in ("a", "b", "c"):
        site.pages[f"/{name}"] = (f"# {name}\n\nThis is {name}.\n", f'"{name}1"')
    site.lists("/a", "/b", "/c")
    assert len(library.sync([sitemap], web=loopback()).new) == 3
    site.sent.clear()
    site.pages["/a"] = ("# a\n\nThis is different.\n", '"a2"')
    site.lists("/a", "/b")
    report = library.sync([sitemap], prune=True, web=loopback())
    assert counts(report) == "0 new, 1 changed, 1 removed, 1 unchanged, 0 failed"
    assert [status for path, status in site.sent if path in ("/a", "/b")] == [200, 304]
    assert held(library) == {f"{site.url}/a": "This is different.", f"{site.url}/b": "This is b."}


def test_a_page_with_a_new_mark_and_the_same_words_is_unchanged_and_asked_for_by_it(
    library: Library, site: Site
) -> None:
    site.pages["/a"] = ("# a\n\nThis is a.\n", '"1"')
    library.sync([f"{site.url}/a"], web=loopback())
    generation = library.generation()
    site.pages["/a"] = ("# a\n\nThis is a.\n", '"2"')
    assert library.sync([f"{site.url}/a"], web=loopback()).unchanged
    assert library.sync([f"{site.url}/a"], web=loopback()).unchanged
    assert [status for path, status in site.sent if path == "/a"] == [200, 200, 304]
    assert library.generation() == generation


def test_a_site_in_trouble_loses_nothing(library: Library, site: Site) -> None:
    sitemap = f"{site.url}/map.xml"
    for name in ("a", "b"):
        site.pages[f"/{name}"] = (f"# {name}\n\nThis is {name}.\n", "")
    site.lists("/a", "/b")
    library.sync([sitemap], web=loopback())
    before = held(library)
    site.failing.add("/a")
    assert counts(library.sync([sitemap], prune=True, web=loopback())) == (
        "0 new, 0 changed, 0 removed, 1 unchanged, 1 failed"
    )
    site.failing.add("/map.xml")
    assert len(library.sync([sitemap], prune=True, web=loopback()).failed) == 1
    site.failing.clear()
    # A page that says that the site is being worked on, in the sitemap's place.
    site.pages["/map.xml"] = ("# Back soon\n\nWe are working on it.\n", "")
    assert "was a sitemap" in library.sync([sitemap], prune=True, web=loopback()).failed[0].reason
    del site.pages["/map.xml"]
    assert len(library.sync([sitemap], prune=True, web=loopback()).failed) == 1
    assert held(library) == before
    site.lists("/a", "/b")
    del site.pages["/b"]
    report = library.sync([sitemap], prune=True, web=loopback())
    assert counts(report) == "0 new, 0 changed, 1 removed, 1 unchanged, 1 failed"


def test_one_address_in_two_sitemaps_is_one_source(library: Library, site: Site) -> None:
    site.pages["/a"] = ("# a\n\nThis is a.\n", "")
    site.lists("/a")
    library.sync([f"{site.url}/map.xml"], web=loopback())
    assert library.sync([f"{site.url}/a"], web=loopback()).unchanged
    assert len(library.sources()) == 1


# The whole


def test_what_a_library_holds_does_not_depend_on_the_way_there(
    embedder: SentenceTransformerEmbedder, folder: Path, tmp_path: Path
) -> None:
    put(folder / "a.md", "One.")
    put(folder / "b.md", "Two.")
    with_detours = Library.open(tmp_path / "detours", embedder)
    with_detours.sync([str(folder / "a.md")])
    with_detours.sync([str(folder)])
    put(folder / "c" / "d.md", "Three.")
    with_detours.sync([str(folder / "c")])
    shutil.move(folder / "b.md", folder / "c" / "b.md")
    put(folder / "a.md", "Four.")
    with_detours.sync([str(folder)], prune=True)
    straight = Library.open(tmp_path / "straight", embedder)
    straight.sync([str(folder)])
    assert sorted(held(with_detours).values()) == sorted(held(straight).values()) == ["Four.", "Three.", "Two."]
    for library in (with_detours, straight):
        library.close()
        assert Upkeep(library.folder, embedder).check().ok
    with sqlite3.connect(tmp_path / "detours" / "catalog.db") as catalog:
        assert catalog.execute("SELECT count(*) FROM files").fetchone()[0] == 3


def test_what_could_not_be_read_of_a_file_is_said_and_the_rest_is_in(library: Library, folder: Path) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(folder / "handbook.pdf"), pagesize=(400, 400))
    canvas.drawString(40, 300, "Robotics engineers need a bachelor's degree.")
    canvas.showPage()
    canvas.drawImage(ImageReader(Image.new("L", (50, 50), 128)), 0, 0, 400, 400)
    canvas.save()

    report = library.sync([str(folder)])

    assert (len(report.new), report.failed) == (1, ())
    (partly,) = report.partly
    assert partly.uri.endswith("handbook.pdf") and "p. 2 held no text" in partly.reason
    assert library.search("What degree do robotics engineers need?")
