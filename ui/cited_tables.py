"""Figures in the tables that an answer cites: which can be drawn, and which stand beside one another. Pure.

A row of a table is a statement, `label - header: value; header: value` or `label: value`. Nothing is drawn but what
such a row says word for word; a cell that holds anything but one figure or a range of two is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.forms import told_once
from ingest.types import Passage, Statement
from ui.exchange import Placed

Unit = Literal["$", "€", "£", "%"]

_ROW = re.compile(r"(?P<label>.+?) - (?P<cells>[^:]+: .+)", re.DOTALL)
_PAIR = re.compile(r"(?P<label>[^:]+): (?P<value>.+)", re.DOTALL)
_FIGURE = re.compile(r"(?P<sign>[$€£])\s?(?P<sum>\d[\d,]*(?:\.\d+)?)(?P<times>\s?(?:k|m|million|billion)\b)?"
                     r"|(?P<share>\d+(?:\.\d+)?)\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)  # fmt: skip
_ANY_NUMBER = re.compile(r"\d[\d,.]*")
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "million": 1e6, "billion": 1e9}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_HOURLY = re.compile(r"\bhour(?:s|ly)?\b", re.IGNORECASE)
_TO = ("to", "-", "\u2013")
_RISE = re.compile(r"\bfrom\s*$", re.IGNORECASE)
_MOST_TIMES = 4
"""How many times the smallest of the sums side by side the largest may be."""
_LEAST_ROWS, _MOST_ROWS = 3, 24
_LEAST_SHARE = 0.75
"""Part of a column's cells that have to be figures of one unit for it to be drawn."""


@dataclass(frozen=True)
class Figure:
    """What a cell or sentence says in one figure, or in a range of two."""

    unit: Unit
    low: float
    high: float
    """The same as `low` for one figure."""
    written: str
    """Word for word."""


@dataclass(frozen=True)
class Bar:
    """One row of a chart."""

    label: str
    figures: tuple[Figure | None, ...]
    """One for each series; None where the table gives none that can be drawn."""
    numbers: tuple[int, ...] = ()
    """Of the citations that quote this row."""


@dataclass(frozen=True)
class Chart:
    """A column of a cited table, or the same column of two, ready to be drawn."""

    title: str
    unit: Unit
    series: tuple[str, ...]
    """Their names; one that is empty when there is only one."""
    bars: tuple[Bar, ...]
    origin: str
    """Publishers and dates."""

    @property
    def over_time(self) -> bool:
        """Whether the rows are years, each once, in order."""
        years = [match[0] for bar in self.bars if (match := _YEAR.search(bar.label)) and len(bar.label) <= 20]
        return len(years) == len(self.bars) and years == sorted(set(years)) and len(self.series) == 1


@dataclass(frozen=True)
class Beside:
    """One of several figures that sources give, with what it counts, who says so and as of when."""

    figure: Figure
    about: str
    publisher: str
    as_of: str
    number: int
    """Of its citation."""
    review_by: str = ""
    hourly: bool = False
    """Whether it is by the hour."""


def figure_of(text: str) -> Figure | None:
    """The one figure, or the one range, that a text gives; None where it gives none, several, or other numbers.

    >>> figure_of("$105,418, and up to $152,601 at top companies").high, figure_of("34%").unit
    (152601.0, '%')
    >>> figure_of("between 5 and 10 years"), figure_of("$5, $6 or $7"), figure_of("$200 for 3 exams")
    (None, None, None)
    """
    found = list(_FIGURE.finditer(text))
    rest = _FIGURE.sub(" ", _YEAR.sub(" ", text))
    if not 1 <= len(found) <= 2 or _ANY_NUMBER.search(rest):
        return None
    units: set[Unit] = {_unit(match) for match in found}
    values = sorted(_value(match) for match in found)
    if len(units) > 1:
        return None
    return Figure(units.pop(), values[0], values[-1], text.strip())


def _unit(match: re.Match[str]) -> Unit:
    signs: dict[str, Unit] = {"$": "$", "€": "€", "£": "£"}
    return signs.get(match["sign"] or "", "%")


def _value(match: re.Match[str]) -> float:
    if match["share"]:
        return float(match["share"])
    return float(match["sum"].replace(",", "")) * _TIMES[(match["times"] or "").strip().lower()]


def cells_of(row: str) -> tuple[str, dict[str, str]]:
    """A row's label, and its cells by header; one without a header has an empty one.

    >>> cells_of("Seattle - Pay a year, 2024: $173,517; Called: a hub")
    ('Seattle', {'Pay a year, 2024': '$173,517', 'Called': 'a hub'})
    >>> cells_of("Entry: $5")
    ('Entry', {'': '$5'})
    """
    if match := _ROW.fullmatch(row):
        cells = (cell.partition(": ") for cell in re.split(r"; (?=[^;:]+: )", match["cells"]))
        return match["label"].strip(), {header.strip(): value.strip() for header, _, value in cells}
    if match := _PAIR.fullmatch(row):
        return match["label"].strip(), {"": match["value"].strip()}
    return row.strip(), {}


def charts(cited: Mapping[int, Placed]) -> list[Chart]:
    """What can be drawn of the tables that an answer cites, in the order of the citations, each table once.

    Two tables of different sources with the same column and labels become one chart of two series.
    """
    drawn: dict[tuple[str, str], Chart] = {}
    sources: dict[tuple[str, str], str] = {}
    for _, placed in sorted(cited.items()):
        if chart := _chart(placed, cited):
            drawn.setdefault((placed.citation.source_id, chart.title), chart)
            sources[(placed.citation.source_id, chart.title)] = placed.citation.title
    return _joined(list(drawn.values()), [sources[key] for key in drawn])


def _chart(placed: Placed, cited: Mapping[int, Placed]) -> Chart | None:
    """The first column of a citation's table that can be drawn."""
    rows = [(one.text, *cells_of(one.text)) for one in placed.rows]
    if not _LEAST_ROWS <= len(rows) <= _MOST_ROWS:
        return None
    numbers = {
        (one.citation.source_id, one.citation.quote): number for number, one in sorted(cited.items(), reverse=True)
    }
    source = placed.citation.source_id
    for header in dict.fromkeys(header for _, _, cells in rows for header in cells):
        figures = [figure_of(cells.get(header, "")) for _, _, cells in rows]
        units = [figure.unit for figure in figures if figure]
        if len(units) < max(_LEAST_ROWS, _LEAST_SHARE * len(rows)) or len(set(units)) > 1:
            continue
        bars = tuple(
            Bar(label, (figure,), (numbers[source, text],) if (source, text) in numbers else ())
            for (text, label, _), figure in zip(rows, figures, strict=True)
        )
        return Chart(_title(placed, header), units[0], ("",), bars, _origin(placed.rows, placed))
    return None


def _title(placed: Placed, header: str) -> str:
    """What a table's column shows: its source, its section where that adds something, the column."""
    section = placed.around.passage.headings[-1] if placed.around and placed.around.passage.headings else ""
    parts = [placed.citation.title, section, header]
    kept: list[str] = []
    for part in filter(None, parts):
        if not any(part.casefold() in other.casefold() for other in kept):
            kept = [other for other in kept if other.casefold() not in part.casefold()] + [part]
    return ": ".join([kept[0], ", ".join(kept[1:])]) if len(kept) > 1 else kept[0]


def _origin(rows: Iterable[Statement], placed: Placed) -> str:
    """Who says what the rows say, and as of when; each once."""
    citation = placed.citation
    said = [
        ", ".join(filter(None, (one.reference.publisher or citation.publisher, one.reference.as_of or citation.as_of)))
        for one in rows
    ]
    return "; ".join(dict.fromkeys(filter(None, said)))


def _joined(found: Sequence[Chart], titles: Sequence[str]) -> list[Chart]:
    """Charts of two sources that share a column and most labels, set beside each other in one."""
    if len(found) == 2 and titles[0] != titles[1]:
        one, other = found
        labels = [bar.label for bar in one.bars]
        shared = [bar for bar in other.bars if bar.label in labels]
        same = one.unit == other.unit and 2 * len(shared) >= len(labels) and len(shared) >= 2
        if same and _column(one, titles[0]) == _column(other, titles[1]):
            theirs = {bar.label: bar for bar in other.bars}
            bars = tuple(
                Bar(
                    bar.label,
                    (bar.figures[0], theirs[bar.label].figures[0] if bar.label in theirs else None),
                    (*bar.numbers, *(theirs[bar.label].numbers if bar.label in theirs else ())),
                )
                for bar in one.bars
            )
            origin = "; ".join(dict.fromkeys((one.origin, other.origin)))
            return [Chart(_column(one, titles[0]) or one.title, one.unit, (titles[0], titles[1]), bars, origin)]
    return list(found)


def _column(chart: Chart, title: str) -> str:
    return chart.title.removeprefix(f"{title}: ")


def figures_beside(cited: Mapping[int, Placed]) -> list[Beside]:
    """Sums that different publishers, or one in different years, give in an answer; newest first.

    Only what may be set beside each other: of one currency, all by the hour or none, and of one order of size. A
    statement with several sums is left out, unless they are a range or one sum by the year and by the hour; shares are,
    too, which count too many different things.
    """
    found = [one for number, placed in sorted(cited.items()) if (one := _beside(number, placed))]
    alike: dict[tuple[Unit, bool], list[Beside]] = {}
    for one in found:
        alike.setdefault((one.figure.unit, one.hourly), []).append(one)
    most = max(alike.values(), key=len, default=[])
    origins = {(one.publisher, one.as_of) for one in most}
    apart = bool(most) and max(one.figure.high for one in most) > _MOST_TIMES * min(one.figure.low for one in most)
    return [] if apart or len(origins) < 2 else sorted(most, key=lambda one: one.as_of, reverse=True)


def _beside(number: int, placed: Placed) -> Beside | None:
    citation = placed.citation
    label, cells = cells_of(citation.quote) if placed.rows else ("", {"": citation.quote})
    for header, value in cells.items():
        about = ", ".join(filter(None, (citation.title, label, header))) if placed.rows else citation.quote
        said = value if placed.rows else told_once(value)
        figure = figure_of(value) if placed.rows else _only(said)
        if figure and figure.unit != "%":
            hourly = bool(_HOURLY.search(f"{about} {said}" if placed.rows else said))
            return Beside(figure, about, citation.publisher, citation.as_of, number, citation.review_by, hourly)
    return None


def _only(sentence: str) -> Figure | None:
    """The one figure or range that a sentence gives. "From" one sum "to" another may be a rise, and is none."""
    found = list(_FIGURE.finditer(sentence))
    if not 1 <= len(found) <= 2:
        return None
    first, last = found[0], found[-1]
    between = sentence[first.end() : last.start()].strip().lower()
    is_range = between in _TO and _unit(first) == _unit(last) and not _RISE.search(sentence[: first.start()])
    if first is not last and not is_range:
        return None
    low, high = sorted((_value(first), _value(last)))
    return Figure(_unit(first), low, high, sentence[first.start() : last.end()].strip())


def rows_of(passage: Passage, like: Statement) -> list[Statement]:
    """The rows of a passage that are of the same table as one row: under the same caption, with the same columns."""
    columns = set(cells_of(like.text)[1])
    return [
        one
        for one in passage.statements
        if one.kind == "row" and one.way == like.way and set(cells_of(one.text)[1]) & columns
    ]
