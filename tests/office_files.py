"""Small files of the office kinds, written by hand where no library writes such a thing."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

STRICT = re.compile(rb"http://schemas\.openxmlformats\.org/(officeDocument|wordprocessingml|spreadsheetml|presentationml"
                    rb"|drawingml)/2006/")  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
PROTECTED = OLE + "EncryptedPackage".encode("utf-16-le") + bytes(512)

_ODF_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
                        ("presentation", "presentation"), ("style", "style"), ("meta", "meta"))
)  # fmt: skip


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def changed(path: Path, change: Mapping[str, tuple[bytes, bytes]]) -> Path:
    """The same file with some words of some parts replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, (old, new) in change.items():
        assert old in parts[name], f"{old!r} is not in {name}"
        parts[name] = parts[name].replace(old, new)
    return zipped(path, parts)


def made_strict(path: Path) -> Path:
    """The same file in the strict form of ISO/IEC 29500."""
    with zipfile.ZipFile(path) as archive:
        parts = {
            name: STRICT.sub(rb"http://purl.oclc.org/ooxml/\1/", archive.read(name)) for name in archive.namelist()
        }
    return zipped(path, parts)


def opendocument(path: Path, kind: str, body: str, styles: str = "", meta: str = "") -> Path:
    """An OpenDocument file; `kind` is `text`, `presentation` or `spreadsheet`."""
    content = (
        f"<office:document-content {_ODF_NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    about = (
        f'<office:document-meta {_ODF_NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>{meta}'
        "</office:meta></office:document-meta>"
    )
    return zipped(
        path, {"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content, "meta.xml": about}
    )


def book(path: Path, chapters: Mapping[str, str], spine: list[str], extra: Mapping[str, str] | None = None) -> Path:
    """An EPUB; `chapters` are bodies by file name, `spine` the order in which they are read."""
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml" '
        + ("properties='nav' />" if name == "nav.xhtml" else "/>")
        for name in chapters
    )
    refs = "".join(f'<itemref idref="{name}"/>' for name in spine)
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>Handbook</dc:title><dc:publisher>A press</dc:publisher><dc:date>2024-05-31</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{refs}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    pages = {
        f"OPS/{name}": f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{name}</title></head><body>{body}</body></html>'
        for name, body in chapters.items()
    }
    return zipped(path, {"META-INF/container.xml": container, "OPS/book.opf": opf, **pages, **(extra or {})})
