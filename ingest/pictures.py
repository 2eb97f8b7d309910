"""A page of a PDF file as it was printed, and where some words stand on it.

Drawing parses the file, so it is done like reading: in a child process with limits on time and memory, without network
and without the environment's secrets (`sandbox`). `main` is the child's side.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.discover import file_hash, place_of
from ingest.errors import SourceError
from ingest.sandbox import MEMORY, command, confine, environment
from ingest.types import Source

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_SECONDS = 20.0
_WIDE, _MOST_HIGH = 1100, 2200
"""Pixels of a picture."""
_LARGEST = 8 * 2**20
"""Bytes of a picture at most."""

Mark = tuple[float, float, float, float]
"""Left, top, width and height as shares of the page."""


@dataclass(frozen=True)
class Picture:
    """A page as it was printed."""

    image: str
    """A `data:` address of a JPEG."""
    marks: tuple[Mark, ...]
    """Where the words stand, a line each; none where they were not found."""


def picture_of(source: Source, page: int, words: str) -> Picture:
    """The page of a source, with some of its words marked.

    Args:
        source: A PDF file.
        page: From 1.
        words: What to mark: they are looked for letter by letter, whatever stands between.

    Raises:
        SourceError: The file is gone, has changed since it was brought in, or cannot be drawn.
    """
    path = Path(place_of(source.root, source.uri))
    if not path.is_file():
        raise SourceError(
            f"The file behind \u201c{source.title}\u201d is not where it was.", "Bring it in again to see its pages."
        )
    if file_hash(path) != source.content_hash:
        raise SourceError(
            f"The file behind \u201c{source.title}\u201d has changed since it was brought in.", "Bring it in again."
        )
    asked = json.dumps({"path": str(path), "page": page, "words": words}).encode()
    try:
        ran = subprocess.run(
            command("ingest.pictures", str(MEMORY), str(_SECONDS)),
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            timeout=3 * _SECONDS,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"Page {page} could not be drawn in time.", "Open the original instead.") from error
    if ran.returncode or len(ran.stdout) > _LARGEST:
        raise SourceError(f"Page {page} cannot be drawn.", "Open the original instead.")
    made = json.loads(ran.stdout)
    return Picture(f"data:image/jpeg;base64,{made['image']}", tuple((*mark,) for mark in made["marks"]))


# The child's side.


def main() -> None:
    """Draw the page that standard input names; say its picture and marks on standard output."""
    import io

    import pypdfium2

    asked = json.loads(sys.stdin.buffer.read())
    confine(int(sys.argv[2]), float(sys.argv[3]))
    opened = pypdfium2.PdfDocument(asked["path"])
    page = opened[asked["page"] - 1]
    scale = min(_WIDE / page.get_width(), _MOST_HIGH / page.get_height())
    image = io.BytesIO()
    page.render(scale=scale).to_pil().convert("RGB").save(image, "JPEG", quality=80)
    told = {"image": base64.b64encode(image.getvalue()).decode(), "marks": _marks(page, asked["words"])}
    sys.stdout.write(json.dumps(told))


def _marks(page: PdfPage, words: str) -> list[Mark]:
    """Where the words stand: the whole of them, else its parts between signs, each where it stands first."""
    text = page.get_textpage()
    letters = [
        (letter, index) for index in range(text.count_chars()) if (letter := text.get_text_range(index, 1)).strip()
    ]
    found = spans([(letter, index) for letter, index in letters], words)
    boxes = [[text.get_charbox(index) for index in span] for span in found]
    wide, high = page.get_width(), page.get_height()
    return [
        (left / wide, 1 - top / high, (right - left) / wide, (top - bottom) / high)
        for line in boxes
        for left, bottom, right, top in lines_of(line)
    ]


def spans(letters: Sequence[tuple[str, int]], words: str) -> list[list[int]]:
    """The indices of the letters that spell some words, whatever signs and spaces stand between.

    Where they do not stand there in one piece, as a row of a table does not, its parts are looked for, each behind the
    one before.

    >>> spans([("P", 0), ("a", 1), ("y", 2), (":", 3), ("$", 4), ("5", 5), (".", 6), ("N", 7)], "pay $5.")
    [[0, 1, 2, 3, 4, 5, 6]]
    """
    told = [(folded, at) for at, (letter, _) in enumerate(letters) for folded in letter.casefold() if folded.isalnum()]
    run = "".join(folded for folded, _ in told)
    whole = _plain(words)
    if whole and (at := run.find(whole)) >= 0:
        return [_between(letters, told[at][1], told[at + len(whole) - 1][1])]
    found: list[list[int]] = []
    start = 0
    for part in map(_plain, _parts(words)):
        at = run.find(part, start)
        if len(part) > 2 and at >= 0:
            found.append(_between(letters, told[at][1], told[at + len(part) - 1][1]))
            start = at + len(part)
    return found


def _between(letters: Sequence[tuple[str, int]], first: int, last: int) -> list[int]:
    """The indices from one place to another, with the sign of a currency in front and the signs behind."""
    first -= first > 0 and letters[first - 1][0] in "$€£"
    while last + 1 < len(letters) and letters[last + 1][0] in "%.)":
        last += 1
    return [index for _, index in letters[first : last + 1]]


def _plain(words: str) -> str:
    return "".join(letter for letter in words.casefold() if letter.isalnum())


def _parts(words: str) -> list[str]:
    """A row's label and the values of its cells; of other words each line."""
    label, _, cells = words.partition(" - ")
    return [label, *(cell.rpartition(": ")[2] for cell in cells.split("; "))] if cells else words.splitlines()


def lines_of(boxes: Sequence[tuple[float, float, float, float]]) -> list[tuple[float, float, float, float]]:
    """The boxes of letters, joined to one for each line: left, bottom, right and top in points.

    >>> lines_of([(0, 0, 5, 10), (5, 0, 9, 8), (0, -14, 5, -4)])
    [(0, 0, 9, 10), (0, -14, 5, -4)]
    """
    joined: list[tuple[float, float, float, float]] = []
    for left, bottom, right, top in boxes:
        last = joined[-1] if joined else None
        same = last and left >= last[0] - 1 and min(top, last[3]) - max(bottom, last[1]) > 0.3 * (top - bottom)
        if last and same:
            joined[-1] = (last[0], min(last[1], bottom), max(last[2], right), max(last[3], top))
        else:
            joined.append((left, bottom, right, top))
    return joined
