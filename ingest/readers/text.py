"""Plain text in any encoding to a Document; headings and lists are recovered by `outline`."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ingest.errors import SourceError
from ingest.outline import outlined
from ingest.types import Document

_CONTROL = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\x1b")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks and what they stand for; the longer one of two that begin alike comes first."""
_ENCODINGS = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "iso8859_2", "iso8859_5",
    "iso8859_7", "koi8_r", "koi8_u", "mac_roman", "cp874", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949",
)  # fmt: skip
"""What texts are in that are not Unicode; the rest of what Python knows is not met, and guessing it does harm."""
_MISPLACED = re.compile(
    r"(?:[¬¯±²³´µ¶¸¹º¼½¾¢¤¦¨ª×÷˘˙˛˝ˇ˜†‡•‰™]|(?<=[^\W\d_])[¿¡·§°]|[ìù])(?=[^\W\d_])"
)  # Italian and French have the last two at a word's end only.
_USUAL = {"cp1252": 0.1}
"""What an encoding gets ahead of others because most files are in it."""
_ENOUGH = 50_000
"""Bytes that are looked at to guess an encoding."""
_SPACES = 0.02
"""Zero bytes at one of two places at least in text of two bytes a letter: each space has one."""
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
        title, blocks = blocks[0].text, blocks[1:]
    yield Document(title or path.stem, tuple(blocks), "text")


def decoded(path: Path, declared: Callable[[bytes], str] = lambda data: "") -> str:
    """The text of a file: by its byte order mark, as UTF-8, as it declares, or as its bytes suggest.

    Args:
        path: The file.
        declared: Finds the name of the encoding that the bytes themselves state.

    Raises:
        SourceError: The file cannot be read, is empty, or is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if not data.strip():
        raise SourceError(f"{path.name} is empty.", "Put something into it, or leave it out.")
    text = _decoded(data, declared(data))
    if text is None or sum(character in _CONTROL for character in text) > _TOLERATED * len(text):
        raise SourceError(f"{path.name} holds no text, whatever its name says.", "Check what kind of file it is.")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")


def _decoded(data: bytes, declared: str) -> str | None:
    """The text, or None when the bytes are none."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if wide := _wide(data[:4096]):
        return data.decode(wide, errors="replace")
    for encoding in ("utf-8", declared):
        with suppress(UnicodeDecodeError, LookupError):
            if encoding:
                return data.decode(encoding)
    return _guessed(data)


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, told by where zero bytes stand, as those of spaces do; else nothing.

    >>> _wide("for pay".encode("utf-16-be")), _wide(b"for pay")
    ('utf-16-be', '')
    """
    zeros = [data[place::4].count(0) / (len(data[place::4]) or 1) for place in range(4)]
    if zeros[0] == 1 and zeros[1] > 0.9:
        return "utf-32-be"
    if zeros[3] == 1 and zeros[2] > 0.9:
        return "utf-32-le"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(even, odd) < _SPACES or min(even, odd) > 0:
        return ""
    return "utf-16-be" if even else "utf-16-le"


def _guessed(data: bytes) -> str | None:
    """The text as the bytes suggest: each encoding is tried, the most orderly one that makes a language is taken."""
    from charset_normalizer import from_bytes

    tried = (from_bytes(data[:_ENOUGH], cp_isolation=[one]).best() for one in _ENCODINGS)
    found = [one for one in tried if one is not None and one.encoding in _ENCODINGS]
    if not found:
        return None
    best = min(
        found, key=lambda one: (_misplaced(str(one)), 2 * one.chaos - one.coherence - _USUAL.get(one.encoding, 0))
    )
    return data.decode(best.encoding, errors="replace")


def _misplaced(text: str) -> int:
    """Signs inside or before words where a letter is expected, as a wrong code page gives them.

    >>> _misplaced("wy¿szy"), _misplaced("Prùmìrný"), _misplaced("Śred – ¿Sí? Più “ja”")
    (1, 2, 0)
    """
    return len(_MISPLACED.findall(text))
