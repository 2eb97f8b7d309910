"""Office Open XML packages (ECMA-376, part 2): the parts of a DOCX, PPTX or XLSX file and how they refer to each other.

Parts are unpacked one by one, when asked for, so that pictures and films never are. The namespaces of the standard's
strict form are told as those of the usual, transitional one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ingest.errors import SourceError
from ingest.readers import archive

OFFICE = "http://schemas.openxmlformats.org"
R = f"{{{OFFICE}/officeDocument/2006/relationships}}"
MC = f"{{{OFFICE}/markup-compatibility/2006}}"
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_TRANSITIONAL = OFFICE.encode() + rb"/\1/2006/"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"
_DC, _TERMS = "{http://purl.org/dc/elements/1.1/}", "{http://purl.org/dc/terms/}"


@dataclass(frozen=True)
class Target:
    """Where a relationship leads."""

    kind: str
    """The last step of its type: `slide`, `notesSlide`, `chart`."""
    part: str
    """Name of a part in the package; empty when it leads outside."""


@dataclass(frozen=True)
class Properties:
    """What a file says about itself."""

    title: str = ""
    modified: str = ""
    """Day it was last changed, else made: `2024-05-31`; empty when unknown."""


class Package:
    """An open package; a context manager. What is damaged shows as an error of `archive.DAMAGE`."""

    def __init__(self, path: Path, kind: str) -> None:
        """Open the file. `kind` is what it should be: "DOCX".

        Raises:
            SourceError: It is protected, damaged, or unpacks to too much.
        """
        self._zip = archive.opened(path, kind)
        self._names = {name.lower(): name for name in self._zip.namelist()}
        main = next((one.part for one in self.related("").values() if one.kind == "officeDocument"), "")
        self.main = main
        if not main or self.xml(main) is None:
            self._zip.close()
            raise archive.damaged(path, kind)

    def __enter__(self) -> Package:
        """It is open already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self._zip.close()

    def bytes(self, part: str) -> bytes | None:
        """A part unpacked; None when there is none of this name."""
        name = self._names.get(part.lstrip("/").lower())
        if name is None:
            return None
        data = self._zip.read(name)
        return _STRICT.sub(_TRANSITIONAL, data) if b"purl.oclc.org/ooxml" in data[:20_000] else data

    def xml(self, part: str) -> Any:
        """The root element of a part; None when there is none of this name.

        Raises:
            lxml.etree.XMLSyntaxError: It is no XML.
        """
        data = self.bytes(part)
        return None if data is None else parsed(data)

    def related(self, part: str) -> Mapping[str, Target]:
        """What a part refers to, by id; the package itself is the part without a name."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for one in root.iter(_RELATIONSHIP) if root is not None else ():
            outside = one.get("TargetMode") == "External"
            target = posixpath.normpath(posixpath.join("/", folder, str(one.get("Target") or "")))
            kind = str(one.get("Type") or "").rpartition("/")[2]
            found[str(one.get("Id"))] = Target(kind, "" if outside else target.lstrip("/"))
        return found

    def one(self, part: str, kind: str) -> str:
        """The first part of a kind that a part refers to; empty when there is none."""
        return next((target.part for target in self.related(part).values() if target.kind == kind and target.part), "")

    def properties(self) -> Properties:
        """Title and date from the core properties."""
        root = self.xml(self.one("", "core-properties"))
        if root is None:
            return Properties()
        title = " ".join((root.findtext(f"{_DC}title") or "").split())
        dates = (root.findtext(f"{_TERMS}{name}") or "" for name in ("modified", "created"))
        days = (re.match(r"(?:19|20)\d\d-\d\d-\d\d", one.strip()) for one in dates)
        return Properties(title, next((day.group() for day in days if day), ""))


def parsed(data: bytes) -> Any:
    """The root element of XML from a stranger: no entity is looked up, nothing is fetched."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))


def wordless(path: Path) -> SourceError:
    """What is said of a file in which nothing is written."""
    return SourceError(f"{path.name} holds no words.", "Check that it is the right file.")
