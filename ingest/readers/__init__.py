"""Readers: a file's ending chooses who turns it into Documents. Each loads its library only when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from ingest.errors import SourceError, UnsupportedFormat
from ingest.types import Document

LARGEST = 200 * 1024 * 1024
"""Bytes of a file at most; a `.jsonl` file is read line by line and may be larger."""

_READERS: dict[str, str] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "office",
    ".pptx": "slides",
    ".pptm": "slides",
    ".ppsx": "slides",
    ".xlsx": "sheets",
    ".xlsm": "sheets",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".odt": "odf",
    ".odp": "odf",
    ".ods": "odf",
    ".epub": "book",
    ".eml": "mail",
    ".jsonl": "jsonl",
}
_SAVE_AS = {
    ".doc": ".docx", ".rtf": ".docx", ".pages": ".docx", ".wpd": ".docx", ".ppt": ".pptx", ".key": ".pptx",
    ".xls": ".xlsx", ".xlsb": ".xlsx", ".numbers": ".xlsx", ".msg": ".eml", ".mobi": ".epub", ".azw3": ".epub",
    ".vtt": ".txt", ".srt": ".txt", ".adoc": ".html", ".asciidoc": ".html", ".rst": ".html", ".xml": ".html",
    ".nxml": ".html",
}  # fmt: skip
"""What to save other files as."""
_ENTRY_POINTS = "career_assistant.readers"
"""Where other packages name their readers: the ending without its dot = a function from a path to documents."""

Reader = Callable[[Path], Iterator[Document]]


@cache
def suffixes() -> frozenset[str]:
    """Endings of files that can be read, lower-case: ours, and those that other packages add by entry point."""
    return frozenset(_READERS) | {f".{name}" for name in _added()}


@cache
def _added() -> Mapping[str, EntryPoint]:
    return {point.name.lower().lstrip("."): point for point in entry_points(group=_ENTRY_POINTS)}


def _reader(suffix: str) -> Reader | None:
    """Who reads files with an ending; ours come first."""
    if name := _READERS.get(suffix):
        own: Reader = import_module(f"ingest.readers.{name}").read
        return own
    point = _added().get(suffix.removeprefix("."))
    return cast(Reader, point.load()) if point else None


def refused(suffix: str) -> UnsupportedFormat:
    """What is said of files with an ending that nobody reads.

    >>> str(refused(".XLS"))
    'No reader takes files ending in .xls. Save it as .xlsx.'
    """
    suffix = suffix.lower()
    kind = f"files ending in {suffix}" if suffix else "files without an ending"
    listed = ", ".join(sorted(suffixes()))
    return UnsupportedFormat(f"No reader takes {kind}.", f"Save it as {_SAVE_AS.get(suffix, f'one of: {listed}')}.")


def read(path: Path) -> Iterator[Document]:
    """The documents of a file: one, or one for each line of a `.jsonl` file.

    Raises:
        UnsupportedFormat: No reader takes files with this ending.
        SourceError: The file cannot be read; the message says why.
    """
    reader = _reader(path.suffix.lower())
    if reader is None:
        raise refused(path.suffix)
    try:
        size = path.stat().st_size
        path.open("rb").close()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if size == 0:
        raise SourceError(f"{path.name} is empty.", "Put something into it, or leave it out.")
    if size > LARGEST and path.suffix.lower() != ".jsonl":
        raise SourceError(
            f"{path.name} has {size // 2**20:,} MB; at most {LARGEST // 2**20} can be read.", "Split it into parts."
        )
    yield from reader(path)
