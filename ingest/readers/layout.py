"""Words on a page to lines in reading order: columns are read one after the other, tables row by row. Pure.

A page is cut where white space runs through it from top to bottom (a gutter), as in the recursive XY-cut of Nagy and
Seth (1984); only that here a run of lines is cut as long as its lines share a gutter, so that a heading across the page
ends the columns above it. Whether a run is columns of text or a table is decided in `level_tables`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from ingest.types import Block

BULLET = re.compile(
    r"^\s*(?:[•‣◦▪▫●○■□◆➢➤►▶✓✔–—\uf0b7\uf0a7\uf0d8\uf0fc·∙*-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|[ivx]{1,4}[.)]|o)\s+(?=\S)"
)
"""What a list item begins with."""
_MARKER = re.compile(r"(?:\(?(?:\d{1,2}\.)*\d{1,3}[.)]?|\(?[a-zA-Z][.)]|[ivx]{1,4}[.)]|[^\w\s]|o|[A-Z]\.\d[\d.]*)")
_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_APART = 0.9
"""Space between two words of a line at most, in heights of their letters; more sets cells and columns apart."""
_TO_ITS_WORDS = 4.0
"""Space between a bullet and its words at most, in heights of their letters."""
_OVERLAP = 0.5
"""Share of the lower one's height by which two boxes overlap that stand on one line."""


@dataclass(frozen=True)
class Box:
    """A place on a page in points; up and right are positive."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """From bottom to top."""
        return self.top - self.bottom

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    def beside(self, other: Box) -> bool:
        """Whether the two stand on one line."""
        shared = min(self.top, other.top) - max(self.bottom, other.bottom)
        return shared > _OVERLAP * min(self.height, other.height)

    def gap(self, other: Box) -> float:
        """White space between the two from side to side; negative where they overlap."""
        return max(other.left - self.right, self.left - other.right)

    def around(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left), min(self.bottom, other.bottom),
            max(self.right, other.right), max(self.top, other.top),
        )  # fmt: skip


@dataclass(frozen=True)
class Word:
    """A word with its place and face."""

    text: str
    box: Box
    size: float
    """Of its letters in points."""
    face: str = ""
    """`bold`, `italic`, or neither."""


@dataclass(frozen=True)
class Line:
    """Words that stand beside each other without a gap; or a table in the place of one."""

    text: str
    box: Box
    size: float
    face: str
    """What nearly all of its letters are: `bold`, `italic`, or neither."""
    page: int
    column: tuple[float, float] = (0.0, 0.0)
    """Left and right edge of the column it stands in."""
    outline_level: int = 0
    """Its level in the file's own outline, from 1; 0 when it is not in there."""
    rows: tuple[Block, ...] = ()
    """The rows of a table; the text is empty then."""


def lines_of(words: Sequence[Word], page: int) -> list[Line]:
    """Words in the order of the file to lines without gaps.

    >>> words = [Word("Pay", Box(0, 0, 20, 10), 10), Word("rises", Box(23, 0, 40, 10), 10)]
    >>> [line.text for line in lines_of([*words, Word("fast", Box(90, 0, 99, 10), 10)], 1)]
    ['Pay rises', 'fast']
    """
    runs: list[list[Word]] = []
    for word in words:
        if runs and _goes_on(runs[-1][-1].box, word.box):
            runs[-1].append(word)
        else:
            runs.append([word])
    return merged([_line(run, page) for run in runs])


def with_drawn_bullets(words: Sequence[Word], dots: Sequence[Box]) -> list[Word]:
    """The words of a page and a bullet for each dot that is drawn before the first word of a line.

    >>> with_drawn_bullets([Word("Python", Box(20, 0, 50, 10), 10)], [Box(8, 3, 12, 7)])[0].text
    '•'
    """
    found = list(words)
    for dot in dots:
        level = [word for word in words if word.box.beside(dot)]
        behind = [word for word in level if 0 < word.box.left - dot.right < _TO_ITS_WORDS * word.box.height]
        before = any(0 < dot.left - word.box.right < _TO_ITS_WORDS * word.box.height for word in level)
        if behind and not before:
            first = min(behind, key=lambda word: word.box.left)
            found.insert(found.index(first), Word("•", dot, first.size, first.face))
    return found


def _goes_on(last: Box, box: Box) -> bool:
    height = max(last.height, box.height)
    return last.beside(box) and -0.5 * height < last.gap(box) < _APART * height


def _line(run: Sequence[Word], page: int) -> Line:
    if is_rtl(" ".join(word.text for word in run)):
        run = list(_latin_from_the_left(run))
    box = run[0].box
    for word in run[1:]:
        box = box.around(word.box)
    letters = sum(len(word.text) for word in run)
    size = max({word.size for word in run}, key=lambda one: sum(len(w.text) for w in run if w.size == one))
    face = next((one for one in ("bold", "italic") if _letters(run, one) > 0.9 * letters), "")
    return Line(" ".join(word.text for word in run), box, size, face, page)


def _latin_from_the_left(run: Sequence[Word]) -> Iterator[Word]:
    """Words that are read from right to left, with the Latin words between them in their own order."""
    held: list[Word] = []
    for word in run:
        if word.text.isascii() and any(map(str.isalpha, word.text)):
            held.append(word)
            continue
        yield from sorted(held, key=lambda one: one.box.left)
        held = []
        yield word
    yield from sorted(held, key=lambda one: one.box.left)


def _letters(run: Sequence[Word], face: str) -> int:
    return sum(len(word.text) for word in run if word.face == face)


def merged(lines: Sequence[Line]) -> list[Line]:
    """Lines that go on beside each other joined, also behind a bullet, whatever order the file had them in."""
    found: list[Line] = []
    for row in rows_of(lines):
        begins = len(found)
        for line in row:
            last = found[-1] if len(found) > begins else None
            if last is not None and not last.rows and not line.rows and _joins(last, line):
                found[-1] = joined([last, line])
            else:
                found.append(line)
    return found


def _joins(last: Line, line: Line) -> bool:
    gap = last.box.gap(line.box)
    height = max(last.box.height, line.box.height)
    marks = bool(_MARKER.fullmatch(last.text)) and gap < _TO_ITS_WORDS * height and len(line.text) > len(last.text)
    return last.box.beside(line.box) and gap > -0.5 * height and (gap < _APART * height or marks)


def joined(lines: Sequence[Line]) -> Line:
    """Lines that stand beside each other as one, in the order in which their script is read."""
    if len(lines) == 1:
        return lines[0]
    rtl = is_rtl(" ".join(line.text for line in lines))
    ordered = sorted(lines, key=lambda line: -line.box.right if rtl else line.box.left)
    box = ordered[0].box
    for line in ordered[1:]:
        box = box.around(line.box)
    longest = max(ordered, key=lambda line: len(line.text))
    face = longest.face if all(line.face == longest.face for line in ordered if len(line.text) > 3) else ""
    return replace(longest, text=" ".join(line.text for line in ordered), box=box, face=face)


def is_rtl(text: str) -> bool:
    """Whether most letters belong to a script that is read from right to left.

    >>> is_rtl("\u05e9\u05db\u05e8 AI"), is_rtl("pay")
    (True, False)
    """
    return 2 * len(_RTL.findall(text)) > sum(map(str.isalpha, text))


def rows_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines grouped by what stands beside each other, from top to bottom, each from left to right.

    Text columns whose lines are not level end up in one group: each line there is beside one that is beside the next.
    """
    rows: list[list[Line]] = []
    bottom = 0.0
    for line in sorted(lines, key=lambda one: -_middle(one.box)[1]):
        low, high = _middle(line.box)
        if rows and high > bottom:
            rows[-1].append(line)
            bottom = min(bottom, low)
        else:
            rows.append([line])
            bottom = low
    return [sorted(row, key=lambda one: one.box.left) for row in rows]


def _middle(box: Box) -> tuple[float, float]:
    """The middle half of a line's height, so that tight lines and raised figures do not touch."""
    return box.bottom + 0.25 * box.height, box.top - 0.25 * box.height


Gutter = tuple[float, float]


@dataclass(frozen=True)
class Run:
    """Rows that share gutters."""

    rows: list[list[Line]]
    gutters: list[Gutter]

    def cells(self, row: Sequence[Line]) -> list[list[Line]]:
        """The lines of a row by column."""
        edges = [(left + right) / 2 for left, right in self.gutters]
        found: list[list[Line]] = [[] for _ in range(len(edges) + 1)]
        for line in row:
            middle = (line.box.left + line.box.right) / 2
            found[sum(edge < middle for edge in edges)].append(line)
        return found

    def columns(self) -> list[list[Line]]:
        """The lines by column."""
        found: list[list[Line]] = [[] for _ in range(len(self.gutters) + 1)]
        for row in self.rows:
            for column, cell in zip(found, self.cells(row), strict=True):
                column += cell
        return found


def runs(lines: Sequence[Line]) -> Iterator[Run]:
    """The page from top to bottom, cut where the gutters change; a run without gutters is one row."""
    rows = rows_of(lines)
    if not rows:
        return
    least = max(6.0, _APART * median(line.box.height for line in lines))
    left, right = min(line.box.left for line in lines), max(line.box.right for line in lines)
    index = 0
    while index < len(rows):
        run = _run_from(rows, index, (left, right), least)
        later = _run_from(rows, index + 1, (left, right), least)
        if run.gutters and len(run.gutters) < len(later.gutters) and len(later.rows) > 1:
            run = Run([rows[index]], [])  # A heading over several columns of a table.
        yield run
        index += len(run.rows)


def _run_from(rows: Sequence[list[Line]], start: int, across: Gutter, least: float) -> Run:
    """The longest run that begins with a row."""
    if start >= len(rows):
        return Run([], [])
    free = _free(rows[start], across, least)
    used = _used(free, rows[start : start + 1])
    end = start + 1
    if not used:
        return Run([rows[start]], [])
    while end < len(rows):
        narrowed = _shared(free, _free(rows[end], across, least), least)
        now = _used(narrowed, rows[start : end + 1])
        if not now or (len(now) < len(used) and end - start > 1):
            break
        free, used, end = narrowed, now, end + 1
    return Run(list(rows[start:end]), used)


def _free(row: Sequence[Line], across: Gutter, least: float) -> list[Gutter]:
    """White space of a row between the page's edges."""
    found, at = [], across[0] - least
    for line in sorted(row, key=lambda one: one.box.left):
        if line.box.left - at >= least:
            found.append((at, line.box.left))
        at = max(at, line.box.right)
    return [*found, (at, across[1] + least)] if across[1] + least - at >= least else found


def _shared(some: Sequence[Gutter], others: Sequence[Gutter], least: float) -> list[Gutter]:
    both = ((max(a[0], b[0]), min(a[1], b[1])) for a in some for b in others)
    return [one for one in both if one[1] - one[0] >= least]


def _used(free: Sequence[Gutter], rows: Sequence[Sequence[Line]]) -> list[Gutter]:
    """Gutters with something on either side of each."""
    edges = [(line.box.left, line.box.right) for row in rows for line in row]
    found: list[Gutter] = []
    for left, right in sorted(free):
        since = found[-1][1] if found else float("-inf")
        if any(since - 1 <= edge[0] and edge[1] <= left + 1 for edge in edges):
            found.append((left, right))
    while found and not any(edge[0] >= found[-1][1] - 1 for edge in edges):
        found.pop()
    return found
