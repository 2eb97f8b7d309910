"""Markdown with front matter to a Document.

Understands headings, paragraphs, nested lists, tables and code, and footnote marks (`[^key]`) as the source of the
statement before them. Inline markup is dropped and its words are kept; HTML between the blocks is read as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ingest.errors import SourceError
from ingest.readers.text import decoded
from ingest.types import Block, Document, Reference

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_DEFINITION = re.compile(r"^\[\^[^\]\s]+\]:.*(?:\n[ \t]+\S.*)*$", re.MULTILINE)
_MARK = re.compile(r"\s*\[\^([^\]\s]+)\]")
_MARK_BEFORE_STOP = re.compile(r"((?:\s*\[\^[^\]\s]+\])+)([.!?])")


def read(path: Path) -> Iterator[Document]:
    """The document of a Markdown file.

    Raises:
        SourceError: The file is empty or no text, or its front matter is not YAML.
    """
    yield parse(decoded(path), path.name)


def parse(text: str, name: str) -> Document:
    """Markdown text to a Document; `name` titles a document that has no title.

    Raises:
        SourceError: The front matter is not YAML.
    """
    fields, body = _front_matter(text, name)
    blocks = list(_blocks(_DEFINITION.sub("", body), name))
    title = str(fields.get("title") or "") or next((one.text for one in blocks if one.kind == "heading"), "")
    references = _references(fields)
    return Document(
        title=title or Path(name).stem,
        blocks=tuple(blocks),
        kind="markdown",
        origin=_origin(fields, references),
        references=references,
        topic=str(fields.get("topic") or ""),
        summary=str(fields.get("summary") or ""),
    )


def _front_matter(text: str, name: str) -> tuple[Mapping[str, Any], str]:
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        fields = yaml.safe_load(match.group(1)) or {}
    except yaml.YAMLError as error:
        raise SourceError(
            f"The front matter of {name} is not valid YAML.", "Check the lines between the two `---` at its top."
        ) from error
    return (fields if isinstance(fields, dict) else {}), text[match.end() :]


def _references(fields: Mapping[str, Any]) -> dict[str, Reference]:
    """The sources of the front matter by key; one without a key is known by its position."""
    listed = fields.get("sources") or []
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {
        str(entry.get("key") or index): Reference(
            publisher=str(entry.get("publisher") or ""),
            title=str(entry.get("title") or ""),
            as_of=str(entry.get("date") or ""),
            url=safe_url(str(entry.get("url") or "")),
            review_by=str(fields.get("review_by") or ""),
        )
        for index, entry in enumerate(entries, 1)
    }


def safe_url(url: str) -> str:
    """An address that may be shown as a link, or nothing.

    >>> safe_url("javascript:alert(1)"), safe_url("https://www.bls.gov/ooh/")
    ('', 'https://www.bls.gov/ooh/')
    """
    return url if re.fullmatch(r"https?://[^\s<>\"'`]+", url) else ""


def _origin(fields: Mapping[str, Any], references: Mapping[str, Reference]) -> Reference:
    """What statements without a mark rest on: the only source when there is but one, else the date alone."""
    if len(references) == 1:
        return next(iter(references.values()))
    return Reference(as_of=str(fields.get("as_of") or ""), review_by=str(fields.get("review_by") or ""))


def _blocks(body: str, name: str) -> Iterator[Block]:
    from markdown_it import MarkdownIt

    from ingest.readers.html import fragment

    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    depth = -1
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "table_open":
            end = next(at for at in range(index, len(tokens)) if tokens[at].type == "table_close")
            yield from _rows(tokens[index:end])
            index = end
        elif token.type == "inline":
            yield from _inline(token, tokens[index - 1], tokens[index - 2], depth)
        elif token.type in ("fence", "code_block") and token.content.strip():
            yield Block("paragraph", token.content.strip())
        elif token.type == "html_block":
            yield from fragment(token.content, name)
        index += 1


def _inline(token: Token, opener: Token, container: Token, depth: int) -> Iterator[Block]:
    """A heading, a list item's words, or a paragraph's sentences with the marks behind them."""
    text = _plain(token)
    if opener.type == "heading_open":
        yield Block("heading", _MARK.sub("", text).strip(), int(opener.tag[1]))
    elif depth >= 0 and container.type == "list_item_open":
        words, key = _marked(text)
        marker = f"{container.info}{container.markup}" if container.info else ""
        yield Block("item", words, depth, reference=key, marker=marker)
    else:
        yield from _cited_runs(text)


def _cited_runs(text: str) -> Iterator[Block]:
    """A paragraph cut behind each mark; a mark names the source of the sentence that it follows only."""
    from ingest.passages import sentences

    start = 0
    first = True
    text = _MARK_BEFORE_STOP.sub(r"\2\1", text)
    for match in (*_MARK.finditer(text), None):
        run = text[start : match.start() if match else len(text)].strip()
        key = match.group(1) if match else ""
        start = match.end() if match else start
        said = sentences(run)
        if not said:
            continue
        if len(said) > 1 and key:
            yield Block("paragraph", " ".join(said[:-1]), continues=not first)
            first = False
            said = said[-1:]
        yield Block("paragraph", " ".join(said), reference=key, continues=not first)
        first = False


def _marked(text: str) -> tuple[str, str]:
    """Text without its marks, and the key of the first.

    >>> _marked("Entry level: $105,418 [^aipathly]")
    ('Entry level: $105,418', 'aipathly')
    """
    match = _MARK.search(text)
    return _MARK.sub("", text).strip(), match.group(1) if match else ""


def _rows(tokens: Sequence[Token]) -> Iterator[Block]:
    """The rows of a table, each saying what its cells are."""
    table: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            table.append([])
        elif token.type == "inline":
            table[-1].append(_plain(token))
    if not table:
        return
    header = [_marked(cell)[0] for cell in table[0]]
    for cells in table[1:]:
        key = next((found for found in (_marked(cell)[1] for cell in cells) if found), "")
        text = row_text(header, [_marked(cell)[0] for cell in cells])
        if text:
            yield Block("row", text, reference=key)


def row_text(header: Sequence[str], cells: Sequence[str]) -> str:
    """A table row in words: its label, then each filled cell behind its column's header.

    >>> row_text(["Level", "Pay"], ["Entry", "$1"]), row_text(["City", "Pay", "Rank"], ["Boston", "$2", "3"])
    ('Entry: $1', 'Boston - Pay: $2; Rank: 3')
    """
    label, rest = (cells[0].rstrip(": ") if cells else ""), list(zip(header[1:], cells[1:], strict=False))
    filled = [(name, cell) for name, cell in rest if cell]
    if len(header) == 2 or not filled:
        return ": ".join(part for part in (label, *(cell for _, cell in filled)) if part)
    told = "; ".join(f"{name}: {cell}" if name and name != cell else cell for name, cell in filled)
    return f"{label} - {told}" if label else told


def _plain(token: Token) -> str:
    """The words of inline tokens: links and emphasis keep theirs, images give their description."""
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "image":
            parts.append(child.content)
    return " ".join("".join(parts).split())
