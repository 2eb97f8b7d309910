"""PPTX to a Document: slide by slide, titles as headings, lists, tables, charts, diagrams, and the speaker's notes.

Shapes come in the order of the file, which is the order in which they are read aloud. Hidden slides, comments, footers
and slide numbers are left out, and so are pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.readers import archive
from ingest.readers.charts import chart_blocks, diagram_blocks
from ingest.readers.package import MC, OFFICE, Package, R, Target, wordless
from ingest.readers.tables import Cell, table_blocks
from ingest.types import Block, Document, Reference

_P = f"{{{OFFICE}/presentationml/2006/main}}"
_A = f"{{{OFFICE}/drawingml/2006/main}}"
_M = f"{{{OFFICE}/officeDocument/2006/math}}"
_C = f"{{{OFFICE}/drawingml/2006/chart}}"
_DGM = f"{{{OFFICE}/drawingml/2006/diagram}}"
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_LISTED = frozenset({"", "body", "obj", "half", "quarter", "tbl"})
"""Placeholders whose paragraphs are list items unless they say otherwise."""


def read(path: Path) -> Iterator[Document]:
    """The document of a PPTX file.

    Raises:
        SourceError: The file is damaged, encrypted, no PPTX, or holds no words.
    """
    with archive.damage(path, "PPTX"), Package(path, "PPTX") as package:
        properties = package.properties()
        shown = [_Slide(package, part, number) for number, part in _slides(package)]
        told = [(slide.title, [block for block in slide.blocks() if block.text]) for slide in shown]
        numbers = [slide.number for slide in shown]
    title = (told[0][0] if told else "") or properties.title or path.stem
    blocks: list[Block] = []
    for number, (heading, inside) in zip(numbers, told, strict=True):
        # A slide without a title does not belong to the one before: the deck's own title ends that one's section.
        blocks += [Block("heading", heading or title, 1, page=number), *inside] if heading or inside else []
    if not any(heading or inside for heading, inside in told):
        raise wordless(path)
    yield Document(title, tuple(blocks), "pptx", Reference(as_of=properties.modified), page_label="slide")


def _slides(package: Package) -> Iterator[tuple[int, str]]:
    """Number and part of each slide that is shown; hidden ones are counted, as PowerPoint does."""
    targets = package.related(package.main)
    listed = package.xml(package.main).iterfind(f"{_P}sldIdLst/{_P}sldId")
    for number, one in enumerate(listed, 1):
        target = targets.get(str(one.get(f"{R}id")))
        root = package.xml(target.part) if target else None
        if target is not None and root is not None and root.get("show") not in ("0", "false"):
            yield number, target.part


@dataclass
class _Slide:
    """Turns one slide into blocks."""

    package: Package
    part: str
    number: int
    title: str = ""
    related: Mapping[str, Target] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    """Placeholders of the layout without bullets, by type and index."""

    def __post_init__(self) -> None:
        self.related = self.package.related(self.part)
        self.root = self.package.xml(self.part)
        for shape in self.root.iter(f"{_P}sp"):
            if not self.title and _placeholder(shape)[0] in _TITLES:
                self.title = " ".join(" ".join(_words(one) for one in shape.iter(f"{_A}p")).split())
        layout = self.package.xml(self.package.one(self.part, "slideLayout"))
        shapes = layout.iter(f"{_P}sp") if layout is not None else ()
        self.unlisted = frozenset(
            key for shape in shapes if shape.find(f".//{_A}lstStyle/{_A}lvl1pPr/{_A}buNone") is not None
            for key in (_key(shape),)
        )  # fmt: skip

    def blocks(self) -> Iterator[Block]:
        tree = self.root.find(f"{_P}cSld/{_P}spTree")
        titled = False
        for shape in tree if tree is not None else ():
            # Its title is told as the heading; a second one is words like others.
            if _placeholder(shape)[0] in _TITLES and not titled and shape.tag == f"{_P}sp":
                titled = True
                continue
            yield from self._shape(shape)
        yield from self._notes()

    def _shape(self, shape: Any) -> Iterator[Block]:
        if shape.tag == f"{_P}grpSp":
            for inner in shape:
                yield from self._shape(inner)
        elif shape.tag == f"{MC}AlternateContent":
            yield from self._alternatives(shape)
        elif shape.tag == f"{_P}graphicFrame":
            yield from self._frame(shape)
        elif shape.tag in (f"{_P}sp", f"{_P}cxnSp") and _placeholder(shape)[0] not in _FURNITURE:
            kind, _ = _placeholder(shape)
            body = shape.find(f"{_P}txBody")
            listed = kind in _LISTED and _key(shape) not in self.unlisted and body is not None
            yield from _paragraphs(body, listed, self.number) if body is not None else ()

    def _alternatives(self, element: Any) -> Iterator[Block]:
        """The first of several ways to draw a thing that holds words."""
        for way in element:
            found = [block for shape in way for block in self._shape(shape) if block.text]
            if found:
                yield from found
                return

    def _frame(self, frame: Any) -> Iterator[Block]:
        """A table, a chart or a diagram."""
        for table in frame.iter(f"{_A}tbl"):
            yield from table_blocks(_cells(table), page=self.number)
        for element, name, told in (("chart", f"{R}id", chart_blocks), ("relIds", f"{R}dm", diagram_blocks)):
            for one in frame.iter(f"{_C if element == 'chart' else _DGM}{element}"):
                target = self.related.get(str(one.get(name)))
                xml = self.package.bytes(target.part) if target else None
                yield from told(xml, self.number) if xml else ()

    def _notes(self) -> Iterator[Block]:
        """What the speaker noted, under a heading of its own."""
        root = self.package.xml(self.package.one(self.part, "notesSlide"))
        shapes = root.iter(f"{_P}sp") if root is not None else ()
        bodies = [shape.find(f"{_P}txBody") for shape in shapes if _placeholder(shape)[0] == "body"]
        noted = [block for body in bodies if body is not None
                 for block in _paragraphs(body, False, self.number) if block.text]  # fmt: skip
        if noted:
            yield Block("heading", "Notes", 2, page=self.number)
            yield from noted


def _placeholder(shape: Any) -> tuple[str | None, str]:
    """Type and index of a placeholder; None for other shapes."""
    found = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return (None, "") if found is None else (str(found.get("type") or ""), str(found.get("idx") or ""))


def _key(shape: Any) -> str:
    kind, index = _placeholder(shape)
    return f"{kind} {index}" if kind is not None else "none"


def _paragraphs(body: Any, listed: bool, number: int) -> Iterator[Block]:
    """The paragraphs of a shape: list items where they have a bullet or number, of their own or from their place."""
    unlisted = body.find(f"{_A}lstStyle/{_A}lvl1pPr/{_A}buNone") is not None
    counts: dict[int, int] = {}
    for paragraph in body.iter(f"{_A}p"):
        text = " ".join(_words(paragraph).split())
        properties = paragraph.find(f"{_A}pPr")
        marks = {str(one.tag).removeprefix(_A): one for one in properties} if properties is not None else {}
        level = int(properties.get("lvl") or 0) if properties is not None else 0
        if not text:
            continue
        counts = {deeper: count for deeper, count in counts.items() if deeper <= level}
        if "buAutoNum" in marks:
            start = int(marks["buAutoNum"].get("startAt") or 1)
            counts[level] = counts.get(level, start - 1) + 1
            yield Block("item", text, min(5, level), page=number, marker=_marker(marks["buAutoNum"], counts[level]))
            continue
        counts.pop(level, None)
        if {"buChar", "buBlip"} & marks.keys() or (listed and not unlisted and "buNone" not in marks):
            yield Block("item", text, min(5, level), page=number)
        else:
            yield Block("paragraph", text, page=number)


def _marker(numbering: Any, count: int) -> str:
    kind = str(numbering.get("type") or "")
    if kind.startswith("alphaLc") and count <= 26:
        return f"{chr(96 + count)}{')' if 'Paren' in kind else '.'}"
    return f"{count}{')' if 'Paren' in kind else '.'}" if kind.startswith("arabic") else ""


def _words(paragraph: Any) -> str:
    """The words of a paragraph: runs, fields, equations; a line break is a space."""
    parts = []
    for element in paragraph.iter(f"{_A}t", f"{_A}br", f"{_A}tab", f"{_M}t"):
        parts.append(element.text or "" if element.tag in (f"{_A}t", f"{_M}t") else " ")
    return "".join(parts)


def _cells(table: Any) -> list[list[Cell]]:
    """The cells of a table; those that a merged one covers are left out."""
    properties = table.find(f"{_A}tblPr")
    first = properties is not None and properties.get("firstRow") in ("1", "true")
    rows = []
    for index, row in enumerate(table.iter(f"{_A}tr")):
        cells = [one for one in row.iterfind(f"{_A}tc") if not {"1", "true"} & {one.get("hMerge"), one.get("vMerge")}]
        rows.append([
            Cell(_lines(one), first and index == 0, _span(one.get("gridSpan")), _span(one.get("rowSpan")))
            for one in cells
        ])  # fmt: skip
    return rows


def _lines(cell: Any) -> str:
    lines = (" ".join(_words(one).split()) for one in cell.iter(f"{_A}p"))
    return ", ".join(line.rstrip(",;") for line in lines if line)


def _span(value: str | None) -> int:
    return min(100, int(value)) if value and value.isdigit() and int(value) > 0 else 1
