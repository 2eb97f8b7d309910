"""Documents that somebody brings in from outside, for themselves or for one conversation alone.

A file is kept in the data folder, in a folder of its owner's, under its own name; a file of the same name takes the
place of the one before. What is taken out leaves no file, passage, vector or word behind.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ingest.discover import file_hash
from ingest.errors import LibraryBusy, LibraryError, SourceError
from ingest.fetch import normalised
from ingest.library import Library, belongs
from ingest.lock import writer
from ingest.types import Report, Source
from ingest.web import Web

_COMING, _BEFORE = "coming", "before"
"""In an owner's folder: the name of the file that is being brought in, and the one whose place it takes."""


class Brought(NamedTuple):
    """What came of bringing a document in."""

    report: Report
    sources: tuple[Source, ...]


def bring_file(library: Library, name: str, content: BinaryIO, owner: str = "") -> Brought:
    """Keep a file and bring it in; what it replaces stays when it cannot be read.

    Args:
        library: Where to.
        name: As its sender calls it; folders in it are left out.
        content: Its bytes.
        owner: Who alone may find it; everybody when empty.

    Raises:
        SourceError: It cannot be read.
        LibraryBusy: Another process is writing, or the owner is bringing another file in.
        LibraryError: The data folder cannot be written.
    """
    base = _folder(library, owner)
    path, part = base / "files" / safe_name(name), base / "part"
    with _told(base):
        path.parent.mkdir(parents=True, exist_ok=True)
    with writer(base):
        with _told(base):
            _settle(library, base)
            with part.open("wb") as file:
                shutil.copyfileobj(content, file)
            (base / _COMING).write_text(json.dumps([path.name, owner]), encoding="utf-8")
            if path.exists():
                path.replace(base / _BEFORE)
            part.replace(path)
        try:
            return _brought(library, str(path), owner)
        finally:
            _settle(library, base)


def settle(library: Library) -> None:
    """Undo what a process that was ended left half kept: a file is there as the library holds it, or not at all.

    What another process is just bringing in is left to it.
    """
    for mark in library.folder.resolve().glob(f"uploads/*/{_COMING}"):
        with suppress(LibraryBusy), writer(mark.parent, wait=0):
            _settle(library, mark.parent)


def _settle(library: Library, base: Path) -> None:
    """The same for one owner's folder, by whoever has its lock."""
    (base / "part").unlink(missing_ok=True)
    mark, before = base / _COMING, base / _BEFORE
    if not mark.exists():
        return
    try:
        name, owner = json.loads(mark.read_text(encoding="utf-8"))
    except ValueError:
        # It was ended while it wrote this, before anything was moved.
        mark.unlink()
        return
    path = base / "files" / name
    held = library.catalog.files(owner).get((str(path), name))
    if not path.exists() or held != file_hash(path):
        path.unlink(missing_ok=True)
        if before.exists():
            before.replace(path)
    before.unlink(missing_ok=True)
    mark.unlink()


def bring_page(library: Library, url: str, owner: str = "", web: Web | None = None) -> Brought:
    """Bring in the page at an address; `web` is who fetches it, the open internet when left out.

    Raises:
        SourceError: It cannot be fetched or read.
        LibraryBusy: Another process is writing.
    """
    return _brought(library, normalised(url), owner, web)


def _brought(library: Library, target: str, owner: str, web: Web | None = None) -> Brought:
    report = library.sync([target], owner=owner, web=web)
    if report.failed:
        raise SourceError(report.failed[0].reason)
    root = target if "://" in target else str(Path(target).resolve())
    held = library.catalog.sources("s.owner = ? AND ? IN (s.root, s.uri)", (owner, root))
    return Brought(report, tuple(held))


def take_out(library: Library, source_id: str, owner: str = "") -> bool:
    """Remove a source that belongs to an owner or to one of their conversations; whether there was one.

    Raises:
        LibraryBusy: Another process is writing.
    """
    found = [one for one in library.catalog.sources("s.id = ?", (source_id,)) if belongs(one.owner, (owner,))]
    for source in found:
        library.remove(source.id)
        if _folder(library, source.owner) in Path(source.root).parents:
            Path(source.root).unlink(missing_ok=True)
    return bool(found)


def forgotten(library: Library, owner: str) -> bool:
    """Remove everything that belongs to one owner alone, with its files; whether there was anything.

    Raises:
        LibraryBusy: Another process is writing.
    """
    if not owner or library.catalog.is_empty([owner]):
        return False
    base = _folder(library, owner)
    with _told(base):
        base.mkdir(parents=True, exist_ok=True)
    with writer(base):
        library.forget(owner)
        shutil.rmtree(base, ignore_errors=True)
    return True


def safe_name(name: str) -> str:
    r"""A file's name without folders, control characters and what hides it; its ending kept.

    >>> safe_name("../../etc/pass\x00wd.md"), safe_name(""), safe_name(".hidden.txt")
    ('passwd.md', 'document', 'hidden.txt')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(one for one in last if one.isprintable() and one not in '<>:"|?*').strip(". ~$")
    stem, dot, ending = kept.rpartition(".")
    return (f"{stem[:100]}{dot}{ending[:12]}" if stem else ending[:100]) or "document"


def _folder(library: Library, owner: str) -> Path:
    """Where an owner's files are kept; its name tells nothing of whose it is."""
    name = hashlib.sha256(owner.encode()).hexdigest()[:32] if owner else "shared"
    return library.folder.resolve() / "uploads" / name


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LibraryError(
            f"The file cannot be kept in {folder}: {error.strerror}.",
            "Make room on the disk and make the data folder writable; nothing was brought in.",
        ) from error
