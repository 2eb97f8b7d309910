"""What stands around the conversation, as HTML: the header, the sidebar with past conversations, what a browser keeps.

Everything that a person typed is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from itertools import groupby

from assistant.conversation import Summary
from ingest.types import Source
from ui.page import NAME, TAGLINE, talk_html, when

_ICON = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='9' "
    "fill='%230f5f5c'/%3E%3Cpath d='M8 22l5-6 4 3 7-9' stroke='%23fff' stroke-width='3' fill='none' "
    "stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E"
)
HEAD = (
    f'<title>{NAME}</title><link rel="icon" href="data:image/svg+xml,{_ICON}">'
    '<meta name="color-scheme" content="light dark">'
)
"""The page's title and icon, and its promise to have a light and a dark face."""


def header_html(library: Sequence[Source], today: str) -> str:
    """The product's name, what it is, how much the library holds and how much of it is due for review on a day."""
    newest = max((source.origin.as_of for source in library), default="")
    count = f"{len(library):,} document{'s' * (len(library) != 1)}"
    held = f"{count}, newest from {escape(when(newest))}" if newest else count
    past = sum(source.origin.overdue(today) for source in library)
    held += f", {past:,} due for review" if past else ""
    return (
        '<a class="skip" href="#question">To the question</a><div class="brand">'
        '<button type="button" id="menu" class="tool menu" aria-expanded="false" aria-controls="side" '
        'aria-label="Conversations" title="Conversations"></button>'
        '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9"/>'
        f'<path d="M8 22l5-6 4 3 7-9"/></svg><div><h1>{NAME}</h1><p>{TAGLINE}</p></div>'
        f'<button type="button" class="held" data-do="library">{held if library else "The library is empty"}</button>'
        '<button type="button" id="face" class="tool face" aria-label="Light or dark" title="Light or dark"></button>'
        '<button type="button" id="fresh" class="plain" data-do="new">New conversation</button></div>'
    )


def side_html(listed: Sequence[Summary], current: str, words: str, today: date) -> str:
    """The visitor's conversations, the latest first, grouped by when they were last spoken in.

    Args:
        listed: What is shown.
        current: The id of the one that is open.
        words: What was looked for, when it was.
        today: The day it is.
    """
    groups = groupby(listed, key=lambda one: _age(one.latest, today))
    inside = "".join(
        f"<h3>{name}</h3><ul>{''.join(_conversation_html(one, one.conversation_id == current) for one in members)}</ul>"
        for name, members in groups
    )
    if not inside:
        inside = f'<p class="none">{"Nothing found." if words else "What you ask is kept here."}</p>'
    return (
        '<div class="side-head"><h2>Conversations</h2><button type="button" class="tool close" id="side-close" '
        'aria-label="Close" title="Close"></button></div>'
        '<button type="button" class="plain new" data-do="new">New conversation</button>'
        '<input type="search" id="look" placeholder="Search" aria-label="Search conversations" autocomplete="off">'
        f'<nav aria-label="Past conversations">{inside}</nav><div class="side-foot">'
        '<button type="button" class="plain" data-do="library">Library</button>'
        '<button type="button" class="plain" data-do="evaluation">Evaluation</button></div>'
    )


def _age(latest: str, today: date) -> str:
    try:
        days = (today - date.fromisoformat(latest[:10])).days
    except ValueError:
        days = 99
    return "Today" if days <= 0 else "Yesterday" if days == 1 else "Last seven days" if days <= 7 else "Earlier"


def _conversation_html(one: Summary, current: bool) -> str:
    key, title = escape(one.conversation_id), escape(one.title[:200])
    return (
        f'<li{" class=current" * current}><button type="button" class="talked" data-do="open" data-id="{key}" '
        f'title="{title}"{" aria-current=true" * current}>{title}</button>'
        f'<button type="button" class="tool more" data-more="{key}" data-title="{title}" aria-haspopup="menu" '
        f'aria-label="More for: {title}"></button></li>'
    )


def papers_html(held: Sequence[Source], refused: Sequence[str], kinds: Sequence[str], most: int) -> str:
    """The documents that belong to this conversation alone, and why others could not be taken.

    Args:
        held: Those that can be asked about.
        refused: Why others were not taken, a sentence each.
        kinds: File endings that can be read.
        most: Bytes of a file at most.
    """
    items = "".join(
        f'<li><span>{escape(one.title)}</span><button type="button" class="tool close" data-do="drop" '
        f'data-id="{escape(one.id)}" aria-label="Remove {escape(one.title)}"></button></li>'
        for one in held
    )
    listed = f'<ul aria-label="Documents of this conversation">{items}</ul>' if items else ""
    why = "".join(f'<p class="failure" role="alert">{escape(sentence)}</p>' for sentence in refused)
    return f'<div class="given" data-kinds="{escape(",".join(kinds))}" data-most="{most}">{why}{listed}</div>'


def parcel_html(name: str, text: str) -> str:
    """A file for the browser to save; a number in front of it lets the same be taken twice."""
    return f'<pre data-name="{escape(name)}">{escape(text)}</pre>'


def curtain_html() -> str:
    """The page as it will be, in plain HTML, for the moment until it works; what is pressed is asked then."""
    return (
        f'<div id="top"><div id="header">{header_html((), "").replace("The library is empty", "")}</div></div>'
        f'<div id="columns"><div id="talk">{talk_html([])}</div><div id="sources"></div>'
        '<div id="composer"><button type="button" class="tool attach" aria-hidden="true" tabindex="-1"></button>'
        '<div id="question"><textarea rows="1" aria-label="Your question" '
        'placeholder="Ask about AI and ML careers"></textarea></div></div></div>'
    )
