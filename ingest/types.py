"""The nouns of the library: what a reader yields, what is stored, what a search finds.

    file or URL --reader--> Document(Blocks) --passages--> Passages(Statements) --search--> Hits

Everything here is frozen and holds plain values only; no vendor type enters or leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item", "row"]
StatementKind = Literal["sentence", "item", "row"]


@dataclass(frozen=True)
class Reference:
    """Where a statement comes from: one entry of a document's list of sources."""

    publisher: str = ""
    title: str = ""
    as_of: str = ""
    """Date of the figures as the source gives it: `2024`, `2024-05` or `2024-05-31`; empty when unknown."""
    url: str = ""
    """Only the publisher's own address, `http` or `https`; empty otherwise."""
    review_by: str = ""
    """Day by which somebody should look for newer facts, `2027-01-31`; empty when its document names none."""

    def overdue(self, today: str) -> bool:
        """Whether the day of review has passed; `today` is `YYYY-MM-DD`.

        >>> Reference(review_by="2026-09-21").overdue("2026-09-22"), Reference().overdue("2026-09-22")
        (True, False)
        """
        return bool(self.review_by) and self.review_by < today


@dataclass(frozen=True)
class Block:
    """One element of a document in reading order, as plain text without markup."""

    kind: BlockKind
    text: str
    """A heading's, paragraph's or list item's words; a table row as `label: value` (two columns)
    or `label - header: value; header: value` (more columns)."""
    level: int = 0
    """Heading: 1 (largest) to 6. List item: nesting depth from 0. Otherwise 0."""
    page: int | None = None
    """1-based page, slide, or row of a sheet, where the format has them."""
    reference: str = ""
    """Key into `Document.references`; empty: the document's own."""
    caption: str = ""
    """A table row's table caption, where there is one."""
    marker: str = ""
    """What a numbered item is counted with ("3.", "2.1"); empty: a bullet."""
    continues: bool = False
    """Whether a paragraph goes on where the paragraph block before it ends."""


@dataclass(frozen=True)
class Document:
    """What a reader makes of one file, page or line: title, blocks, and what is known about it."""

    title: str
    blocks: tuple[Block, ...]
    kind: str
    """What it was made of: `markdown`, `text`, `html`, `pdf`, `docx`, `pptx`, `xlsx`, `csv`, `mail`, `jsonl`."""
    origin: Reference = Reference()
    """The document's own publisher, date and address; statements without a key inherit it."""
    references: Mapping[str, Reference] = field(default_factory=dict)
    """The sources that its statements name by key."""
    topic: str = ""
    summary: str = ""
    external_id: str = ""
    """The `_id` of a `.jsonl` line, or the name of a mail's attachment."""
    page_label: str = "p."
    """What a page is called in a place: `p.`, `slide` or `row`; rows stand on sheets, which are the headings."""
    unread: str = ""
    """What of it could not be read, while the rest could: `pp. 3–5 held no text; it may be scanned`."""


@dataclass(frozen=True)
class Statement:
    """The smallest thing that can be cited: a sentence, a list item or a table row."""

    text: str
    """Verbatim in its passage's text."""
    start: int
    """Offset of `text` in the passage's text, in characters."""
    kind: StatementKind
    way: tuple[str, ...] = ()
    """The steps to it below the passage's headings: parent list items, the sentence that opens its list, a
    table's caption. Outermost first."""
    reference: Reference = Reference()
    place: str = ""
    """What a person would say of where it stands, when that is not said of its whole passage; else empty."""


def opening(text: str) -> str:
    """What an untitled text is called: its first words, in quotation marks.

    >>> opening("There are bonds for the smaller market issues, but you need a local government.")
    '“There are bonds for the smaller market issues…”'
    """
    return f"“{' '.join(text.split()[:8]).rstrip(',;:.')}…”"


def given_title(title: str) -> str:
    """A title that somebody gave; empty for one that was made of the text's own first words.

    >>> given_title("Pay"), given_title(opening("There are bonds."))
    ('Pay', '')
    """
    return "" if title.startswith("“") and title.endswith("…”") else title


@dataclass(frozen=True)
class Passage:
    """A run of statements under one heading that fits the embedding model's window."""

    id: str
    source_id: str
    ordinal: int
    """0-based position in its source."""
    headings: tuple[str, ...]
    """The way to it, outermost first, without the document's title."""
    page: int | None
    place: str
    """What a person would say: `Pay > Machine learning engineer`, `p. 12` or `Sheet Pay, rows 2–9`."""
    text: str
    statements: tuple[Statement, ...]

    def embedded_text(self, title: str) -> str:
        r"""The text given to the embedding model: title and headings in front of the words.

        >>> Passage("p", "s", 0, ("Pay",), None, "Pay", "Entry level: $105,418", ()).embedded_text("ML engineer")
        'ML engineer > Pay\nEntry level: $105,418'
        """
        way = embedded_way(title, self.headings)
        return f"{way}\n{self.text}" if way else self.text


_LONGEST_WAY = 240
"""Bytes of the way in front of a passage's words at most; it leaves them most of an embedding model's window."""


def embedded_way(title: str, headings: Sequence[str]) -> str:
    """Title and headings as they are embedded; of a long way the outer headings are left out, then its end.

    >>> embedded_way("Handbook", ("Pay", "Seattle")), embedded_way("Handbook", ("An outer heading " * 20, "Seattle"))
    ('Handbook > Pay > Seattle', 'Handbook > Seattle')
    """
    parts = [part for part in (given_title(title), *headings) if part]
    while len(parts) > 2 and len(" > ".join(parts).encode()) > _LONGEST_WAY:
        del parts[1]
    whole = " > ".join(parts).encode()
    return whole[:_LONGEST_WAY].decode(errors="ignore") if len(whole) > _LONGEST_WAY else whole.decode()


@dataclass(frozen=True)
class Source:
    """One document of the library as the catalog knows it."""

    id: str
    uri: str
    """A file's path below its root, a URL, or `FILE#LINE_ID` for a `.jsonl` line."""
    root: str
    """The folder, file or URL that was ingested; `bundled` for the library that travels with the package."""
    title: str
    kind: str
    topic: str
    summary: str
    origin: Reference
    external_id: str
    content_hash: str
    passages: int
    added_at: str
    """When it was brought in: UTC, ISO 8601, to the second."""
    owner: str = ""
    """Who alone may find it; empty for the shared library, which everybody searches."""


@dataclass(frozen=True)
class Hit:
    """A passage that a search found, with the reasons."""

    passage: Passage
    source: Source
    score: float
    """Fused score, 0 to 1, comparable within one search only."""
    ranks: Mapping[str, int]
    """1-based rank in each list that held it: `vector`, `bm25`, `statement` (late interaction with the passage's best
    statement), `reranker`."""
    similarity: float
    """Cosine of question and passage, -1 to 1, comparable between searches."""


@dataclass(frozen=True)
class Filters:
    """Limits a search to some sources; an empty field limits nothing, several fields must all hold."""

    topics: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()
    since: str = ""
    """Only sources whose own date is this or later: `2024`, `2024-05` or `2024-05-31`."""


@dataclass(frozen=True)
class Neighbourhood:
    """A passage in its surroundings: where a citation's "open" leads."""

    passage: Passage
    source: Source
    before: Passage | None
    after: Passage | None


@dataclass(frozen=True)
class Progress:
    """How far an ingest has come."""

    done: int
    total: int
    label: str
    """The file at hand; empty at the end."""
    share: float | None = None
    """The part of the work that is done, 0 to 1, where it is known better than by counting."""
    passages: int = 0
    """Passages embedded so far."""


@dataclass(frozen=True)
class Failure:
    """A file that could not be brought in, and why, in one sentence with a next step."""

    uri: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What one ingest did. `str()` gives the line of the contract.

    >>> str(Report(new=("a", "b"), unchanged=("c",)))
    '2 new, 0 changed, 0 removed, 1 unchanged, 0 failed'
    """

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    partly: tuple[Failure, ...] = ()
    """What is in, but not all of it, and what is missing."""
    embedded: int = 0
    """Passages given to the embedding model."""

    def __str__(self) -> str:
        """The report in one line."""
        parts = ("new", "changed", "removed", "unchanged", "failed")
        return ", ".join(f"{len(getattr(self, part))} {part}" for part in parts)
