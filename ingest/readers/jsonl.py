"""JSON Lines: one source a line, read line by line, so that a file may be larger than memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.errors import SourceError
from ingest.outline import outlined
from ingest.readers.markdown import safe_url
from ingest.types import Document, Reference


def read(path: Path) -> Iterator[Document]:
    """A document for each line: `{"_id", "title", "text", "url"?, "metadata"?}`; empty lines are passed over.

    `metadata` may hold `publisher`, `as_of` (or `date`) and `topic`.

    Raises:
        SourceError: A line is not such an object, or its id came before; the message names the line. What came before
            it has been given out.
    """
    seen: set[str] = set()
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                document = _document(line, f"Line {number} of {path.name}")
                if document.external_id in seen:
                    raise SourceError(
                        f"Line {number} of {path.name} has the _id {document.external_id!r} a second time.",
                        "Give each line an _id of its own.",
                    )
                seen.add(document.external_id)
                yield document


def _document(line: str, where: str) -> Document:
    try:
        fields: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise SourceError(f"{where} is not JSON: {error.msg}.", "Mend the line and ingest the file again.") from error
    if not isinstance(fields, dict) or not str(fields.get("_id") or "") or not isinstance(fields.get("text"), str):
        raise SourceError(f"{where} has no _id or no text.", 'Each line is {"_id": ..., "title": ..., "text": ...}.')
    given = fields.get("metadata")
    metadata: dict[str, Any] = given if isinstance(given, dict) else {}
    text = str(fields["text"])
    if not text.strip() and not str(fields.get("title") or "").strip():
        raise SourceError(f"{where} holds no words.", "Leave the line out, or fill its text.")
    return Document(
        title=str(fields.get("title") or ""),
        blocks=tuple(outlined(text if text.strip() else str(fields["title"]))),
        kind="jsonl",
        origin=Reference(
            publisher=str(metadata.get("publisher") or ""),
            as_of=str(metadata.get("as_of") or metadata.get("date") or ""),
            url=safe_url(str(fields.get("url") or metadata.get("url") or "")),
        ),
        topic=str(metadata.get("topic") or ""),
        external_id=str(fields["_id"]),
    )
