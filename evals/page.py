"""The report as one HTML page that needs nothing from outside: scores, charts, and every failure with what it rests on.

Whatever a case, an answer or a document says is escaped; the page loads nothing and sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from evals.charts import bar, columns, curve
from evals.compare import Comparison
from evals.figures import (
    average_precision,
    by_tag,
    confusion,
    interval,
    latency,
    refusal_curve,
    refusals,
    usage,
)
from evals.gate import Verdict
from evals.judge import agreement
from evals.metrics import Difference, Interval
from evals.page_cases import card, filters
from evals.run import Result, Run
from evals.scores import BY_NAME, METRICS

Prices = tuple[float, float] | None
"""US dollars a million tokens, read and written."""

_HOME = Path(__file__).parent
_TILES = ("right", "facts", "refused", "citation_recall", "recall@5")
_CHARTED = ("right", "facts", "refused", "citation_recall", "recall@5")

_FEW = 5
"""Cases below which a group says little."""


def html(
    run: Run, comparison: Comparison | None = None, verdicts: Sequence[Verdict] = (), prices: Prices = None
) -> str:
    """The whole page."""
    parts = (
        _head(run, verdicts),
        _tiles(run, comparison),
        _gate(verdicts),
        _topics(run),
        _metrics(run, comparison),
        _knowing(run),
        _pace(run, prices),
        _changes(comparison),
        _cases(run, comparison),
    )
    style, script = ((_HOME / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>Evaluation, {escape(run.at[:10])}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"{chr(10).join(part for part in parts if part)}\n</main>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def _head(run: Run, verdicts: Sequence[Verdict]) -> str:
    count, right = len(run.results), sum(one.right for one in run.results)
    badge = ""
    if verdicts:
        good = all(one.holds for one in verdicts)
        badge = f' <span class="badge {"good" if good else "bad"}">gate {"passed" if good else "failed"}</span>'
    by = f", answered by {escape(run.answered_by)}" if run.answered_by else ""
    failed = sum(bool(one.reply.error) for one in run.results)
    lost = f" {failed} could not be asked and are not scored." if failed else ""
    at = escape(run.at[:16].replace("T", " "))
    return (
        f"<h1>{right} of {count} questions answered wholly right{badge}</h1>\n"
        f'<p class="lead">{escape(run.target)}{by}. {at} UTC, {run.seconds:.0f} seconds.{lost} A thin line across a '
        "bar is the 95% interval over cases.</p>"
    )


def _tiles(run: Run, comparison: Comparison | None) -> str:
    tiles = []
    for name in _TILES:
        found = interval(run.results, name)
        if found is not None:
            change = comparison.differences.get(name) if comparison else None
            tiles.append(
                f'<div class="tile"><b>{_percent(found.mean)}</b><span>{escape(BY_NAME[name].label)}</span>'
                f"{bar(found, None if change is None else found.mean - change.mean)}"
                f'<span class="num">{_spread(found)}</span>{_step(change)}</div>'
            )
    timed = latency(run.results)
    if timed:
        tiles.append(
            f'<div class="tile"><b>{timed.p50:,.0f} ms</b><span>an answer, median</span>'
            f'<span class="num">p95 {timed.p95:,.0f} ms</span></div>'
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _step(change: Difference | None) -> str:
    if change is None or abs(change.mean) < 5e-4:
        return ""
    kind = ("good" if change.mean > 0 else "bad") if change.significant else "warn"
    sure = "" if change.significant else "<span>within chance</span>"
    return f'<b class="badge {kind} num">{change.mean * 100:+.1f} points</b>{sure}'


def _gate(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    broken, held = ([one for one in verdicts if one.holds is kind] for kind in (False, True))
    shown = f"<details><summary>{len(held)} rules hold</summary>{_rules(held)}</details>" if held else ""
    return (
        "<h2>Gate</h2><p class='soft'>A fall counts when its whole 95% interval lies below zero.</p>"
        f"{_rules(broken) if broken else ''}{shown}"
    )


def _rules(verdicts: Sequence[Verdict]) -> str:
    rows = "".join(
        f'<tr><td><span class="badge {"good" if one.holds else "bad"}">{"holds" if one.holds else "broken"}</span></td>'
        f"<td>{escape(one.rule)}</td><td>{escape(one.said)}</td></tr>"
        for one in verdicts
    )
    return f'<div class="scroll"><table><tr><th></th><th>rule</th><th>found</th></tr>{rows}</table></div>'


def _topics(run: Run) -> str:
    groups = by_tag(run.results)
    options: list[str] = []
    charts: list[str] = []
    for name in _CHARTED:
        rows = [(tag, found) for tag, results in groups.items() if (found := interval(results, name)) is not None]
        if not rows:
            continue
        drawn = "".join(
            f'<span class="name">{escape(tag)}</span>{bar(found)}<span class="value">{_percent(found.mean)} '
            f"of {found.cases}</span>"
            for tag, found in sorted(rows, key=lambda row: (row[1].cases < _FEW, row[1].mean))
        )
        options.append(f'<option value="{escape(name)}">{escape(BY_NAME[name].label)}</option>')
        charts.append(f'<div class="chart" data-metric="{escape(name)}"{" hidden" if charts else ""}>{drawn}</div>')
    return (
        "<h2>By topic</h2><p class='soft'>Weakest first, groups of fewer than "
        f"{_FEW} last. A case with several tags counts under each.</p>"
        f'<label>Show <select id="metric">{"".join(options)}</select></label>{"".join(charts)}'
    )


def _metrics(run: Run, comparison: Comparison | None) -> str:
    rows = []
    for metric in METRICS:
        found = interval(run.results, metric.name)
        change = comparison.differences.get(metric.name) if comparison else None
        beside = ""
        if comparison:
            said = "" if change is None else f"{change.mean:+.3f}{'' if change.significant else ' (chance)'}"
            said = "same" if change is not None and not change.mean else said
            beside = f'<td class="num">{said}</td>'
        mean = '<td class="num">not scored</td><td></td><td class="num">0</td>'
        if found is not None:
            digits = 0 if metric.group == "size" else 3
            mean = (
                f'<td class="num">{found.mean:.{digits}f}</td><td class="num">{found.low:.{digits}f} to '
                f'{found.high:.{digits}f}</td><td class="num">{found.cases}</td>'
            )
        rows.append(
            f"<tr><td>{escape(metric.label)}</td>{mean}{beside}<td class='soft'>{escape(metric.meaning)}</td></tr>"
        )
    extra = '<th class="num">change</th>' if comparison else ""
    return (
        "<h2>All scores</h2><div class='scroll'><table><tr><th>score</th><th class='num'>mean</th>"
        f"<th class='num'>95% interval</th><th class='num'>cases</th>{extra}<th>what it says</th></tr>"
        f"{''.join(rows)}</table></div>"
    )


def _knowing(run: Run) -> str:
    counted = refusals(run.results)
    points = refusal_curve(run.results)
    precision, recall = (_maybe(value) for value in (counted.precision, counted.recall))
    text = (
        "<h2>Knowing what it does not know</h2>"
        f"<p>Of {counted.right + counted.missed} questions without an answer in the library, {counted.right} were "
        f"refused (recall {recall}). Of {counted.right + counted.wrong} refusals, {counted.wrong} were of questions "
        f"that it could have answered (precision {precision}).</p>"
    )
    plot = ""
    if points:
        area = average_precision(points) or 0.0
        own = (
            (counted.recall, counted.precision)
            if counted.recall is not None and counted.precision is not None
            else None
        )
        drawn = [(point.recall, point.precision) for point in points]
        plot = (
            "<figure><figcaption>Refusing by the nearest passage's similarity alone (average precision "
            f"{area:.2f}); the square is what the assistant does</figcaption>{curve(drawn, own)}</figure>"
        )
    return f'{text}<div class="pair"><figure>{_matrix(run)}</figure>{plot}</div>'


def _matrix(run: Run) -> str:
    counted = confusion(run.results)
    names = sorted({name for pair in counted for name in pair})
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    rows = []
    for expected in names:
        cells = []
        for came in names:
            count = counted.get((expected, came), 0)
            kind = "none" if not count else "hit" if expected == came else "miss"
            cells.append(f'<td class="num {kind}">{count or "·"}</td>')
        rows.append(f"<tr><th>{escape(expected.replace('_', ' '))}</th>{''.join(cells)}</tr>")
    return (
        "<figcaption>Outcome expected (rows) and given (columns); some cases accept more than one</figcaption>"
        f'<div class="scroll"><table class="matrix"><tr><th></th>{head}</tr>{"".join(rows)}</table></div>'
    )


def _pace(run: Run, prices: Prices) -> str:
    times = [one.reply.milliseconds for one in run.results if one.reply.milliseconds is not None]
    lengths = [value for one in run.results if (value := one.scores.get("words")) is not None]
    figures = []
    if times:
        figures.append(f"<figure><figcaption>Milliseconds an answer</figcaption>{columns(times)}</figure>")
    if lengths:
        figures.append(f"<figure><figcaption>Words an answer</figcaption>{columns(lengths)}</figure>")
    used, agreed = usage(run.results, prices), agreement(run)
    notes = []
    if used:
        cost = "their price is not known" if used.dollars is None else f"${used.dollars:.4f}"
        notes.append(f"{used.read:,} tokens read and {used.written:,} written ({cost}).")
    if agreed:
        notes.append(f"The {escape(str(agreed))}.")
    return (
        f'<h2>Pace and length</h2><p>{" ".join(notes)}</p><div class="pair">{"".join(figures)}</div>' if figures else ""
    )


def _changes(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    counted = {way: sum(one.direction == way for one in comparison.changes) for way in (1, -1, 0)}
    new = f" {len(comparison.new)} cases are new." if comparison.new else ""
    return (
        f"<h2>Beside the run of {escape(comparison.baseline.at[:16].replace('T', ' '))}</h2>"
        f"<p>{counted[1]} cases got better, {counted[-1]} worse, {counted[0]} changed otherwise.{new} The list "
        "below can show only these.</p>"
    )


def _cases(run: Run, comparison: Comparison | None) -> str:
    changes = {one.result.case.id: one for one in comparison.changes} if comparison else {}
    ordered = sorted(run.results, key=_urgency)
    cards = "\n".join(card(one, changes.get(one.case.id)) for one in ordered)
    return f"<h2>Questions</h2>{filters(run.results, bool(comparison))}{cards}"


def _urgency(one: Result) -> tuple[bool, bool, str]:
    return (one.right, one.case.held_out, one.case.id)


def _percent(value: float) -> str:
    return f"{value * 100:.0f}%"


def _maybe(value: float | None) -> str:
    return "-" if value is None else _percent(value)


def _spread(found: Interval) -> str:
    return f"{_percent(found.low)} to {_percent(found.high)}, {found.cases} cases"
