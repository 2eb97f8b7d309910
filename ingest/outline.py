"""Recovers headings and lists in text that does not mark them. Pure.

It reads lines: an underlined or numbered line, or a short line without a full stop that stands alone before other
text, is a heading; a line that begins with a bullet or a number in brackets is a list item; lines whose cells stand
under each other, or between upright strokes, are a table.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ingest.types import Block

_BULLET = re.compile(r"^(\s*)(?:[-*•‣◦▪–·o]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)")
_UNDERLINE = re.compile(r"^\s*([=\-~#*])\1{2,}\s*$")
_NUMBERED = re.compile(r"^(\d+(?:\.\d+)*)\.?\s+(?=[A-Z])")
_MARKED = re.compile(r"^(#{1,6})\s+(?=\S)")
_RULER = re.compile(r"^\s*[|+]?(?:\s*:?[-=]{2,}:?\s*[|+]?)+\s*$")
"""A line drawn between a table's rows."""
_FEWEST_ROWS, _ASKEW = 3, 2
"""Rows at least of a table without a ruler; columns of letters by which cells may miss each other."""
_STATED = re.compile(r"^[^\W\d_a-z][^:.!?]{0,40}: \S.{0,80}$")
"""A line that says what something is: "City: Boston"."""
_SHORT = 70
"""Characters of a heading at most."""


def outlined(text: str) -> list[Block]:
    r"""The blocks of a plain text in order.

    >>> [(block.kind, block.text) for block in outlined("Pay\n\nIt is good.\n- one\n- two")]
    [('heading', 'Pay'), ('paragraph', 'It is good.'), ('item', 'one'), ('item', 'two')]
    """
    lines = text.split("\n")
    blocks: list[Block] = []
    run: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        following = lines[index + 1] if index + 1 < len(lines) else ""
        bullet = _BULLET.match(line)
        table, length = ([], 0) if run else _table(lines, index)
        if not line.strip():
            _flush(run, blocks)
        elif table:
            blocks += table
            index += length - 1
        elif _UNDERLINE.match(following) and not run and len(line.strip()) <= _SHORT:
            blocks.append(Block("heading", line.strip(), 1 if following.strip()[0] == "=" else 2))
            index += 1
        elif not run and _is_heading(line, lines[index + 1 :], bool(blocks)):
            blocks.append(Block("heading", _MARKED.sub("", line).strip(), _level(line)))
        elif bullet:
            _flush(run, blocks)
            words, index = _item(line[bullet.end() :], lines, index)
            level = min(5, len(bullet.group(1).expandtabs(4)) // 2)
            blocks.append(Block("item", words, level, marker=numbered_marker(bullet.group())))
        elif not _UNDERLINE.match(line):
            run.append(line.strip())
        index += 1
    _flush(run, blocks)
    if all(block.kind == "heading" for block in blocks):
        # What heads nothing is what is said.
        return [replace(block, kind="paragraph", level=0) for block in blocks]
    return blocks


def _table(lines: list[str], start: int) -> tuple[list[Block], int]:
    """The rows of a table that begins at a line, and how many lines it takes; none where there is no table."""
    from ingest.readers.tables import Cell, table_blocks

    end = start
    while end < len(lines) and (_RULER.match(lines[end]) or len(_cells(lines[end])) > 1):
        end += 1
    taken = [line for line in lines[start:end] if not _RULER.match(line)]
    rows = [_cells(line) for line in taken]
    ruled = len(taken) < end - start and len(taken) > 1
    if len(rows) < (2 if ruled else _FEWEST_ROWS) or len({len(row) for row in rows}) > 1:
        return [], 0
    if not all("|" in line or "\t" in line for line in taken) and not _aligned(taken, rows):
        return [], 0
    told = [[Cell(cell) for cell in row] for row in rows]
    if ruled and len(rows) > 2 and len(rows[0]) == 2:
        told[0] = [Cell(cell, head=True) for cell in rows[0]]
    return list(table_blocks(told)), end - start


def _cells(line: str) -> list[str]:
    """What stands between strokes, tabs or wide gaps of a line.

    >>> _cells("| Pay | $1 |"), _cells("Pay    $1")
    (['Pay', '$1'], ['Pay', '$1'])
    """
    words = line.strip()
    if words.startswith("|") and words.count("|") > 1:
        return [cell.strip() for cell in words.strip("|").split("|")]
    if _BULLET.match(line):
        return [words]
    return [cell.strip() for cell in re.split(r"\t+|\s{2,}", words)]


def _aligned(lines: list[str], rows: list[list[str]]) -> bool:
    """Whether the cells of each column begin or end under each other, and are no sentences."""
    if any(cell.endswith((".", "!", "?")) and len(cell.split()) > 2 for row in rows for cell in row):
        return False
    places: list[list[tuple[int, int]]] = []
    for line, row in zip(lines, rows, strict=True):
        at, spans = 0, []
        for cell in row:
            at = line.index(cell, at)
            spans.append((at, at + len(cell)))
            at += len(cell)
        places.append(spans)
    return all(
        min(max(edge) - min(edge) for edge in zip(*column, strict=True)) <= _ASKEW
        for column in zip(*places, strict=True)
    )


def numbered_marker(bullet: str) -> str:
    """What a line is counted with, when it is counted and not merely marked.

    >>> numbered_marker(" 2) "), numbered_marker("- ")
    ('2)', '')
    """
    bare = bullet.strip()
    return bare if any(character.isdigit() for character in bare) else ""


def _flush(run: list[str], blocks: list[Block]) -> None:
    """Lines that go on as one paragraph; such as all say what something is are rows."""
    if len(run) > 1 and all(map(_STATED.match, run)):
        blocks += (Block("row", line) for line in run)
    elif run:
        blocks.append(Block("paragraph", " ".join(run)))
    run.clear()


def _item(words: str, lines: list[str], index: int) -> tuple[str, int]:
    """A list item with the indented lines that go on with it, and the index of its last line."""
    parts = [words.strip()]
    while index + 1 < len(lines):
        following = lines[index + 1]
        if not following.strip() or _BULLET.match(following) or not following.startswith((" ", "\t")):
            break
        parts.append(following.strip())
        index += 1
    return " ".join(parts), index


def _is_heading(line: str, after: list[str], inside: bool) -> bool:
    """Whether a line heads what comes after it."""
    words = line.strip()
    if _MARKED.match(words):
        return True
    if len(words) > _SHORT or words.endswith((".", ",", ";", ":", "?", "!")) or not any(map(str.isalpha, words)):
        return False
    if _BULLET.match(line) and not _NUMBERED.match(words):
        return False
    if words[0].islower() or len(words.split()) > 10:
        return False
    rest = [one for one in after if one.strip()]
    if not rest:
        return False
    alone = not after[0].strip()
    lists = bool(_BULLET.match(rest[0]))
    longer = len(rest[0].strip()) > _SHORT or rest[0].strip().endswith((".", ":"))
    return (alone and (longer or lists or words.isupper() or not inside)) or lists or (longer and not alone)


def _level(line: str) -> int:
    words = line.strip()
    marked, numbered = _MARKED.match(words), _NUMBERED.match(words)
    if marked:
        return len(marked.group(1))
    if numbered:
        return min(6, numbered.group(1).count(".") + 1)
    return 2
