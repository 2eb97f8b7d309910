"""Answers, hits and sources as plain text, and as the objects that programs get.

Pure: nothing is printed or looked up here. The chat page has its own rendering in `page`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

from assistant.conversation import Kept
from assistant.types import Answer, Citation, Verdict
from ingest.types import Hit, Neighbourhood, Passage, Report, Source

# A terminal obeys control characters, and text from a document must not be obeyed.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LIST_SIGN = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s+")
_NEXT_WORD = re.compile(r"[^\S\n]*(\n)|([^\S\n]*)(\S+)(?=\s)")

_FIRST_WORDS = 160
"""Characters of a passage shown in a list of hits."""


# Plain text.


def safe(text: str) -> str:
    r"""Text that a terminal shows and does not obey.

    >>> safe("a\x1b[31mred")
    'a[31mred'
    """
    return _CONTROL.sub("", text)


def wrapped(text: str, width: int, indent: str = "") -> str:
    r"""Text broken at spaces into lines of at most `width` columns, never under 20; list items hang below their sign.

    >>> wrapped("- one two three four five", 20)
    '- one two three four\n  five'
    """
    return "\n".join(_wrapped_line(line, width, indent) for line in safe(text).splitlines())


def _wrapped_line(line: str, width: int, indent: str) -> str:
    sign = _LIST_SIGN.match(line)
    return textwrap.fill(
        line.rstrip(),
        max(width, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=indent + " " * (sign.end() if sign else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )


def flowing(pieces: Iterable[str], width: int) -> Iterator[str]:
    r"""Wrap a text that comes in pieces: each word as soon as it is whole, and a line's end at the end.

    >>> "".join(flowing(["one t", "wo thr", "ee"], 8))
    'one two\nthree\n'
    """
    held, column = "", 0
    for piece in chain(pieces, "\n"):
        held += safe(piece)
        while match := _NEXT_WORD.match(held):
            held = held[match.end() :]
            newline, gap, word = match.groups(default="")
            if not newline and column and column + len(gap + word) > width:
                newline, gap = "\n", ""
            column = len(gap + word) + (0 if newline else column)
            yield newline + gap + word


def plain(answer: Answer, width: int) -> str:
    """An answer, wrapped, with its sources below it."""
    return "\n\n".join(part for part in (wrapped(answer.answer, width), below(answer, width)) if part)


def verdict(found: Verdict, width: int) -> str:
    """Whether a sentence is supported, what is missing, and by which statement."""
    lines = [f"{'Supported' if found.supported else 'Not supported'} ({found.score:.2f})"]
    if found.missing:
        lines.append(wrapped(f"Missing: {safe(', '.join(found.missing))}", width))
    lines += [source_lines(citation, width) for citation in found.citations]
    return "\n".join(lines)


def below(answer: Answer, width: int) -> str:
    """What stands below an answer's text: sentences that their source does not confirm, and the numbered sources."""
    parts = []
    if answer.unverified:
        items = "\n".join(wrapped(f"- {sentence}", width) for sentence in answer.unverified)
        parts.append(f"Not confirmed by its source:\n{items}")
    if answer.citations:
        parts.append("Sources\n" + "\n".join(source_lines(citation, width) for citation in answer.citations))
    return "\n\n".join(parts)


def source_lines(citation: Citation, width: int) -> str:
    """One numbered source: title and place, publisher and date, address, and its words.

    >>> print(source_lines(Citation(1, "s", "Salaries", "Pay", "", "A board", "2024", "It is 5.", "p", 1.0), 60))
    [1] Salaries, Pay
        A board, 2024
        "It is 5."
    """
    mark = f"[{citation.number}] "
    indent = " " * len(mark)
    lines = [
        ", ".join(part for part in (citation.title, citation.place) if part),
        ", ".join(part for part in (citation.publisher, citation.as_of) if part),
        citation.url,
        f'"{citation.quote}"',
    ]
    return mark + "\n".join(wrapped(line, width, indent) for line in lines if line).removeprefix(indent)


def hit_lines(hit: Hit, number: int, width: int) -> str:
    """One hit of a search: its place, its score and why, and its first words."""
    why = ", ".join(f"{name} {rank}" for name, rank in sorted(hit.ranks.items()))
    words = textwrap.shorten(hit.passage.text, _FIRST_WORDS, placeholder=" …")
    where = ", ".join(part for part in (hit.source.title, hit.passage.place) if part)
    lines = (f"score {hit.score:.3f}; ranks: {why}; similarity {hit.similarity:.2f}", words)
    head = wrapped(f"{number:>2}. {where}", width)
    return "\n".join([head, *(wrapped(line, width, "    ") for line in lines)])


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, each as wide as its widest cell, the last one as it is.

    >>> print(table(("name", "n"), [("a", "1"), ("long name", "22")]))
    name       n
    a          1
    long name  22
    """
    lines = [[safe(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def conversation_markdown(turns: Sequence[Kept]) -> str:
    """A conversation as Markdown: questions as headings, answers, numbered sources below each."""
    return "\n".join(_turn_markdown(turn) for turn in turns)


def _turn_markdown(turn: Kept) -> str:
    answer = turn.answer
    lines = [f"## {escaped(' '.join(turn.question.split()))}", "", escaped(answer["answer"]), ""]
    for one in answer["citations"]:
        where = ", ".join(part for part in (one["title"], one["place"], one["publisher"], one["as_of"]) if part)
        link = f" <{one['url']}>" if one["url"] else ""
        lines.append(f'[{one["number"]}]: {escaped(where)}{link}: "{escaped(one["quote"])}"  ')
    return "\n".join([*lines, f"*{turn.at}*", ""])


_MARKUP = re.compile(r"([\\`*_{}<>#|!]|\[(?!\d+\])|(?<!\d)\])")


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is; marks such as [1] stay.

    >>> escaped("a *b* <img> [x](y) [1]")
    'a \\*b\\* \\<img\\> \\[x\\](y) [1]'
    """
    return _MARKUP.sub(r"\\\1", text)


# Objects for programs, in the shapes that the HTTP API and `--json` share.


def found(searched_for: str, hits: Sequence[Hit]) -> dict[str, Any]:
    """What a search returns, best first."""
    return {"searched_for": searched_for, "hits": [_hit(hit) for hit in hits]}


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "passage_id": hit.passage.id,
        "source_id": hit.source.id,
        "external_id": hit.source.external_id,
        "title": hit.source.title,
        "place": hit.passage.place,
        "url": hit.source.origin.url,
        "text": hit.passage.text,
        "score": hit.score,
        "ranks": dict(hit.ranks),
    }


def review_day(source: Source, today: str) -> str:
    """The day by which a source should be reviewed, marked once it has passed; `today` is `YYYY-MM-DD`.

    >>> from ingest.types import Reference
    >>> visas = Source("", "", "", "Visas", "", "", "", Reference(review_by="2026-09-21"), "", "", 1, "")
    >>> review_day(visas, "2026-10-01")
    '2026-09-21 (past)'
    """
    past = source.origin.overdue(today)
    return f"{source.origin.review_by}{' (past)' * past}"


def source(source: Source) -> dict[str, Any]:
    """One source of the library, without the folder that it came from."""
    return {
        "source_id": source.id,
        "title": source.title,
        "kind": source.kind,
        "topic": source.topic,
        "summary": source.summary,
        "publisher": source.origin.publisher,
        "as_of": source.origin.as_of,
        "review_by": source.origin.review_by,
        "url": source.origin.url,
        "uri": source.uri,
        "external_id": source.external_id,
        "passages": source.passages,
        "added_at": source.added_at,
        "visible_to": "one conversation" if "/" in source.owner else "you" if source.owner else "everybody",
    }


def passage(around: Neighbourhood) -> dict[str, Any]:
    """A passage in its surroundings: what it says, where it stands, and what comes before and after."""
    return {
        **_passage(around.passage),
        "headings": list(around.passage.headings),
        "page": around.passage.page,
        "source": source(around.source),
        "before": around.before and _passage(around.before),
        "after": around.after and _passage(around.after),
    }


def _passage(passage: Passage) -> dict[str, Any]:
    return {"passage_id": passage.id, "place": passage.place, "text": passage.text}


def report(report: Report) -> dict[str, Any]:
    """What an ingest did."""
    return asdict(report)


def plan(report: Report) -> list[str]:
    """What an ingest would do, a line for each file that is not as it was.

    >>> plan(Report(new=("pay.md",), removed=("old.md",), unchanged=("same.md",)))
    ['new: pay.md', 'removed: old.md']
    """
    return [safe(f"{what}: {uri}") for what in ("new", "changed", "removed") for uri in getattr(report, what)]
