"""The chat page in a real browser, over a real server on loopback; the assistant behind it is scripted."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from assistant.conversation import Kept
from assistant.types import Answer, Citation, Cited, Delta, Done, Event, Searching
from ingest.errors import LibraryEmpty
from ingest.types import Neighbourhood, Passage, Reference, Source
from ui import page
from ui.chat import mount

EVIL = "<script>window.hit=1</script><img src=x onerror=\"window.hit=1;alert('hit')\">'\"${window.hit=1}{{value}}"

PASSAGES = {
    "pay": (
        "Salary guide 2024",
        "Pay > Machine learning engineer",
        "Figures are medians of full-time positions in the United States. Bonus and stock are left out. They were "
        "gathered from postings that state a range, and weighted by the number of open positions in each state. "
        "Entry level: $105,418 a year. Mid level: $144,000 a year. Senior level: $183,000 a year. "
        "Where a posting states an hourly rate it was multiplied by 2,080 hours. Postings without any figure do not "
        "count, which leaves out many large employers; their pay is higher on average than what is shown here.",
        "Entry level: $105,418 a year.",
    ),
    "roles": (
        "Two jobs side by side",
        "Differences",
        "A machine learning engineer puts models into production. A data scientist asks what the data can answer.",
        "A machine learning engineer puts models into production.",
    ),
    "evil": (f"Title {EVIL}", f"Place {EVIL}", f"Before. Quote {EVIL}. After {EVIL}.", f"Quote {EVIL}."),
}


def _source(name: str) -> Source:
    origin = Reference(
        f"Publisher {EVIL}" if name == "evil" else "Labor Bureau", "", "2024-05", "https://example.org/x"
    )
    topic = {"pay": "pay", "roles": "roles", "evil": f"x{EVIL}"}[name]
    return Source(f"s-{name}", f"{name}.md", "bundled", PASSAGES[name][0], "markdown", topic, "", origin, "", "", 1, "")


def _citation(number: int, name: str) -> Citation:
    title, place, _, quote = PASSAGES[name]
    url = "javascript:alert(1)" if name == "evil" else "https://example.org/x"
    publisher = _source(name).origin.publisher
    return Citation(number, f"s-{name}", title, place, url, publisher, "2024-05", quote, name, 0.97)


class ScriptedLibrary:
    def sources(self) -> list[Source]:
        return [_source(name) for name in PASSAGES]

    def passage(self, passage_id: str) -> Neighbourhood | None:
        if passage_id not in PASSAGES:
            return None
        _, place, text, _ = PASSAGES[passage_id]
        passage = Passage(passage_id, f"s-{passage_id}", 0, (), None, place, text, ())
        return Neighbourhood(passage, _source(passage_id), None, None)


class ScriptedConversations:
    def __init__(self) -> None:
        self.kept: list[tuple[str, str, str, Answer]] = []

    def answers(self, conversation_id: str, owner: str = "") -> list[Kept]:
        mine = [one for one in self.kept if one[:2] == (conversation_id, owner)]
        return [Kept(question, asdict(answer), "2026") for _, _, question, answer in mine]


BLANK = Answer("", "answered", (), (), "", (), "extractive", "", "turn")
FIRST = "Entry-level machine learning engineers earn $105,418 a year. [1] They put models into production. [2]"
SCRIPT: dict[str, Answer] = {
    "earn": replace(
        BLANK,
        answer=FIRST,
        citations=(_citation(1, "pay"), _citation(2, "roles")),
        searched_for="entry-level machine learning engineer salary",
        follow_ups=("And at senior level?", "How does that differ by state?"),
    ),
    "senior": replace(
        BLANK,
        answer="At senior level:\n- **United States**: $183,000 a year [1]\n- a plain [9] that cites nothing",
        outcome="partial",
        citations=(_citation(1, "pay"),),
        searched_for="senior machine learning engineer salary",
        unverified=("A sentence nobody stands for.",),
    ),
    "moon": replace(
        BLANK,
        answer="The library holds nothing on jobs on the moon. Nearest: roles, pay.",
        outcome="not_found",
        follow_ups=("How do ML engineers and data scientists differ?",),
    ),
    "evil": replace(
        BLANK,
        answer=f"Answer {EVIL} **{EVIL}** [1]\n- {EVIL}",
        citations=(_citation(1, "evil"),),
        searched_for=f"searched {EVIL}",
        unverified=(f"Unsure {EVIL}",),
        follow_ups=(f"Next evil {EVIL}",),
        answered_by=f"model {EVIL}",
    ),
}


@dataclass
class ScriptedAssistant:
    """Plays an answer of SCRIPT word by word, as the real one would, and notes what it was asked."""

    pause: float = 0.0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    library: ScriptedLibrary = field(default_factory=ScriptedLibrary)
    conversations: ScriptedConversations = field(default_factory=ScriptedConversations)
    released: threading.Event = field(default_factory=threading.Event)

    def stream(self, question: str, *, conversation_id: str = "", owner: str = "", **_: object) -> Iterator[Event]:
        self.asked.append((question, conversation_id, owner))
        if "empty" in question:
            raise LibraryEmpty("The library is empty.", "Bring documents in.")
        if "broken" in question:
            raise RuntimeError("secret detail")
        answer = next((answer for key, answer in SCRIPT.items() if key in question), SCRIPT["earn"])
        answer = replace(answer, conversation_id=conversation_id or f"talk-{len(self.asked)}")
        yield Searching(answer.searched_for or question)
        time.sleep(self.pause * 10)
        cited = {f"[{citation.number}]": citation for citation in answer.citations}
        for word in re.split(r"(?<=\s)", answer.answer):
            if "slow" in question and "[1]" in word:
                self.released.wait(20)
            time.sleep(self.pause)
            yield Delta(word)
            if word.strip() in cited:
                yield Cited(cited[word.strip()])
        self.conversations.kept.append((answer.conversation_id, owner, question, answer))
        yield Done(answer)


ARGUMENTS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-quic"
).split()


@pytest.fixture(scope="module")
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


@pytest.fixture(scope="module")
def address(assistant: ScriptedAssistant) -> Iterator[str]:
    app = FastAPI()

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/ask")
    def ask() -> dict[str, str]:
        return {"from": "the API"}

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(mount(app, cast(Any, assistant)), port=port, log_level="warning", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _wait(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    assistant.released.set()
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the page is tested in a browser: needs playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium", path="/usr/bin")
    if chromium is None:
        pytest.skip("the page is tested in a browser: needs chromium on the PATH")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@dataclass
class Shown:
    """An open page, with what a test does to it."""

    page: Any
    address: str
    hosts: set[str] = field(default_factory=set)
    dialogs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or "inside"))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(self.address)
        self.page.locator("#header h1").wait_for()

    def ask(self, question: str, outcome: str = "done") -> Any:
        before = self.page.locator(".exchange").count()
        self.page.locator("#question textarea").fill(question)
        self.page.locator("#question textarea").press("Enter")
        exchange = self.page.locator(f"#turn-{before + 1}.{outcome}")
        exchange.wait_for(timeout=15_000)
        return exchange

    def card(self, number: int, turn: int = 1) -> Any:
        return self.page.locator(f"#source-{turn}-{number}")


@pytest.fixture
def shown(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Shown]:
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **getattr(request, "param", {})})
    opened = Shown(context.new_page(), address)
    opened.open()
    yield opened
    context.close()
    assert opened.dialogs == []
    assert opened.faults == []


PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def _wait(done: Any, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_answer_appears_with_numbered_marks_and_the_quote_marked_in_its_passage(shown: Shown) -> None:
    exchange = shown.ask("What do they earn?")
    assert exchange.locator(".answer").inner_text() == FIRST.replace("[1]", "1").replace("[2]", "2")
    assert exchange.locator("a.cite").all_inner_texts() == ["1", "2"]
    assert (
        exchange.locator(".searched").inner_text()
        == "Searched for \u201centry-level machine learning engineer salary\u201d"
    )
    card = shown.card(1)
    assert card.locator("h3").inner_text() == "Salary guide 2024"
    assert card.locator(".origin").inner_text() == "Labor Bureau \u00b7 May 2024"
    assert card.locator(".place").inner_text() == "Pay > Machine learning engineer"
    assert card.locator(".short mark").inner_text() == "Entry level: $105,418 a year."
    assert "weighted by the number" in card.locator(".short").inner_text()
    original = card.locator("a.open")
    assert original.get_attribute("href") == "https://example.org/x"
    assert original.get_attribute("rel") == "noopener nofollow"
    assert original.get_attribute("target") == "_blank"


def test_whole_passage_stands_behind_a_fold(shown: Shown) -> None:
    shown.ask("What do they earn?")
    whole = shown.card(1).locator("details blockquote")
    assert not whole.is_visible()
    shown.card(1).locator("summary").click()
    assert whole.inner_text() == PASSAGES["pay"][2]
    assert whole.locator("mark").inner_text() == PASSAGES["pay"][3]


def test_mark_leads_to_its_card_also_from_an_earlier_answer(shown: Shown) -> None:
    shown.ask("What do they earn?")
    shown.ask("And at senior level?")
    assert not shown.card(2, turn=1).is_visible()
    shown.page.locator("#turn-1 a.cite").nth(1).click()
    shown.page.locator("#source-1-2.lit").wait_for()
    assert shown.card(2, turn=1).is_visible()
    assert not shown.card(1, turn=2).is_visible()
    shown.card(2, turn=1).locator("a.number").click()
    shown.page.locator("#turn-1.lit").wait_for()


def test_follow_up_passes_the_same_conversation_and_owner(shown: Shown, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    shown.page.locator("button.ask").first.click()
    shown.page.locator("#turn-2.done").wait_for()
    (first, none, owner), (second, conversation, same_owner) = assistant.asked[-2:]
    assert (first, second, none) == ("What do they earn?", "And at senior level?", "")
    assert conversation == f"talk-{len(assistant.asked) - 1}"
    assert owner == same_owner
    assert re.fullmatch("page:[0-9a-f]{32}", owner)


def test_two_visitors_are_two_owners(shown: Shown, browser: Any, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    other = Shown(browser.new_context().new_page(), shown.address)
    other.open()
    other.ask("What do they earn?")
    other.page.context.close()
    assert assistant.asked[-1][2] != assistant.asked[-2][2]


def test_partial_answer_says_so_and_lists_what_is_not_confirmed(shown: Shown) -> None:
    exchange = shown.ask("And at senior level?")
    assert exchange.locator(".note").inner_text() == "The library answers part of this"
    assert exchange.locator(".unverified li").all_inner_texts() == ["A sentence nobody stands for."]
    assert exchange.locator(".answer li").count() == 2
    assert exchange.locator(".answer strong").inner_text() == "United States"
    assert exchange.locator("a.cite").all_inner_texts() == ["1"]
    assert "[9]" in exchange.locator(".answer").inner_text()


def test_not_found_is_said_quietly_with_no_card(shown: Shown) -> None:
    exchange = shown.ask("jobs on the moon?")
    assert exchange.locator(".note").inner_text() == "Not in the library"
    assert shown.page.locator(".card").count() == 0
    assert shown.page.locator("button.ask").count() == 1


def test_known_error_is_a_sentence_and_an_unknown_one_hides_its_detail(shown: Shown) -> None:
    known = shown.ask("empty?", "failed")
    assert known.locator("[role=alert]").inner_text() == "The library is empty. Bring documents in."
    unknown = shown.ask("broken?", "failed")
    assert re.search(r"went wrong on our side \(error [0-9a-f]{8}\)", unknown.inner_text())
    assert "secret detail" not in shown.page.content()
    assert shown.ask("What do they earn?").locator("a.cite").count() == 2


def test_hostile_words_stay_words(shown: Shown) -> None:
    exchange = shown.ask(f"evil {EVIL}")
    for place in (exchange.locator(".question"), exchange.locator(".answer"), exchange.locator(".searched")):
        assert "<script>window.hit=1</script><img src=x" in place.inner_text()
    card = shown.card(1)
    assert f"Quote {EVIL}." == card.locator(".short mark").inner_text()
    assert card.locator("h3").inner_text() == f"Title {EVIL}"
    shown.page.locator("button.ask").click()
    shown.page.locator("#turn-2.done").wait_for()
    assert shown.page.evaluate("window.hit") is None
    assert shown.page.locator("#columns :is(img, script, iframe, [onerror])").count() == 0
    assert shown.page.locator("a[href^='javascript']").count() == 0
    shown.page.locator("#fresh").click()
    shown.page.locator(".welcome").wait_for()
    assert "<script>" in shown.page.locator("#sources").inner_text()
    assert shown.page.evaluate("window.hit") is None


def test_nothing_is_asked_of_another_host(shown: Shown) -> None:
    shown.ask("What do they earn?")
    shown.page.wait_for_timeout(500)
    assert shown.hosts <= {"127.0.0.1", "inside"}


@pytest.mark.parametrize("shown", [PHONE], indirect=True)
def test_phone_scrolls_only_down_and_shows_sources_below_the_answer(shown: Shown) -> None:
    widths = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"
    assert shown.page.evaluate(widths) == [360, 360, 360]
    answer = shown.ask(f"evil {EVIL}").locator(".answer").bounding_box()
    assert shown.page.evaluate(widths) == [360, 360, 360]
    assert shown.card(1).bounding_box()["y"] > answer["y"] + answer["height"]
    shown.page.locator("a.cite").first.click()
    shown.page.locator("#source-1-1.lit").wait_for()
    send = shown.page.locator("#send").bounding_box()
    assert send["y"] + send["height"] <= 740


def test_wide_screen_shows_sources_beside_the_answer(shown: Shown) -> None:
    answer = shown.ask("What do they earn?").bounding_box()
    card = shown.card(1).bounding_box()
    assert card["x"] >= answer["x"] + answer["width"]
    assert shown.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize(
    ("shown", "ground"),
    [({"color_scheme": "light"}, "rgb(250, 248, 244)"), ({"color_scheme": "dark"}, "rgb(22, 25, 28)")],
    indirect=["shown"],
)
def test_page_follows_the_system_s_light_or_dark(shown: Shown, ground: str) -> None:
    assert (
        shown.page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor") == ground
    )


def test_keyboard_alone_is_enough(shown: Shown) -> None:
    _wait(lambda: shown.page.evaluate("document.activeElement.tagName") == "TEXTAREA")
    shown.page.keyboard.type("What do they earn?")
    shown.page.keyboard.press("Enter")
    shown.page.locator("#turn-1.done").wait_for()
    assert shown.page.locator("#question textarea").input_value() == ""
    for _ in range(20):
        shown.page.keyboard.press("Shift+Tab")
        if shown.page.evaluate("document.activeElement.matches('a.cite')"):
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert shown.page.evaluate(outline) == "solid"
    shown.page.keyboard.press("Enter")
    shown.page.locator("#source-1-2.lit:focus").wait_for()


def test_starter_is_asked_when_pressed(shown: Shown, assistant: ScriptedAssistant) -> None:
    starters = shown.page.locator("button.starter")
    assert starters.count() == len(page.STARTERS) == 8
    starters.first.click()
    shown.page.locator("#turn-1.done").wait_for()
    assert assistant.asked[-1][:2] == (page.STARTERS[0][1], "")


def test_stop_leaves_the_answer_as_it_stands_and_the_next_question_works(shown: Shown) -> None:
    exchange = shown.ask("slow: what do they earn?", "writing")
    shown.page.locator("#stop").click()
    shown.page.locator("#turn-1.stopped").wait_for(timeout=5_000)
    assert exchange.page.locator("#turn-1 .note").inner_text() == "Stopped"
    assert "Entry-level" in shown.page.locator("#turn-1").inner_text()
    shown.page.locator("#send").wait_for()
    shown.ask("What do they earn?")
    assert shown.page.locator("#turn-1.stopped").count() == 1


def test_reload_shows_the_conversation_again_and_a_new_one_is_empty(shown: Shown, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    shown.page.reload()
    shown.page.locator("#turn-1.done").wait_for()
    assert shown.card(1).locator(".short mark").inner_text() == "Entry level: $105,418 a year."
    shown.ask("And at senior level?")
    assert assistant.asked[-1][1] == f"talk-{len(assistant.asked) - 1}"
    shown.page.locator("#fresh").click()
    shown.page.locator(".welcome").wait_for()
    shown.page.reload()
    shown.page.locator(".welcome").wait_for()
    shown.ask("What do they earn?")
    assert assistant.asked[-1][1] == ""
    assert assistant.asked[-1][2] == assistant.asked[-2][2]


def test_header_says_what_the_library_holds(shown: Shown) -> None:
    assert shown.page.title() == "Career Assistant"
    assert shown.page.get_by_role("textbox", name="Your question").count() == 1
    assert shown.page.locator("#header .held").inner_text() == "3 documents, newest from May 2024"


def test_routes_of_the_app_come_before_the_page_and_gradio_offers_no_api(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.post("/v1/ask").json() == {"from": "the API"}
        assert client.get("/docs").status_code == 200
        assert client.get("/openapi.json").json()["paths"].keys() == {"/healthz", "/v1/ask"}
        assert client.get("/gradio_api/info").json() == {"named_endpoints": {}, "unnamed_endpoints": {}}
        assert client.get("/monitoring/summary").status_code in (403, 404)
        assert client.get("/gradio_api/file=/etc/passwd").status_code in (403, 404)
        assert client.post("/gradio_api/upload", files={"files": ("x", b"0" * 1_100_000)}).status_code == 413


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("face", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("words", "ground", "least"),
    [
        *((words, ground, 4.5) for words in ("ink", "quiet", "accent", "alarm") for ground in ("paper", "sheet")),
        ("ink", "tint", 4.5),
        ("accent", "tint", 4.5),
        ("on-accent", "accent", 4.5),
        ("on-glow", "glow", 4.5),
        ("edge", "paper", 3.0),
    ],
)
def test_colours_can_be_read(face: int, words: str, ground: str, least: float) -> None:
    css = (Path(page.__file__).parent / "page.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css.split("}")[face]))
    light, dark = sorted((_luminance(colours[words]), _luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least
