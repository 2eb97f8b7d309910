"""PDF to Documents, page by page.

This file asks pypdfium2 for letters and rules; what they mean is decided elsewhere:

words and rules -> `page_tables` (grids) -> `reading_order` (lines, columns, tables) -> `page_blocks` (blocks)

Scanned pages have no text; a file of nothing else is refused. Turned text stands behind the page's other words.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import SourceError
from ingest.readers.layout import Box, Line, Word, is_rtl, lines_of, with_drawn_bullets
from ingest.readers.page_blocks import blocks_of, without_running
from ingest.readers.page_tables import Rule, grids
from ingest.readers.reading_order import ordered
from ingest.types import Document, Reference

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")
_PRINTED = re.compile(
    r"\.(?:docx?|indd|pdf|pptx?|xlsx?|tex|dvi|html?)$|^(?:untitled|microsoft word|https?:|about:)", re.I
)
_COUNTED = re.compile(r"^(?:(?:chapter|section|part)\s+)?(?:\d+(?:\.\d+)*\.?|[ivx]+\.)\s+")
_BOLD_FACE = re.compile(r"bold|black|heavy|demi|cmbx|-bd\b", re.I)
_ITALIC_FACE = re.compile(r"italic|oblique|slanted|cmti", re.I)
_BOLD_WEIGHT, _FORCED_BOLD, _ITALIC = 600, 1 << 18, 1 << 6
_HYPHENS = {0x02: "-", 0xFFFE: "-"}
"""How pdfium gives a hyphen at a line's end."""
_GAP = 0.35
"""Space between two letters of a word at most, in heights of the letters."""
_UNREADABLE = 0.3
"""Share of letters without a meaning from which a file counts as having none."""
_MOSTLY = 0.5
"""Share of a page from which a picture counts as the page."""
_MOST_PATHS = 4000
"""Paths of a page that are looked at; a drawing has more, and is no table."""
_THIN, _SHORTEST, _MARK = 2.5, 8.0, 16.0
"""Points: a path is a rule when it is as thin and as long; a box of the last size is a mark to tick."""
_DOT = (1.5, 7.0)
"""Points: size of a bullet that is drawn."""

_Letter = tuple[str, float, float, float, float]
"""A letter with its left, bottom, right and top."""


def read(path: Path) -> Iterator[Document]:
    """The document of a PDF file.

    Raises:
        SourceError: The file is damaged, protected, or holds no text that can be read.
    """
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceError(f"{path.name} is protected with a password.", "Save it without one.") from error
        raise SourceError(f"{path.name} is damaged or no PDF file.", "Open it and save it again.") from error
    lines: list[Line] = []
    heights: dict[int, float] = {}
    pictures: list[int] = []
    try:
        for number in range(1, len(opened) + 1):
            heights[number], found, is_picture = _page(opened[number - 1], number)
            lines += found
            pictures += [number] if is_picture else []
        lines = list(_outlined(lines, opened))
        title, origin = _properties(opened)
    except pypdfium2.PdfiumError as error:
        raise SourceError(f"{path.name} is damaged: {error}.", "Open it and save it again.") from error
    finally:
        opened.close()
    blocks = tuple(blocks_of(without_running(lines, heights)))
    _refuse_unreadable(path.name, " ".join(block.text for block in blocks))
    head = next((block.text for block in blocks[:3] if block.kind == "heading"), "")
    unread = f"{pages_named(pictures)} held no text; it may be scanned" if pictures else ""
    yield Document(title or head or path.stem, blocks, "pdf", origin, unread=unread)


def pages_named(numbers: Sequence[int]) -> str:
    """Pages as a person would list them, runs joined.

    >>> pages_named([3]), pages_named([1, 2, 3, 7])
    ('p. 3', 'pp. 1–3, 7')
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    named = ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
    return f"{'pp.' if len(numbers) > 1 else 'p.'} {named}"


def _refuse_unreadable(name: str, text: str) -> None:
    if not any(map(str.isalnum, text)):
        raise SourceError(
            f"{name} holds no text; it may be a scan.", "Have its text recognised (OCR) and save it again."
        )
    meaningless = sum(letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or letter < " " for letter in text)
    if meaningless > _UNREADABLE * len(text):
        raise SourceError(
            f"{name} does not say which letters its fonts show.",
            "Print it to a new PDF file, or have its text recognised (OCR).",
        )


def _outlined(lines: Sequence[Line], opened: PdfDocument) -> Iterator[Line]:
    """Lines with their level in the file's own outline (its bookmarks)."""
    levels: dict[tuple[int, str], int] = {}
    for entry in opened.get_toc():
        target = entry.get_dest()
        index = target.get_index() if target is not None else None
        if index is not None and (title := _bare(entry.get_title())):
            levels.setdefault((index + 1, title), entry.level + 1)
    for line in lines:
        level = levels.get((line.page, _bare(line.text))) if levels and not line.rows else None
        yield replace(line, outline_level=level) if level else line


def _bare(title: str) -> str:
    """A title without the number in front of it, for comparison."""
    return _COUNTED.sub("", " ".join(title.casefold().split()))


def _properties(opened: PdfDocument) -> tuple[str, Reference]:
    """Title and date as the file states them; a title that is the name of a printed file is none."""
    stated: dict[str, Any] = opened.get_metadata_dict()
    match = _DATE.match(str(stated.get("ModDate") or stated.get("CreationDate") or ""))
    title = " ".join(str(stated.get("Title") or "").split())
    as_of = "-".join(match.groups()) if match else ""
    return "" if _PRINTED.search(title) else title, Reference(as_of=as_of)


def _page(page: PdfPage, number: int) -> tuple[float, list[Line], bool]:
    """Height and lines of a page, in reading order, and whether it is a picture without words."""
    text = page.get_textpage()
    try:
        angles, words = _words(text.raw, text.count_chars())
        turned = Counter(angles).most_common(1)[0][0] if angles else 0
        wide, high = page.get_size() if page.get_rotation() in (0, 180) else page.get_size()[::-1]
        height = wide if turned in (90, 270) else high
        upright = [
            replace(word, box=_turned(word.box, turned, height))
            for word, angle in zip(words, angles, strict=True)
            if angle == turned
        ]
        askew = [word for word, angle in zip(words, angles, strict=True) if angle != turned]
        drawn = [] if turned else list(_drawn(page))
        rules = [rule for box in drawn for rule in _rules(box)]
        upright = with_drawn_bullets(upright, [box for box in drawn if _is_dot(box)])
        tables, rest = grids(upright, rules, number)
        lines = ordered([*lines_of(rest, number), *tables])
        if askew:
            said = " ".join(word.text for word in askew)
            lines.append(Line(said, Box(0, 0, 0, 0), askew[0].size, "", number))
        wordless = not any(map(str.isalnum, "".join(line.text for line in lines)))
        return height, lines, wordless and _is_picture(page)
    finally:
        text.close()
        page.close()


def _is_picture(page: PdfPage) -> bool:
    """Whether one picture fills most of a page."""
    from pypdfium2 import raw

    wide, high = page.get_size()
    for thing in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = thing.get_bounds()
        if (right - left) * (top - bottom) >= _MOSTLY * wide * high:
            return True
    return False


def _turned(box: Box, angle: int, across: float = 0.0) -> Box:
    """A place as it is when what is turned clockwise by an angle is turned back.

    `across` is how far the page reaches to the side that becomes its foot, so that no height is negative.
    """
    if angle == 90:
        return Box(-box.top, box.left, -box.bottom, box.right)
    if angle == 270:
        return Box(box.bottom, across - box.right, box.top, across - box.left)
    if angle == 180:
        return Box(-box.right, across - box.top, -box.left, across - box.bottom)
    return box


def _words(handle: Any, count: int) -> tuple[list[int], list[Word]]:
    """The words of a page in the order of the file, and by how many degrees each is turned."""
    from pypdfium2 import raw

    angles, words = [], []
    letters: list[_Letter] = []
    rect = raw.FS_RECTF()
    unicode, box = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox
    for index in range(count + 1):
        code = unicode(handle, index) if index < count else 32
        text = _HYPHENS.get(code) or chr(code)
        if text.isspace() or code == 0:
            letter = None
        else:
            box(handle, index, rect)
            letter = (text, rect.left, rect.bottom, rect.right, rect.top)
        if letters and (letter is None or _ends(handle, index, letters[-1], letter)):
            angle, word = _word(handle, index - len(letters), letters)
            angles.append(angle)
            words.append(word)
            letters = []
        if letter is not None:
            letters.append(letter)
    return angles, words


def _ends(handle: Any, index: int, last: _Letter, letter: _Letter) -> bool:
    """Whether a word ends before a letter although no space is there; of turned letters as they are read."""
    height = letter[4] - letter[2]
    if last[2] == letter[2] and -height < letter[1] - last[3] < _GAP * height and (last[0] + letter[0]).isascii():
        return False  # Nearly all of them.
    if not _breaks(last, letter):
        return False
    angle = _angle(handle, index)
    one, other = (_turned(Box(*place[1:]), angle) for place in (last, letter))
    return not angle or _breaks(
        (last[0], one.left, one.bottom, one.right, one.top),
        (letter[0], other.left, other.bottom, other.right, other.top),
    )


def _angle(handle: Any, index: int) -> int:
    """By how many degrees a letter is turned, to the next right angle."""
    from pypdfium2 import raw

    return 90 * round(math.degrees(raw.FPDFText_GetCharAngle(handle, index)) / 90) % 360


def _breaks(last: _Letter, letter: _Letter) -> bool:
    """Whether a letter stands apart from the one before it, on another line, or in another script."""
    if unicodedata.combining(letter[0]):
        return False
    one, other = Box(*last[1:]), Box(*letter[1:])
    height = max(one.height, other.height)
    level = min(one.top, other.top) > max(one.bottom, other.bottom)
    return not level or one.gap(other) > _GAP * height or _other_script(last[0], letter[0])


def _other_script(last: str, letter: str) -> bool:
    """Whether one letter is Latin and the other from a script that is read from right to left."""
    both = (last, letter)
    return any(is_rtl(one) for one in both) and any(one.isascii() and one.isalpha() for one in both)


def _word(handle: Any, index: int, letters: Sequence[_Letter]) -> tuple[int, Word]:
    """Letters as a word in the face of the first of them."""
    from pypdfium2 import raw

    matrix, flags, stored = raw.FS_MATRIX(), ctypes.c_int(), ctypes.create_string_buffer(128)
    raw.FPDFText_GetMatrix(handle, index, matrix)
    raw.FPDFText_GetFontInfo(handle, index, stored, 128, ctypes.byref(flags))
    name = stored.value.decode("utf-8", "replace")
    weight = raw.FPDFText_GetFontWeight(handle, index)
    size = raw.FPDFText_GetFontSize(handle, index) * (math.hypot(matrix.c, matrix.d) or 1)
    bold = weight >= _BOLD_WEIGHT or bool(flags.value & _FORCED_BOLD) or bool(_BOLD_FACE.search(name))
    italic = bool(flags.value & _ITALIC) or bool(_ITALIC_FACE.search(name))
    _, lefts, bottoms, rights, tops = zip(*letters, strict=True)
    box = Box(min(lefts), min(bottoms), max(rights), max(tops))
    return _angle(handle, index), Word(
        _spelt(letters), box, round(size, 1), "bold" if bold else "italic" if italic else ""
    )


def _spelt(letters: Sequence[_Letter]) -> str:
    """The letters of a word in order.

    A ligature gives several letters in one place, and pdfium turns these round with the others where the script is
    read from right to left.
    """
    text = [letter[0] for letter in letters]
    start = 0
    for end in range(1, len(letters) + 1):
        if end == len(letters) or letters[end][1:] != letters[start][1:]:
            if end - start > 1 and any(map(is_rtl, text[start:end])):
                text[start:end] = text[start:end][::-1]
            start = end
    # Letters beyond the first 65,536 come as two halves.
    return "".join(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _drawn(page: PdfPage) -> Iterator[Box]:
    """The places of the straight lines, rectangles and dots drawn on a page."""
    from pypdfium2 import raw

    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(min(_MOST_PATHS, raw.FPDFPage_CountObjects(page.raw))):
        path = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(path) == raw.FPDF_PAGEOBJ_PATH and raw.FPDFPageObj_GetBounds(
            path, left, bottom, right, top
        ):
            box = Box(left.value, bottom.value, right.value, top.value)
            if min(box.height, box.width) <= _THIN or _is_dot(box) or raw.FPDFPath_CountSegments(path) <= 6:
                yield box


def _is_dot(box: Box) -> bool:
    return _DOT[0] < box.width < _DOT[1] and 0.7 < box.width / (box.height or 1) < 1.4


def _rules(box: Box) -> Iterator[Rule]:
    """What is drawn as rules: itself when it is thin, else its edges; what is too small to hold words has none."""
    if box.height <= _THIN:
        rules = [Rule(True, (box.bottom + box.top) / 2, box.left, box.right)]
    elif box.width <= _THIN:
        rules = [Rule(False, (box.left + box.right) / 2, box.bottom, box.top)]
    elif max(box.height, box.width) > _MARK:
        rules = [Rule(True, at, box.left, box.right) for at in (box.bottom, box.top)]
        rules += [Rule(False, at, box.bottom, box.top) for at in (box.left, box.right)]
    else:
        rules = []
    yield from (rule for rule in rules if rule.end - rule.start >= _SHORTEST)
