"""The chat page as HTML: a conversation, the numbered sources of its answers, and a header.

Every word of a person, a document or a model is escaped before it is put in; nothing that an answer or a source says
can become markup. The looks are in `page.css`, what moves in the browser in `page.js`, what happens in `chat`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from typing import Literal
from urllib.parse import urlsplit

from assistant.types import Citation
from ingest.types import Neighbourhood, Source

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
_AROUND = 220
"""Characters of a passage shown on each side of a quote before the reader asks for more."""
_EMPTY_LIBRARY = "No documents yet. Bring the bundled ones in with <code>career-assistant ingest</code>."

_ICON = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='9' "
    "fill='%230f5f5c'/%3E%3Cpath d='M8 22l5-6 4 3 7-9' stroke='%23fff' stroke-width='3' fill='none' "
    "stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E"
)
HEAD = f'<link rel="icon" href="data:image/svg+xml,{_ICON}"><meta name="color-scheme" content="light dark">'
"""The page's icon and its promise to have a light and a dark face."""


# What the page shows of one question.


@dataclass
class Exchange:
    """One question and as much of its answer as has come."""

    question: str
    phase: Literal["searching", "writing", "done", "stopped", "failed"] = "searching"
    text: str = ""
    searched_for: str = ""
    outcome: str = "answered"
    answered_by: str = ""
    cited: dict[int, tuple[Citation, Neighbourhood | None]] = field(default_factory=dict)
    unverified: Sequence[str] = ()
    follow_ups: Sequence[str] = ()
    failure: str = ""
    conversation_id: str = ""

    @property
    def running(self) -> bool:
        """Whether more of the answer may come."""
        return self.phase in ("searching", "writing")

    def halt(self) -> None:
        """Leave an answer that is being written as it stands."""
        if self.running:
            self.phase = "stopped"

    def fail(self, sentence: str) -> None:
        """Say what went wrong, unless nobody waits any more."""
        if self.running:
            self.failure = sentence
            self.phase = "failed"


@dataclass
class Session:
    """One open page: whose it is, and what it shows."""

    visitor: str = ""
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """The name under which the assistant keeps this visitor's conversations."""
        return f"page:{self.visitor}"

    @property
    def conversation_id(self) -> str:
        """The conversation that the next question belongs to; empty for a new one."""
        return next((one.conversation_id for one in reversed(self.exchanges) if one.conversation_id), "")

    @property
    def running(self) -> bool:
        """Whether an answer is being written."""
        return bool(self.exchanges) and self.exchanges[-1].running

    def halt(self) -> None:
        """Leave an answer that is being written as it stands."""
        if self.exchanges:
            self.exchanges[-1].halt()


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


def answer_html(text: str, turn: int, titles: Mapping[int, str]) -> str:
    """An answer as paragraphs and lists, its marks as links to the cards of the same numbers.

    Only `**bold**`, list signs and marks whose number is in `titles` (number -> title) mean anything; the rest is text.

    >>> answer_html("<b>105k</b> [1] [2]", 3, {1: "Pay"})
    '<p>&lt;b&gt;105k&lt;/b&gt; <a class="cite" href="#source-3-1" aria-label="Source 1: Pay">1</a> [2]</p>'
    """
    lines = [_line(line) for line in text.strip().splitlines()]
    groups = groupby(lines, key=lambda line: line[0])
    inside = "".join(_group(kind, [words for _, words in members]) for kind, members in groups)
    return re.sub(r"\[(\d{1,3})\]", lambda match: _mark(match, turn, titles), inside)


def _line(line: str) -> tuple[str, str]:
    """What a line is (`gap`, `ul`, `ol`, `p`), and its words, escaped."""
    match = re.match(r"\s*(?:([-*\u2022])|(\d{1,2})[.)])\s+(.*)", line)
    words = escape(match[3] if match else line.strip().lstrip("#").strip())
    words = re.sub(r"\*\*(?=\S)(.+?)\*\*", r"<strong>\1</strong>", words)
    if match:
        return ("ul", f"<li>{words}</li>") if match[1] else ("ol", f'<li value="{match[2]}">{words}</li>')
    return ("p", words) if words else ("gap", "")


def _group(kind: str, members: Sequence[str]) -> str:
    if kind == "p":
        return f"<p>{'<br>'.join(members)}</p>"
    return "" if kind == "gap" else f"<{kind}>{''.join(members)}</{kind}>"


def _mark(match: re.Match[str], turn: int, titles: Mapping[int, str]) -> str:
    number = int(match[1])
    if number not in titles:
        return match[0]
    label = escape(f"Source {number}: {titles[number]}")
    return f'<a class="cite" href="#source-{turn}-{number}" aria-label="{label}">{number}</a>'


def card_html(citation: Citation, found: Neighbourhood | None, turn: int) -> str:
    """The card of one source: number, title, where it is from, and its words in their surroundings."""
    number = citation.number
    origin = " &middot; ".join(escape(part) for part in (citation.publisher, when(citation.as_of)) if part)
    place = f'<p class="place">{escape(citation.place)}</p>' if citation.place else ""
    link = ""
    if urlsplit(citation.url).scheme in ("http", "https"):
        link = (
            f'<a class="open" href="{escape(citation.url)}" target="_blank" rel="noopener nofollow">Open original</a>'
        )
    return (
        f'<article class="card" id="source-{turn}-{number}" tabindex="-1" aria-label="Source {number}">'
        f'<header><a class="number" href="#turn-{turn}" title="Back to the answer" '
        f'aria-label="Source {number}: back to the answer">{number}</a>'
        f"<div><h3>{escape(citation.title)}</h3><p class='origin'>{origin}</p></div></header>{place}"
        f"{_quote_html(citation.quote, found)}{link}</article>"
    )


def _quote_html(quote: str, found: Neighbourhood | None) -> str:
    """The quote marked in its passage, cut short around it, with the whole passage behind a fold."""
    text = found.passage.text if found else quote
    start = text.find(quote)
    if start < 0:
        text, start = quote, 0
    end = start + len(quote)
    left, right = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    cut_left, cut_right = start > _AROUND, end + _AROUND < len(text)
    left = "\u2026 " + left.partition(" ")[2] if cut_left else left
    right = right.rpartition(" ")[0] + " \u2026" if cut_right else right
    short = f"{escape(left)}<mark>{escape(quote)}</mark>{escape(right)}"
    whole = ""
    if found and (cut_left or cut_right):
        marked = f"{escape(text[:start])}<mark>{escape(quote)}</mark>{escape(text[end:])}"
        whole = f"<details><summary>Whole passage</summary><blockquote>{marked}</blockquote></details>"
    return f'<blockquote class="short">{short}</blockquote>{whole}'


def exchange_html(exchange: Exchange, turn: int, last: bool) -> str:
    """One question and its answer; follow-up questions only below the last."""
    titles = {number: citation.title for number, (citation, _) in exchange.cited.items()}
    text = re.sub(r"\s*\[\d*$", "", exchange.text) if exchange.running else exchange.text
    parts = [_searched_html(exchange), _note_html(NOTES.get(exchange.outcome, ""))]
    parts.append(f'<div class="answer">{answer_html(text, turn, titles)}</div>' if text else "")
    parts.append(_note_html("Stopped" if exchange.phase == "stopped" else ""))
    if exchange.failure:
        parts.append(f'<p class="failure" role="alert">{escape(exchange.failure)}</p>')
    if exchange.unverified:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in exchange.unverified)
        parts.append(f'<aside class="unverified"><p>Not confirmed by its source:</p><ul>{items}</ul></aside>')
    if exchange.answered_by not in ("", "extractive"):
        parts.append(f'<p class="by">Written by {escape(exchange.answered_by)}</p>')
    if titles and not exchange.running:
        count = f"{len(titles)} source{'s' * (len(titles) > 1)}"
        parts.append(f'<button type="button" class="show" data-show="{turn}">{count}</button>')
    if last and exchange.follow_ups and not exchange.running:
        parts.append(f'<div class="next" aria-label="Ask next">{"".join(map(_ask_html, exchange.follow_ups))}</div>')
    return (
        f'<section class="exchange {exchange.phase}" id="turn-{turn}" tabindex="-1">'
        f'<h2 class="question"><span>You asked: </span>{escape(exchange.question)}</h2>{"".join(parts)}</section>'
    )


def _note_html(note: str) -> str:
    return f'<p class="note">{escape(note)}</p>' if note else ""


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


def talk_html(exchanges: Sequence[Exchange]) -> str:
    """The conversation, or the welcome when there is none yet."""
    if not exchanges:
        starters = "".join(
            f'<button type="button" class="starter" data-ask="{escape(question)}">'
            f"<span>{escape(topic)}</span>{escape(question)}</button>"
            for topic, question in STARTERS
        )
        return (
            '<div class="welcome"><h2>What would you like to know?</h2><p>Ask in your own words, or begin with one of '
            f'these. Follow-up questions understand what came before.</p><div class="starters">{starters}</div></div>'
        )
    busy = str(exchanges[-1].running).lower()
    shown = "".join(
        exchange_html(exchange, turn, last=turn == len(exchanges)) for turn, exchange in enumerate(exchanges, 1)
    )
    return f'<div class="talk" role="log" aria-live="polite" aria-busy="{busy}" aria-label="Conversation">{shown}</div>'


def sources_html(exchanges: Sequence[Exchange], library: Iterable[Source] = ()) -> str:
    """The cards of every answer, the last one's in sight; before the first question, what the library holds."""
    if not exchanges:
        return _holdings_html(list(library))
    sections = []
    for turn, exchange in enumerate(exchanges, 1):
        cards = "".join(card_html(citation, found, turn) for _, (citation, found) in sorted(exchange.cited.items()))
        if not cards:
            words = "They appear here as the answer comes." if exchange.running else "None for this answer."
            cards = f'<p class="none">{words}</p>'
        hidden = "" if turn == len(exchanges) else " hidden"
        about = f'<p class="for">{escape(exchange.question[:200])}</p>' if len(exchanges) > 1 else ""
        sections.append(f'<section data-turn="{turn}"{hidden}><h2>Sources</h2>{about}{cards}</section>')
    return "".join(sections)


def _holdings_html(library: Sequence[Source]) -> str:
    topics = sorted({source.topic for source in library if source.topic})
    held = {topic: [source for source in library if source.topic == topic] for topic in topics}
    rest = [source for source in library if not source.topic]
    groups = [*held.items(), *([("Other documents" if held else "Documents", rest)] if rest else [])]
    folds = "".join(
        f"<details><summary>{escape(topic[:1].upper() + topic[1:])}<span>{len(held_here)}</span></summary><ul>"
        + "".join(f"<li>{escape(source.title)}</li>" for source in held_here[:100])
        + "</ul></details>"
        for topic, held_here in groups
    )
    inside = folds or f'<p class="none">{_EMPTY_LIBRARY}</p>'
    return (
        "<section><h2>Sources</h2><p class='none'>Each statement in an answer carries a number. The sources with those "
        f"numbers, and their exact words, appear here.</p><h2>In the library</h2>{inside}</section>"
    )


def header_html(library: Sequence[Source], today: str) -> str:
    """The product's name, what it is, how much the library holds and how much of it is due for review on a day."""
    newest = max((source.origin.as_of for source in library), default="")
    count = f"{len(library):,} document{'s' * (len(library) != 1)}"
    held = f"{count}, newest from {escape(when(newest))}" if newest else count
    past = sum(source.origin.overdue(today) for source in library)
    held += f", {past:,} due for review" if past else ""
    return (
        f'<div class="brand"><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9"/>'
        f'<path d="M8 22l5-6 4 3 7-9"/></svg><div><h1>{NAME}</h1><p>{TAGLINE}</p></div>'
        f'<p class="held">{held if library else _EMPTY_LIBRARY}</p></div>'
    )
