"""The conversation as HTML: questions, answers with their marks, what stands below an answer, and the welcome.

Every word of a person, a document or a model is escaped before it is put in; nothing that an answer or a source says
can become markup. Sources are in `page_sources`, everything around the conversation in `page_frame`, the looks in
`page.css`, what moves in the browser in `page.js`, what happens in `desk`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from assistant.citations import NOT_CONFIRMED
from ui.charts import chart_html
from ui.cited_tables import Beside, charts, figures_beside
from ui.exchange import Exchange

NAME = "Career Assistant"
TAGLINE = "Careers in AI and machine learning, with a source for every statement."

STARTERS = (
    ("Pay", "What does an entry-level machine learning engineer earn?"),
    ("Roles", "How do machine learning engineers and data scientists differ?"),
    ("Getting in", "How do I get into machine learning without a computer science degree?"),
    ("Skills", "Which skills do AI job postings ask for most?"),
    ("Outlook", "How fast is employment of data scientists growing?"),
    ("Interviews", "How do I prepare for a machine learning interview?"),
    ("Moving over", "How can a software engineer move into machine learning?"),
    ("Learning", "Which certifications are worth having for an AI career?"),
)
"""Topic and question of the welcome page."""

NOTES: Mapping[str, str] = {
    "partial": "The library answers part of this",
    "not_found": "Not in the library",
    "unclear": "A detail is missing",
    "declined": "Outside what this assistant is for",
}
"""What is said above an answer that is not simply one."""

_MONTHS = "January February March April May June July August September October November December".split()
_MARK = re.compile(r"\[(\d{1,3})\]")


# Words to HTML.


def when(as_of: str) -> str:
    """A date as people write it.

    >>> when("2024-05-31"), when("2024-05"), when("2024"), when("")
    ('31 May 2024', 'May 2024', '2024', '')
    """
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])(?:-(\d{2}))?", as_of)
    if not match:
        return as_of
    year, month, day = match.groups("")
    return f"{day.lstrip('0')} " * bool(day) + f"{_MONTHS[int(month) - 1]} {year}"


def answer_html(text: str, turn: int, titles: Mapping[int, str], unsure: Sequence[str] = ()) -> str:
    """An answer as paragraphs, lists and tables, its marks as links to the cards of the same numbers.

    Only `**bold**`, list signs, rows between bars and marks whose number is in `titles` (number -> title) mean
    anything; the rest is text. Sentences in `unsure` are set apart.

    >>> answer_html("<b>105k</b> [1] [2]", 3, {1: "Pay"})
    '<p>&lt;b&gt;105k&lt;/b&gt; <a class="cite" href="#source-3-1" aria-label="Source 1: Pay">1</a> [2]</p>'
    """
    lines = [_line(line, unsure) for line in text.strip().splitlines()]
    groups = groupby(lines, key=lambda line: line[0])
    inside = "".join(_group(kind, [words for _, words in members]) for kind, members in groups)
    return _MARK.sub(lambda match: mark_html(match, turn, titles), inside)


def _line(line: str, unsure: Sequence[str]) -> tuple[str, str]:
    """What a line is (`gap`, `ul`, `ol`, `row`, `p`), and its words, escaped."""
    bare = line.strip()
    if len(bare) > 2 and bare.startswith("|") and bare.endswith("|"):
        return "row", bare
    match = re.match(r"\s*(?:([-*\u2022])|(\d{1,2})[.)])\s+(.*)", line)
    words = _worded(match[3] if match else bare.lstrip("#").strip(), unsure)
    if match:
        return ("ul", f"<li>{words}</li>") if match[1] else ("ol", f'<li value="{match[2]}">{words}</li>')
    return ("p", words) if words else ("gap", "")


def _worded(words: str, unsure: Sequence[str] = ()) -> str:
    """Words with bold type, and with what no source confirms set apart."""
    words = escape(words)
    for sentence in sorted((escape(one.replace(NOT_CONFIRMED, "").strip()) for one in unsure), key=len, reverse=True):
        if sentence and sentence in words:
            words = words.replace(sentence, f'<span class="unsure">{sentence}</span>', 1)
    words = words.replace(escape(NOT_CONFIRMED), '<span class="doubt">not confirmed by its source</span>')
    return re.sub(r"\*\*(?=\S)(.+?)\*\*", r"<strong>\1</strong>", words)


def _group(kind: str, members: Sequence[str]) -> str:
    if kind == "row":
        return _table(members)
    if kind == "p":
        return f"<p>{'<br>'.join(members)}</p>"
    return "" if kind == "gap" else f"<{kind}>{''.join(members)}</{kind}>"


def _table(rows: Sequence[str]) -> str:
    """Rows between bars; the first is the head where a line of dashes follows it."""
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    dashes = [all(re.fullmatch(r":?-{2,}:?", cell) for cell in row) for row in cells]
    headed = len(cells) > 1 and dashes[1]
    heads = [_worded(cell) for cell in cells[0]] if headed else []
    body = [row for row, dashed in zip(cells, dashes, strict=True) if not dashed][headed:]
    lines = "".join(f"<tr>{''.join(f'<td>{_worded(cell)}</td>' for cell in row)}</tr>" for row in body)
    return table_html(heads, lines)


def table_html(heads: Sequence[str], rows: str, kind: str = "") -> str:
    """A table that scrolls by itself where it is wider than the page; heads and rows are HTML already."""
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    named = f' class="{kind}"' if kind else ""
    inside = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="wide" tabindex="0"><table{named}>{inside}</table></div>'


def mark_html(match: re.Match[str], turn: int, titles: Mapping[int, str]) -> str:
    """A mark as a link to its card; one without a card as it was written."""
    number = int(match[1])
    if number not in titles:
        return match[0]
    label = escape(f"Source {number}: {titles[number]}")
    return f'<a class="cite" href="#source-{turn}-{number}" aria-label="{label}">{number}</a>'


# One question and its answer.


def exchange_html(exchange: Exchange, turn: int, last: bool, today: str = "") -> str:
    """One question and its answer; follow-up questions only below the last."""
    titles = {number: placed.citation.title for number, placed in exchange.cited.items()}
    text = re.sub(r"\s*\[\d*$", "", exchange.text) if exchange.running else exchange.text
    parts = [_asked_html(exchange, turn), _searched_html(exchange), _note_html(NOTES.get(exchange.outcome, ""))]
    if text:
        parts.append(f'<div class="answer">{answer_html(text, turn, titles, exchange.unverified)}</div>')
    parts.append(_note_html("Stopped" if exchange.phase == "stopped" else ""))
    if exchange.failure:
        parts.append(_failure_html(exchange.failure, turn))
    if exchange.phase == "done":
        parts += [_unverified_html(exchange), _beside_html(figures_beside(exchange.cited), turn, titles, today)]
        parts += [chart_html(chart, f"{turn}-{at}") for at, chart in enumerate(charts(exchange.cited))]
    if exchange.answered_by not in ("", "extractive"):
        parts.append(f'<p class="by">Written by {escape(exchange.answered_by)}</p>')
    if not exchange.running:
        parts.append(_tools_html(exchange, turn, len(titles)))
    if last and exchange.follow_ups and not exchange.running:
        parts.append(
            f'<div class="next" role="group" aria-label="Ask next">{"".join(map(_ask_html, exchange.follow_ups))}</div>'
        )
    return f'<section class="exchange {exchange.phase}" id="turn-{turn}" tabindex="-1">{"".join(parts)}</section>'


def _asked_html(exchange: Exchange, turn: int) -> str:
    tools = "" if exchange.running else (
        '<div class="tools">'
        f'<button type="button" class="tool edit" data-edit="{turn}" aria-label="Edit this question" '
        'title="Edit"></button>'
        f'<button type="button" class="tool link" data-share="{turn}" aria-label="Copy a link to this question" '
        'title="Copy a link"></button></div>'
    )  # fmt: skip
    return (
        f'<div class="asked">{tools}<h2 class="question"><span class="unseen">You asked: </span>'
        f"{escape(exchange.question)}</h2></div>"
    )


def _note_html(note: str) -> str:
    return f'<p class="note">{escape(note)}</p>' if note else ""


def _failure_html(sentence: str, turn: int) -> str:
    return (
        f'<div class="failure" role="alert"><p>{escape(sentence)}</p>'
        f'<button type="button" class="plain" data-retry="{turn}">Try again</button></div>'
    )


def _ask_html(question: str) -> str:
    return f'<button type="button" class="ask" data-ask="{escape(question)}">{escape(question)}</button>'


def _searched_html(exchange: Exchange) -> str:
    """What was searched for, where that differs from the question; and that the search is on."""
    said, searched = (re.findall(r"\w+", words.casefold()) for words in (exchange.question, exchange.searched_for))
    shown = f"Searched for \u201c{escape(exchange.searched_for)}\u201d" if searched and searched != said else ""
    if exchange.running and not exchange.text:
        shown = shown.replace("Searched", "Searching", 1) or "Searching the library"
        return f'<p class="searched busy">{shown}</p>'
    return f'<p class="searched">{shown}</p>' if shown else ""


def _unverified_html(exchange: Exchange) -> str:
    """What no source confirms, and what its source lacks."""
    if not exchange.unverified:
        return ""
    items = ""
    for sentence in exchange.unverified:
        lacking = ", ".join(f"\u201c{escape(one)}\u201d" for one in exchange.missing.get(sentence, ()))
        reason = f"Its source does not hold {lacking}." if lacking else "No passage that was found says this."
        words = escape(_MARK.sub("", sentence.replace(NOT_CONFIRMED, "")).strip())
        items += f'<li><span class="unsure">{words}</span> <span class="reason">{reason}</span></li>'
    head = "<p>Not confirmed by its source</p>"
    return f'<aside class="unverified" aria-label="Not confirmed">{head}<ul>{items}</ul></aside>'


def _beside_html(found: Sequence[Beside], turn: int, titles: Mapping[int, str], today: str) -> str:
    """The figures that several sources give, one below the other, with what they count and their dates."""
    if not found:
        return ""
    rows = ""
    for one in found:
        mark = _MARK.sub(lambda match: mark_html(match, turn, titles), f"[{one.number}]")
        stale = '<span class="stale">due for review</span>' if today and one.review_by and one.review_by < today else ""
        who = " \u00b7 ".join(escape(part) for part in (one.publisher, when(one.as_of)) if part)
        rows += (
            f'<tr><td class="figure">{escape(one.figure.written)} {mark}</td>'
            f"<td>{escape(one.about)}</td><td>{who} {stale}</td></tr>"
        )
    table = table_html(("Figure", "What it counts", "Who says so, when"), rows)
    return f'<details class="beside" open><summary>Figures side by side, newest first</summary>{table}</details>'


def _tools_html(exchange: Exchange, turn: int, sources: int) -> str:
    """What can be done with an answer: its sources, copy, ask again, thumbs."""
    parts = []
    if sources:
        count = f"{sources} source{'s' * (sources > 1)}"
        parts.append(f'<button type="button" class="show" data-show="{turn}">{count}</button>')
    if exchange.text:
        parts.append(
            f'<button type="button" class="tool copy" data-copy="{escape(copied(exchange))}" '
            'aria-label="Copy the answer with its sources" title="Copy with sources"></button>'
        )
    parts.append(
        f'<button type="button" class="tool retry" data-retry="{turn}" aria-label="Ask this again" '
        'title="Ask again"></button>'
    )
    if exchange.turn_id:
        for rating, label in (("up", "Good answer"), ("down", "Poor answer")):
            pressed = str(exchange.rating == rating).lower()
            parts.append(
                f'<button type="button" class="tool {rating}" data-rate="{rating}" data-turn-number="{turn}" '
                f'aria-pressed="{pressed}" aria-label="{label}" title="{label}"></button>'
            )
    return f'<div class="after">{"".join(parts)}</div>'


def copied(exchange: Exchange) -> str:
    """An answer as plain text with its question above and its numbered sources below, for the clipboard."""
    lines = [exchange.question, "", exchange.text.strip(), ""]
    for number, placed in sorted(exchange.cited.items()):
        one = placed.citation
        where = ", ".join(part for part in (one.title, one.place, one.publisher, when(one.as_of)) if part)
        lines.append(f'[{number}] {where}{f" {one.url}" if one.url else ""}: "{one.quote}"')
    return "\n".join(lines).strip()


# The whole conversation.


def talk_html(exchanges: Sequence[Exchange], today: str = "", empty: bool = False) -> str:
    """The conversation, or the welcome when there is none yet; `empty` is whether the library holds nothing."""
    if not exchanges:
        return _empty_html() if empty else _welcome_html()
    busy = str(exchanges[-1].running).lower()
    shown = "".join(
        exchange_html(exchange, turn, turn == len(exchanges), today) for turn, exchange in enumerate(exchanges, 1)
    )
    return f'<div class="talk" role="log" aria-live="polite" aria-busy="{busy}" aria-label="Conversation">{shown}</div>'


def _welcome_html() -> str:
    starters = "".join(
        f'<button type="button" class="starter" data-ask="{escape(question)}">'
        f"<span>{escape(topic)}</span>{escape(question)}</button>"
        for topic, question in STARTERS
    )
    return (
        '<div class="welcome"><h2>What would you like to know?</h2><p>Ask in your own words, or begin with one of '
        f'these. Follow-up questions understand what came before.</p><div class="starters">{starters}</div></div>'
    )


def _empty_html() -> str:
    return (
        '<div class="welcome"><h2>The library is empty</h2><p>There is nothing to answer from yet. Bring the bundled '
        "documents in, or your own, and this page is ready; it need not be restarted.</p>"
        "<pre><code>career-assistant ingest\ncareer-assistant ingest handbook/ salaries.xlsx</code></pre></div>"
    )
