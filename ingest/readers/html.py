"""HTML pages to Documents: the page's own words with their headings, lists and tables, without its furniture.

Navigation, banners, forms, hidden hints and lists of links are left out by what they are (element, role, share of
link text), not by the site they are on. Scripts are not run: what a page loads later is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import SourceError
from ingest.readers.page_facts import address, date, meta, named, structured
from ingest.readers.tables import Cell, table_blocks
from ingest.readers.text import decoded
from ingest.types import Block, Document, Reference

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DROPPED = frozenset(
    "script style noscript template svg iframe form button input select textarea nav footer aside object embed canvas "
    "audio video map dialog".split()
)
_ROLES = frozenset(
    "navigation banner contentinfo search complementary dialog menu menubar alert tablist toolbar".split()
)
_FURNITURE = re.compile(
    r"(?:^|[-_ ])(?:cookies?|consent|gdpr|breadcrumbs?|share|sharing|social|newsletter|subscribe|advert|ads?|sidebar|"
    r"menu|navbar|nav|navigation|footer|banner|popup|modal|skip|toolbar|pagination|pager|related|comments?)(?:[-_ ]|$)",
    re.IGNORECASE,
)
_FOLDING = ("h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLOCKS = frozenset(
    "p div section article main ul ol li dl dt dd table h1 h2 h3 h4 h5 h6 blockquote pre figure figcaption header "
    "details summary address hr center fieldset body tr td th caption".split()
)
_HEADING = re.compile(r"h[1-6]$")
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]*(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DEEPEST = 120
"""Elements within elements whose structure is followed; of what lies deeper the words are kept."""
_MOSTLY = 0.5
"""Share of a page's words that an element has to hold to be kept whatever it is called."""


def read(path: Path) -> Iterator[Document]:
    """The document of an HTML file.

    Raises:
        SourceError: The file is empty, is no text, or holds no words beside its furniture.
    """
    yield parse(decoded(path, _declared), path.name)


def _declared(data: bytes) -> str:
    """The encoding that a page says it is in, or nothing."""
    match = _CHARSET.search(data[:4096])
    return match.group(1).decode("ascii") if match else ""


def parse(text: str, name: str) -> Document:
    """An HTML page to a Document; `name` titles a page that has no title.

    Raises:
        SourceError: There are no words in it.
    """
    tree = _tree(text, name)
    told = structured(tree)
    title, publisher = named(tree, name)
    publisher = publisher or told.get("publisher", "")
    origin = Reference(publisher=publisher, title=title, as_of=date(tree, told), url=address(tree))
    _strip(tree)
    blocks = tuple(_Walk(title).blocks(_main(tree)))
    if not any(block.kind != "heading" for block in blocks):
        raise SourceError(f"{name} holds no words beside its menus.", "Save the page again once it has loaded fully.")
    return Document(title, blocks, "html", origin, summary=meta(tree, "description", "og:description"))


def fragment(text: str, name: str) -> list[Block]:
    """The blocks of HTML that stands in another document; none when it holds no words.

    Raises:
        SourceError: It cannot be read.
    """
    tree = _tree(f"<body>{text}</body>", name)
    _strip(tree)
    return list(_Walk("").blocks(_main(tree)))


def _tree(text: str, name: str) -> HtmlElement:
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        tree = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(f"{name} holds no HTML that can be read.", "Check what kind of file it is.") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise SourceError(f"{name} is nested too deeply to be read.", "Save the page again from a browser.")
    # What a line break sets apart are not parts of one word.
    for line_break in tree.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"
    return tree


# What is left out


def _strip(tree: HtmlElement) -> None:
    """Take out what is no content."""
    whole = len(_words(tree)) or 1
    for element in list(tree.iter()):
        if element.getparent() is None or not isinstance(element.tag, str) or element.tag in ("html", "body"):
            continue
        if _furniture(element, whole):
            element.drop_tree()


def _furniture(element: HtmlElement, whole: int) -> bool:
    tag = str(element.tag)
    if tag in _DROPPED and tag not in ("form", "aside"):
        # A heading that folds its section is a button.
        return not (tag == "button" and any(True for _ in element.iterancestors(*_FOLDING)))
    named = " ".join((str(element.get("id") or ""), str(element.get("class") or "")))
    header = tag == "header" and not any(True for _ in element.iterancestors("article", "main", "section"))
    suspect = (
        tag in _DROPPED
        or header
        or str(element.get("role") or "").lower() in _ROLES
        or (bool(named.strip()) and bool(_FURNITURE.search(named)) and not _HEADING.match(tag))
    )
    if suspect:
        return len(_words(element)) < _MOSTLY * whole
    return _hidden(element) and not _pane(element)


def _hidden(element: HtmlElement) -> bool:
    return bool(
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or _HIDDEN.search(str(element.get("style") or ""))
    )


def _pane(element: HtmlElement) -> bool:
    """Whether a hidden element is a tab of the page's own content: headed, and with paragraphs or tables in it."""
    headed = any(_HEADING.match(str(one.tag)) for one in element.iter() if isinstance(one.tag, str))
    return headed and any(True for _ in element.iter("p", "table", "ul"))


def _main(tree: HtmlElement) -> HtmlElement:
    """The element that says it holds the main content, when it holds most of it; else the body."""
    body = tree.find("body")
    whole: HtmlElement = body if body is not None else tree
    candidates = [*tree.iter("main"), *(one for one in tree.iter() if one.get("role") == "main")]
    best = max(candidates, key=lambda one: len(_words(one)), default=whole)
    return best if len(_words(best)) >= _MOSTLY * len(_words(whole)) else whole


# What is kept


def _words(element: HtmlElement) -> str:
    """The words of an element in one line."""
    return " ".join(str(element.text_content()).split())


def _heading(element: HtmlElement) -> str:
    """A heading's words without a link behind them ("[edit]", "About this section")."""
    whole = _words(element)
    for link in reversed(list(element.iter("a"))):
        behind = _words(link)
        before = whole.removesuffix(behind).rstrip(" [](|)")
        if behind and before != whole and len(before.split()) >= 1 and before:
            whole = before
    return whole.rstrip(" [")


class _Walk:
    """Turns elements into blocks in reading order."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._inline: list[str] = []
        self._linked = 0
        self._items = 0
        self._nested = 0

    def blocks(self, root: HtmlElement) -> Iterator[Block]:
        """The blocks of an element and all that is in it."""
        yield from self._inside(root, -1)
        yield from self._flush()

    def _inside(self, element: HtmlElement, depth: int) -> Iterator[Block]:
        if self._nested >= _DEEPEST:
            self._say(" ".join(element.itertext()))
            return
        self._nested += 1
        self._say(element.text)
        for child in element:
            if isinstance(child.tag, str):
                yield from self._child(child, depth)
            self._say(child.tail)
        self._nested -= 1

    def _child(self, child: HtmlElement, depth: int) -> Iterator[Block]:
        tag = str(child.tag)
        if tag == "br":
            self._say(" ")
        elif tag not in _BLOCKS:
            before = sum(map(len, self._inline))
            yield from self._inside(child, depth)
            if tag == "a":
                self._linked += sum(map(len, self._inline)) - before
        else:
            yield from self._flush()
            yield from self._block(child, tag, depth)
            yield from self._flush()

    def _block(self, child: HtmlElement, tag: str, depth: int) -> Iterator[Block]:
        if _HEADING.match(tag):
            words = _heading(child)
            if words and not (tag == "h1" and words == self._title):
                yield Block("heading", words, int(tag[1]))
        elif tag in ("ul", "ol"):
            if not _menu(child):
                yield from self._list(child, depth + 1)
        elif tag == "table" and _holds_data(child):
            yield from table_blocks(list(_cells(child)), _caption(child))
        elif tag == "dl":
            yield from self._definitions(child)
        elif tag == "pre":
            yield Block("paragraph", str(child.text_content()).strip())
        else:
            yield from self._inside(child, depth)

    def _list(self, element: HtmlElement, depth: int) -> Iterator[Block]:
        counted = _span(element.get("start")) - 1 if element.tag == "ol" else None
        for item in element:
            if not isinstance(item.tag, str):
                continue
            if item.tag != "li":
                yield from self._block(item, str(item.tag), depth)
                continue
            self._items += 1
            inner = list(self._inside(item, depth))
            self._items -= 1
            words = self._taken()
            lead = [one for one in inner if one.kind == "paragraph"]
            text = " ".join(part for part in (*(one.text for one in lead), words) if part)
            nested = [one for one in inner if one.kind != "paragraph"]
            if text:
                counted = counted + 1 if counted is not None else None
                yield Block("item", text, max(0, depth), marker=f"{counted}." if counted is not None else "")
            yield from nested

    def _definitions(self, element: HtmlElement) -> Iterator[Block]:
        term = ""
        for child in element.iter("dt", "dd"):
            if child.tag == "dt":
                term = _words(child)
            elif _words(child):
                yield Block("row", f"{term}: {_words(child)}" if term else _words(child))

    def _say(self, text: str | None) -> None:
        if text:
            self._inline.append(text)

    def _taken(self) -> str:
        words = " ".join("".join(self._inline).split())
        self._inline, self._linked = [], 0
        return words

    def _flush(self) -> Iterator[Block]:
        linked = self._linked
        words = self._taken()
        only_link = not self._items and linked >= 0.8 * len(words) and len(words.split()) < 8
        if words and any(map(str.isalnum, words)) and not only_link:
            yield Block("paragraph", words)


def _menu(element: HtmlElement) -> bool:
    """Whether a list is a menu: three or more short items of which nearly every word is a link."""
    items = [one for one in element.iter("li")]
    words = len(_words(element)) or 1
    linked = sum(len(_words(one)) for one in element.iter("a"))
    return len(items) >= 3 and linked > 0.8 * words and words / len(items) < 60


def _holds_data(table: HtmlElement) -> bool:
    """Whether a table is one, and not a way to lay out a page."""
    rows = [one for one in table.iter("tr")]
    if any(True for _ in table.iterdescendants("table", "h1", "h2", "h3")):
        return False
    columns = max((len([one for one in row if one.tag in ("td", "th")]) for row in rows), default=0)
    return columns >= 2 and bool(rows)


def _caption(table: HtmlElement) -> str:
    caption = table.find("caption")
    return _words(caption) if caption is not None else ""


def _cells(table: HtmlElement) -> Iterator[list[Cell]]:
    """The rows of a table; a row of nothing but cells that reach further down begins with the next one."""
    waiting: list[Cell] = []
    for row in table.iter("tr"):
        cells = [
            Cell(_cell_words(one), one.tag == "th", _span(one.get("colspan")), _span(one.get("rowspan")))
            for one in row
            if one.tag in ("td", "th")
        ]
        if cells and all(cell.rows > 1 for cell in cells):
            waiting += [replace(cell, rows=cell.rows - 1) for cell in cells]
        elif cells:
            yield [*waiting, *cells]
            waiting = []
    if waiting:
        yield waiting


def _cell_words(cell: Any) -> str:
    """A cell's words; lines within it are set apart by commas."""
    parts = [""]
    for element, text in _texts(cell):
        if element in ("br", "p", "div", "li") and parts[-1].strip():
            parts.append("")
        parts[-1] += text
    lines = [" ".join(part.split()) for part in parts]
    return ", ".join(line.rstrip(",;") for line in lines if line)


def _texts(cell: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth >= _DEEPEST:
        yield "", " ".join(cell.itertext())
        return
    yield "", cell.text or ""
    for child in cell:
        if isinstance(child.tag, str):
            inner = list(_texts(child, depth + 1))
            yield child.tag, inner[0][1]
            yield from inner[1:]
        yield "", child.tail or ""


def _span(value: str | None) -> int:
    return min(50, int(value)) if value and value.isdigit() and int(value) > 0 else 1
