"""The sources of an answer as HTML: a card for each, its words in their surroundings, and what the library holds.

Everything that a document says is escaped; a link leads only to `http` and `https`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlsplit

from ingest.types import Neighbourhood, Source
from ui.exchange import Exchange, Placed
from ui.page import when

_AROUND = 220
"""Characters of a passage shown on each side of a quote before the reader asks for more."""
_OLD_YEARS = 3
"""Years after which a date is said to be old."""


def card_html(placed: Placed, turn: int, today: str = "") -> str:
    """The card of one source: number, title, where it is from, and its words in their surroundings."""
    citation, number = placed.citation, placed.citation.number
    origin = " &middot; ".join(escape(part) for part in (citation.publisher, when(citation.as_of)) if part)
    place = f'<p class="place">{escape(citation.place)}</p>' if citation.place else ""
    links = ""
    if placed.pictured and placed.around and placed.around.passage.page:
        page = placed.around.passage.page
        links += (
            f'<button type="button" class="plain" data-picture="{number}" data-turn-number="{turn}">'
            f"Show page {page}</button>"
        )
    if urlsplit(citation.url).scheme in ("http", "https"):
        links += (
            f'<a class="open" href="{escape(citation.url)}" target="_blank" rel="noopener nofollow">Open original</a>'
        )
    return (
        f'<article class="card" id="source-{turn}-{number}" tabindex="-1" aria-label="Source {number}">'
        f'<header><a class="number" href="#turn-{turn}" title="Back to the answer" '
        f'aria-label="Source {number}: back to the answer">{number}</a>'
        f'<div><h3>{escape(citation.title)}</h3><p class="origin">{origin}</p></div></header>{place}'
        f"{_age_html(citation.as_of, citation.review_by, today)}{_quote_html(citation.quote, placed.around)}"
        f"{f'<p class=links>{links}</p>' if links else ''}</article>"
    )


def _age_html(as_of: str, review_by: str, today: str) -> str:
    """That a source is past the day by which it was to be looked at again, or of an earlier year."""
    if today and review_by and review_by < today:
        return f'<p class="stale">Was due for review on {escape(when(review_by))}: newer facts may exist.</p>'
    years = int(today[:4]) - int(as_of[:4]) if today and as_of[:4].isdecimal() else 0
    return f'<p class="stale">{years} years old</p>' if years >= _OLD_YEARS else ""


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
    gone = "" if found else '<p class="stale">This source has left the library; these are the words that it had.</p>'
    return f'{gone}<blockquote class="short">{short}</blockquote>{whole}'


def sources_html(exchanges: Sequence[Exchange], library: Iterable[Source] = (), today: str = "") -> str:
    """The cards of every answer, the last one's in sight; before the first question, what the library holds."""
    if not exchanges:
        return _holdings_html(list(library))
    sections = []
    for turn, exchange in enumerate(exchanges, 1):
        cards = "".join(card_html(placed, turn, today) for _, placed in sorted(exchange.cited.items()))
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
    inside = folds or '<p class="none">No documents yet.</p>'
    return (
        '<section><h2>Sources</h2><p class="none">Each statement in an answer carries a number. The sources with those '
        f"numbers, and their exact words, appear here.</p><h2>In the library</h2>{inside}</section>"
    )
