"""EPUB to a Document: the chapters in the order in which they are read, each read as the page it is.

Tables of contents, pictures and styles are left out. Books that are locked to a shop's reader are refused.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from ingest.errors import SourceError
from ingest.readers import archive, html
from ingest.readers.package import parsed, wordless
from ingest.types import Block, Document, Reference

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF, _DC = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}"
_ENC = "{http://www.w3.org/2001/04/xmlenc#}"
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways in which only the fonts of a book are scrambled."""
_DECLARED = re.compile(rb"""encoding\s*=\s*["']([\w.:-]+)""")
_HEAD = re.compile(r"<h1\b[^>]*>(.*?)</h1\s*>", re.IGNORECASE | re.DOTALL)


def read(path: Path) -> Iterator[Document]:
    """The document of an EPUB file.

    Raises:
        SourceError: The file is damaged, locked, no EPUB, or holds no words.
    """
    with archive.damage(path, "EPUB"), archive.opened(path, "EPUB") as package:
        names = set(package.namelist())
        if _locked(package, names):
            raise SourceError(
                f"{path.name} is locked to its shop's reading program.", "Use a copy without copy protection."
            )
        container = parsed(package.read("META-INF/container.xml"))
        place = next(str(one.get("full-path")) for one in container.iter() if _local(one) == "rootfile")
        opf = parsed(package.read(place))
        blocks = [block for part in _spine(opf, place) if part in names for block in _chapter(package, part)]
    if not any(block.kind != "heading" for block in blocks):
        raise wordless(path)
    day = re.match(r"(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?", _said(opf, "date"))
    origin = Reference(_said(opf, "publisher"), _said(opf, "title"), day.group() if day else "")
    yield Document(_said(opf, "title") or path.stem, tuple(blocks), "epub", origin)


def _locked(package: ZipFile, names: set[str]) -> bool:
    """Whether more than fonts is encrypted."""
    if "META-INF/encryption.xml" not in names:
        return False
    methods = parsed(package.read("META-INF/encryption.xml")).iter(f"{_ENC}EncryptionMethod")
    return any(one.get("Algorithm") not in _FONTS for one in methods if _local(one.getparent()) == "EncryptedData")


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _said(opf: Any, name: str) -> str:
    return next((" ".join((one.text or "").split()) for one in opf.iter(f"{_DC}{name}")), "")


def _spine(opf: Any, place: str) -> Iterator[str]:
    """Parts with text in the order of reading; tables of contents are left out."""
    items = {str(one.get("id")): one for one in opf.iter(f"{_OPF}item")}
    for one in opf.iter(f"{_OPF}itemref"):
        item = items.get(str(one.get("idref")))
        if item is None or "nav" in str(item.get("properties") or "").split():
            continue
        if "html" in str(item.get("media-type")):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(str(item.get("href")))))


def _chapter(package: ZipFile, part: str) -> list[Block]:
    """The blocks of a chapter; a page without words has none."""
    text = _decoded(package.read(part))
    try:
        page = html.parse(text, part)
    except SourceError:
        # A page with nothing but a picture, a cover for one.
        return []
    # A page's title is told apart from its words; in a book it is the chapter's heading.
    title = next((" ".join(re.sub(r"<[^>]*>", "", found).split()) for found in _HEAD.findall(text)), "")
    told = any(block.kind == "heading" and block.level == 1 for block in page.blocks)
    return [*([Block("heading", page.title, 1)] if title == page.title and not told else []), *page.blocks]


def _decoded(data: bytes) -> str:
    """A page's text by its byte order mark or as it declares, else as UTF-8.

    Raises:
        LookupError: It declares an encoding that nobody knows.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    declared = _DECLARED.search(data[:200])
    return data.decode(declared[1].decode() if declared else "utf-8", errors="replace").lstrip("\ufeff")
