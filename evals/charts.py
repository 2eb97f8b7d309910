"""Charts as inline SVG: a bar with its interval, a curve, columns. Pure; numbers in, markup out, no text of others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from evals.metrics import Interval, percentile

_WIDE, _HIGH = 320, 190
_LEFT, _BOTTOM, _TOP = 34, 28, 8


def bar(found: Interval, before: float | None = None) -> str:
    """A mean from 0 to 1 as a bar, its interval as a thin line across, and where an earlier run stood as a mark."""
    mean, low, high = (max(0.0, min(1.0, value)) * 100 for value in found[:3])
    mark = ""
    if before is not None:
        at = max(0.0, min(1.0, before)) * 100
        mark = f'<line class="before" x1="{at:.2f}" x2="{at:.2f}" y1="-1" y2="11"/>'
    label = f"{found.mean:.2f}, 95% interval {found.low:.2f} to {found.high:.2f}"
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{label}">'
        '<rect class="track" width="100" height="10" rx="1"/>'
        f'<rect class="fill" width="{mean:.2f}" height="10" rx="1"/>'
        f'<line class="spread" x1="{low:.2f}" x2="{high:.2f}" y1="5" y2="5"/>'
        f'<line class="spread" x1="{low:.2f}" x2="{low:.2f}" y1="2" y2="8"/>'
        f'<line class="spread" x1="{high:.2f}" x2="{high:.2f}" y1="2" y2="8"/>{mark}</svg>'
    )


def curve(points: Sequence[tuple[float, float]], own: tuple[float, float] | None) -> str:
    """Recall (across) against precision (up), both 0 to 1, with one point set apart."""
    line = " ".join(f"{_across(x):.1f},{_up(y):.1f}" for x, y in points)
    mark = ""
    if own is not None:
        mark = f'<rect class="point" x="{_across(own[0]) - 4:.1f}" y="{_up(own[1]) - 4:.1f}" width="8" height="8"/>'
    ends = {0.0: "middle", 0.5: "middle", 1.0: "end"}
    ticks = "".join(
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDE}" y1="{_up(value):.1f}" y2="{_up(value):.1f}"/>'
        f'<text x="{_LEFT - 5}" y="{_up(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        f'<text x="{_across(value):.1f}" y="{_HIGH - 12}" text-anchor="{end}">{value:g}</text>'
        for value, end in ends.items()
    )
    said = "Recall of refusals across, precision up"
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{said}">{ticks}'
        f'<polyline class="curve" points="{line}"/>{mark}'
        f'<text x="{_WIDE}" y="{_HIGH - 1}" text-anchor="end">{said}</text></svg>'
    )


def _across(share: float) -> float:
    return _LEFT + share * (_WIDE - _LEFT - 6)


def _up(share: float) -> float:
    return _HIGH - _BOTTOM - share * (_HIGH - _BOTTOM - _TOP)


def columns(values: Sequence[float], bins: int = 24) -> str:
    """How values spread: columns up to the 98th percentile, with median and 95th percentile marked."""
    most = max(percentile(values, 0.98), 1e-9)
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / most * bins))] += 1
    tallest = max(counts)
    wide = (_WIDE - _LEFT - 6) / bins
    drawn = "".join(
        f'<rect class="column" x="{_across(index / bins):.1f}" y="{_up(count / tallest):.1f}" width="{wide - 1.5:.1f}" '
        f'height="{_HIGH - _BOTTOM - _up(count / tallest):.1f}"/>'
        for index, count in enumerate(counts)
        if count
    )
    marks = [(name, percentile(values, share)) for name, share in (("median", 0.5), ("p95", 0.95))]
    places = [_across(min(1.0, value / most)) for _, value in marks]
    crowded = any(after - before < 90 for before, after in pairwise(places))
    lines = "".join(
        f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{_HIGH - _BOTTOM}"/>'
        f'<text x="{at - 4 if at > _WIDE / 2 else at + 4:.1f}" y="{_TOP + 10 + (14 if crowded and index else 0)}" '
        f'text-anchor="{"end" if at > _WIDE / 2 else "start"}">{name} {value:,.0f}</text>'
        for index, ((name, value), at) in enumerate(zip(marks, places, strict=True))
    )
    base = _HIGH - _BOTTOM
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="Spread of {len(values)} values">'
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDE}" y1="{base}" y2="{base}"/>{drawn}{lines}'
        f'<text x="{_LEFT}" y="{_HIGH - 12}">0</text>'
        f'<text x="{_WIDE - 6}" y="{_HIGH - 12}" text-anchor="end">{most:,.0f} and more</text></svg>'
    )
