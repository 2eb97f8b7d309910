"""Recovers headings and lists in text that does not mark them. Pure.

It reads lines: an underlined or numbered line, or a short line without a full stop that stands alone before other
text, is a heading; a line that begins with a bullet or a number in brackets is a list item.
"""

from __future__ import annotations

import re

from ingest.types import Block

_BULLET = re.compile(r"^(\s*)(?:[-*•‣◦▪–·o]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)")
_UNDERLINE = re.compile(r"^\s*([=\-~#*])\1{2,}\s*$")
_NUMBERED = re.compile(r"^(\d+(?:\.\d+)*)\.?\s+(?=[A-Z])")
_MARKED = re.compile(r"^(#{1,6})\s+(?=\S)")
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
        if not line.strip():
            _flush(run, blocks)
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
    return blocks


def numbered_marker(bullet: str) -> str:
    """What a line is counted with, when it is counted and not merely marked.

    >>> numbered_marker(" 2) "), numbered_marker("- ")
    ('2)', '')
    """
    bare = bullet.strip()
    return bare if any(character.isdigit() for character in bare) else ""


def _flush(run: list[str], blocks: list[Block]) -> None:
    if run:
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
