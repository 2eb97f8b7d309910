"""Readers: a file's ending chooses who turns it into Documents. Each loads its library only when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

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
    ".jsonl": "jsonl",
}
SUFFIXES = frozenset(_READERS)
"""Endings of files that can be read, lower-case."""


def read(path: Path) -> Iterator[Document]:
    """The documents of a file: one, or one for each line of a `.jsonl` file.

    Raises:
        UnsupportedFormat: No reader takes files with this ending.
        SourceError: The file cannot be read; the message says why.
    """
    name = _READERS.get(path.suffix.lower())
    if name is None:
        raise UnsupportedFormat(f"No reader takes {path.name}.", f"Save it as one of: {', '.join(sorted(SUFFIXES))}.")
    try:
        size = path.stat().st_size
        path.open("rb").close()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if size == 0:
        raise SourceError(f"{path.name} is empty.", "Put something into it, or leave it out.")
    if size > LARGEST and name != "jsonl":
        raise SourceError(
            f"{path.name} has {size // 2**20:,} MB; at most {LARGEST // 2**20} can be read.", "Split it into parts."
        )
    reader: Callable[[Path], Iterator[Document]] = import_module(f"ingest.readers.{name}").read
    yield from reader(path)
