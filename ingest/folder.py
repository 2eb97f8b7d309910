"""The files of a folder, every one of them or the reason why not. Links are not followed out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_PASSED_OVER = ("~$", ".")
"""What names of files begin with that nobody means to ingest: hidden files, locks of open office files."""
_OF_THE_SYSTEM = frozenset({"thumbs.db", "desktop.ini"})
"""Files that a system puts into folders by itself."""


def files_of(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files below a folder in a stable order, a folder's own before its folders'; each with why it cannot be read.

    The reason ends with a next step; it is empty for a file that can be tried. A folder that cannot be looked into
    comes with its reason, too.
    Hidden files and folders are passed over, and links to what is there without the link.

    Args:
        folder: A resolved path.
    """
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            yield place, f"{place} cannot be looked into: {error.strerror}. Check its permissions."
            continue
        folders = []
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith(_PASSED_OVER) or entry.name.lower() in _OF_THE_SYSTEM:
                continue
            if entry.is_symlink():
                reason = _linked(path, folder)
                if reason is not None:
                    yield path, reason
            elif entry.is_dir(follow_symlinks=False):
                folders.append(path)
            else:
                ordinary = entry.is_file(follow_symlinks=False)
                yield path, "" if ordinary else f"{path} is no ordinary file. Leave it out."
        waiting += reversed(folders)


def _linked(path: Path, folder: Path) -> str | None:
    """Why a link cannot be read: empty when it can, None when what it leads to is found without it."""
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError):
        return f"{path} is a link that leads nowhere. Mend it, or leave it out."
    if not target.is_relative_to(folder):
        return f"{path} is a link out of the folder. Name {target} itself to bring it in."
    hidden = any(part.startswith(_PASSED_OVER) for part in target.relative_to(folder).parts)
    if not hidden:
        return None
    return "" if stat.S_ISREG(mode) else f"{path} is a link to a hidden folder. Name {target} itself to bring it in."


def fingerprint(path: Path) -> tuple[int, ...]:
    """Size in bytes, times of the last change of content and of the entry in ns, and identity of a file.

    Another one means that somebody has written to it. The same one proves little (clocks are coarse, and may be set
    back), so contents are compared by hash, and this only says whether a file was left alone while it was read.

    Raises:
        OSError: It cannot be looked at.
    """
    found = path.stat()
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)


def shown(path: Path) -> str:
    r"""A relative path with forward slashes, in characters that can be stored, whatever bytes its names hold.

    >>> shown(Path("pay") / "caf\udce9.md")
    'pay/caf\\xe9.md'
    """
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")
