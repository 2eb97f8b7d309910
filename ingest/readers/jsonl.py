"""JSON Lines: one source a line, read line by line, so that a file may be larger than memory.

A line that cannot be read does not keep the others out; all such lines are named at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ingest.errors import SourceError
from ingest.outline import outlined
from ingest.readers.markdown import safe_url
from ingest.types import Document, Reference

LONGEST = 32 * 1024 * 1024
"""Bytes of a line at most; no more of a file is held at a time."""
_NAMED = 5
"""Lines at most that a message tells the fault of."""


def read(path: Path) -> Iterator[Document]:
    """A document for each line: `{"_id", "title", "text", "url"?, "metadata"?}`; empty lines are passed over.

    `metadata` may hold `publisher`, `as_of` (or `date`) and `topic`.

    Raises:
        SourceError: Behind the last line: some lines are no such objects, or their ids came before. The message names
            them; all others have been given out.
    """
    seen: set[str] = set()
    faults: list[str] = []
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), 1):
            try:
                document = _document(line)
            except ValueError as error:
                faults.append(f"line {number} {error}")
                continue
            if document is None:
                continue
            if document.external_id in seen:
                faults.append(f"line {number} has the _id {document.external_id!r} a second time")
                continue
            seen.add(document.external_id)
            yield document
    if faults:
        told = "; ".join(faults[:_NAMED]) + ("; and so on" if len(faults) > _NAMED else "")
        hint = "Mend them and ingest the file again" + ("; its other lines are in." if seen else ".")
        raise SourceError(f"{len(faults):,} of {number:,} lines of {path.name} cannot be read: {told}.", hint)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only the beginning."""
    while line := file.readline(LONGEST + 1):
        rest = line
        while len(rest) > LONGEST and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST + 1)
        yield line


def _document(line: bytes) -> Document | None:
    """The document of a line; None for an empty line.

    Raises:
        ValueError: The line is none; the message says what is wrong with it.
    """
    if len(line) > LONGEST:
        raise ValueError(f"is longer than {LONGEST // 2**20} MB")
    if not line.strip():
        return None
    try:
        fields: Any = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if not isinstance(fields, dict) or fields.get("_id") in (None, "") or not isinstance(fields.get("text"), str):
        raise ValueError("has no _id or no text")
    given = fields.get("metadata")
    metadata: dict[str, Any] = given if isinstance(given, dict) else {}
    title, text = str(fields.get("title") or ""), str(fields["text"])
    if not any(map(str.isalnum, title + text)):
        raise ValueError("holds no words")
    return Document(
        title=title,
        blocks=tuple(outlined(text if text.strip() else title)),
        kind="jsonl",
        origin=Reference(
            publisher=str(metadata.get("publisher") or ""),
            as_of=str(metadata.get("as_of") or metadata.get("date") or ""),
            url=safe_url(str(fields.get("url") or metadata.get("url") or "")),
        ),
        topic=str(metadata.get("topic") or ""),
        external_id=str(fields["_id"]),
    )
