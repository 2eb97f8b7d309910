"""OpenDocument (ISO/IEC 26300) to Documents: ODT with headings, lists and tables, ODP by slide, ODS by sheet and row.

Tracked deletions, comments, tables of contents, hidden sheets and hidden slides are left out, and so are pictures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from ingest.errors import SourceError
from ingest.readers import archive
from ingest.readers.grids import sheet_blocks
from ingest.readers.package import parsed, wordless
from ingest.readers.tables import Cell, table_blocks
from ingest.types import Block, Document, Reference

_NS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _TEXT, _TABLE, _DRAW, _SHOW, _STYLE, _META = (
    _NS % name for name in ("office", "text", "table", "drawing", "presentation", "style", "meta")
)
_DC, _LINK = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/xlink}"
_CHART = _NS % "chart"
_SKIPPED = frozenset((
    f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_TEXT}table-of-content",
    f"{_TEXT}illustration-index", f"{_TEXT}table-index", f"{_TEXT}ruby-text", f"{_TEXT}hidden-text", f"{_SHOW}notes",
    f"{_OFFICE}forms", f"{_TEXT}sequence-decls", f"{_DRAW}image",
))  # fmt: skip
_BOXES = frozenset((f"{_DRAW}frame", f"{_DRAW}custom-shape", f"{_DRAW}g", f"{_DRAW}rect", f"{_DRAW}ellipse"))
_REPEATED = 1_000
"""Rows or cells that stand for a run of equal ones at most; longer runs fill the page and say nothing."""
_FURNITURE = frozenset(("header", "footer", "date-time", "page-number"))


def read(path: Path) -> Iterator[Document]:
    """The document of an ODT, ODP or ODS file.

    Raises:
        SourceError: The file is damaged, encrypted, no OpenDocument file, or holds no words.
    """
    kind = path.suffix.lower().lstrip(".")
    with archive.damage(path, kind.upper()), archive.opened(path, kind.upper()) as package:
        names = set(package.namelist())
        if "META-INF/manifest.xml" in names and b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise SourceError(f"{path.name} is protected with a password.", "Save it without one.")
        title, modified = _about(package) if "meta.xml" in names else ("", "")
        root = parsed(package.read("content.xml"))
        walk = _Walk(root, lambda name: parsed(package.read(name)) if name in names else None)
        body = root.find(f"{_OFFICE}body")
        if body is None or not len(body):
            raise archive.damaged(path, kind.upper())
        label, blocks = walk.told(body[0])
    blocks = [block for block in blocks if block.text]
    if not any(block.kind != "heading" or block.page for block in blocks):
        raise wordless(path)
    first = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    if label == "row":
        first = ""
    title = first or title or path.stem
    # A slide without a title does not belong to the one before: the deck's own title ends that one's section.
    blocks = [replace(one, text=title) if one.text == _UNTITLED else one for one in blocks]
    yield Document(title, tuple(blocks), kind, Reference(as_of=modified), page_label=label)


_UNTITLED = "\0"


def _about(package: ZipFile) -> tuple[str, str]:
    """Title and day of the last change."""
    root = parsed(package.read("meta.xml"))
    title = next((" ".join((one.text or "").split()) for one in root.iter(f"{_DC}title")), "")
    dates = (one.text or "" for one in root.iter(f"{_DC}date", f"{_META}creation-date"))
    days = (re.match(r"(?:19|20)\d\d-\d\d-\d\d", one) for one in dates)
    return title, next((day.group() for day in days if day), "")


class _Walk:
    """Turns the content of a file into blocks."""

    def __init__(self, root: Any, part: Callable[[str], Any]) -> None:
        self._part = part
        self._parents = {str(one.get(f"{_STYLE}name")): str(one.get(f"{_STYLE}parent-style-name") or "")
                         for one in root.iter(f"{_STYLE}style")}  # fmt: skip
        self._hidden = {
            str(one.getparent().get(f"{_STYLE}name"))
            for one in root.iter(f"{_STYLE}table-properties", f"{_STYLE}drawing-page-properties")
            if one.get(f"{_TABLE}display") == "false" or one.get(f"{_SHOW}visibility") == "hidden"
        }
        self._counted = {
            str(style.get(f"{_STYLE}name")): {
                int(level.get(f"{_TEXT}level") or 1)
                for level in style.iter(f"{_TEXT}list-level-style-number") if level.get(f"{_STYLE}num-format") == "1"
            }
            for style in root.iter(f"{_TEXT}list-style")
        }  # fmt: skip
        self._notes: list[Any] = []

    def told(self, body: Any) -> tuple[str, list[Block]]:
        """What a page is called, and the blocks."""
        kind = str(body.tag).removeprefix(_OFFICE)
        if kind == "spreadsheet":
            return "row", list(self._sheets(body))
        if kind in ("presentation", "drawing"):
            return "slide", list(self._slides(body))
        return "p.", [*self._inside(body), *self._noted()]

    # Text

    def _inside(self, element: Any) -> Iterator[Block]:
        for child in element:
            yield from self._child(child)

    def _child(self, child: Any) -> Iterator[Block]:
        tag = child.tag
        if tag in _SKIPPED or not isinstance(tag, str):
            return
        if tag == f"{_TEXT}h":
            level = str(child.get(f"{_TEXT}outline-level") or "1")
            yield Block("heading", self._words(child), min(6, int(level) if level.isdigit() else 1))
            yield from self._beside(child)
        elif tag == f"{_TEXT}p":
            named = self._named(child)
            heading = {"Title": 1, "Subtitle": 2}.get(named, 0)
            words = self._words(child)
            yield Block("heading", words, heading) if heading else Block("paragraph", words)
            yield from self._beside(child)
        elif tag == f"{_TEXT}list":
            yield from self._list(child, 0, str(child.get(f"{_TEXT}style-name") or ""))
        elif tag == f"{_TABLE}table":
            yield from table_blocks(list(self._rows(child)))
        elif tag == f"{_DRAW}object":
            yield from self._object(child)
        else:
            yield from self._inside(child)

    def _named(self, paragraph: Any) -> str:
        """The paragraph's style as the user knows it."""
        name = str(paragraph.get(f"{_TEXT}style-name") or "")
        for _ in range(10):
            if name in ("Title", "Subtitle") or name not in self._parents:
                break
            name = self._parents[name]
        return name

    def _list(self, element: Any, level: int, style: str) -> Iterator[Block]:
        count = 0
        for item in element:
            if item.tag not in (f"{_TEXT}list-item", f"{_TEXT}list-header"):
                continue
            said = False
            for child in item:
                if child.tag == f"{_TEXT}list":
                    own = str(child.get(f"{_TEXT}style-name") or style)
                    yield from self._list(child, level + 1, own)
                elif child.tag == f"{_TEXT}p" and (words := self._words(child)):
                    count += not said
                    counted = level + 1 in self._counted.get(style, ()) and not said
                    yield Block("item", words, min(5, level), marker=f"{count}." if counted else "")
                    said = True
                    yield from self._beside(child)
                elif child.tag != f"{_TEXT}p":
                    yield from self._child(child)

    def _words(self, element: Any) -> str:
        return " ".join(self._said(element).split())

    def _said(self, element: Any) -> str:
        parts = [element.text or ""]
        for child in element:
            tag = child.tag
            if tag == f"{_TEXT}note":
                self._notes.append(child.find(f"{_TEXT}note-body"))
            elif tag in (f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"):
                parts.append(" ")
            elif isinstance(tag, str) and tag not in _SKIPPED and tag not in _BOXES:
                parts.append(self._said(child))
            parts.append(child.tail or "")
        return "".join(parts)

    def _beside(self, element: Any) -> Iterator[Block]:
        """Boxes, charts and tables that hang on a paragraph."""
        for child in element:
            if child.tag in _BOXES:
                yield from self._inside(child)
            elif child.tag not in _SKIPPED and child.tag != f"{_TEXT}note":
                yield from self._beside(child)

    def _noted(self) -> Iterator[Block]:
        for note in self._notes:
            if note is not None:
                yield Block("paragraph", " ".join(self._words(one) for one in note))

    def _object(self, element: Any) -> Iterator[Block]:
        """An embedded chart, as the table it is drawn from."""
        name = str(element.get(f"{_LINK}href") or "").removeprefix("./")
        root = self._part(f"{name}/content.xml")
        for chart in root.iter(f"{_CHART}chart") if root is not None else ():
            titles = chart.iterfind(f"{_CHART}title/{_TEXT}p")
            title = " ".join(self._words(one) for one in titles)
            for table in chart.iter(f"{_TABLE}table"):
                yield from table_blocks(list(self._rows(table)), title)

    def _rows(self, table: Any) -> Iterator[list[Cell]]:
        """The cells of a table in a text; covered ones are left out."""
        for row in table.iter(f"{_TABLE}table-row"):
            if next(row.iterancestors(f"{_TABLE}table")) is not table:
                continue
            head = row.getparent().tag == f"{_TABLE}table-header-rows"
            cells = []
            for cell in row.iterfind(f"{_TABLE}table-cell"):
                lines = [f"{block.marker} {block.text}".strip() for block in self._inside(cell)]
                text = ", ".join(line.rstrip(",;") for line in lines if line)
                wide, high = (_count(cell, f"number-{name}-spanned", 100) for name in ("columns", "rows"))
                cells += [Cell(text, head, wide, high)] * min(100, _count(cell, "number-columns-repeated", _REPEATED))
            yield cells

    # Slides

    def _slides(self, body: Any) -> Iterator[Block]:
        for number, page in enumerate(body.iterfind(f"{_DRAW}page"), 1):
            if page.get(f"{_DRAW}style-name") in self._hidden:
                continue
            title, told = "", []
            for shape in page:
                kind = shape.get(f"{_SHOW}class")
                if kind == "title" and not title:
                    title = " ".join(block.text for block in self._inside(shape) if block.text)
                elif kind not in _FURNITURE:
                    told += [block for block in self._child(shape) if block.text]
            notes = page.find(f"{_SHOW}notes")
            noted = [block for block in self._inside(notes) if block.text] if notes is not None else []
            if title or told or noted:
                yield Block("heading", title or _UNTITLED, 1, page=number)
                yield from (replace(block, page=number) for block in told)
            if noted:
                yield Block("heading", "Notes", 2, page=number)
                yield from (replace(block, page=number) for block in noted)

    # Sheets

    def _sheets(self, body: Any) -> Iterator[Block]:
        for table in body.iterfind(f"{_TABLE}table"):
            if table.get(f"{_TABLE}style-name") in self._hidden:
                continue
            blocks = [*sheet_blocks(self._cells(table))]
            for shapes in table.iterfind(f"{_TABLE}shapes"):
                blocks += self._inside(shapes)
            if any(block.text for block in blocks):
                yield Block("heading", " ".join(str(table.get(f"{_TABLE}name") or "").split()) or "Sheet", 1)
                yield from blocks

    def _cells(self, table: Any) -> Mapping[int, Mapping[int, Cell]]:
        """The filled cells of a sheet by row, from 1, and column."""
        rows: dict[int, dict[int, Cell]] = {}
        number = 1
        for row in table.iter(f"{_TABLE}table-row"):
            head = row.getparent().tag == f"{_TABLE}table-header-rows"
            times = _count(row, "number-rows-repeated", 2_000_000)
            column = 0
            for cell in row:
                wide = _count(cell, "number-columns-repeated", 20_000)
                text = self._shown(cell) if cell.tag == f"{_TABLE}table-cell" else ""
                if text and wide <= _REPEATED and times <= _REPEATED:
                    made = Cell(text, head)
                    across = max(wide, _count(cell, "number-columns-spanned", 100))
                    down = max(times, _count(cell, "number-rows-spanned", _REPEATED))
                    for at in range(number, number + down):
                        rows.setdefault(at, {}).update(dict.fromkeys(range(column, column + across), made))
                column += wide
            number += times
        return rows

    def _shown(self, cell: Any) -> str:
        """A cell's words as they are shown; a date the unambiguous way."""
        day = cell.get(f"{_OFFICE}date-value")
        if day:
            return str(day).replace("T00:00:00", "").replace("T", " ")
        return " ".join(self._words(one) for one in cell.iterfind(f"{_TEXT}p")).strip()


def _count(element: Any, name: str, most: int) -> int:
    text = str(element.get(f"{_TABLE}{name}") or "1")
    return min(most, int(text)) if text.isdigit() and int(text) > 0 else 1
