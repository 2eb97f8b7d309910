"""DOCX to Documents: headings by their styles, lists, tables, text boxes, charts, notes, in the order of the page.

The words are walked here, and not by a library, for what people do use and those pass over: content controls, text
boxes, equations, tracked changes, the numbers of headings, headings that are only set in bold. Headers, footers,
comments, deleted and hidden text, and tables of contents are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.readers import archive
from ingest.readers.charts import chart_blocks, diagram_blocks
from ingest.readers.numbering import W, read_numbering, value
from ingest.readers.package import MC, OFFICE, Package, R, wordless
from ingest.readers.tables import Cell, table_blocks
from ingest.types import Block, Document, Reference

_M = f"{{{OFFICE}/officeDocument/2006/math}}"
_C = f"{{{OFFICE}/drawingml/2006/chart}}"
_DGM = f"{{{OFFICE}/drawingml/2006/diagram}}"
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|nagłówek)\s*(\d)", re.IGNORECASE)
_CONTENTS = re.compile(r"toc(?: heading|\s*\d)|table of figures", re.IGNORECASE)
_SKIPPED = frozenset({f"{W}del", f"{W}moveFrom", f"{MC}Fallback", f"{W}pPr", f"{W}rPr", f"{W}instrText"})
_BOXES = {"☒": "[x]", "☑": "[x]", "☐": "[ ]"}
_APART = frozenset(f"{_M}{name}" for name in ("num", "den", "sup", "oMath"))
"""Parts of an equation that stand apart; runs of a word do not."""
_OFF = ("0", "false", "none", "off")
_SHORT = 90
"""Characters of a heading without a style at most."""


@dataclass(frozen=True)
class _Style:
    """What a paragraph style says, with what it inherits."""

    name: str = ""
    level: int = 0
    """Of a heading, 1 to 9; 0 for other styles."""
    numbering: tuple[str, int] | None = None
    bold: bool = False
    size: int = 22
    """Of the letters, in half points."""


def read(path: Path) -> Iterator[Document]:
    """The document of a DOCX file.

    Raises:
        SourceError: The file is damaged, encrypted, no DOCX, or holds no words.
    """
    with archive.damage(path, "DOCX"), Package(path, "DOCX") as package:
        properties = package.properties()
        blocks = [block for block in _Walk(package).blocks() if block.text]
    if not any(block.kind != "heading" for block in blocks):
        raise wordless(path)
    first = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    yield Document(first or properties.title or path.stem, tuple(blocks), "docx", Reference(as_of=properties.modified))


class _Walk:
    """Turns the body of a document into blocks."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._related = package.related(package.main)
        self._styles, self._default, self._headed_tables = _styles(self._part("styles"))
        self._numbers = read_numbering(self._part("numbering"))
        self._notes: list[tuple[str, str]] = []
        self._sizes: dict[int, int] = {}
        """Size of the letters of paragraphs that may be headings, by the position of their block."""

    def _part(self, kind: str) -> Any:
        return self._package.xml(self._package.one(self._package.main, kind))

    def blocks(self) -> Sequence[Block]:
        body = self._package.xml(self._package.main).find(f"{W}body")
        found: list[Block] = []
        for child in body if body is not None else ():
            # What may be a heading is known by its place among the blocks; what stands in tables and boxes never is.
            blocks = [block for block in self._child(child) if block.text]
            if child.tag == f"{W}p" and blocks and blocks[0].kind == "paragraph" and (size := self._set_apart(child)):
                self._sizes[len(found)] = size
            found += blocks
        if not any(block.kind == "heading" for block in found):
            found = _promoted(found, self._sizes)
        return [*found, *self._noted()]

    def _inside(self, element: Any) -> Iterator[Block]:
        for child in element:
            yield from self._child(child)

    def _child(self, child: Any) -> Iterator[Block]:
        if child.tag == f"{W}p":
            yield from self._paragraph(child)
        elif child.tag == f"{W}tbl":
            yield from self._table(child)
        elif child.tag not in _SKIPPED:
            yield from self._inside(child)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        text = " ".join(self._words(paragraph).split())
        style = self._style(paragraph)
        if _CONTENTS.match(style.name):
            return
        outline = value(paragraph, "pPr/outlineLvl")
        level = int(outline) + 1 if outline.isdigit() else style.level
        own, depth = value(paragraph, "pPr/numPr/numId"), value(paragraph, "pPr/numPr/ilvl")
        numbering = (own, int(depth) if depth.isdigit() else 0) if own else style.numbering
        number = self._numbers.next(*numbering) if text and numbering else ""
        if 1 <= level <= 9:
            yield Block("heading", f"{number} {text}" if number else text, min(6, level))
        elif (numbering and numbering[0] != "0") or style.name.startswith("List"):
            # Word's own styles for deeper lists ("List Bullet 2") are lists of their own that begin at level 0.
            level = min(5, max(numbering[1] if numbering else 0, _list_level(style.name)))
            yield Block("item", text, level, marker=number)
        else:
            yield Block("paragraph", text)
        for drawn in self._drawn(paragraph):
            # A box or a chart stands beside its paragraph, so it is read behind it.
            yield from self._inside(drawn) if drawn.tag == f"{W}txbxContent" else self._drawing(drawn)

    def _style(self, paragraph: Any) -> _Style:
        return self._styles.get(value(paragraph, "pPr/pStyle") or self._default, _Style())

    def _words(self, element: Any) -> str:
        """The words of a paragraph, without those of its boxes."""
        parts: list[str] = []
        for child in element:
            tag = child.tag
            if tag in (f"{W}t", f"{_M}t"):
                parts.append(_BOXES.get(child.text or "", child.text or ""))
            elif tag in (f"{W}tab", f"{W}br", f"{W}cr"):
                parts.append(" ")
            elif tag == f"{W}noBreakHyphen":
                parts.append("-")
            elif tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
                self._notes.append((tag.removeprefix(W).removesuffix("Reference"), str(child.get(f"{W}id"))))
            elif tag == f"{W}r" and _on(child, "rPr/vanish"):
                continue
            elif tag not in _SKIPPED and tag != f"{W}txbxContent" and isinstance(tag, str):
                inner = self._words(child)
                parts.append(f" {inner} " if tag in _APART else inner)
        return "".join(parts)

    def _drawn(self, element: Any) -> Iterator[Any]:
        """Text boxes, charts and diagrams below an element, each once."""
        for child in element:
            if child.tag in (f"{W}txbxContent", f"{_C}chart", f"{_DGM}relIds"):
                yield child
            elif child.tag not in _SKIPPED:
                yield from self._drawn(child)

    def _drawing(self, drawn: Any) -> Iterator[Block]:
        chart = drawn.tag == f"{_C}chart"
        target = self._related.get(str(drawn.get(f"{R}id" if chart else f"{R}dm")))
        xml = self._package.bytes(target.part) if target else None
        if xml:
            yield from (chart_blocks if chart else diagram_blocks)(xml)

    def _table(self, table: Any) -> Iterator[Block]:
        first = value(table, "tblPr/tblStyle") in self._headed_tables and _first_row(table)
        rows: list[list[Cell]] = []
        above: dict[int, tuple[int, int]] = {}
        for index, row in enumerate(_below(table, f"{W}tr")):
            cells: list[Cell] = []
            head = _on(row, "trPr/tblHeader") or (index == 0 and (first or self._all_bold(row)))
            column = int(value(row, "trPr/gridBefore") or 0)
            for cell in _below(row, f"{W}tc"):
                made = self._cell(cell, head)
                merge = cell.find(f"{W}tcPr/{W}vMerge")
                if merge is not None and merge.get(f"{W}val") != "restart" and column in above:
                    # It goes on with the cell above it, which reaches one row further.
                    at, place = above[column]
                    rows[at][place] = replace(rows[at][place], rows=index - at + 1)
                else:
                    above[column] = (index, len(cells))
                    cells.append(made)
                column += made.columns
            rows.append(cells)
        yield from table_blocks(rows, value(table, "tblPr/tblCaption"))

    def _cell(self, cell: Any, head: bool) -> Cell:
        """A cell; a table within it is read along its rows."""
        lines = (f"{block.marker} {block.text}".strip() for block in self._inside(cell))
        span = value(cell, "tcPr/gridSpan")
        text = ", ".join(line.rstrip(",;") for line in lines if line)
        return Cell(text, head, min(63, int(span)) if span.isdigit() and span != "0" else 1)

    def _all_bold(self, element: Any) -> bool:
        """Whether all words below an element are bold."""
        found = False
        for run in element.iter(f"{W}r"):
            if any((one.text or "").strip() for one in run.iterfind(f"{W}t")):
                paragraph = next(run.iterancestors(f"{W}p"))
                own = run.find(f"{W}rPr/{W}b")
                if not (_on(run, "rPr/b") if own is not None else self._style(paragraph).bold):
                    return False
                found = True
        return found

    def _set_apart(self, paragraph: Any) -> int:
        """Size of the letters of a paragraph that is bold or larger throughout; 0 for others."""
        style = self._style(paragraph)
        sizes = [value(run, "rPr/sz") for run in paragraph.iter(f"{W}r") if run.find(f"{W}t") is not None]
        size = min((int(one) if one.isdigit() else style.size for one in sizes), default=0)
        usual = self._styles.get(self._default, _Style()).size
        return size if self._all_bold(paragraph) or size >= usual + 4 else 0

    def _noted(self) -> Iterator[Block]:
        """Footnotes and endnotes that the text refers to, behind it."""
        roots = {kind: self._part(f"{kind}s") for kind in dict(self._notes)}
        for kind, number in list(dict.fromkeys(self._notes)):
            for note in roots[kind] if roots[kind] is not None else ():
                if note.get(f"{W}id") == number:
                    yield Block("paragraph", " ".join(self._words(note).split()))


def _promoted(blocks: Sequence[Block], sizes: Mapping[int, int]) -> list[Block]:
    """Blocks of a document without heading styles, short lines that are set apart made headings, larger ones above.

    >>> pay = [Block("paragraph", "Pay"), Block("paragraph", "It is good.")]
    >>> [(block.kind, block.level) for block in _promoted(pay, {0: 28})]
    [('heading', 1), ('paragraph', 0)]
    """
    usable = {
        index: size for index, size in sizes.items()
        if len(blocks[index].text) <= _SHORT and blocks[index].text[-1] not in ".,;:!"
        and any(map(str.isalpha, blocks[index].text)) and index + 1 < len(blocks)
    }  # fmt: skip
    if len(usable) > len(blocks) / 2:
        return list(blocks)
    levels = {size: min(6, level) for level, size in enumerate(sorted(set(usable.values()), reverse=True), 1)}
    return [
        Block("heading", block.text, levels[usable[index]]) if index in usable else block
        for index, block in enumerate(blocks)
    ]


def _on(element: Any, way: str) -> bool:
    """Whether a switch below an element is on."""
    found = element.find("/".join(f"{W}{step}" for step in way.split("/")))
    return found is not None and found.get(f"{W}val") not in _OFF


def _first_row(table: Any) -> bool:
    """Whether a table shows its first row as its style says."""
    look = table.find(f"{W}tblPr/{W}tblLook")
    if look is None:
        return True
    first = look.get(f"{W}firstRow")
    if first is not None:
        return first not in _OFF
    return bool(int(look.get(f"{W}val") or "0", 16) & 0x20)


def _below(element: Any, tag: str) -> Iterator[Any]:
    """The nearest elements of a kind below, through content controls and tracked insertions."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml"):
            yield from _below(child, tag)


def _list_level(style: str) -> int:
    """Depth of a list style from 0: "List Bullet 2" is 1."""
    match = re.fullmatch(r"List\b.* ([2-9])", style)
    return int(match[1]) - 1 if match else 0


def _styles(root: Any) -> tuple[Mapping[str, _Style], str, frozenset[str]]:
    """Paragraph styles by id with what they inherit, the default one's id, table styles that set off a first row."""
    if root is None:
        return {}, "", frozenset()
    listed = list(root.iterfind(f"{W}style"))
    raw = {str(one.get(f"{W}styleId")): one for one in listed}
    usual = value(root, "docDefaults/rPrDefault/rPr/sz")
    size = int(usual) if usual.isdigit() else 20
    default = next((str(one.get(f"{W}styleId")) for one in listed
                    if one.get(f"{W}type") == "paragraph" and one.get(f"{W}default") in ("1", "true")), "")  # fmt: skip
    heads = frozenset(
        key for key, one in raw.items()
        if any(part.get(f"{W}type") == "firstRow" for part in one.iterfind(f"{W}tblStylePr"))
    )  # fmt: skip
    return {key: _style(key, raw, size, 0) for key in raw}, default, heads


def _style(key: str, raw: Mapping[str, Any], size: int, depth: int) -> _Style:
    element = raw.get(key)
    if element is None or depth > 20:
        return _Style(size=size)
    base = _style(value(element, "basedOn"), raw, size, depth + 1)
    name = value(element, "name")
    match = _HEADING.match(name)
    outline = value(element, "pPr/outlineLvl")
    level = int(match[1]) if match else int(outline) + 1 if outline.isdigit() else 1 if name == "Title" else 0
    number, deep = value(element, "pPr/numPr/numId"), value(element, "pPr/numPr/ilvl")
    numbering = (number, int(deep or 0)) if number else base.numbering
    if not number and deep and base.numbering:
        numbering = (base.numbering[0], int(deep))
    own = value(element, "rPr/sz")
    bold = _on(element, "rPr/b") if element.find(f"{W}rPr/{W}b") is not None else base.bold
    inherited = level if level or outline == "9" else base.level
    return _Style(name, inherited, numbering, bold, int(own) if own.isdigit() else base.size)
