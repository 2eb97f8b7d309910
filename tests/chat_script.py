"""A scripted assistant behind the real chat page, on a real server and in a real browser; its fixtures."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI

from assistant.conversation import Conversations, new_id
from assistant.types import Answer, Citation, Cited, Delta, Done, Event, Searching, Turn, Verdict
from ingest.errors import LibraryEmpty
from ingest.types import Neighbourhood, Passage, Reference, Source, Statement
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
    "cities": (
        "Pay by city",
        "Cities",
        "San Francisco - Pay a year, 2024: $179,061\nNew York - Pay a year, 2024: $184,982\n"
        "Seattle - Pay a year, 2024: $173,517",
        "San Francisco - Pay a year, 2024: $179,061",
    ),
    "board": (
        "A board's figures",
        "Pay",
        "A machine learning engineer in San Francisco earns $172,678 a year.",
        "A machine learning engineer in San Francisco earns $172,678 a year.",
    ),
    "evil": (f"Title {EVIL}", f"Place {EVIL}", f"Before. Quote {EVIL}. After {EVIL}.", f"Quote {EVIL}."),
}


AS_OF = {"pay": "2024-05", "cities": "2024", "board": "2026"}
REVIEWED = {"roles": "2025-01-31"}
TOPICS = {"pay": "pay", "roles": "roles", "cities": "pay", "board": "pay", "evil": f"x{EVIL}"}


def _source(name: str) -> Source:
    publisher = {"evil": f"Publisher {EVIL}", "board": "A Board"}.get(name, "Labor Bureau")
    origin = Reference(publisher, "", AS_OF.get(name, "2024-05"), "https://example.org/x", REVIEWED.get(name, ""))
    title = PASSAGES[name][0]
    return Source(f"s-{name}", f"{name}.md", "bundled", title, "markdown", TOPICS[name], "", origin, "", "", 1, "")


def _citation(number: int, name: str) -> Citation:
    title, place, _, quote = PASSAGES[name]
    url = "javascript:alert(1)" if name == "evil" else "https://example.org/x"
    origin = _source(name).origin
    return Citation(
        number, f"s-{name}", title, place, url, origin.publisher, origin.as_of, quote, name, 0.97, origin.review_by
    )


def _passage(name: str) -> Passage:
    _, place, text, _ = PASSAGES[name]
    rows = text.splitlines() if name == "cities" else []
    statements = tuple(Statement(row, text.index(row), "row") for row in rows)
    return Passage(name, f"s-{name}", 0, (place,) if rows else (), None, place, text, statements)


class ScriptedLibrary:
    def sources(self, owners: Sequence[str] = ()) -> list[Source]:
        return [_source(name) for name in PASSAGES]

    def passage(self, passage_id: str, owners: Sequence[str] = ()) -> Neighbourhood | None:
        if passage_id not in PASSAGES:
            return None
        return Neighbourhood(_passage(passage_id), _source(passage_id), None, None)

    def passages(self) -> Iterator[tuple[Source, Passage]]:
        yield from ((_source(name), _passage(name)) for name in PASSAGES)

    def generation(self) -> int:
        return 1


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
    "city": replace(
        BLANK,
        answer="In San Francisco: $179,061 by one count [1] and $172,678 by another. [2]",
        citations=(_citation(1, "cities"), _citation(2, "board")),
    ),
    "doubt": replace(
        BLANK,
        answer="They earn $105,418 a year. [1] They earn $120,000 in Ohio. [1] (not confirmed by its source)",
        citations=(_citation(1, "pay"),),
        unverified=("They earn $120,000 in Ohio. [1] (not confirmed by its source)",),
        answered_by="openai:a-model",
    ),
    "table": replace(
        BLANK,
        answer="| About | Statement |\n|---|---|\n| Pay | Entry level: $105,418 a year. [1] |",
        citations=(_citation(1, "pay"),),
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
    told: list[list[Turn] | None] = field(default_factory=list)
    library: ScriptedLibrary = field(default_factory=ScriptedLibrary)
    conversations: Conversations = field(default_factory=lambda: Conversations(Path(mkdtemp()) / "conversations.db"))
    released: threading.Event = field(default_factory=threading.Event)

    def forget(self, conversation_id: str, owner: str) -> bool:
        return self.conversations.delete(conversation_id, owner)

    def verify(self, text: str, passages: Sequence[str] = ()) -> Verdict:
        missing = [word for word in re.findall(r"\$[\d,]+|\b[A-Z][a-z]+\b", text) if word not in " ".join(passages)]
        return Verdict(not missing, 0.2, tuple(missing), ())

    def stream(
        self,
        question: str,
        *,
        conversation_id: str = "",
        owner: str = "",
        history: list[Turn] | None = None,
        **_: object,
    ) -> Iterator[Event]:
        self.told.append(history)
        self.asked.append((question, conversation_id, owner))
        if "empty" in question:
            raise LibraryEmpty("The library is empty.", "Bring documents in.")
        if "broken" in question:
            raise RuntimeError("secret detail")
        answer = next((answer for key, answer in SCRIPT.items() if key in question), SCRIPT["earn"])
        answer = replace(answer, conversation_id=conversation_id or new_id(), turn_id=new_id())
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
        self.conversations.keep(question, answer, owner)
        yield Done(answer)


BEGUN = "document.querySelector('#header h1') && !document.querySelector('#curtain')"
"""True in the browser once the page works."""

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
    wait(lambda: server.started)
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
        self.page.wait_for_function(BEGUN)

    def ask(self, question: str, outcome: str = "done") -> Any:
        before = self.page.locator("#talk .exchange").count()
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
    assert opened.hosts <= {"127.0.0.1", "inside"}


PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def wait(done: Any, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
