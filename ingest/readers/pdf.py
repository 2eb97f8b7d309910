"""PDF to Documents, page by page: lines joined to paragraphs, headings by size, running heads and feet dropped.

Scanned pages have no text; a file of nothing else is refused. Tables come out as lines of text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import SourceError
from ingest.types import Block, Document, Reference

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_BULLET = re.compile(r"^\s*(?:[•‣◦▪●○■–-]|\(?\d{1,2}[.)])\s+")
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")


@dataclass(frozen=True)
class Line:
    """A line of a page."""

    text: str
    page: int
    size: float
    """Height of its letters in points."""


def read(path: Path) -> Iterator[Document]:
    """The document of a PDF file.

    Raises:
        SourceError: The file is damaged, protected, or holds no text.
    """
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceError(f"{path.name} is protected with a password.", "Save it without one.") from error
        raise SourceError(f"{path.name} is damaged or no PDF file.", "Open it and save it again.") from error
    try:
        lines = [line for number in range(len(opened)) for line in _page_lines(opened[number], number + 1)]
        title, as_of = _properties(opened)
    except pypdfium2.PdfiumError as error:
        raise SourceError(f"{path.name} is damaged: {error}.", "Open it and save it again.") from error
    finally:
        opened.close()
    lines = without_running(lines)
    blocks = tuple(blocks_of(lines))
    if not any(block.kind != "heading" for block in blocks):
        raise SourceError(
            f"{path.name} holds no text; it may be a scan.", "Have its text recognised (OCR) and save it again."
        )
    head = next((block.text for block in blocks[:3] if block.kind == "heading"), "")
    yield Document(_title(title) or head or path.stem, blocks, "pdf", Reference(as_of=as_of))


def _properties(opened: PdfDocument) -> tuple[str, str]:
    """Title and date as the file states them."""
    stated: dict[str, Any] = opened.get_metadata_dict()
    match = _DATE.match(str(stated.get("ModDate") or stated.get("CreationDate") or ""))
    return " ".join(str(stated.get("Title") or "").split()), "-".join(match.groups()) if match else ""


def _title(stated: str) -> str:
    """A stated title, unless it is the name of a file that somebody printed."""
    return (
        ""
        if re.search(r"\.(?:docx?|indd|pdf|pptx?|xlsx?|tex|dvi)$|^(?:untitled|microsoft word)", stated, re.I)
        else stated
    )


def _page_lines(page: PdfPage, number: int) -> Iterator[Line]:
    """Lines of a page in the order in which the file writes them."""
    text = page.get_textpage()
    try:
        whole = text.get_text_range()
        position = 0
        for raw in whole.split("\n"):
            words = raw.strip("\r\x00 \ufffe")
            if words.strip():
                size = _size(text, position + len(raw) - len(raw.lstrip()))
                yield Line(" ".join(words.replace("\x02", "-").split()), number, size)
            position += len(raw) + 1
    finally:
        text.close()
        page.close()


def _size(text: Any, index: int) -> float:
    """Font size of the letter at an index, in points; 0 when it is not known."""
    from pypdfium2 import raw

    return round(float(raw.FPDFText_GetFontSize(text, index)), 1) if 0 <= index < text.count_chars() else 0.0


def without_running(lines: Sequence[Line]) -> list[Line]:
    """The lines without running heads and feet: what stands first or last on most of three or more pages.

    Digits are taken as equal, so that page numbers count as one line.
    """
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    edges: Counter[str] = Counter()
    for held in pages.values():
        edges.update({_pattern(line) for line in (*held[:2], *held[-2:])})
    running = {pattern for pattern, count in edges.items() if len(pages) >= 3 and count > len(pages) / 2}
    kept = []
    for held in pages.values():
        edge = {id(line) for line in (*held[:2], *held[-2:])}
        kept += [line for line in held if not (id(line) in edge and _pattern(line) in running)]
    return [line for line in kept if not line.text.isdigit()]


def _pattern(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def blocks_of(lines: Sequence[Line]) -> Iterator[Block]:
    """Lines to headings, items and paragraphs. Pure.

    >>> [block.text for block in blocks_of([Line("A well-", 1, 10), Line("known fact.", 1, 10)])]
    ['A well-known fact.']
    """
    body = _body_size(lines)
    run: list[Line] = []
    for line in lines:
        heading = _is_heading(line, body)
        if run and (heading or _BULLET.match(line.text) or _ends(run[-1], line)):
            yield _joined(run)
            run = []
        if heading:
            level = 1 if line.size > 1.5 * body else 2 if line.size > 1.2 * body else 3
            yield Block("heading", line.text, level, line.page)
        else:
            run.append(line)
    if run:
        yield _joined(run)


def _body_size(lines: Sequence[Line]) -> float:
    """The size in which most letters are set."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0


def _is_heading(line: Line, body: float) -> bool:
    words = line.text
    return bool(
        body and line.size > 1.08 * body and len(words) < 120 and not words.endswith((".", ",", ";"))
        and any(map(str.isalpha, words))
    )  # fmt: skip


def _ends(last: Line, line: Line) -> bool:
    """Whether a new paragraph begins: after a full stop on a short line, or where the size changes."""
    stopped = last.text.endswith((".", "!", "?", ":")) and len(last.text) < 60
    return stopped or abs(last.size - line.size) > 0.5 or (last.page != line.page and last.text.endswith("."))


def _joined(run: Sequence[Line]) -> Block:
    """Lines as one paragraph or item; words broken at a line's end are joined."""
    text = run[0].text
    for line in run[1:]:
        broken = re.search(r"[a-z]-$", text) and line.text[:1].islower()
        text = (text[:-1] if broken and not _compound(text, line.text) else text) + ("" if broken else " ") + line.text
    bullet = _BULLET.match(text)
    return Block("item" if bullet else "paragraph", text[bullet.end() :] if bullet else text, 0, run[0].page)


_PREFIXES = frozenset("well self non high low long short full part entry mid co re cross end real low state".split())


def _compound(text: str, following: str) -> bool:
    """Whether a hyphen at a line's end belongs to the word: its first part is one that words are compounded with."""
    return text[:-1].split()[-1].lower() in _PREFIXES
