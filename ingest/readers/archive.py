"""Office files and books are ZIP archives: they are looked at before anything in them is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from ingest.errors import SourceError

ENTRIES, WHOLE, ENTRY, RATIO = 2_000, 200 * 2**20, 50 * 2**20, 200
"""Parts of an archive at most, bytes unpacked in all and of one part, and how much a large part may shrink."""
ZipError = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, zlib.error)
"""What unpacking a damaged part may raise."""
_SMALL = 2**20
"""A part up to this size may shrink as it likes: runs of spaces do."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How password-protected and pre-2007 office files begin."""


def opened(path: Path, kind: str) -> zipfile.ZipFile:
    """The archive, when it is whole and unpacks to a bearable size. `kind` is what it should be: "DOCX".

    Raises:
        SourceError: It is protected, damaged, or unpacks to too much.
    """
    with path.open("rb") as file:
        if file.read(8) == _OLE:
            raise SourceError(
                f"{path.name} is protected with a password or in an old format.",
                f"Save it as {kind} without a password.",
            )
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(path, kind) from error
    parts = archive.infolist()
    bomb = next(
        (one for one in parts if one.file_size > _SMALL and one.file_size > RATIO * max(1, one.compress_size)), None
    )
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


def damaged(path: Path, kind: str) -> SourceError:
    """What is said of a file that cannot be what its ending says."""
    return SourceError(f"{path.name} is damaged or no {kind} file.", "Open it in its program and save it again.")
