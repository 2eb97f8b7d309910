"""A workspace to test the bot in: a scripted assistant, signed deliveries, and Slack's Web API on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from slack_server import BOT, SlackServer
from starlette.applications import Starlette
from starlette.routing import Route

from assistant.conversation import Conversations
from assistant.types import Answer, Citation, Cited, Delta, Done, Event, Searching, Turn
from assistant.verify import Verdict
from ingest.errors import ModelUnavailable, QuestionError
from ingest.settings import Settings, load_settings
from ui.api import create_app
from ui.slack import PATH, SlackBot
from ui.slack_ledger import SlackLedger
from ui.slack_web import Pace

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FAST = Pace(request=10.0, pause=0.01, flush=0.0, update=0.0)
CITATION = Citation(
    1, "s1", "Pay", "p. 3", "https://example.org/pay?a=1&b=2", "Labor Bureau", "2024-05", "It is $105,418.", "p1", 0.97
)
_events = itertools.count(1)


class ScriptedAssistant:
    """Answers with the question in its words, so that a test sees which question an answer is to."""

    def __init__(self, folder: Path) -> None:
        self.conversations = Conversations(folder / "conversations.db")
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, str] = {}
        self.citations: tuple[Citation, ...] = (CITATION,)

    def stream(
        self, question: str, *, conversation_id: str, owner: str, turn_id: str, history: list[Turn] | None = None
    ) -> Iterator[Event]:
        turns = self.conversations.turns(conversation_id, owner) if history is None else history
        before = [turn.question for turn in turns]
        self.asked.append({"question": question, "conversation": conversation_id, "owner": owner, "before": before})
        yield Searching(question)
        text = self.answers.get(question, f"To “{question}”: it is $105,418. [1] After {len(before)} questions.")
        if "unreachable" in question:
            yield Delta("Half an answer ")
            raise ModelUnavailable("The model does not answer.", "Try later.")
        if "broken" in question:
            raise RuntimeError("secret detail")
        for word in text.split(" "):
            yield Delta(f"{word} ")
            if "[1]" in word:
                yield Cited(self.citations[0])
        answer = Answer(
            text, "answered", self.citations, (), question, ("And for seniors?", "And in Seattle?"), "extractive",
            conversation_id, turn_id,
        )  # fmt: skip
        self.conversations.keep(question, answer, owner)
        yield Done(answer)

    def verify(self, text: str) -> Verdict:
        if not text:
            raise QuestionError("The text is empty.", "Send a sentence.")
        right = "$105,418" in text
        return Verdict(right, 0.9 if right else 0.2, () if right else ("$5",), (CITATION,) if right else ())


def settings(data_dir: Path, address: str, **env: str) -> Settings:
    given = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": address, **env}
    return load_settings(data_dir=str(data_dir), env={name: value for name, value in given.items() if value})


def signature(body: bytes, at: str, secret: str = SECRET) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()


def message(text: str, ts: str = "1700000000.000100", **more: Any) -> dict[str, Any]:
    """A message in a channel, as an event."""
    return {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": ts, "text": text} | more


def mention(text: str, ts: str = "1700000000.000100", **more: Any) -> dict[str, Any]:
    return message(f"<@{BOT}> {text}", ts, type="app_mention", **more)


def direct(text: str, ts: str = "1700000000.000100", **more: Any) -> dict[str, Any]:
    return message(text, ts, channel="D1", channel_type="im", **more)


class Desk:
    """A running bot, and whoever delivers to it."""

    def __init__(
        self, bot: SlackBot, slack: SlackServer, assistant: ScriptedAssistant, http: httpx.AsyncClient
    ) -> None:
        self.bot, self.slack, self.assistant, self.http = bot, slack, assistant, http

    async def deliver(self, event: dict[str, Any], event_id: str = "", team: str = "T1", **headers: str) -> int:
        """Deliver an event, signed; the status that Slack gets."""
        body = {
            "type": "event_callback", "team_id": team, "api_app_id": "A1", "event": event,
            "event_id": event_id or f"Ev{time.time_ns()}-{next(_events)}", "event_time": int(time.time()),
        }  # fmt: skip
        return (await self.post(json.dumps(body).encode(), "application/json", **headers)).status_code

    async def interact(self, kind: str, **payload: Any) -> int:
        """Deliver a pressed button or a shortcut, signed."""
        base = str(self.bot._settings.slack_api_url)
        whole = {
            "type": kind, "team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"}, "trigger_id": "1",
            "response_url": base + "respond", "channel": {"id": "C1"},
        } | payload  # fmt: skip
        body = urlencode({"payload": json.dumps(whole)}).encode()
        return (await self.post(body, "application/x-www-form-urlencoded")).status_code

    async def command(self, text: str, user: str = "U1") -> int:
        base = str(self.bot._settings.slack_api_url)
        fields = {"command": "/career", "text": text, "team_id": "T1", "channel_id": "C1", "user_id": user,
                  "response_url": base + "respond", "trigger_id": "1"}  # fmt: skip
        return (await self.post(urlencode(fields).encode(), "application/x-www-form-urlencoded")).status_code

    async def post(self, body: bytes, kind: str, **headers: str) -> httpx.Response:
        at = headers.pop("at", str(int(time.time())))
        signed = {"content-type": kind, "x-slack-request-timestamp": at, "x-slack-signature": signature(body, at)}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = [(name, value.encode()) for name, value in (signed | given).items()]
        return await self.http.post(PATH, content=body, headers=raw)

    async def settled(self) -> None:
        """Wait until all that was delivered is answered."""
        for _ in range(3):
            await self.bot.colleague.settled()
            await asyncio.sleep(0.01)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something is so."""
        for _ in range(2_000):
            if true():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it did not come to that")


@asynccontextmanager
async def served(
    slack: SlackServer, address: str, folder: Path, assistant: Any = None, **env: str
) -> AsyncIterator[Desk]:  # fmt: skip
    """The whole API with the bot in it, before the scripted assistant or another."""
    assistant = assistant or ScriptedAssistant(folder)
    app = create_app(assistant, settings(folder, address, **env), ["localhost"])
    async with app.router.lifespan_context(app), http_of(app) as http:
        yield Desk(app.state.slack, slack, assistant, http)


@asynccontextmanager
async def quick(
    slack: SlackServer, address: str, folder: Path, clock: Callable[[], float] = time.time, sweep_seconds: float = 0.05,
    pace: Pace = FAST,
) -> AsyncIterator[Desk]:  # fmt: skip
    """The bot alone, with short pauses."""
    assistant = ScriptedAssistant(folder)
    ledger = SlackLedger(folder / "slack.db", clock)
    bot = SlackBot(assistant, settings(folder, address), ledger, pace)  # type: ignore[arg-type]
    app = Starlette(routes=[Route(PATH, bot.handle, methods=["POST"])])
    async with bot.running(sweep_seconds), http_of(app) as http:
        yield Desk(bot, slack, assistant, http)


def http_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot.example.org")


def shortened(url: str) -> Citation:
    """The citation with another address."""
    return replace(CITATION, url=url)
