"""DOCX to Documents: headings by their styles, lists, tables, in the order of the page.

Headers, footers, comments and text boxes are left out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import SourceError
from ingest.readers.tables import Cell, table_blocks
from ingest.types import Block, Document, Reference

if TYPE_CHECKING:
    from docx.document import Document as DocxDocument
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_LARGEST = 200 * 1024 * 1024
"""Bytes that the parts of a file may unpack to."""
_HEADING = re.compile(r"heading\s*(\d)", re.IGNORECASE)


def read(path: Path) -> Iterator[Document]:
    """The document of a DOCX file.

    Raises:
        SourceError: The file is damaged, encrypted, no DOCX, or holds no words.
    """
    _check(path)
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import XMLSyntaxError

    try:
        opened = docx.Document(str(path))
        blocks = [block for block in _blocks(opened) if block.text]
        title = (opened.core_properties.title or "").strip()
        dated = opened.core_properties.modified or opened.core_properties.created
    except (OpcError, XMLSyntaxError, KeyError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise SourceError(
            f"{path.name} is damaged or no DOCX file.", "Open it in a word processor and save it again."
        ) from error
    if not any(block.kind != "heading" for block in blocks):
        raise SourceError(f"{path.name} holds no words.", "Check that it is the right file.")
    first = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    as_of = dated.date().isoformat() if dated is not None else ""
    yield Document(first or title or path.stem, tuple(blocks), "docx", Reference(as_of=as_of))


def _check(path: Path) -> None:
    """Refuse what is no DOCX or unpacks to too much.

    Raises:
        SourceError: It does.
    """
    with path.open("rb") as file:
        if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            raise SourceError(
                f"{path.name} is protected with a password or in an old format.",
                "Save it as DOCX without a password.",
            )
    if not zipfile.is_zipfile(path):
        raise SourceError(f"{path.name} is damaged or no DOCX file.", "Open it in a word processor and save it again.")
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
            raise SourceError(f"{path.name} unpacks to more than 200 MB.", "Split it into parts.")


def _blocks(opened: DocxDocument) -> Iterator[Block]:
    from docx.table import Table

    for part in opened.iter_inner_content():
        if isinstance(part, Table):
            yield from table_blocks(list(_rows(part)))
        else:
            yield _paragraph(part)


def _paragraph(paragraph: Paragraph) -> Block:
    text = " ".join(paragraph.text.split())
    name = (paragraph.style.name if paragraph.style is not None else "") or ""
    heading = _HEADING.match(name)
    if heading or name == "Title":
        return Block("heading", text, min(6, int(heading.group(1))) if heading else 1)
    properties: Any = paragraph._p.pPr
    numbered = properties.numPr if properties is not None else None
    if numbered is not None or name.startswith("List"):
        level = numbered.ilvl.val if numbered is not None and numbered.ilvl is not None else _list_level(name)
        return Block("item", text, int(level))
    return Block("paragraph", text)


def _list_level(style: str) -> int:
    """Depth of a list style from 0: "List Bullet 2" is 1."""
    match = re.search(r"(\d)$", style)
    return int(match.group(1)) - 1 if match else 0


def _rows(table: Table) -> Iterator[list[Cell]]:
    for index, row in enumerate(table.rows):
        cells: list[Cell] = []
        last = None
        for cell in row.cells:
            if cell._tc is last:
                continue
            last = cell._tc
            span = cell.grid_span
            lines = (" ".join(one.text.split()) for one in cell.paragraphs)
            cells.append(Cell(", ".join(line for line in lines if line), index == 0, span))
        yield cells
