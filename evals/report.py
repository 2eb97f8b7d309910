"""A run in words: for the terminal, as Markdown for a code host, as JUnit for a build server. Pure but for `write`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from evals import page
from evals.compare import SCORES, Comparison, scores_of
from evals.figures import by_set, interval, latency, refusals, usage
from evals.gate import Verdict
from evals.judge import agreement
from evals.metrics import Interval
from evals.questions import HOLDOUT
from evals.run import Result, Run, run_to_json
from evals.scores import BY_NAME, METRICS

_HEAD = ("set", "cases", "right", "facts", "recall@5", "citation recall", "citation precision", "refused rightly",
         "refused wrongly", "words", "p50 ms")  # fmt: skip
_COLUMNS = ("right", "facts", "recall@5", "citation_recall", "citation_precision")
_MOST = 40
"""Failures and changes shown in the terminal and in Markdown; the page shows them all."""


def summary(
    run: Run, comparison: Comparison | None = None, verdicts: Sequence[Verdict] = (), prices: page.Prices = None
) -> str:
    """Table, means with intervals, changes, gate and failures, as plain text."""
    blocks = [_aligned(_table(run)), _means(run), _totals(run, prices), _changed(comparison), _judged(verdicts)]
    return "\n\n".join("\n".join(block) for block in (*blocks, _failures(run.results)) if block)


def markdown(
    run: Run, comparison: Comparison | None = None, verdicts: Sequence[Verdict] = (), prices: page.Prices = None
) -> str:
    """The same for a code host, such as a comment on a change."""
    head, *rows = _table(run)
    table = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    blocks = [
        ["# Evaluation"],
        [f"{'**Gate: failed.**' if any(not one.holds for one in verdicts) else '**Gate: passed.**'}"]
        if verdicts
        else [],
        [f"- {'ok' if one.holds else '**FAILED**'}: {one.rule}: {one.said}" for one in verdicts],
        table,
        [f"- {line}" for line in (*_means(run), *_totals(run, prices))],
        [f"- {line}" for line in _changed(comparison)],
        ["## Failures", "", *(f"- {line}" if not line.startswith(" ") else line for line in _failures(run.results))],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def junit(run: Run, comparison: Comparison | None = None, verdicts: Sequence[Verdict] = ()) -> str:
    """One test a case and one a rule of the gate.

    Beside an earlier run, a case that was not right there either counts as skipped: what a build server shows in red
    is what is new.
    """
    known = comparison.baseline.scores if comparison else {}
    root = ElementTree.Element("testsuites", name="career-assistant eval")
    for name, results in by_set(run.results).items():
        suite = ElementTree.SubElement(root, "testsuite", name=name, tests=str(len(results)))
        for one in results:
            case = ElementTree.SubElement(suite, "testcase", classname=f"evals.{name}", name=one.case.id)
            case.set("time", f"{(one.reply.milliseconds or 0.0) / 1000:.3f}")
            _told(case, one, wrong_before=known.get(one.case.id, {}).get("right") == 0.0)
        _count(suite)
    if verdicts:
        suite = ElementTree.SubElement(root, "testsuite", name="gate", tests=str(len(verdicts)))
        for rule in verdicts:
            case = ElementTree.SubElement(suite, "testcase", classname="evals.gate", name=rule.rule)
            if not rule.holds:
                ElementTree.SubElement(case, "failure", message=_printable(rule.said))
        _count(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _told(case: ElementTree.Element, one: Result, *, wrong_before: bool) -> None:
    if one.reply.error:
        ElementTree.SubElement(case, "error", message=_printable(one.reply.error))
    elif not one.right:
        message = f"expected {one.case.outcome}, got {one.reply.outcome}"
        kind = "skipped" if wrong_before else "failure"
        told = ElementTree.SubElement(case, kind, message=f"{message}{', as before' if wrong_before else ''}")
        if not one.case.held_out:
            told.text = _printable(f"{one.case.user_input}\n{one.reply.answer}")


def _count(suite: ElementTree.Element) -> None:
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{kind}"))))


def _printable(text: str) -> str:
    """A text without the control characters that XML cannot hold."""
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


def write(
    run: Run,
    folder: Path,
    comparison: Comparison | None = None,
    verdicts: Sequence[Verdict] = (),
    prices: page.Prices = None,
) -> None:
    """Write `report.html`, `summary.md`, `junit.xml`, `scores.json` and `run.json` into a folder, made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "report.html": page.html(run, comparison, verdicts, prices),
        "summary.md": markdown(run, comparison, verdicts, prices),
        "junit.xml": junit(run, comparison, verdicts),
        SCORES: scores_json(run),
        "run.json": json.dumps(run_to_json(run), indent=1, ensure_ascii=False) + "\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def scores_json(run: Run) -> str:
    """The scores to compare with, a line a case, so that a change of one case is a change of one line."""
    held = scores_of(run)
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(one)}" for name, one in held["cases"].items())
    return f'{{"at": {json.dumps(held["at"])}, "target": {json.dumps(held["target"])}, "cases": {{\n{lines}\n}}}}\n'


def _table(run: Run) -> list[list[str]]:
    held = [one for one in run.results if one.case.held_out]
    rows = [_row(name, results) for name, results in by_set(run.results).items()]
    if held:
        rows += [_row("(not held out)", [one for one in run.results if HOLDOUT not in one.case.tags])]
        rows += [_row("(held out)", held)]
    return [list(_HEAD), *rows, _row("all", run.results)]


def _row(name: str, results: Sequence[Result]) -> list[str]:
    counted, timed = refusals(results), latency(results)
    return [
        name,
        str(len(results)),
        *(_mean(interval(results, metric)) for metric in _COLUMNS),
        f"{counted.right}/{counted.right + counted.missed}",
        f"{counted.wrong}/{sum(one.case.answerable for one in results)}",
        _mean(interval(results, "words"), 0),
        f"{timed.p50:.0f}" if timed else "-",
    ]


def _mean(found: Interval | None, digits: int = 2) -> str:
    """The mean of what was scored; a dash when nothing was.

    >>> _mean(None), _mean(Interval(0.5, 0.2, 0.8, 4))
    ('-', '0.50')
    """
    return "-" if found is None else f"{found.mean:.{digits}f}"


def _means(run: Run) -> list[str]:
    lines = []
    for metric in METRICS:
        found = interval(run.results, metric.name)
        if found is not None:
            spread = f"95% interval {found.low:.3f} to {found.high:.3f}"
            lines.append(f"{metric.label}: {found.mean:.3f} ({spread}, {found.cases} cases)")
    return lines


def _totals(run: Run, prices: page.Prices) -> list[str]:
    counted, timed, used, agreed = (
        refusals(run.results),
        latency(run.results),
        usage(run.results, prices),
        agreement(run),
    )
    failed = sum(bool(one.reply.error) for one in run.results)
    precision = "-" if counted.precision is None else f"{counted.precision:.3f}"
    recall = "-" if counted.recall is None else f"{counted.recall:.3f}"
    lines = [f"refusal precision: {precision}, recall: {recall}"]
    if timed:
        lines.append(f"milliseconds an answer: p50 {timed.p50:.0f}, p95 {timed.p95:.0f}")
    if used:
        cost = "cost unknown: say --price" if used.dollars is None else f"${used.dollars:.4f}"
        lines.append(f"tokens: {used.read:,} read, {used.written:,} written ({cost})")
    if agreed:
        lines.append(str(agreed))
    if failed:
        lines.append(f"not answered, and so not scored: {failed} cases")
    return [*lines, f"{len(run.results)} cases in {run.seconds:.0f} s ({run.target})"]


def _changed(comparison: Comparison | None) -> list[str]:
    """What changed against an earlier run: means beyond chance first, then cases."""
    if comparison is None:
        return []
    lines = [f"beside the run of {comparison.baseline.at}:"]
    for name, change in comparison.differences.items():
        if change.mean:
            sure = "" if change.significant else ", within chance"
            said = f"{change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f}{sure})"
            lines.append(f"{BY_NAME[name].label}: {said}")
    for one in [each for each in comparison.changes if not each.result.case.held_out][:_MOST]:
        how = {1: "better", -1: "worse", 0: "changed"}[one.direction]
        moves = ", ".join(f"{m.metric} {_score(m.before)} to {_score(m.after)}" for m in one.moved)
        lines.append(f"{how}: {one.result.case.id}: {moves}")
    if len(lines) == 1:
        lines.append("nothing changed")
    if comparison.new:
        lines.append(f"new cases: {len(comparison.new)}")
    return lines


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _judged(verdicts: Sequence[Verdict]) -> list[str]:
    return [f"gate {'ok    ' if one.holds else 'FAILED'} {one.rule}: {one.said}" for one in verdicts]


def _failures(results: Sequence[Result]) -> list[str]:
    """What went wrong, without the cases that are held out: they are not to be tuned on."""
    failed = [one for one in results if not one.right and not one.case.held_out]
    lines = []
    for one in failed[:_MOST]:
        told = " ".join((one.reply.error or one.reply.answer).split())
        lines += [
            f"{one.case.id}: {one.case.user_input}",
            f"  expected {one.case.outcome} {' and '.join(' or '.join(fact) for fact in one.case.facts)}".rstrip(),
            f"  got {one.reply.outcome}: {told[:300]}",
        ]
    if len(failed) > _MOST:
        lines.append(f"and {len(failed) - _MOST} more; report.html shows them all")
    return lines or ["No failures."]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.rjust(width) if index else cell.ljust(width)
                  for index, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]  # fmt: skip
