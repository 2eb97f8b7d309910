"""Office files and books are ZIP archives: they are looked at before anything in them is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import SourceError

ENTRIES, WHOLE, ENTRY, RATIO = 10_000, 500 * 2**20, 100 * 2**20, 200
"""Parts of an archive at most, bytes unpacked in all and of one part, and how much a large part may shrink.

All that is read of a part is read in a child with limits on time and memory of its own; these keep it from being tried.
"""
_SMALL = 2**20
"""A part up to this size may shrink as it likes: runs of spaces do."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How password-protected and pre-2007 office files begin."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Names the stream of an OLE file that holds a protected one."""


def opened(path: Path, kind: str) -> zipfile.ZipFile:
    """The archive, when it is whole and unpacks to a bearable size. `kind` is what it should be: "DOCX".

    Raises:
        SourceError: It is protected, damaged, or unpacks to too much.
    """
    with path.open("rb") as file:
        if file.read(8) == _OLE:
            raise _ole(path, kind)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(path, kind) from error
    parts = archive.infolist()
    bomb = any(one.file_size > _SMALL and one.file_size > RATIO * max(1, one.compress_size) for one in parts)
    too_much = len(parts) > ENTRIES or sum(one.file_size for one in parts) > WHOLE
    if bomb or too_much or any(one.file_size > ENTRY for one in parts):
        archive.close()
        raise SourceError(
            f"{path.name} unpacks to too much to be read safely.", "Split it into parts, or leave it out."
        )
    if any(one.flag_bits & 1 for one in parts):
        archive.close()
        raise SourceError(f"{path.name} is protected with a password.", "Save it without one.")
    return archive


def _ole(path: Path, kind: str) -> SourceError:
    with path.open("rb") as file:
        protected = _ENCRYPTED in file.read(2**20)
    if protected:
        return SourceError(f"{path.name} is protected with a password.", f"Save it as {kind} without one.")
    return SourceError(f"{path.name} is in the format from before 2007, or protected.", f"Save it as {kind} anew.")


@contextmanager
def damage(path: Path, kind: str) -> Iterator[None]:
    """What goes wrong inside is told as damage of the file: walking a broken one fails in many ways.

    Raises:
        SourceError: Something in the file is not as it has to be.
    """
    from lxml.etree import LxmlError

    try:
        yield
    except (
        LxmlError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, LookupError, ValueError,
        ArithmeticError, RecursionError, OSError,
    ) as error:  # fmt: skip
        raise damaged(path, kind) from error


def damaged(path: Path, kind: str) -> SourceError:
    """What is said of a file that cannot be what its ending says."""
    return SourceError(f"{path.name} is damaged or no {kind} file.", "Open it in its program and save it again.")
