"""Plain text in any encoding to a Document; headings and lists are recovered by `outline`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.errors import SourceError
from ingest.outline import outlined
from ingest.types import Block, Document

_CONTROL = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\x1b")
_TOLERATED = 0.01
"""Share of control characters in a text at most; more of them is no text."""


def read(path: Path) -> Iterator[Document]:
    """The document of a plain-text file; its first heading is its title.

    Raises:
        SourceError: The file is empty or holds no text.
    """
    blocks = outlined(decoded(path))
    title = ""
    if blocks and blocks[0].kind == "heading":
        title, blocks = blocks[0].text, _promoted(blocks[1:])
    yield Document(title or path.stem, tuple(blocks), "text")


def _promoted(blocks: list[Block]) -> list[Block]:
    return blocks


def decoded(path: Path) -> str:
    """The text of a file, by its byte order mark, as UTF-8, or as its bytes suggest.

    Raises:
        SourceError: The file cannot be read, is empty, or is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if not data.strip():
        raise SourceError(f"{path.name} is empty.", "Put something into it, or leave it out.")
    text = _decoded(data)
    if text is None or sum(character in _CONTROL for character in text) > _TOLERATED * len(text):
        raise SourceError(f"{path.name} holds no text, whatever its name says.", "Check what kind of file it is.")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")


def _decoded(data: bytes) -> str | None:
    """The text, or None when the bytes are none."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:200_000]).best()
        return data.decode(best.encoding, errors="replace") if best is not None else None
