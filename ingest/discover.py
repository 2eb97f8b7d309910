"""Which files and pages there are, and what has to be done about them.

It walks folders, fetches pages, and compares; of files it reads nothing but bytes for a hash. It never follows a link
out of the folder that was named, and what it could not look at it says so, and does not take for gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from ingest.errors import SourceError
from ingest.fetch import normalised
from ingest.folder import files_of, fingerprint, shown
from ingest.readers import refused
from ingest.types import Failure
from ingest.web import Page, Refused, Web

READING = "3"
"""Part of every file's hash: raise it when reading or splitting changes, so that files are read again."""

BUNDLED = "bundled"
"""The root of the library that travels with the package."""


@dataclass(frozen=True)
class Found:
    """A file that could be brought in."""

    root: str
    uri: str
    """Its path below the root, with forward slashes; its name when it is the root itself; the address of a page."""
    path: Path
    content_hash: str
    marks: tuple[str, str] = ("", "")
    """`ETag` and `Last-Modified` of a page from the web."""
    stamp: tuple[int, ...] = ()
    """What the system said of the file when it was hashed: another one means that it was written to since."""
    size: int = 0
    """In bytes."""


@dataclass(frozen=True)
class Walk:
    """What is there."""

    found: tuple[Found, ...]
    failed: tuple[Failure, ...]
    roots: tuple[str, ...]
    """Places of the targets."""
    unreached: frozenset[str] = frozenset()
    """Places that could not be looked at or read this time: what is there, or below, does not count as gone."""


Remembered = Callable[[str], Mapping[str, str]]
"""Address of a page -> its `etag`, `last_modified` and `hash`; empty when it is not known."""

Known = Mapping[tuple[str, str], str]
"""Content hash by root and path, of what was brought in; without one where it was not brought in whole."""


@dataclass(frozen=True)
class Plan:
    """What an ingest has to do."""

    new: tuple[Found, ...]
    changed: tuple[Found, ...]
    moved: tuple[tuple[tuple[str, str], Found], ...]
    """Old root and path, and the file as it is now, of files that only have another place."""
    same: tuple[Found, ...]
    gone: tuple[tuple[str, str], ...]
    """Root and path of files that were brought in and are there no more."""


def bundled_folder() -> Path:
    """The folder of the documents that travel with the package.

    Raises:
        SourceError: The package was installed without them.
    """
    if not _CORPUS.is_dir():
        raise SourceError(
            "The bundled documents are missing from this installation.",
            "Install career-assistant again, or name a folder: career-assistant ingest FOLDER",
        )
    return _CORPUS


_CORPUS = Path(__file__).resolve().parent.parent / "corpus"


def place_of(root: str, uri: str) -> str:
    """Where a file lies, by whichever root it was brought in: its whole path with forward slashes, or its address.

    >>> place_of("/docs", "pay/ml.md"), place_of("/docs/ml.md", "ml.md"), place_of("https://x.org/map.xml", "https://x.org/a")
    ('/docs/pay/ml.md', '/docs/ml.md', 'https://x.org/a')
    """
    if "://" in uri:
        return uri
    base = (_CORPUS if root == BUNDLED else PurePath(root)).as_posix()
    return base if PurePosixPath(base).name == uri else f"{base.rstrip('/')}/{uri}"


def discover(
    targets: Sequence[str],
    suffixes: Collection[str],
    web: Web,
    known: Known,
    remembered: Remembered,
    prune: bool = False,
) -> Walk:
    """Files and pages of the targets in a stable order, each once, and what cannot be brought in.

    A file that is known by another root (a folder above was brought in before, or one below) is found by that one.

    Args:
        targets: Files, folders, addresses of pages or sitemaps; none means the bundled library.
        suffixes: Endings that can be read.
        web: Fetches pages.
        known: What was brought in before.
        remembered: What is remembered of a page.
        prune: Whether a target that is there no more is meant to be removed.

    Raises:
        SourceError: A target does not exist.
    """
    walking = _Walking(suffixes, web, remembered, {place_of(*key): key for key in known})
    for target in targets or (BUNDLED,):
        if "://" in target:
            walking.pages(target)
        else:
            walking.files(target, prune)
    return Walk(tuple(walking.found), tuple(walking.failed), tuple(walking.roots), frozenset(walking.unreached))


@dataclass
class _Walking:
    """Collects what is there."""

    suffixes: Collection[str]
    web: Web
    remembered: Remembered
    known: Mapping[str, tuple[str, str]]
    """Root and path by place."""
    found: list[Found] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    unreached: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    """Places."""

    def files(self, target: str, prune: bool) -> None:
        """Look at a file or at all files of a folder.

        Raises:
            SourceError: It does not exist.
        """
        bundled = target == BUNDLED and not Path(target).exists()
        base = bundled_folder() if bundled else Path(target).expanduser().resolve()
        root = BUNDLED if bundled else str(base)
        self.roots.append(base.as_posix())
        if not base.exists():
            below = any(_covered(*key, self.roots[-1:]) for key in self.known.values())
            if not (below and prune):
                hint = "To remove what was brought in from there, add --prune." if below else ""
                raise SourceError(f"There is no file or folder {target}.", hint or "Check the path and try again.")
            return
        for path, reason in files_of(base) if base.is_dir() else [(base, "")]:
            if not (bundled and path == base / "README.md"):
                self._file(root, shown(path.relative_to(base) if path != base else Path(path.name)), path, reason)

    def _file(self, root: str, uri: str, path: Path, reason: str) -> None:
        place = place_of(root, uri)
        if place in self.seen:
            return
        self.seen.add(place)
        if reason:
            self._miss(uri, place, reason)
        elif refused := _refused(path.suffix, self.suffixes):
            self._miss(uri, place, refused)
        else:
            try:
                stamp = fingerprint(path)
                content_hash = file_hash(path)
            except OSError as error:
                self._miss(uri, place, f"{uri} cannot be read: {error.strerror}. Check its permissions.")
            else:
                self.found.append(
                    Found(*self.known.get(place, (root, uri)), path, content_hash, stamp=stamp, size=stamp[0])
                )

    def _miss(self, uri: str, place: str, reason: str) -> None:
        self.failed.append(Failure(uri, reason))
        self.unreached.add(place)

    def pages(self, target: str) -> None:
        """Fetch an address, and what it lists when it is a sitemap."""
        try:
            root = normalised(target)
        except SourceError as error:
            self.failed.append(Failure(target, str(error)))
            return
        self.roots.append(root)
        was_sitemap = any(key[0] == root != key[1] for key in self.known.values())
        try:
            first = self.web.page(root, self.remembered(root))
            listed = self.web.listed(first)
            if was_sitemap and not listed:
                raise SourceError(f"{root} was a sitemap and is none now.", "Its pages are kept; look at it.")
        except SourceError as error:
            self.failed.append(Failure(root, str(error)))
            if was_sitemap or not _is_gone(error):
                self.unreached.add(root)
            return
        for url in listed or [root]:
            self._page(root, url, None if listed else first)

    def _page(self, root: str, url: str, page: Page | None) -> None:
        try:
            url = normalised(url)
            if url in self.seen:
                return
            self.seen.add(url)
            page = page or self.web.page(url, self.remembered(url))
            refused = "" if page.unchanged else _refused(page.suffix, self.suffixes)
            path = Path() if page.unchanged or refused else self.web.keep(page)
        except SourceError as error:
            self.failed.append(Failure(url, str(error)))
            if not _is_gone(error):
                self.unreached.add(url)
            return
        if refused:
            self._miss(url, url, refused)
            return
        content_hash = self.remembered(url)["hash"] if page.unchanged else file_hash(path)
        where = self.known.get(url, (root, url))
        self.found.append(Found(*where, path, content_hash, (page.etag, page.last_modified), size=len(page.body)))


def _is_gone(error: SourceError) -> bool:
    return isinstance(error, Refused) and error.gone


def _covered(root: str, uri: str, places: Collection[str]) -> bool:
    """Whether a file lies at or below one of some places, or was brought in from one.

    >>> _covered("/docs", "pay/ml.md", ["/docs/pay"]), _covered("/docs", "payroll.md", ["/docs/pay"])
    (True, False)
    """
    place = place_of(root, uri)
    if place in places or root in places:
        return True
    return "://" not in place and any(str(above) in places for above in PurePosixPath(place).parents)


def diff(walk: Walk, known: Known, prune: bool = False) -> Plan:
    """Compare what is there with what was brought in. Pure.

    A file that is new in its place and has the bytes of one that is gone is that one, moved.

    >>> diff(Walk((), (), ("r",)), {("r", "a.md"): "x"}, prune=True).gone
    (('r', 'a.md'),)
    """
    there = {(one.root, one.uri) for one in walk.found}
    left = {
        key: known[key]
        for key in sorted(known)
        if key not in there and _covered(*key, walk.roots) and not _covered(*key, walk.unreached)
    }
    by_content: dict[str, list[tuple[str, str]]] = {}
    for key, content in left.items():
        by_content.setdefault(content, []).append(key)
    new: list[Found] = []
    changed: list[Found] = []
    moved: list[tuple[tuple[str, str], Found]] = []
    same: list[Found] = []
    for one in walk.found:
        before = known.get((one.root, one.uri))
        if before is not None:
            (same if before == one.content_hash else changed).append(one)
        elif candidates := by_content.get(one.content_hash):
            # Of several with the same bytes, rather the one of the same name.
            name = PurePosixPath(one.uri).name
            old = next((key for key in candidates if PurePosixPath(key[1]).name == name), candidates[0])
            candidates.remove(old)
            del left[old]
            moved.append((old, one))
        else:
            new.append(one)
    return Plan(tuple(new), tuple(changed), tuple(moved), tuple(same), tuple(left) if prune else ())


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes and of the version of reading.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256(READING.encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _refused(suffix: str, suffixes: Collection[str]) -> str:
    """Why a file is not even tried; empty when it is."""
    return "" if suffix.lower() in suffixes else str(refused(suffix))
