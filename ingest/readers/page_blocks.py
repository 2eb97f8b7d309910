"""Lines of pages to headings, paragraphs, list items and table rows. Pure.

Running heads and feet are dropped, words broken at a line's end are joined, and a heading is what is larger or bolder
than the body of the document, and short.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ingest.outline import numbered_marker
from ingest.readers.layout import BULLET, Line, is_rtl
from ingest.types import Block

SOFT_HYPHEN = "\u00ad"
_EDGE = 0.14
"""Share of a page's height at its top and at its foot in which running heads and feet stand."""
_OUTERMOST = 3
"""Lines from a page's edge that can be running heads."""
_REPEATED = 3
"""Pages that hold a line at the same height before it counts as a running head."""
_NUMBER = re.compile(
    r"(?:page|p\.|seite|página)?\s*[-–—]?\s*(?:\d{1,4}(?:[-–.]\d{1,4})?|[ivxlc]{1,6})"
    r"(?:\s*(?:of|/|von|de)\s*\d{1,4})?\s*[-–—]?",
    re.IGNORECASE,
)
_COUNT = re.compile(r"^\d{1,4}\b|\b\d{1,4}$")
_WORD = re.compile(r"\w+(?:-\w+)?(?=[^\w-]|$)")
"""A word that does not break off at its line's end."""
_LEADERS = re.compile(r"\s*(?:\.\s?){4,}\s*|\s*…{2,}\s*")
_LARGER = 1.09
"""How much larger than the body a heading is at least."""
_LONGEST_HEADING = 130
_HEADINGS_IN_A_ROW = 3
"""Headings of one level at most that follow each other."""
_LINE, _BETWEEN = 60, 8
"""Letters that a line of text has at least, and blocks at most that a figure puts into the middle of a sentence."""
_HALF_WAY = 0.6
"""Share of its column that a line takes at most when it stops half-way."""
_FACES = ("", "italic", "bold")
_ENDED = (".", "!", "?", ":", "。", "؟", "”", ")")
_PREFIXES = frozenset("well self non high low long short full part entry mid co re cross end real low state".split())


@dataclass(frozen=True)
class Style:
    """How letters are set."""

    size: float
    face: str


def without_running(lines: Sequence[Line], heights: Mapping[int, float]) -> list[Line]:
    """The lines without running heads, feet and page numbers.

    A running head stands at a page's edge, on three pages at the same height, but for figures in it; or on two, when it
    counts the pages. A line in larger letters than the body has to be the very same: it may number the chapters.

    Args:
        lines: Of all pages, in reading order.
        heights: Of the pages in points.
    """
    larger = 1.25 * body_style(lines).size
    held = lines_by_page(lines)
    edges = [line for page, height in heights.items() for line in _at_the_edges(held[page], height)]
    pages: dict[tuple[str, int], set[int]] = defaultdict(set)
    counts: Counter[tuple[str, int, int]] = Counter()
    for line in edges:
        pages[_repeats(line)].add(line.page)
        pages[line.text, _repeats(line)[1]].add(line.page)
        counts[(*_repeats(line), _counted(line))] += bool(_COUNT.search(line.text))
    running = {
        id(line)
        for line in edges
        if _NUMBER.fullmatch(line.text.strip())
        or (line.size < larger and counts[(*_repeats(line), _counted(line))] > 1)
        or (line.size < larger and len(pages[_repeats(line)]) >= _REPEATED)
        or len(pages[line.text, _repeats(line)[1]]) >= _REPEATED
    }
    return [line for line in lines if id(line) not in running]


def lines_by_page(lines: Sequence[Line]) -> dict[int, list[Line]]:
    """The lines of each page."""
    pages: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        pages[line.page].append(line)
    return pages


def _at_the_edges(lines: Sequence[Line], height: float) -> Iterator[Line]:
    """The outermost lines of a page at its top and its foot."""
    held = sorted((line for line in lines if not line.rows), key=lambda line: -line.box.top)
    for place, line in enumerate(held):
        at_top = place < _OUTERMOST and line.box.bottom > (1 - _EDGE) * height
        if at_top or (place >= len(held) - _OUTERMOST and line.box.top < _EDGE * height):
            yield line


def _repeats(line: Line) -> tuple[str, int]:
    """What two running heads have in common: their words, with digits taken as equal, and their height."""
    return re.sub(r"\d+", "#", line.text), round(line.box.bottom / 4)


def _counted(line: Line) -> int:
    """The page that a line counts at its beginning or end, less the page it is on."""
    found = _COUNT.search(line.text)
    return int(found.group()) - line.page if found else 0


def blocks_of(lines: Sequence[Line]) -> list[Block]:
    """Lines in reading order to blocks.

    >>> from ingest.readers.layout import Box
    >>> def line(text, top): return Line(text, Box(0, top - 10, 100, top), 10, "", 1, (0, 100))
    >>> [block.text for block in blocks_of([line("A well-", 50), line("known fact.", 38)])]
    ['A well-known fact.']
    """
    body = body_style(lines)
    levels = _levels(lines, body)
    words = frozenset(word.lower() for line in lines for word in _WORD.findall(line.text))
    pitch = _pitch(lines)
    found: list[Block] = []
    lefts: list[float] = []
    for group in _groups(lines, levels, pitch):
        first = group[0]
        if first.rows:
            found += first.rows
            continue
        text = told(group, words)
        listed = _LEADERS.search(text)
        text = _LEADERS.sub(" ", text)
        bullet = BULLET.match(text)
        if listed:
            found.append(Block("item", text, page=first.page))
        elif _heads(group, levels):
            level = levels.get(_style(first)) or min(6, first.outline_level)
            found.append(Block("heading", text, level, first.page))
            lefts = []
        elif bullet:
            lefts = [left for left in lefts if left < first.box.left - 4] + [first.box.left]
            marker = numbered_marker(bullet.group())
            found.append(Block("item", text[bullet.end() :], min(5, len(lefts) - 1), first.page, marker=marker))
        elif text:
            lefts = []
            found.append(Block("paragraph", text, page=first.page))
    return _rejoined(_without_labels(found))


def _without_labels(blocks: Sequence[Block]) -> list[Block]:
    """Blocks where headings that follow each other without a word between, as labels in a drawing do, are none."""
    found = list(blocks)
    start = 0
    for end in range(1, len(found) + 1):
        same = end < len(found) and (found[end].kind, found[end].level) == (found[start].kind, found[start].level)
        if not same:
            if found[start].kind == "heading" and end - start > _HEADINGS_IN_A_ROW:
                found[start:end] = [replace(one, kind="paragraph", level=0) for one in found[start:end]]
            start = end
    return found


def _rejoined(blocks: Sequence[Block]) -> list[Block]:
    """Blocks where a sentence that breaks off before a figure or table is whole again, in front of it."""
    left = list(blocks)
    found: list[Block] = []
    while left:
        block = left.pop(0)
        if block.kind == "paragraph" and len(block.text) > _LINE and block.text[-1].isalpha():
            between = 0
            while between < min(_BETWEEN, len(left)) and _stands_between(left[between]):
                between += 1
            goes_on = left[between] if 0 < between < len(left) else None
            if goes_on and goes_on.kind == "paragraph" and goes_on.text[0].islower():
                block = replace(block, text=f"{block.text} {left.pop(between).text}")
        found.append(block)
    return found


def _stands_between(block: Block) -> bool:
    return block.kind == "row" or (
        block.kind == "paragraph" and not block.text[0].islower() and len(block.text) < 2 * _LINE
    )


def body_style(lines: Sequence[Line]) -> Style:
    """The style in which most letters are set."""
    letters: Counter[Style] = Counter()
    for line in lines:
        letters[_style(line)] += len(line.text) + sum(len(row.text) for row in line.rows)
    return letters.most_common(1)[0][0] if letters else Style(0, "")


def _style(line: Line) -> Style:
    return Style(round(2 * line.size) / 2, line.face)


def _levels(lines: Sequence[Line], body: Style) -> dict[Style, int]:
    """The level of each style that headings are set in: the larger, the higher; bold before light."""
    heads = {
        style
        for style in {_style(line) for line in lines if not line.rows}
        if style.size > _LARGER * body.size
        or (style.face and style.face != body.face != "bold" and style.size > 0.9 * body.size)
    }
    ranked = sorted(heads, key=lambda style: (style.size, _FACES.index(style.face)), reverse=True)
    return {style: min(6, level) for level, style in enumerate(ranked, 1)}


def _heads(group: Sequence[Line], levels: Collection[Style]) -> bool:
    """Whether lines are a heading: named in the outline; or in the style of one, short, with words, and no sentence."""
    if group[0].outline_level:
        return True
    words = " ".join(line.text for line in group)
    bullet = BULLET.match(words)
    fits = len(words) <= _LONGEST_HEADING
    if group[0].face == "italic":
        left, right = group[0].column
        fits = len(group) == 1 and words[0].isupper() and group[0].box.right < right - 0.15 * (right - left)
    return (
        fits
        and _style(group[0]) in levels
        and any(map(str.isalpha, words))
        and not words.endswith((".", ",", ";"))
        and not (bullet and not numbered_marker(bullet.group()))
    )


def _pitch(lines: Sequence[Line]) -> dict[float, float]:
    """From one line to the next within a paragraph, in points, by the size of letters."""
    steps: dict[float, Counter[float]] = {}
    for last, line in zip(lines, lines[1:], strict=False):
        step = last.box.bottom - line.box.bottom
        if _style(last) == _style(line) and last.page == line.page and 0 < step < 3 * line.box.height:
            steps.setdefault(_style(line).size, Counter())[round(step, 0)] += 1
    return {size: counted.most_common(1)[0][0] for size, counted in steps.items()}


def _groups(lines: Sequence[Line], levels: Collection[Style], pitch: Mapping[float, float]) -> Iterator[list[Line]]:
    """Lines that belong to one heading, paragraph, item or table."""
    group: list[Line] = []
    for line in lines:
        if group and not _continues(group, line, levels, pitch):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _continues(group: Sequence[Line], line: Line, levels: Collection[Style], pitch: Mapping[float, float]) -> bool:
    """Whether a line goes on with the paragraph, item or heading before it."""
    last, first = group[-1], group[0]
    if (
        last.rows
        or line.rows
        or last.outline_level
        or line.outline_level
        or BULLET.match(line.text)
        or _LEADERS.search(last.text)
    ):
        return False
    if (_style(last) in levels or _style(line) in levels) and _style(last) != _style(line):
        return False
    if abs(last.size - line.size) > 0.15 * max(last.size, line.size):
        return False
    heading = _heads([line], levels)
    step = last.box.bottom - line.box.bottom
    usual = pitch.get(_style(line).size, 1.2 * line.box.height)
    if last.page != line.page or step < -0.5 * line.box.height:
        return not heading and _unfinished(last.text, line.text)
    if step > 1.35 * usual + 1:
        return False
    if heading:
        return True
    new = _short(last) or _indented(line, last, first) or _forced(group, line)
    return not new or _unfinished(last.text, line.text)


def _unfinished(before: str, text: str) -> bool:
    """Whether words go on behind a break of the page or column."""
    return not before.rstrip().endswith(_ENDED) and (
        text[:1].islower() or before.endswith(("-", "\u2010", SOFT_HYPHEN))
    )


def _short(line: Line) -> bool:
    """Whether a line ends well before its column does, as the last one of a paragraph."""
    left, right = line.column
    return right > left and line.text.endswith(_ENDED) and line.box.right < right - 0.12 * (right - left)


def _forced(group: Sequence[Line], line: Line) -> bool:
    """Whether a line was begun although its first word had room on the one before it.

    How far lines go is told by their neighbours; by the column only where a line stops half-way, for there may be
    narrow text beside a picture.
    """
    ends = [-one.box.left if is_rtl(line.text) else one.box.right for one in (*group, line)]
    word = line.box.width * (len(line.text.split()[0]) + 1) / (len(line.text) + 1)
    left, right = line.column
    half = len(group) == 1 and group[0].box.width < _HALF_WAY * (right - left)
    return max(ends) - ends[-2] > 1.3 * word or half


def _indented(line: Line, last: Line, first: Line) -> bool:
    """Whether a line begins further in than the one before it, as the first one of a paragraph.

    What goes on behind a bullet is further in, too.
    """
    hanging = bool(BULLET.match(first.text)) and last is first
    return not hanging and line.box.left > last.box.left + 0.7 * line.box.height and last.text.endswith(_ENDED)


def told(lines: Sequence[Line], known: Collection[str] = ()) -> str:
    """The words of lines in one, those that are broken at a line's end joined; `known` are the document's words.

    >>> from ingest.readers.layout import Box
    >>> [told([Line(text, Box(0, 0, 1, 1), 10, "", 1) for text in pair]) for pair in (("em-", "ploy"), ("AI-", "ML"))]
    ['employ', 'AI-ML']
    """
    text = lines[0].text
    for line in lines[1:]:
        before, after = re.search(r"(\w+)[-\u2010\u00ad]$", text[-_LINE:]), re.match(r"\w+", line.text)
        if not before or not after:
            text = f"{text} {line.text}"
        elif text.endswith(SOFT_HYPHEN) or not _compound(before.group(1), after.group(), known):
            text = text[:-1] + line.text
        else:
            text += line.text
    return " ".join(text.replace(SOFT_HYPHEN, "").split())


def _compound(first: str, second: str, known: Collection[str]) -> bool:
    """Whether a hyphen at a line's end belongs to the word.

    The document's other lines tell, in any language: where they have the word with its hyphen, or both parts as words
    of their own and not the whole. A hyphen stays before a capital or a figure, too.

    >>> _compound("left", "hand", {"left", "hand"}), _compound("with", "out", {"with", "out", "without"})
    (True, False)
    """
    if not second[0].islower() or first[-1].isdigit():
        return True
    one, two = first.lower(), second.lower()
    if one + two in known:
        return False
    return f"{one}-{two}" in known or one in _PREFIXES or (one in known and two in known)
