"""Numbers of headings and list items as Word counts them: "2.1", "b)". Letters and Roman figures included."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.readers.package import OFFICE

W = f"{{{OFFICE}/wordprocessingml/2006/main}}"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True)
class Level:
    """How one level of a list is counted."""

    kind: str = ""
    """`decimal`, `lowerLetter`, `upperRoman`, `bullet`."""
    pattern: str = ""
    """Its signs around the numbers of this and higher levels: `%1.%2`."""
    start: int = 1


@dataclass
class Numbering:
    """Counts the numbered paragraphs of a document in their order."""

    lists: Mapping[str, tuple[str, Mapping[int, Level]]]
    """By number of the list: what it counts on with, and its levels."""
    restarts: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """Where a list begins anew, by its number and level."""
    _counts: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def next(self, number: str, level: int) -> str:
        """The mark of the next paragraph of a list at a level; empty for bullets.

        >>> levels = {0: Level("decimal", "%1."), 1: Level("lowerLetter", "%2)")}
        >>> counted = Numbering({"1": ("a", levels)})
        >>> [counted.next("1", level) for level in (0, 1, 1, 0, 1)]
        ['1.', 'a)', 'b)', '2.', 'a)']
        """
        key, levels = self.lists.get(number, ("", {}))
        own = levels.get(level, Level())
        if own.kind in ("bullet", "none", ""):
            return ""
        counts = self._counts[key]
        if (number, level) in self.restarts and (number, level) not in self._begun:
            counts[level] = self.restarts[number, level] - 1
        self._begun.add((number, level))
        counts[level] = counts.get(level, own.start - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]

        def figure(match: re.Match[str]) -> str:
            above = int(match[1]) - 1
            told = levels.get(above, Level())
            kind = told.kind if above == level else "decimal" if told.kind in ("bullet", "none", "") else told.kind
            return counted(counts.get(above, told.start), kind)

        return re.sub(r"%(\d)", figure, own.pattern).strip()


def counted(number: int, kind: str) -> str:
    """A number in figures, letters or Roman figures.

    >>> counted(3, "decimal"), counted(28, "lowerLetter"), counted(14, "upperRoman"), counted(7, "decimalZero")
    ('3', 'bb', 'XIV', '07')
    """
    if kind.endswith("Letter") and number > 0:
        told = chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1)
    elif kind.endswith("Roman") and 0 < number < 4000:
        told = ""
        for value, sign in _ROMAN:
            told += sign * (number // value)
            number %= value
    else:
        return f"{number:02}" if kind == "decimalZero" else str(number)
    return told.upper() if kind.startswith("upper") else told


def read_numbering(root: Any) -> Numbering:
    """The lists of a numbering part (ECMA-376, part 1, 17.9); none without one."""
    if root is None:
        return Numbering({})
    abstract = {
        str(one.get(f"{W}abstractNumId")): {
            _number(level.get(f"{W}ilvl")): _level(level) for level in one.iterfind(f"{W}lvl")
        }
        for one in root.iterfind(f"{W}abstractNum")
    }
    lists: dict[str, tuple[str, Mapping[int, Level]]] = {}
    restarts: dict[tuple[str, int], int] = {}
    for one in root.iterfind(f"{W}num"):
        number, base = str(one.get(f"{W}numId")), value(one, "abstractNumId")
        levels = dict(abstract.get(base, {}))
        for change in one.iterfind(f"{W}lvlOverride"):
            depth = _number(change.get(f"{W}ilvl"))
            own = change.find(f"{W}lvl")
            if own is not None:
                levels[depth] = _level(own)
            if value(change, "startOverride"):
                restarts[number, depth] = _number(value(change, "startOverride"))
        lists[number] = (base, levels)
    return Numbering(lists, restarts)


def _level(level: Any) -> Level:
    return Level(value(level, "numFmt") or "decimal", value(level, "lvlText"), _number(value(level, "start") or "1"))


def _number(text: str | None) -> int:
    return int(text) if text and text.lstrip("-").isdigit() else 0


def value(element: Any, way: str) -> str:
    """The `w:val` of an element below; empty when there is none."""
    found = element.find("/".join(f"{W}{step}" for step in way.split("/")))
    return "" if found is None else str(found.get(f"{W}val") or "")
