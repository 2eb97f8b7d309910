"""Two hundred ways to make a page run a script, put wherever words come from, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, cast

import pytest
from chat_script import ARGUMENTS, BLANK, ScriptedAssistant, Shown
from fastapi import FastAPI
from live import serving

from assistant.conversation import new_id
from assistant.types import Citation, Cited, Delta, Done, Event, Searching, Verdict
from ingest.types import Neighbourhood, Passage, Reference, Source, Statement
from ui.chat import mount

RUN = "window.hit=1"
_TAGS = (
    "img",
    "svg",
    "body",
    "iframe",
    "video",
    "audio",
    "details",
    "input autofocus",
    "marquee",
    "object",
    "embed",
    "x",
)
_EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onstart", "onmouseover", "onpointerenter", "onanimationstart")
_SCHEMES = (
    "javascript:", "JaVaScRiPt:", "java\tscript:", "\x01javascript:", "java&#x0A;script:", "vbscript:",
    "javascript&colon;",
    "data:text/html,<script>parent.window.hit=1</script>", "//javascript:",
    "data:text/html;base64,PHNjcmlwdD5wYXJlbnQuaGl0PTE8L3NjcmlwdD4=",
)  # fmt: skip
_OPENINGS = ("", '">', "'>", "</title>", "</textarea>", "</style>", "--><", "]]>", "<!--", "`", "{{", "${")
PAYLOADS = (
    *(f"<{tag} src=x href=x data=x open {event}={RUN}>" for tag, event in product(_TAGS, _EVENTS)),
    *(f'<a href="{scheme}{RUN}">a</a>' for scheme in _SCHEMES),
    *(f"[a]({scheme}{RUN})" for scheme in _SCHEMES),
    *(f"![a]({scheme}{RUN})" for scheme in _SCHEMES),
    *(f"<iframe src='{scheme}{RUN}'></iframe>" for scheme in _SCHEMES),
    *(f"<form action='{scheme}{RUN}'><button>b</button></form>" for scheme in _SCHEMES),
    *(f"{opening}<script>{RUN}</script>" for opening in _OPENINGS),
    *(f"{opening}<svg><script>{RUN}</script></svg>" for opening in _OPENINGS),
    *(f"{opening}<img src=x onerror={RUN}>" for opening in _OPENINGS),
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror={RUN}&gt;'>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>", f"<svg><set attributeName=onmouseover value={RUN}>",
    f"<svg><a xlink:href='javascript:{RUN}'><text>a</text></a></svg>", f"<style>@import 'javascript:{RUN}';</style>",
    f"<link rel=stylesheet href='javascript:{RUN}'>", f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<base href='javascript:{RUN}//'>", f"<template><script>{RUN}</script></template>",
    f"<div style='background:url(javascript:{RUN})'>", f"<div style='animation-name:x' onanimationend={RUN}>",
    f"<img src=x:x onerror\n=\n{RUN}>", f"<img/src=x/onerror={RUN}>", f"<img src='x'onerror='{RUN}'>",
    f"<ScRiPt>{RUN}</sCrIpT>", f"<scr<script>ipt>{RUN}</scr</script>ipt>", f"<script/x>{RUN}</script>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;", f"&#60;script&#62;{RUN}&#60;/script&#62;", f"\\u003cscript\\u003e{RUN}",
    f"<https://x.example/?\"onmouseover={RUN}//>", f"$\\href{{javascript:{RUN}}}{{a}}$",
    f"$$\\unicode{{<img onerror={RUN}>}}$$",
)  # fmt: skip


def test_there_are_two_hundred_ways() -> None:
    assert len(set(PAYLOADS)) >= 200


class Echo:
    """Answers with the question's own words in every place that words can stand in."""

    def __init__(self) -> None:
        self.conversations = ScriptedAssistant().conversations
        self.library = self
        self._words = ""

    def sources(self, owners: Sequence[str] = ()) -> list[Source]:
        return [_source(self._words)]

    def passages(self) -> Iterator[tuple[Source, Passage]]:
        around = self.passage("p")
        yield around.source, around.passage

    def generation(self) -> int:
        return len(self._words)

    def verify(self, text: str, passages: Sequence[str]) -> Verdict:
        return Verdict(False, 0.0, (text,), ())

    def passage(self, passage_id: str, owners: Sequence[str] = ()) -> Neighbourhood:
        words = self._words
        rows = [f"{words} {one} - {words[:20]}: ${one}" for one in (7, 8, 9)]
        statements = tuple(Statement(row, 0, "row", (words,), Reference(words, words, words)) for row in rows)
        passage = Passage("p", "s", 0, (words,), None, words, f"Before {rows[0]} after", statements)
        return Neighbourhood(passage, _source(words), passage, passage)

    def stream(self, question: str, **how: Any) -> Iterator[Event]:
        self._words = words = question
        quote = f"{words} 7 - {words[:20]}: $7"
        citation = Citation(1, "s", words, words, words, words, words, quote, "p", 0.9)
        yield Searching(words)
        yield Delta(f"{words} [1]\n- {words}\n| {words} | {words} |\n")
        yield Cited(citation)
        answer = replace(
            BLANK,
            answer=f"{words} [1]\n- {words}\n## {words}\n{words} ```{words}```",
            citations=(citation,),
            searched_for=f"for {words}",
            unverified=(words,),
            follow_ups=(words, f"{words}?"),
            answered_by=words,
            conversation_id=how["conversation_id"],
            turn_id=new_id(),
        )
        self.conversations.keep(question, answer, how["owner"])
        yield Done(answer)


def _source(words: str) -> Source:
    return Source(
        "s", words, words, words, "markdown", words, words, Reference(words, words, words, words), words, "", 1, ""
    )


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the page is tested in a browser: needs playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the page is tested in a browser: needs chromium on the PATH")
    app = FastAPI()

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {}

    with serving(mount(app, cast(Any, Echo()))) as address, sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        shown = Shown(launched.new_page(), address)
        shown.open()
        yield shown
        launched.close()


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 20))
def test_no_way_runs_a_script_from_any_place_that_words_come_from(page: Any, start: int) -> None:
    exchange = page.ask("pay " + " ".join(PAYLOADS[start : start + 20]))
    exchange.locator("a.cite").first.click()
    page.page.keyboard.press("Escape")
    for mark in exchange.locator("a, button").all()[:8]:
        mark.hover()
    page.page.locator("#header .held").click()
    page.page.locator("#view[open]").wait_for()
    page.page.keyboard.press("Escape")
    assert page.page.evaluate("window.hit") is None
    assert page.dialogs == []
    live = page.page.evaluate(
        "[...document.querySelectorAll('#talk *, #sources *, #side *, #view *')].filter(one => "
        "/^(script|iframe|object|embed|form|base|meta|link|svg|math|img|video|audio)$/i.test(one.tagName) && "
        "!one.matches('svg.drawn') || "
        "[...one.attributes].some(a => /^on/i.test(a.name)) || "
        "/^\\s*(javascript|vbscript|data):/i.test(one.href || one.src || '')).map(one => one.outerHTML.slice(0, 200))"
    )
    assert live == []
    assert page.hosts == {"127.0.0.1"}
