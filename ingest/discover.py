"""Which files and pages there are, and what has to be done about them.

It walks folders, fetches pages, and compares; of files it reads nothing but bytes for a hash.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import SourceError
from ingest.readers import refused
from ingest.types import Failure
from ingest.web import Refused, Web

READING = "3"
"""Part of every file's hash: raise it when reading or splitting changes, so that files are read again."""

BUNDLED = "bundled"
"""The root of the library that travels with the package."""

_PASSED_OVER = ("~$", ".")
"""What names of files begin with that nobody means to ingest: hidden files, locks of open office files."""


@dataclass(frozen=True)
class Found:
    """A file that could be brought in."""

    root: str
    uri: str
    """Its path below the root, with forward slashes; its name when it is the root itself."""
    path: Path
    content_hash: str
    marks: tuple[str, str] = ("", "")
    """`ETag` and `Last-Modified` of a page from the web."""


@dataclass(frozen=True)
class Walk:
    """What is there."""

    found: tuple[Found, ...]
    failed: tuple[Failure, ...]
    roots: tuple[str, ...]
    unreached: frozenset[tuple[str, str]]
    """Root and path of what could not be looked at this time, and so does not count as gone."""


Remembered = Callable[[str, str], Mapping[str, str]]
"""Root and address of a page -> its `etag`, `last_modified` and `hash`; empty when it is not known."""

Known = Mapping[tuple[str, str], str]
"""Content hash by root and path, of what was brought in."""


@dataclass(frozen=True)
class Plan:
    """What an ingest has to do."""

    new: tuple[Found, ...]
    changed: tuple[Found, ...]
    moved: tuple[tuple[str, Found], ...]
    """Old path and the file as it is now, of files that only have another path."""
    same: tuple[Found, ...]
    gone: tuple[tuple[str, str], ...]
    """Root and path of files that were brought in and are there no more."""


def bundled_folder() -> Path:
    """The folder of the documents that travel with the package.

    Raises:
        SourceError: The package was installed without them.
    """
    folder = Path(__file__).resolve().parent.parent / "corpus"
    if not folder.is_dir():
        raise SourceError(
            "The bundled documents are missing from this installation.",
            "Install career-assistant again, or name a folder: career-assistant ingest FOLDER",
        )
    return folder


def discover(targets: Sequence[str], suffixes: Collection[str], web: Web, known: Remembered) -> Walk:
    """Files and pages of the targets in a stable order, those that no reader takes, and the roots walked.

    Args:
        targets: Files, folders, addresses of pages or sitemaps; none means the bundled library.
        suffixes: Endings that can be read.
        web: Fetches pages.
        known: What is known of a page.

    Raises:
        SourceError: A target does not exist.
    """
    found: list[Found] = []
    failed: list[Failure] = []
    roots: list[str] = []
    unreached: set[tuple[str, str]] = set()
    for target in targets or (BUNDLED,):
        if "://" in target:
            roots.append(target)
            _pages(target, suffixes, web, known, found, failed, unreached)
            continue
        root, base, files = _files_of(target)
        roots.append(root)
        for path in files:
            uri = path.relative_to(base).as_posix() if path != base else path.name
            reason = _refused(path.suffix, suffixes)
            if reason:
                failed.append(Failure(uri, reason))
            else:
                found.append(Found(root, uri, path, file_hash(path)))
    return Walk(tuple(found), tuple(failed), tuple(roots), frozenset(unreached))


def _pages(
    target: str,
    suffixes: Collection[str],
    web: Web,
    known: Remembered,
    found: list[Found],
    failed: list[Failure],
    unreached: set[tuple[str, str]],
) -> None:
    """Fetch an address, and what it lists when it is a sitemap."""
    first = web.page(target, known(target, target))
    listed = web.listed(first)
    for url in listed or [target]:
        try:
            page = web.page(url, known(target, url)) if listed else first
        except SourceError as error:
            failed.append(Failure(url, str(error)))
            if not (isinstance(error, Refused) and error.gone):
                unreached.add((target, url))
            continue
        reason = "" if page.unchanged else _refused(page.suffix, suffixes)
        if reason:
            failed.append(Failure(url, reason))
        elif page.unchanged:
            found.append(Found(target, url, Path(), known(target, url)["hash"], (page.etag, page.last_modified)))
        else:
            path = web.keep(page)
            found.append(Found(target, url, path, file_hash(path), (page.etag, page.last_modified)))


def diff(walk: Walk, known: Known, prune: bool = False) -> Plan:
    """Compare what is there with what was brought in. Pure.

    A file that is new under its path and has the bytes of one that is gone is that one, moved.

    >>> diff(Walk((), (), ("r",), frozenset()), {("r", "a.md"): "x"}, prune=True).gone
    (('r', 'a.md'),)
    """
    there = {(one.root, one.uri) for one in walk.found} | walk.unreached
    left = {key: known[key] for key in sorted(known) if key not in there and key[0] in walk.roots}
    new: list[Found] = []
    changed: list[Found] = []
    moved: list[tuple[str, Found]] = []
    same: list[Found] = []
    for one in walk.found:
        before = known.get((one.root, one.uri))
        old = _left_as(one, left) if before is None else None
        if old is not None:
            del left[(one.root, old)]
            moved.append((old, one))
        elif before is None:
            new.append(one)
        else:
            (same if before == one.content_hash else changed).append(one)
    return Plan(tuple(new), tuple(changed), tuple(moved), tuple(same), tuple(left) if prune else ())


def _left_as(one: Found, left: Known) -> str | None:
    """The path under which a file was known that is gone from there and had the same bytes.

    A file with another name is another one: its name may be its title.
    """
    name = Path(one.uri).name
    return next(
        (uri for (root, uri), content in left.items()
         if (root, content, Path(uri).name) == (one.root, one.content_hash, name)),
        None,
    )  # fmt: skip


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes and of the version of reading; a file that cannot be read hashes to nothing."""
    digest = hashlib.sha256(READING.encode())
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _files_of(target: str) -> tuple[str, Path, list[Path]]:
    """Root label, base path and files of a target.

    Raises:
        SourceError: It does not exist.
    """
    if target == BUNDLED and not Path(target).exists():
        folder = bundled_folder()
        return BUNDLED, folder, [path for path in _files(folder) if path != folder / "README.md"]
    path = Path(target).expanduser().resolve()
    if not path.exists():
        raise SourceError(f"There is no file or folder {target}.", "Check the path and try again.")
    return str(path), path, _files(path) if path.is_dir() else [path]


def _files(folder: Path) -> list[Path]:
    """Files below a folder in sorted order, without hidden ones and what hidden folders hold."""
    listed = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        listed += [Path(place) / name for name in sorted(names) if not name.startswith(_PASSED_OVER)]
    return listed


def _refused(suffix: str, suffixes: Collection[str]) -> str:
    """Why a file is not even tried; empty when it is."""
    return "" if suffix.lower() in suffixes else str(refused(suffix))
