"""Charts as inline SVG, each with its table beside it. Pure; our own markup, every word in it escaped.

Bars and dots stand at percentages of the width, so that words keep their size on a phone. Colours come from the page's
style; `page.js` writes them into a chart that is downloaded.
"""

from __future__ import annotations

import csv
import io
import re
from html import escape
from itertools import pairwise

from ui.cited_tables import Bar, Chart, Figure

_ROW, _THICK, _GAP = 46, 14, 4
"""Heights in pixels: a row with its label, a bar, what is between two bars of a row."""
_HIGH, _FOOT, _TOP = 190, 26, 26
_WIDEST = 100.0


def chart_html(chart: Chart, key: str) -> str:
    """A chart behind a fold: drawing, table, who says so, and how to take it along.

    Args:
        chart: What is drawn.
        key: Set apart from every other chart of the page.
    """
    drawing = _line(chart) if chart.over_time else _bars(chart)
    names = "".join(f'<li class="series-{at}">{escape(name)}</li>' for at, name in enumerate(chart.series) if name)
    legend = f'<ul class="legend">{names}</ul>' if names else ""
    name = _file_name(chart.title)
    return (
        f'<details class="chart" id="chart-{key}"><summary>{escape(chart.title)}</summary><figure>'
        f'<svg class="drawn" role="img" aria-label="{escape(chart.title)}; its figures stand in the table below" '
        f'width="100%" height="{_height(chart)}">{drawing}</svg>{legend}'
        f"<figcaption>{escape(chart.origin)}</figcaption>{_table(chart)}"
        f'<div class="take"><button type="button" data-take="svg" data-name="{name}.svg">Picture</button>'
        f'<button type="button" data-take="csv" data-name="{name}.csv" data-text="{escape(_csv(chart))}">'
        "Figures</button></div></figure></details>"
    )


def _file_name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "chart"


def _height(chart: Chart) -> int:
    if chart.over_time:
        return _HIGH
    return len(chart.bars) * (_ROW + (len(chart.series) - 1) * (_THICK + _GAP))


def _most(chart: Chart) -> float:
    return max((figure.high for bar in chart.bars for figure in bar.figures if figure), default=1.0) or 1.0


def _bars(chart: Chart) -> str:
    """A label with its figures above its bar; the second figure of a range is drawn lighter."""
    most, each = _most(chart), _height(chart) / len(chart.bars)
    return "".join(_bar(bar, index * each, most) for index, bar in enumerate(chart.bars))


def _bar(bar: Bar, top: float, most: float) -> str:
    written = " / ".join(_short(figure) if figure else "–" for figure in bar.figures)
    kind = "cited" if bar.numbers else "other"
    drawn = ""
    for index, figure in enumerate(bar.figures):
        if figure is None:
            continue
        y = top + 22 + index * (_THICK + _GAP)
        low, high = (value / most * _WIDEST for value in (figure.low, figure.high))
        if high > low:
            drawn += (
                f'<rect class="range series-{index}" x="0" y="{y:g}" width="{high:.2f}%" height="{_THICK}" rx="3"/>'
            )
        drawn += f'<rect class="bar series-{index}" x="0" y="{y:g}" width="{low:.2f}%" height="{_THICK}" rx="3"/>'
    return (
        f'<g class="{kind}"><text x="0" y="{top + 15:g}">{escape(_cut(bar.label))}</text>'
        f'<text class="figure" x="100%" y="{top + 15:g}" text-anchor="end">{escape(written)}</text>{drawn}</g>'
    )


def _cut(label: str) -> str:
    return label if len(label) <= 34 else label[:33].rstrip(" ,") + "\u2026"


def _short(figure: Figure) -> str:
    """A figure as it stands beside its bar; what is written around it stands in the table.

    >>> _short(Figure("$", 105418.0, 152601.0, "$105,418 to $152,601")), _short(Figure("%", 56.3, 56.3, "56.3%"))
    ('$105,418 to $152,601', '56.3%')
    """
    ends = dict.fromkeys(_number(value, figure.unit) for value in (figure.low, figure.high))
    return " to ".join(ends)


def _number(value: float, unit: str) -> str:
    written = f"{value:,.2f}".rstrip("0").rstrip(".") if value < 1000 or value % 1 else f"{value:,.0f}"
    if unit != "%" and "." in written and value < 1000:
        written = f"{value:,.2f}"
    return f"{written}%" if unit == "%" else f"{unit}{written}"


def _line(chart: Chart) -> str:
    """Years from left to right, at their distances; a figure above each dot where there is room for it."""
    years = [int(re.findall(r"\b(?:19|20)\d\d\b", bar.label)[0]) for bar in chart.bars]
    figures = [bar.figures[0] for bar in chart.bars]
    most, first, span = _most(chart), years[0], max(1, years[-1] - years[0])
    points = [
        (8 + (year - first) / span * 84, _TOP + (1 - figure.low / most) * (_HIGH - _TOP - _FOOT), bar, figure)
        for year, bar, figure in zip(years, chart.bars, figures, strict=True)
        if figure
    ]
    lines = "".join(
        f'<line class="curve" x1="{a[0]:.2f}%" y1="{a[1]:.1f}" x2="{b[0]:.2f}%" y2="{b[1]:.1f}"/>'
        for a, b in pairwise(points)
    )
    base = _HIGH - _FOOT
    axis = f'<line class="axis" x1="0" x2="100%" y1="{base}" y2="{base}"/>'
    dots, taken = "", -30.0
    for index, (x, y, bar, figure) in enumerate(points):
        roomy = x - taken >= 17 and (index == len(points) - 1 or points[-1][0] - x >= 17)
        kind = "cited" if bar.numbers else "other"
        dots += f'<g class="{kind}"><circle class="dot" cx="{x:.2f}%" cy="{y:.1f}" r="5"/>'
        if roomy or index == len(points) - 1:
            taken = x
            figure_at, label_at = f'x="{x:.2f}%" y="{y - 11:.1f}"', f'x="{x:.2f}%" y="{_HIGH - 7}"'
            dots += f'<text class="figure" {figure_at} text-anchor="middle">{escape(_short(figure))}</text>'
            dots += f'<text {label_at} text-anchor="middle">{escape(_cut(bar.label))}</text>'
        dots += "</g>"
    return axis + lines + dots


def _table(chart: Chart) -> str:
    """The same figures, word for word, for whoever does not see the drawing."""
    heads = "".join(f'<th scope="col">{escape(name or "Figure")}</th>' for name in chart.series)
    rows = "".join(
        f'<tr{" class=cited" * bool(bar.numbers)}><th scope="row">{escape(bar.label)}</th>'
        + "".join(f"<td>{escape(figure.written if figure else '')}</td>" for figure in bar.figures)
        + f"<td>{' '.join(f'[{number}]' for number in bar.numbers)}</td></tr>"
        for bar in chart.bars
    )
    return (
        f'<details class="table" id="table-{escape(_file_name(chart.title))}"><summary>As a table</summary>'
        f'<table><caption class="unseen">{escape(chart.title)}</caption><thead><tr><th scope="col">Row</th>{heads}'
        f'<th scope="col">Cited</th></tr></thead><tbody>{rows}</tbody></table></details>'
    )


def _csv(chart: Chart) -> str:
    """The figures with their title and origin, as CSV (RFC 4180); a cell that a sheet would run stays text."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["", *(_inert(name or chart.title) for name in chart.series)])
    for bar in chart.bars:
        writer.writerow([_inert(bar.label), *(_inert(figure.written if figure else "") for figure in bar.figures)])
    writer.writerow([_inert(f"Source: {chart.origin}")])
    return lines.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
