"""Which files there are, and what has to be done about them.

It walks and compares; it reads nothing but bytes for a hash. URLs are not followed in this version.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import SourceError
from ingest.types import Failure

READING = "1"
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


@dataclass(frozen=True)
class Plan:
    """What an ingest has to do."""

    new: tuple[Found, ...]
    changed: tuple[Found, ...]
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


def discover(targets: Sequence[str], suffixes: frozenset[str]) -> tuple[list[Found], list[Failure], list[str]]:
    """Files of the targets in a stable order, files that no reader takes, and the roots walked.

    Raises:
        SourceError: A target does not exist, or is a URL.
    """
    found: list[Found] = []
    failures: list[Failure] = []
    roots: list[str] = []
    for root, base, files in _walked(targets):
        roots.append(root)
        for path in files:
            uri = path.relative_to(base).as_posix() if path != base else path.name
            reason = _refused(path, suffixes)
            if reason:
                failures.append(Failure(uri, reason))
            else:
                found.append(Found(root, uri, path, file_hash(path)))
    return found, failures, roots


def diff(found: Iterable[Found], known: Mapping[tuple[str, str], str], prune_roots: Sequence[str] = ()) -> Plan:
    """Compare what is there with what was brought in. Pure.

    Args:
        found: The files that are there.
        known: Content hash by root and path, of what was brought in.
        prune_roots: Roots in which a missing file counts as gone.

    >>> diff([], {("r", "a.md"): "x"}, ["r"]).gone
    (('r', 'a.md'),)
    """
    listed = list(found)
    there = {(one.root, one.uri) for one in listed}
    new = tuple(one for one in listed if (one.root, one.uri) not in known)
    same = tuple(one for one in listed if known.get((one.root, one.uri)) == one.content_hash)
    changed = tuple(one for one in listed if (one.root, one.uri) in known and one not in same)
    gone = tuple(sorted(key for key in known if key not in there and key[0] in prune_roots))
    return Plan(new, changed, same, gone)


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


def _walked(targets: Sequence[str]) -> Iterator[tuple[str, Path, list[Path]]]:
    """Root label, base path and files of each target; none means the bundled library."""
    if not targets:
        folder = bundled_folder()
        yield BUNDLED, folder, [path for path in _files(folder) if path != folder / "README.md"]
    for target in targets:
        if "://" in target:
            raise SourceError(
                f"{target} is an address on the web, which this version does not read.",
                "Save the page and ingest the file.",
            )
        path = Path(target).expanduser().resolve()
        if not path.exists():
            raise SourceError(f"There is no file or folder {target}.", "Check the path and try again.")
        yield str(path), path, _files(path) if path.is_dir() else [path]


def _files(folder: Path) -> list[Path]:
    """Files below a folder in sorted order, without hidden ones and what hidden folders hold."""
    listed = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        listed += [Path(place) / name for name in sorted(names) if not name.startswith(_PASSED_OVER)]
    return listed


def _refused(path: Path, suffixes: frozenset[str]) -> str:
    """Why a file is not even tried; empty when it is."""
    if path.suffix.lower() in suffixes:
        return ""
    kind = f"files ending in {path.suffix}" if path.suffix else "files without an ending"
    return f"No reader takes {kind}. Save it as one of: {', '.join(sorted(suffixes))}."
