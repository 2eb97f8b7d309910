"""XLSX to a Document: every sheet that is shown, row by row with its headers; numbers as people see them.

The sheets are read here, and not by a library, for what the usual ones do: they stop at a style they do not know,
at the standard's strict form and at charts, and give numbers without their formats. Formulas are told by the values
that were last calculated. Hidden sheets, scripts and pictures are left out.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import SourceError
from ingest.readers import archive
from ingest.readers.charts import chart_blocks
from ingest.readers.figures import BUILT_IN, plain, shown
from ingest.readers.grids import sheet_blocks
from ingest.readers.package import OFFICE, Package, R
from ingest.readers.tables import Cell
from ingest.types import Block, Document, Reference

_S = f"{{{OFFICE}/spreadsheetml/2006/main}}"
_A = f"{{{OFFICE}/drawingml/2006/main}}"
_C = f"{{{OFFICE}/drawingml/2006/chart}}"
_XDR = f"{{{OFFICE}/drawingml/2006/spreadsheetDrawing}}"
_THREADED = "{http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments}"
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REPEATED = 2_000
"""Cells of a merged range in which its words are repeated at most; a larger one is a way to lay out a page."""


def read(path: Path) -> Iterator[Document]:
    """The document of an XLSX file.

    Raises:
        SourceError: The file is damaged, encrypted, no XLSX, or holds no words.
    """
    with archive.damage(path, "XLSX"), Package(path, "XLSX") as package:
        properties = package.properties()
        blocks = tuple(_Workbook(package).blocks())
    if not any(block.kind != "heading" for block in blocks):
        raise SourceError(f"{path.name} holds no filled cells.", "Save it from its program again, or leave it out.")
    yield Document(
        properties.title or path.stem, blocks, "xlsx", Reference(as_of=properties.modified), page_label="row"
    )


@dataclass(frozen=True)
class _Style:
    """How a cell is shown."""

    code: str = "General"
    bold: bool = False


class _Workbook:
    """Turns the sheets of a workbook into blocks."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._root = package.xml(package.main)
        self._strings = _strings(package)
        self._styles = _styles(package)
        settings = self._root.find(f"{_S}workbookPr")
        self._since_1904 = settings is not None and settings.get("date1904") in ("1", "true")

    def blocks(self) -> Iterator[Block]:
        targets = self._package.related(self._package.main)
        for sheet in self._root.iter(f"{_S}sheet"):
            target = targets.get(str(sheet.get(f"{R}id")))
            if target is None or not target.part or sheet.get("state") in ("hidden", "veryHidden"):
                continue
            inside = [block for block in self._sheet(target.part) if block.text]
            if inside:
                yield Block("heading", " ".join(str(sheet.get("name")).split()), 1)
                yield from inside

    def _sheet(self, part: str) -> Iterator[Block]:
        data = self._package.bytes(part)
        if data is None:
            return
        related = self._package.related(part)
        headers = [one for one in (_named(self._package, target.part) for target in related.values()
                                   if target.kind == "table") if one]  # fmt: skip
        yield from sheet_blocks(_Cells(data, self._strings, self._styles, self._since_1904, headers).rows)
        yield from _notes(self._package, part)
        for target in related.values():
            if target.kind == "drawing":
                yield from self._drawing(target.part)

    def _drawing(self, part: str) -> Iterator[Block]:
        """Text boxes and charts over the cells."""
        root = self._package.xml(part)
        related = self._package.related(part)
        for element in root.iter(f"{_XDR}txBody", f"{_C}chart") if root is not None else ():
            if element.tag == f"{_C}chart":
                target = related.get(str(element.get(f"{R}id")))
                chart = self._package.bytes(target.part) if target else None
                yield from chart_blocks(chart) if chart else ()
            else:
                for paragraph in element.iter(f"{_A}p"):
                    yield Block("paragraph", _words(paragraph, f"{_A}t"))


class _Cells:
    """The filled cells of a sheet, read as a stream: only the words are kept."""

    def __init__(
        self,
        data: bytes,
        strings: Sequence[str],
        styles: Sequence[_Style],
        since_1904: bool,
        headers: Sequence[tuple[int, int, int, int]],
    ) -> None:
        self._strings = strings
        self._styles = styles
        self._since_1904 = since_1904
        self._number = 0
        self.rows: dict[int, dict[int, Cell]] = {}
        merged: list[tuple[int, int, int, int]] = []
        heads = list(headers)
        from lxml import etree

        wanted = (f"{_S}row", f"{_S}mergeCell", f"{_S}autoFilter")
        for _, element in etree.iterparse(io.BytesIO(data), tag=wanted, resolve_entities=False, no_network=True):
            if element.tag == f"{_S}row":
                self._row(element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            elif found := _range(str(element.get("ref") or "")):
                # A filter stands on the row that names its columns.
                (merged if element.tag == f"{_S}mergeCell" else heads).append(found)
        self._merge(merged)
        self._mark(heads)

    def _row(self, row: Any) -> None:
        number = row.get("r")
        self._number = int(number) if number else self._number + 1
        cells: dict[int, Cell] = {}
        column = -1
        for cell in row:
            place = _REFERENCE.fullmatch(cell.get("r") or "")
            column = _column(place[1]) if place else column + 1
            style = self._styles[int(cell.get("s") or 0)] if int(cell.get("s") or 0) < len(self._styles) else _Style()
            text = " ".join(self._text(cell, style).split())
            if text:
                cells[column] = Cell(text, style.bold)
        if cells:
            self.rows.setdefault(self._number, {}).update(cells)

    def _text(self, cell: Any, style: _Style) -> str:
        kind = cell.get("t") or "n"
        if kind == "inlineStr":
            return "".join(_runs(one) for one in cell.iter(f"{_S}is"))
        value = cell.findtext(f"{_S}v") or ""
        if not value or kind == "e":
            return ""
        if kind == "s":
            return self._strings[int(value)] if int(value) < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind == "d":
            return value.replace("T00:00:00", "").replace("T", " ")
        if kind == "str":
            return _unescaped(value)
        number = float(value)
        return shown(number, style.code, self._since_1904) if abs(number) < 1e300 else plain(number)

    def _merge(self, ranges: Sequence[tuple[int, int, int, int]]) -> None:
        """Say a merged cell's words in all its cells."""
        for top, left, bottom, right in ranges:
            cell = self.rows.get(top, {}).get(left)
            if cell is None or (bottom - top + 1) * (right - left + 1) > _REPEATED:
                continue
            for number in range(top, bottom + 1):
                for column in range(left, right + 1):
                    self.rows.setdefault(number, {})[column] = cell

    def _mark(self, heads: Sequence[tuple[int, int, int, int]]) -> None:
        """Mark the names of columns as headings, and take the mark from the cells below them."""
        for top, left, bottom, right in heads:
            for number in range(top, min(bottom, max(self.rows, default=0)) + 1):
                for column, cell in list(self.rows.get(number, {}).items()):
                    if left <= column <= right:
                        self.rows[number][column] = Cell(cell.text, number == top)


def _column(letters: str) -> int:
    """A column's number from 0.

    >>> _column("A"), _column("Z"), _column("AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _range(reference: str) -> tuple[int, int, int, int] | None:
    """First row and column, last row and column of a range such as `A1:D20`.

    >>> _range("B2:D20")
    (2, 1, 20, 3)
    """
    match = _REFERENCE.fullmatch(reference)
    if not match:
        return None
    return int(match[2]), _column(match[1]), int(match[4] or match[2]), _column(match[3] or match[1])


def _unescaped(text: str) -> str:
    """Text with characters that XML cannot hold, as the format writes them (`_x000D_`).

    >>> _unescaped("a_x0020_b")
    'a b'
    """
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _runs(element: Any) -> str:
    """The words of a string; how to pronounce them is left out."""
    parts = (one.text or "" for one in element.iter(f"{_S}t") if one.getparent().tag != f"{_S}rPh")
    return _unescaped("".join(parts))


def _strings(package: Package) -> list[str]:
    """The strings that cells share."""
    root = package.xml(package.one(package.main, "sharedStrings"))
    return [_runs(one) for one in root.iter(f"{_S}si")] if root is not None else []


def _styles(package: Package) -> list[_Style]:
    """Cell styles by number."""
    root = package.xml(package.one(package.main, "styles"))
    if root is None:
        return []
    codes: dict[int, str] = dict(BUILT_IN)
    codes.update({int(one.get("numFmtId")): str(one.get("formatCode")) for one in root.iter(f"{_S}numFmt")})
    bold = [_bold(font) for font in root.iterfind(f"{_S}fonts/{_S}font")]
    found = []
    for one in root.iterfind(f"{_S}cellXfs/{_S}xf"):
        font = int(one.get("fontId") or 0)
        code = codes.get(int(one.get("numFmtId") or 0), "General")
        found.append(_Style(code, font < len(bold) and bold[font]))
    return found


def _bold(font: Any) -> bool:
    found = font.find(f"{_S}b")
    return found is not None and found.get("val") not in ("0", "false")


def _named(package: Package, part: str) -> tuple[int, int, int, int] | None:
    """Where a table that was made as one stands, when its first row names its columns."""
    root = package.xml(part)
    if root is None or root.get("headerRowCount") == "0":
        return None
    return _range(str(root.get("ref") or ""))


def _notes(package: Package, part: str) -> Iterator[Block]:
    """What people noted on cells, with their names; threads as they went on, without the copy for older programs."""
    related = package.related(part).values()
    threads = [target.part for target in related if target.kind == "threadedComment"]
    people = _people(package)
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for name in threads:
        root = package.xml(name)
        for one in root.iter(f"{_THREADED}threadedComment") if root is not None else ():
            said = (people.get(str(one.get("personId")), ""), str(one.get("dT") or "")[:10])
            who = ", ".join(part for part in said if part)
            found[_at(one.get("ref"))].append(_note(who, " ".join((one.findtext(f"{_THREADED}text") or "").split())))
    held = set(found)
    for target in related:
        root = package.xml(target.part) if target.kind == "comments" else None
        authors = [one.text or "" for one in root.iter(f"{_S}author")] if root is not None else []
        for one in root.iter(f"{_S}comment") if root is not None else ():
            number = int(one.get("authorId") or 0)
            author = authors[number] if number < len(authors) and not authors[number].startswith("tc=") else ""
            words = " ".join("".join(_runs(text) for text in one.iter(f"{_S}text")).split())
            if _at(one.get("ref")) not in held and words:
                found[_at(one.get("ref"))].append(_note(author, words.removeprefix(f"{author}:").strip()))
    for (row, cell), noted in sorted(found.items()):
        yield Block("paragraph", f"Note on {cell}: {' '.join(noted)}", page=row or None)


def _note(who: str, words: str) -> str:
    return f"{words} ({who})" if who else words


def _at(reference: str | None) -> tuple[int, str]:
    match = _REFERENCE.fullmatch(reference or "")
    return (int(match[2]), match[1] + match[2]) if match else (0, "")


def _people(package: Package) -> Mapping[str, str]:
    """Names of those who took part in threads, by id."""
    root = package.xml(package.one(package.main, "person"))
    persons = root.iter(f"{_THREADED}person") if root is not None else ()
    return {str(one.get("id")): str(one.get("displayName") or "") for one in persons}


def _words(element: Any, tag: str) -> str:
    return " ".join("".join(one.text or "" for one in element.iter(tag)).split())
