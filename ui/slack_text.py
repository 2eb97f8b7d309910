"""Answers as Slack shows them: Markdown while they stream, mrkdwn in blocks, sources and buttons. Pure.

Text of a document or of a model is shown and never obeyed: it mentions nobody, links nowhere, loads no picture. The
only links are those of the marks and the sources, and their addresses come from the catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from assistant.types import Answer, Citation, Verdict

Blocks = list[dict[str, Any]]

MESSAGE_BYTES = 9_000
"""UTF-8 bytes of a message's text at most. Slack refuses streams from about 10.6 kB on; what is over goes into a
further message."""
SECTION = 2_800
"""Characters of a section block at most; Slack's limit is 3,000."""
_BUTTON = 75
_VALUE = 2_000
_SOURCES_IN_BLOCK = 10
_MOST_SOURCES = 40
"""A message has 50 blocks at most."""

FEEDBACK, FOLLOW_UP = "feedback", "follow_up"
"""The names under which presses of these buttons come back."""

_JOINER = "\u2060"
"""Word joiner: it is not seen, and it breaks what would be made into a link or a mention."""
_LIVE = re.compile(
    r"@(?=\w)|(?<=[a-z]:)(?=//)|(?<=[^\W\d_])\.(?=[^\W\d_]{2})|(?<=mailto:)|(?<=tel:)|!(?=\[)", re.IGNORECASE
)
_MARK = re.compile(r"\[(\d{1,3})\]")
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_OPEN_MARK = re.compile(r"\[\d{0,3}$")
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_LINKED = re.compile(
    r"<(?:mailto:|https?://)?[^<>|\s]*\|([^<>]*)>|<(https?://[^<>|\s]+)>|<[#!]([^<>|]*)(?:\|([^<>]*))?>"
)


def asked(text: str) -> str:
    """The question in a message: without mentions, links as their words, entities as characters.

    >>> asked("<@U1> what do <https://bls.gov|nurses> earn &amp; why?")
    'what do nurses earn & why?'
    """
    words = _LINKED.sub(lambda found: next((group for group in found.groups() if group), ""), _MENTION.sub(" ", text))
    plain = words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "\n".join(" ".join(line.split()) for line in plain.strip().splitlines())


def inert(text: str) -> str:
    r"""Text that mentions nobody and links nowhere, in Markdown and in mrkdwn alike; it reads as before.

    >>> inert("<!channel> R&D").encode("ascii", "backslashreplace").decode()
    '&lt;!channel&gt; R&amp;D'
    >>> inert("@here https://x.example").encode("ascii", "backslashreplace").decode()
    '@\\u2060here https:\\u2060//x.\\u2060example'
    """
    escaped = _HIDDEN.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LIVE.sub(lambda found: found.group() + _JOINER, escaped)


def safe_url(url: str) -> str:
    """An address of the catalog as a link may hold it; empty unless it is of the open web.

    >>> safe_url("https://bls.gov/a_(b)|c"), safe_url("javascript:alert(1)"), safe_url("https://")
    ('https://bls.gov/a_%28b%29%7Cc', '', '')
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        return ""
    return quote(url, safe="/:?#@!$&'*+,;=%~-._[]").replace("[", "%5B").replace("]", "%5D") if known else ""


def markdown(text: str, urls: Mapping[int, str]) -> str:
    r"""An answer's text in Slack's Markdown; a mark leads to its source's address, given by number.

    >>> markdown("It is 5. [1] See [x](http://y) [2]", {1: "https://a.b", 2: ""}).replace(chr(0x2060), "")
    'It is 5. [1](https://a.b) See \\[x\\](http://y) \\[2\\]'
    """
    return _marked(text, urls, lambda words: inert(words).translate(_NO_LINK), lambda mark, url: f"[{mark}]({url})")


def mrkdwn(text: str, urls: Mapping[int, str]) -> str:
    """The same in mrkdwn, the markup of blocks.

    >>> mrkdwn("**It** is 5. [1]", {1: "https://a.b?c&d"})
    '*It* is 5. <https://a.b?c&amp;d|[1]>'
    """
    return _marked(text, urls, _plain_mrkdwn, lambda mark, url: f"<{url.replace('&', '&amp;')}|[{mark}]>")


_NO_LINK = str.maketrans({"[": r"\[", "]": r"\]"})


def _plain_mrkdwn(words: str) -> str:
    bold = re.sub(r"\*\*(\S(?:[^*\n]*\S)?)\*\*", r"*\1*", inert(words))
    return re.sub(r"^(\s*)[-*] (?=\S)", r"\1• ", re.sub(r"^#{1,6} (.+)$", r"*\1*", bold, flags=re.M), flags=re.M)


def _marked(text: str, urls: Mapping[int, str], plain: Any, link: Any) -> str:
    """The text with everything between its marks made plain, and each known mark a link."""
    made, end = [], 0
    for found in _MARK.finditer(text):
        if url := safe_url(urls.get(int(found.group(1)), "")):
            made += [plain(text[end : found.start()]), link(found.group(1), url)]
            end = found.end()
    return "".join([*made, plain(text[end:])])


def urls_of(citations: Iterable[Citation]) -> dict[int, str]:
    """The address behind each mark."""
    return {one.number: one.url for one in citations}


def sayable(text: str, known: Iterable[int]) -> str:
    """How much of a text that is still coming can be shown: whole words, and marks whose source is known.

    >>> sayable("It is 5. [1] And then", [1]), sayable("It is 5. [1] And", []), sayable("It is 5. [", [])
    ('It is 5. [1] And ', 'It is 5. ', 'It is 5. ')
    """
    held, numbers = _OPEN_MARK.sub("", text), set(known)
    for found in _MARK.finditer(held):
        if int(found.group(1)) not in numbers:
            return held[: found.start()]
    end = max(held.rfind(" "), held.rfind("\n")) + 1
    return held if len(held) < len(text) or held.endswith("]") else held[:end]


def pieces(text: str, most: int = MESSAGE_BYTES) -> list[str]:
    """A text in pieces of at most so many UTF-8 bytes, cut between paragraphs, else lines, else words.

    >>> pieces("one two three", 8), pieces("", 8)
    (['one two ', 'three'], [''])
    """
    found, rest = [], text
    while len(rest.encode()) > most:
        head = rest.encode()[:most].decode(errors="ignore")
        cut = next((at + len(gap) for gap in ("\n\n", "\n", " ") if (at := head.rfind(gap)) > most // 8), len(head))
        found.append(rest[:cut])
        rest = rest[cut:]
    return [*found, rest]


def sections(text: str, urls: Mapping[int, str]) -> Blocks:
    """An answer's text as blocks of mrkdwn; nothing in them is made a link or mention by Slack."""
    found: Blocks = []
    for piece in pieces(text, SECTION // 2):
        for part in _within(mrkdwn(piece, urls), SECTION):
            found.append({"type": "section", "text": {"type": "mrkdwn", "text": part, "verbatim": True}})
    return found


def messages(text: str, urls: Mapping[int, str], most: int = MESSAGE_BYTES) -> list[Blocks]:
    """An answer's text as the blocks of one message, or of several where one would be too long."""
    found: list[Blocks] = []
    for piece in pieces(text, most):
        if len(mrkdwn(piece, urls).encode()) > MESSAGE_BYTES and most > 64:
            found += messages(piece, urls, most // 2)
        else:
            found.append(sections(piece, urls))
    return found


def _within(text: str, most: int) -> list[str]:
    """Mrkdwn in parts below a length, cut at spaces that stand in no link."""
    found = []
    while len(text) > most:
        cut = max(text.rfind(" ", 0, most), text.rfind("\n", 0, most)) + 1 or most
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text] if text.strip() else found


def below(answer: Answer, follow_ups: bool = True) -> Blocks:
    """What stands below an answer: its sources, its follow-up questions and the thumbs."""
    return [
        *source_blocks(answer.citations),
        *_follow_ups(answer.follow_ups if follow_ups else ()),
        *_thumbs(answer),
    ]


def source_blocks(citations: Sequence[Citation]) -> Blocks:
    """Numbered sources: title and place, publisher and date, the title leading to its address."""
    lines = [source_line(one) for one in citations[:_MOST_SOURCES]]
    groups = [lines[at : at + _SOURCES_IN_BLOCK] for at in range(0, len(lines), _SOURCES_IN_BLOCK)]
    return [
        {"type": "context", "elements": [{"type": "mrkdwn", "text": line, "verbatim": True} for line in group]}
        for group in groups
    ]


def source_line(citation: Citation) -> str:
    """One numbered source in mrkdwn.

    >>> source_line(Citation(1, "s", "Pay", "p. 3", "https://a.b", "A board", "2024", "It is 5.", "p", 1.0))
    '[1] <https://a.b|Pay>, p. 3 – A board, 2024'
    """
    title = _shortened(citation.title, 150)
    url = safe_url(citation.url)
    named = f"<{url.replace('&', '&amp;')}|{inert(title).replace('|', '/')}>" if url and title else inert(title)
    where = ", ".join(part for part in (named, inert(_shortened(citation.place, 150))) if part)
    who = inert(_shortened(", ".join(part for part in (citation.publisher, citation.as_of) if part), 150))
    return f"[{citation.number}] " + " – ".join(part for part in (where, who) if part)


def _follow_ups(questions: Sequence[str]) -> Blocks:
    fit = [one for one in questions if one and len(one) <= _VALUE][:5]
    if not fit:
        return []
    buttons = [
        {
            "type": "button",
            "action_id": f"{FOLLOW_UP}_{number}",
            "text": {"type": "plain_text", "text": _shortened(question, _BUTTON), "emoji": False},
            "value": question,
        }
        for number, question in enumerate(fit)
    ]
    return [{"type": "actions", "elements": buttons}]


def _thumbs(answer: Answer) -> Blocks:
    if answer.outcome in ("smalltalk", "declined"):
        return []

    def button(label: str, spoken: str, rating: str) -> dict[str, Any]:
        text = {"type": "plain_text", "text": label}
        return {"text": text, "accessibility_label": spoken, "value": f"{rating}:{answer.turn_id}"}

    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": button("Helpful", "This answer was helpful", "up"),
        "negative_button": button("Not helpful", "This answer was not helpful", "down"),
    }
    return [{"type": "context_actions", "elements": [element]}]


def plain_thumbs(blocks: Blocks) -> Blocks:
    """The same blocks for a server that does not know feedback buttons: ordinary buttons in their place."""
    return [_ordinary(block) if block["type"] == "context_actions" else block for block in blocks]


def _ordinary(block: dict[str, Any]) -> dict[str, Any]:
    element = block["elements"][0]
    found = [(name, element[f"{name}_button"]) for name in ("positive", "negative")]
    return {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": f"{FEEDBACK}_{name}", "text": one["text"], "value": one["value"]}
            for name, one in found
        ],
    }


def verdict(found: Verdict) -> str:
    """Whether the library supports a message, what is missing, and by which sources; in mrkdwn."""
    said = "The library supports this." if found.supported else "The library does not support this."
    missing = "" if found.supported else ", ".join(inert(_shortened(one, 200)) for one in found.missing[:20])
    lines = [f"*{said}*", f"Not found there: {missing}" if missing else "", *map(source_line, found.citations[:20])]
    return "\n".join(line for line in lines if line)


def _shortened(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"
