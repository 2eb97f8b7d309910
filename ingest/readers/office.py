"""DOCX to Documents: headings by their styles, lists, tables, text boxes, charts, notes, in the order of the page.

python-docx opens the package; the words are walked here, because it passes over what people do use: content controls,
text boxes, equations, tracked changes, and the numbers of headings. Headers, footers, comments and deleted text are
left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import SourceError
from ingest.readers import archive
from ingest.readers.charts import chart_blocks
from ingest.readers.tables import Cell, table_blocks
from ingest.types import Block, Document, Reference

if TYPE_CHECKING:
    from docx.document import Document as DocxDocument

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|nagłówek)\s*(\d)", re.IGNORECASE)
_SKIPPED = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_MC}Fallback", f"{_W}pPr", f"{_W}rPr", f"{_W}instrText"})
_BOXES = {"☒": "[x]", "☑": "[x]", "☐": "[ ]"}
_BULLETS = frozenset({"bullet", "none", ""})


@dataclass(frozen=True)
class _Style:
    """What a paragraph style says, with what it inherits."""

    name: str = ""
    level: int = 0
    """Of a heading, 1 to 9; 0 for other styles."""
    numbering: tuple[str, int] | None = None


def read(path: Path) -> Iterator[Document]:
    """The document of a DOCX file.

    Raises:
        SourceError: The file is damaged, encrypted, no DOCX, or holds no words.
    """
    archive.opened(path, "DOCX").close()
    import docx
    from lxml.etree import LxmlError

    try:
        opened = docx.Document(str(path))
        blocks = [block for block in _Walk(opened).blocks() if block.text]
        title = (opened.core_properties.title or "").strip()
        dated = opened.core_properties.modified or opened.core_properties.created
    except (LxmlError, LookupError, ValueError, AttributeError, TypeError, OSError, *archive.ZipError) as error:
        raise archive.damaged(path, "DOCX") from error
    if not any(block.kind != "heading" for block in blocks):
        raise SourceError(f"{path.name} holds no words.", "Check that it is the right file.")
    first = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    as_of = dated.date().isoformat() if dated is not None else ""
    yield Document(first or title or path.stem, tuple(blocks), "docx", Reference(as_of=as_of))


class _Walk:
    """Turns the body of a document into blocks."""

    def __init__(self, opened: DocxDocument) -> None:
        self._opened = opened
        self._styles = _styles(opened)
        self._numbers = _Numbers(opened)
        self._notes: list[tuple[str, str]] = []

    def blocks(self) -> Iterator[Block]:
        yield from self._inside(self._opened.element.body)
        yield from self._noted()

    def _inside(self, element: Any) -> Iterator[Block]:
        for child in element:
            if child.tag == f"{_W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                yield from self._table(child)
            elif child.tag not in _SKIPPED:
                yield from self._inside(child)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        text = " ".join(self._words(paragraph).split())
        style = self._styles.get(_value(paragraph, "pPr/pStyle"), _Style())
        level = int(_value(paragraph, "pPr/outlineLvl") or -1) + 1 or style.level
        own = (_value(paragraph, "pPr/numPr/numId"), int(_value(paragraph, "pPr/numPr/ilvl") or 0))
        numbering = own if own[0] else style.numbering
        number = self._numbers.next(numbering) if text and numbering else None
        if 1 <= level <= 9:
            yield Block("heading", f"{number} {text}" if number and text else text, min(6, level))
        elif (numbering and numbering[0] != "0") or style.name.startswith("List"):
            level = min(5, numbering[1] if numbering else _list_level(style.name))
            yield Block("item", text, level, marker=number or "")
        else:
            yield Block("paragraph", text)
        for drawn in self._drawn(paragraph):
            # A box or a chart stands beside its paragraph, so it is read behind it.
            yield from self._inside(drawn) if drawn.tag == f"{_W}txbxContent" else self._chart(drawn)

    def _words(self, element: Any) -> str:
        """The words of a paragraph, without those of its boxes."""
        parts: list[str] = []
        for child in element:
            tag = child.tag
            if tag in (f"{_W}t", f"{_M}t"):
                parts.append(_BOXES.get(child.text or "", child.text or ""))
            elif tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
                parts.append(" ")
            elif tag == f"{_W}noBreakHyphen":
                parts.append("-")
            elif tag in (f"{_W}footnoteReference", f"{_W}endnoteReference"):
                self._notes.append((tag.removeprefix(_W).removesuffix("Reference"), str(child.get(f"{_W}id"))))
            elif tag not in _SKIPPED and tag != f"{_W}txbxContent" and isinstance(tag, str):
                # Parts of an equation stand apart; runs of a word do not.
                inner = self._words(child)
                parts.append(f" {inner} " if tag.startswith(_M) and tag[len(_M) :] in ("num", "den", "sup") else inner)
        return "".join(parts)

    def _drawn(self, element: Any) -> Iterator[Any]:
        """Text boxes and charts below an element, each once."""
        for child in element:
            if child.tag in (f"{_W}txbxContent", f"{_C}chart"):
                yield child
            elif child.tag not in _SKIPPED:
                yield from self._drawn(child)

    def _chart(self, drawn: Any) -> Iterator[Block]:
        part = self._opened.part.related_parts.get(drawn.get(f"{_R}id"))
        if part is not None:
            yield from chart_blocks(part.blob)

    def _table(self, table: Any) -> Iterator[Block]:
        rows = [
            [self._cell(cell, index == 0) for cell in _below(row, f"{_W}tc")]
            for index, row in enumerate(_below(table, f"{_W}tr"))
        ]
        caption = _value(table, "tblPr/tblCaption")
        yield from table_blocks(rows, caption)

    def _cell(self, cell: Any, head: bool) -> Cell:
        """A cell; a table within it is read along its rows."""
        lines = (block.text for block in self._inside(cell))
        span = _value(cell, "tcPr/gridSpan")
        return Cell(", ".join(line.rstrip(",;") for line in lines if line), head, int(span) if span.isdigit() else 1)

    def _noted(self) -> Iterator[Block]:
        """Footnotes and endnotes that the text refers to, behind it."""
        for kind, number in list(dict.fromkeys(self._notes)):
            for part in self._opened.part.related_parts.values():
                if not str(part.partname).endswith(f"{kind}s.xml"):
                    continue
                from lxml import etree

                root = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
                for note in root:
                    if note.get(f"{_W}id") == number:
                        yield Block("paragraph", " ".join(self._words(note).split()))


def _value(element: Any, way: str) -> str:
    """The `w:val` of an element below; empty when there is none."""
    found = element.find("/".join(f"{_W}{step}" for step in way.split("/")))
    return "" if found is None else str(found.get(f"{_W}val") or "")


def _below(element: Any, tag: str) -> Iterator[Any]:
    """The nearest elements of a kind below, through content controls and tracked insertions."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _below(child, tag)


def _list_level(style: str) -> int:
    """Depth of a list style from 0: "List Bullet 2" is 1."""
    match = re.search(r"(\d)$", style)
    return int(match.group(1)) - 1 if match else 0


def _styles(opened: DocxDocument) -> Mapping[str, _Style]:
    """Paragraph styles by id, with what they inherit."""
    raw = {str(one.get(f"{_W}styleId")): one for one in opened.styles.element.iterfind(f"{_W}style")}
    return {key: _style(key, raw, 0) for key in raw}


def _style(key: str, raw: Mapping[str, Any], depth: int) -> _Style:
    element = raw.get(key)
    if element is None or depth > 20:
        return _Style()
    base = _style(_value(element, "basedOn"), raw, depth + 1)
    name = _value(element, "name")
    match = _HEADING.match(name)
    outline = _value(element, "pPr/outlineLvl")
    level = int(match.group(1)) if match else int(outline) + 1 if outline.isdigit() else 1 if name == "Title" else 0
    numbered, depth_of = _value(element, "pPr/numPr/numId"), _value(element, "pPr/numPr/ilvl")
    numbering = (numbered, int(depth_of or 0)) if numbered else base.numbering
    if not numbered and depth_of and base.numbering:
        numbering = (base.numbering[0], int(depth_of))
    return _Style(name, level if level or outline == "9" else base.level, numbering)


def _counted(level: Any) -> tuple[str, str, int]:
    """How a level of a list is counted: its kind of figures, its pattern ("%1.%2"), where it begins."""
    return _value(level, "numFmt"), _value(level, "lvlText"), int(_value(level, "start") or 1)


@dataclass
class _Numbers:
    """Counts numbered paragraphs as Word shows them ("2.1")."""

    opened: DocxDocument
    counts: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    levels: dict[str, dict[int, tuple[str, str, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            element = self.opened.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return
        abstract = {}
        for one in element.iterfind(f"{_W}abstractNum"):
            abstract[str(one.get(f"{_W}abstractNumId"))] = {
                int(level.get(f"{_W}ilvl")): _counted(level) for level in one.iterfind(f"{_W}lvl")
            }
        for one in element.iterfind(f"{_W}num"):
            self.levels[str(one.get(f"{_W}numId"))] = abstract.get(_value(one, "abstractNumId"), {})

    def next(self, numbering: tuple[str, int]) -> str:
        """The number of the next paragraph of a list at a level; empty for bullets and other signs than figures."""
        key, level = numbering
        levels = self.levels.get(key, {})
        kind, pattern, start = levels.get(level, ("", "", 1))
        if kind in _BULLETS:
            return ""
        counted = self.counts[key]
        counted[level] = counted.get(level, start - 1) + 1
        for deeper in [one for one in counted if one > level]:
            del counted[deeper]
        if kind != "decimal":
            return ""

        def figure(match: re.Match[str]) -> str:
            above = int(match[1]) - 1
            return str(counted.get(above, levels.get(above, ("", "", 1))[2]))

        return re.sub(r"%(\d)", figure, pattern).strip()
