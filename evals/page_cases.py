"""The report's list of questions: what was asked, expected, answered, and what was found and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from html import escape

from evals.compare import CaseChange, Moved
from evals.metrics import holds
from evals.reply import Found
from evals.run import Result
from evals.scores import BY_NAME

_EXCERPT = 260
"""Characters shown of a passage that was found for a question that went wrong."""
_BAD_SCORES = ("citation_recall", "citation_precision", "marks", "quotes", "recall@5")


def filters(results: Sequence[Result], compared: bool) -> str:
    """The bar that filters the list by words, tag, outcome and verdict."""
    tags = sorted({tag for one in results for tag in one.case.tags})
    outcomes = sorted({one.reply.outcome for one in results})
    verdicts = [("wrong", "not right"), ("right", "right"), ("weak", "weak citations or retrieval")]
    if compared:
        verdicts += [("worse", "worse than before"), ("better", "better than before")]
    return (
        '<div class="controls"><input id="text" type="search" placeholder="Search questions and answers" '
        f'aria-label="Search questions and answers">{_select("tag", "any tag", ((tag, tag) for tag in tags))}'
        f"{_select('outcome', 'any outcome', ((one, one.replace('_', ' ')) for one in outcomes))}"
        f'{_select("verdict", "right or not", verdicts)}<output id="shown"></output></div>'
    )


def _select(name: str, anything: str, options: Iterable[tuple[str, str]]) -> str:
    drawn = "".join(f'<option value="{escape(value.lower())}">{escape(label)}</option>' for value, label in options)
    return f'<select id="{name}" aria-label="{name}"><option value="">{anything}</option>{drawn}</select>'


def card(one: Result, change: CaseChange | None = None) -> str:
    """One question as a fold that opens."""
    tags = "\u001f".join(tag.lower() for tag in one.case.tags)
    verdict = " ".join(_verdicts(one, change))
    dot = "dot" if one.right else "dot bad"
    label = "right" if one.right else "not right"
    opened = _hidden(one) if one.case.held_out and not one.right else _body(one, change)
    return (
        f'<details class="case" data-tags="{escape(tags)}" data-outcome="{one.reply.outcome}" data-verdict="{verdict}">'
        f'<summary><span class="{dot}" role="img" aria-label="{label}"></span>'
        f'<span class="q">{escape(one.case.user_input)}</span><span class="id">{escape(one.case.id)}</span></summary>'
        f'<div class="body">{opened}</div></details>'
    )


def _verdicts(one: Result, change: CaseChange | None) -> list[str]:
    words = ["right" if one.right else "wrong"]
    if any((value := one.scores.get(name)) is not None and value < 1.0 for name in _BAD_SCORES):
        words.append("weak")
    if change is not None and change.direction:
        words.append("better" if change.direction > 0 else "worse")
    return words


def _hidden(one: Result) -> str:
    return (
        "<div><p class='soft'>Held out: this case went wrong, and its answer is not shown, so that nobody tunes on it. "
        f"</p>{_scores(one)}</div>"
    )


def _body(one: Result, change: CaseChange | None) -> str:
    parts = [
        _part("Asked before", _history(one)) if one.case.history else "",
        _part("Answer", _answer(one)),
        _part("Answer before", f'<div class="answer before">{escape(change.answer_before)}</div>')
        if change and change.answer_before and change.answer_before != one.reply.answer
        else "",
        _part("Expected", _expected(one)),
        _part("Not supported by what is cited", _list(one.unsupported)) if one.unsupported else "",
        _part("What the citations show", _citations(one)) if one.reply.citations else "",
        _part("What was found, and why", _found(one)) if one.reply.found else "",
        _part("Changed", _moves(change.moved)) if change else "",
        _part("Scores", _scores(one)),
    ]
    return f"<div>{''.join(parts)}</div>"


def _part(title: str, inside: str) -> str:
    return f"<h3>{title}</h3>{inside}"


def _history(one: Result) -> str:
    turns = "".join(f"<dt>{escape(turn.question)}</dt><dd>{escape(turn.answer)}</dd>" for turn in one.case.history)
    return f'<dl class="said">{turns}</dl>'


def _answer(one: Result) -> str:
    if one.reply.error:
        return f'<p><span class="badge bad">not asked</span> {escape(one.reply.error)}</p>'
    searched = ""
    if one.reply.searched_for and one.reply.searched_for != one.case.user_input:
        searched = f'<p class="why">searched for: {escape(one.reply.searched_for)}</p>'
    return f'<div class="answer">{escape(one.reply.answer)}</div>{searched}'


def _expected(one: Result) -> str:
    """The outcome, facts that were found or not, what must not stand there, the reference."""
    wanted = " or ".join(dict.fromkeys((one.case.outcome, *one.case.accept))).replace("_", " ")
    kind = "good" if one.scores.get("outcome") == 1.0 else "bad"
    lines = [f'<p><span class="badge {kind}">{wanted}</span> came: {one.reply.outcome.replace("_", " ")}</p>']
    facts = "".join(
        f'<li class="fact{" found" if any(holds(one.reply.answer, word) for word in fact) else ""}">'
        f"{escape(' or '.join(fact))}</li>"
        for fact in one.case.facts
    )
    clean = "".join(
        f'<li class="fact{"" if holds(one.reply.answer, word) else " found"}">without {escape(word)}</li>'
        for word in one.case.forbidden
    )
    if facts or clean:
        lines.append(f'<ul class="plain">{facts}{clean}</ul>')
    if one.case.reference:
        lines.append(f'<p class="why">{escape(one.case.reference)}</p>')
    return "".join(lines)


def _list(sentences: Sequence[str]) -> str:
    return f'<ul class="plain">{"".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)}</ul>'


def _citations(one: Result) -> str:
    rows = "".join(
        f'<li value="{shown.number}">{escape(shown.quote)}<br>'
        f'<span class="why">{escape(", ".join(shown.setting.splitlines()))}</span></li>'
        for shown in one.reply.citations or ()
    )
    return f'<ol class="found">{rows}</ol>'


def _found(one: Result) -> str:
    """Passages in their order, those of a source that holds the answer set apart; a failure shows their words."""
    wanted = set(one.case.reference_context_ids)
    rows = []
    for hit in (one.reply.found or ())[: 5 if one.right else 10]:
        kind = ' class="relevant"' if hit.source in wanted else ""
        words = "" if one.right else f"<br>{escape(textwrap.shorten(hit.text, _EXCERPT, placeholder=' …'))}"
        where = ", ".join(part for part in (hit.title or hit.source, hit.place) if part)
        rows.append(f'<li{kind}><b>{escape(where)}</b> <span class="why">{escape(_why(hit))}</span>{words}</li>')
    missing = sorted(wanted - {hit.source for hit in one.reply.found or ()})
    lost = f'<p class="why">Not among the first ten: {escape(", ".join(missing))}</p>' if missing else ""
    return f'<ol class="found">{"".join(rows)}</ol>{lost}'


def _why(hit: Found) -> str:
    """Ranks and scores in words.

    >>> _why(Found("a.md", score=0.5, ranks={"bm25": 2}))
    'bm25 rank 2, score 0.50'
    """
    parts = [f"{name} rank {rank}" for name, rank in sorted(hit.ranks.items())]
    parts += [f"score {hit.score:.2f}"] if hit.score is not None else []
    parts += [f"similarity {hit.similarity:.2f}"] if hit.similarity is not None else []
    return ", ".join(parts)


def _moves(moved: Sequence[Moved]) -> str:
    chips = []
    for one in moved:
        kind = "" if None in (one.before, one.after) else " up" if (one.after or 0) > (one.before or 0) else " down"
        before, after = ("not scored" if value is None else f"{value:.2f}" for value in (one.before, one.after))
        chips.append(f'<span class="chip{kind}">{escape(BY_NAME[one.metric].label)} {before} to {after}</span>')
    return f'<div class="chips">{"".join(chips)}</div>'


def _scores(one: Result) -> str:
    chips = [
        f'<span class="chip{" down" if name != "words" and value < 1.0 else ""}">{escape(BY_NAME[name].label)} '
        f"{value:.{0 if name == 'words' else 2}f}</span>"
        for name, value in one.scores.items()
        if value is not None and name in BY_NAME
    ]
    if one.judged:
        chips.append(f'<span class="chip">judge: {escape(one.judged)}</span>')
    if one.reply.milliseconds is not None:
        chips.append(f'<span class="chip">{one.reply.milliseconds:,.0f} ms</span>')
    chips += [f'<span class="chip">{escape(tag)}</span>' for tag in one.case.tags]
    return f'<div class="chips">{"".join(chips)}</div>'
