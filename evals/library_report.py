"""What the library holds, counted: `python -m evals.library_report [FOLDER]`, without arguments the bundled library.

By folder: documents, statements, statements with a figure, sources, and the share of each kind of statement that says
where it comes from; then how readable the documents are, and which of them are past their day of review.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.discover import bundled_folder
from ingest.passages import sentences
from ingest.readers import read
from ingest.types import Block, Document
from ingest.words import words

FIGURE = re.compile(r"[$€£]\s?\d|\d\s?%|\d,\d{3}|\b\d+(?:\.\d+)?\b(?!-)")
"""A figure in a statement: an amount, a share, a count, a year."""

LONG_WORD = 7
"""Letters from which the readability index calls a word long."""


@dataclass(frozen=True)
class Told:
    """A statement with what is known of its source."""

    text: str
    sourced: bool
    """Whether it names its publisher and the date of its figures."""

    @property
    def figure(self) -> bool:
        """Whether it holds a figure."""
        return bool(FIGURE.search(self.text))


def main(folder: Path, today: str) -> str:
    """The counts as a Markdown table, then readability and what is overdue on a day (`YYYY-MM-DD`)."""
    paths = sorted(path for path in folder.rglob("*.md") if path.name != "README.md")
    held = {path.relative_to(folder).as_posix(): document for path in paths for document in read(path)}
    groups: dict[str, list[Document]] = {}
    for name, document in held.items():
        groups.setdefault(name.rpartition("/")[0] or ".", []).append(document)
    head = ("folder", "documents", "statements", "with a figure", "sources", "sourced", "figures sourced")
    rows = [head, ("---",) * len(head), *(_row(name, group) for name, group in sorted(groups.items()))]
    rows.append(_row("all", list(held.values())))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    hardest = sorted(((readability(one), name) for name, one in held.items()), reverse=True)
    middle = hardest[len(hardest) // 2][0] if hardest else 0.0
    read_as = f"readability (LIX): median {middle:.0f}, hardest {', '.join(f'{n} {i:.0f}' for i, n in hardest[:3])}"
    past = overdue(held.items(), today)
    due = f"past their day of review on {today}: {', '.join(past) or 'none'}"
    return "\n".join((table, "", read_as, due))


def _row(name: str, group: Sequence[Document]) -> tuple[str, ...]:
    said = [one for document in group for one in told(document)]
    figures = [one for one in said if one.figure]
    sources = {(one.publisher, one.title) for document in group for one in document.references.values()}
    counts = (len(group), len(said), len(figures), len(sources))
    return (name, *(f"{count:,}" for count in counts), _share(said), _share(figures))


def _share(said: Sequence[Told]) -> str:
    return f"{sum(one.sourced for one in said) / len(said):.2f}" if said else "-"


def told(document: Document) -> list[Told]:
    """The statements of a document: sentences, list items and table rows."""
    return [
        Told(text, _sourced(document, block))
        for block in document.blocks
        if block.kind != "heading"
        for text in (sentences(block.text) if block.kind == "paragraph" else [block.text])
    ]


def _sourced(document: Document, block: Block) -> bool:
    reference = document.references.get(block.reference, document.origin)
    return bool(reference.publisher and (reference.as_of or document.origin.as_of))


def readability(document: Document) -> float:
    """LIX (Björnsson, 1968) of a document's sentences: words a sentence, and long words in a hundred words.

    Below 40 is easy, 40 to 50 like a newspaper, 50 to 60 like a professional text, above 60 very hard.
    """
    return lix([one.text for one in told(document)])


def lix(texts: Sequence[str]) -> float:
    """LIX of some sentences; 0 for none.

    >>> lix(["The cat sat on the mat.", "Statistics are beautiful."])
    26.7
    """
    listed = [word for text in texts for word in words(text)]
    if not listed:
        return 0.0
    long = sum(len(word) >= LONG_WORD for word in listed)
    return round(len(listed) / len(texts) + 100 * long / len(listed), 1)


def overdue(held: Iterable[tuple[str, Document]], today: str) -> list[str]:
    """Names of the documents whose day of review has passed, in order."""
    return [name for name, document in held if document.origin.overdue(today)]


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else bundled_folder()
    print(main(given, datetime.now(UTC).date().isoformat()))
