"""The Slack bot over Socket Mode, against a server on this machine that sends it envelopes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_desk import FAST, ScriptedAssistant, mention, settings
from slack_server import SlackServer, serving_slack

from ingest.errors import SettingsError
from ui.slack import SlackBot


class Link:
    """Slack's end of the connections: what it sent, and which of its envelopes were acknowledged."""

    def __init__(self) -> None:
        self.open: list[web.WebSocketResponse] = []
        self.acknowledged: list[dict[str, Any]] = []

    async def connected(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open.append(socket)
        await socket.send_json({"type": "hello"})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.acknowledged.append(message.json())
        return socket

    async def send(self, kind: str, name: str, payload: dict[str, Any]) -> None:
        await self.open[-1].send_json({"type": kind, "envelope_id": name, "payload": payload})

    async def until(self, true: Callable[[], object]) -> None:
        for _ in range(2_000):
            if true():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it did not come to that")


@asynccontextmanager
async def linked(slack: SlackServer) -> AsyncIterator[Link]:
    link, app = Link(), web.Application()
    app.router.add_get("/link", link.connected)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.socket = f"ws://127.0.0.1:{runner.addresses[0][1]}/link"
    try:
        yield link
    finally:
        for socket in link.open:
            await socket.close()
        await runner.cleanup()


def bot_of(folder: Path, address: str) -> SlackBot:
    held = settings(folder, address, SLACK_APP_TOKEN="xapp-1")
    return SlackBot(ScriptedAssistant(folder), held, pace=FAST)  # type: ignore[arg-type]


def event(asked: dict[str, Any], event_id: str) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": "T1", "event": asked, "event_id": event_id, "event_time": 1}


def test_the_same_listeners_answer_over_a_socket_once_each_and_after_it_is_renewed(tmp_path: Path) -> None:
    slack = SlackServer()

    async def scene(address: str) -> None:
        async with linked(slack) as link:
            listening = asyncio.Event()
            working = asyncio.create_task(bot_of(tmp_path, address).socket(listening.set))
            await asyncio.wait_for(listening.wait(), 30)
            await link.until(lambda: link.open)
            for name in ("one", "two"):
                await link.send("events_api", name, event(mention("What is paid?", "1.000001"), "Ev1"))
            command = {"command": "/career", "text": "And in private?", "team_id": "T1", "channel_id": "C1",
                       "user_id": "U1", "response_url": f"{address}respond"}  # fmt: skip
            await link.send("slash_commands", "three", command)
            await link.until(lambda: slack.responses and len(link.acknowledged) == 3)
            await link.open[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})
            await link.until(lambda: len(link.open) == 2)
            await link.send("events_api", "four", event(mention("And now?", "2.000001"), "Ev2"))
            await link.until(lambda: len(slack.answers()) == 2 and not any(one.streaming for one in slack.answers()))
            working.cancel()
            await asyncio.wait([working])
            assert {one["envelope_id"] for one in link.acknowledged} == {"one", "two", "three", "four"}

    with serving_slack(slack) as address:
        asyncio.run(scene(address))
    assert [answer.thread for answer in slack.answers()] == ["1.000001", "2.000001"]
    assert slack.responses[0]["response_type"] == "ephemeral"


@pytest.mark.parametrize(
    ("method", "fault", "said"),
    [
        ("auth.test", "invalid_auth", r"does not take SLACK_BOT_TOKEN \(invalid_auth\)"),
        (
            "apps.connections.open",
            "not_allowed_token_type",
            r"does not take SLACK_APP_TOKEN \(not_allowed_token_type\)",
        ),
        ("apps.connections.open", "reset", "Slack cannot be reached"),
    ],
)
def test_a_token_that_slack_does_not_take_is_said_at_once(tmp_path: Path, method: str, fault: str, said: str) -> None:
    slack = SlackServer()
    slack.fail(method, fault)
    with serving_slack(slack) as address, pytest.raises(SettingsError, match=said):
        asyncio.run(asyncio.wait_for(bot_of(tmp_path, address).socket(lambda: None), 30))
