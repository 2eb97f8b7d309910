"""A run in words: a table by set for the terminal and for Markdown, the failures, and the whole as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from evals.metrics import bootstrap, percentile
from evals.run import Result, Run

_HEAD = ("cases", "n", "facts", "right", "refused rightly", "refused wrongly", "recall@5", "marks", "quotes", "p50 ms",
         "p95 ms")  # fmt: skip
HOLDOUT = "holdout"
"""Tag of the cases that are read at the end only, never while tuning."""


def summary(run: Run) -> str:
    """The table, the means with their intervals, and what failed, as plain text."""
    lines = [*_aligned(_table(run)), "", *_intervals(run.results), "", *_failures(run.results)]
    return "\n".join(lines)


def write(run: Run, folder: Path) -> None:
    """Write `run.json` and `summary.md` into a folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(asdict(run), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    head, *rows = _table(run)
    table = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    text = "\n".join(["# Evaluation", "", *table, "", *_intervals(run.results), "", *_failures(run.results)])
    (folder / "summary.md").write_text(text + "\n", encoding="utf-8")


def _table(run: Run) -> list[list[str]]:
    groups: dict[str, list[Result]] = {}
    for result in run.results:
        groups.setdefault(result.case.set, []).append(result)
    held = [result for result in run.results if HOLDOUT in result.case.tags]
    rows = [_row(name, results) for name, results in sorted(groups.items())]
    if held:
        rows += [_row("(not held out)", [one for one in run.results if one not in held]), _row("(held out)", held)]
    return [list(_HEAD), *rows, _row("all", list(run.results))]


def _row(name: str, results: Sequence[Result]) -> list[str]:
    answerable = [one for one in results if one.case.answerable]
    unanswerable = [one for one in results if one.case.outcome == "not_found"]
    times = [one.answer.timings_ms.get("total", 0.0) for one in results]
    return [
        name,
        str(len(results)),
        _mean([one.facts for one in answerable]),
        _mean([float(one.right) for one in results]),
        f"{sum(one.refused for one in unanswerable)}/{len(unanswerable)}",
        f"{sum(one.refused for one in answerable)}/{len(answerable)}",
        _mean([one.recall_at_5 for one in results]),
        _mean([float(one.marks_in_order) for one in results]),
        _mean([None if one.quotes_verbatim is None else float(one.quotes_verbatim) for one in results]),
        f"{percentile(times, 0.5):.0f}",
        f"{percentile(times, 0.95):.0f}",
    ]


def _mean(values: Sequence[float | None]) -> str:
    """The mean of what was scored; a dash when nothing was.

    >>> _mean([1.0, None, 0.0]), _mean([None])
    ('0.50', '-')
    """
    scored = [value for value in values if value is not None]
    return f"{sum(scored) / len(scored):.2f}" if scored else "-"


def _intervals(results: Sequence[Result]) -> list[str]:
    wanted: tuple[tuple[str, Callable[[Result], float | None]], ...] = (
        ("facts found", lambda one: one.facts),
        ("wholly right", lambda one: float(one.right)),
        ("recall@5", lambda one: one.recall_at_5),
    )
    lines = []
    for name, score in wanted:
        found = bootstrap([value for value in map(score, results) if value is not None])
        if found is not None:
            interval = f"95% interval {found.low:.3f} to {found.high:.3f}"
            lines.append(f"{name}: {found.mean:.3f} ({interval}, {found.cases} cases)")
    return lines


def _failures(results: Sequence[Result]) -> list[str]:
    """What went wrong, without the cases that are held out: they are not to be tuned on."""
    lines = []
    for one in results:
        if one.right and one.marks_in_order and one.quotes_verbatim is not False:
            continue
        if HOLDOUT in one.case.tags:
            continue
        lines += [
            f"- {one.case.id}: {one.case.user_input}",
            f"  searched for: {one.answer.searched_for}",
            f"  expected {one.case.outcome} with {list(one.case.facts)}, got {one.answer.outcome}:",
            *(f"    {line}" for line in one.answer.answer.splitlines()),
        ]
    return lines or ["No failures."]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) if index == 0 else cell.rjust(width) for index, (cell, width) in
                  enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]  # fmt: skip
