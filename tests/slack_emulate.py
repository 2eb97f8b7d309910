"""A conversation with the bot in a workspace that others wrote: Vercel's emulator of Slack, npm's package `emulate`.

    npm install --prefix FOLDER --ignore-scripts emulate@0.12.2
    python tests/slack_emulate.py FOLDER [DATA_DIR] [PICTURE.png]

`career-assistant serve` is installed there by OAuth, then asked in a channel, without a mention in the thread, and
directly; a question is edited, a button pressed, an answer rated, a question deleted. The emulator keeps the messages,
signs the events and checks the scopes. It has no streams, so answers are posted and updated; it has no buttons either,
so those are pressed here. It reads no arguments from an address, where Slack's SDK puts those of chat.delete and
conversations.replies: that an answer goes with its question, and that a thread is looked into, it cannot show.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from slack_desk import SECRET, signature

from assistant.conversation import Conversations
from ingest.settings import load_settings
from ui.serve import bring_bundled
from ui.slack_oauth import BACK, INSTALL
from ui.slack_text import FEEDBACK, FOLLOW_UP

BOT = "U0ASSISTANT"
WEBHOOK = "services/T000000001/B000000001/X000000001"
"""Stands in for the address that Slack gives with a pressed button; what is said to it lands in #general."""


class Emulated:
    """The workspace as one person sees it, and the bot's server."""

    def __init__(self, slack: str, bot: str) -> None:
        self.http = httpx.Client(timeout=30)
        self.slack, self.bot = slack, bot
        self.user = self.call("auth.test")["user_id"]

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        headers = {"authorization": "Bearer xoxp-ada"}
        said: dict[str, Any] = self.http.post(f"{self.slack}/api/{method}", json=arguments, headers=headers).json()
        assert said["ok"], (method, said)
        return said

    def channel(self, name: str) -> str:
        listed = self.call("conversations.list")["channels"]
        return next(str(one["id"]) for one in listed if one["name"] == name)

    def install(self) -> None:
        """Go through the installation as a browser does; the emulator wants to be told where to send it back to."""
        begun = self.http.get(self.bot + INSTALL)
        assert begun.status_code == 302, begun.text
        asked = httpx.URL(begun.headers["location"]).params
        form = dict(asked) | {"redirect_uri": self.bot + BACK, "user_id": self.user}
        allowed = self.http.post(f"{self.slack}/oauth/v2/authorize/callback", data=form)
        cookie = begun.headers["set-cookie"].split(";")[0]
        done = self.http.get(allowed.headers["location"], headers={"cookie": cookie})
        assert done.status_code == 200, done.text

    def say(self, channel: str, text: str, thread: str = "") -> str:
        more = {"thread_ts": thread} if thread else {}
        return str(self.call("chat.postMessage", channel=channel, text=text, **more)["ts"])

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """The bot's messages in a thread."""
        found = self.call("conversations.replies", channel=channel, ts=ts)["messages"]
        return [one for one in found if one["user"] == BOT]

    def answered(self, channel: str, ts: str, count: int) -> dict[str, Any]:
        """The latest answer of so many, when it is whole."""

        def whole() -> bool:
            said = self.thread(channel, ts)
            assert len(said) <= count, [one["text"] for one in said]
            return len(said) == count and bool(elements(said[-1], FEEDBACK))

        until(whole)
        return self.thread(channel, ts)[-1]

    def press(self, channel: str, message: dict[str, Any], action: dict[str, Any]) -> None:
        team = {"id": "T000000001"}
        body = {
            "type": "block_actions", "team": team, "user": {"id": self.user, "team_id": team["id"]},
            "channel": {"id": channel}, "message": message, "trigger_id": "1", "actions": [action],
            "response_url": f"{self.slack}/{WEBHOOK}",
        }  # fmt: skip
        sent, at = urlencode({"payload": json.dumps(body)}).encode(), str(int(time.time()))
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": at,
            "x-slack-signature": signature(sent, at),
        }
        assert self.http.post(self.bot + "/slack/events", content=sent, headers=headers).status_code == 200


def elements(message: dict[str, Any], action: str) -> list[dict[str, Any]]:
    """The buttons of a message whose action's name begins so."""
    found = [one for block in message.get("blocks", []) for one in block.get("elements", [])]
    return [one for one in found if str(one.get("action_id", "")).startswith(action)]


def words(message: dict[str, Any]) -> str:
    return "".join(block["text"]["text"] for block in message["blocks"] if block["type"] == "section")


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    for _ in range(int(seconds * 20)):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def conversation(ada: Emulated, kept: Conversations) -> Iterator[str]:
    """Everything that is tried, one line each when it has worked."""
    ada.install()
    yield "installed by OAuth"
    careers = ada.channel("careers")
    first = ada.say(careers, f"<@{BOT}> What does an entry-level machine learning engineer earn?")
    answer = ada.answered(careers, first, 1)
    assert "$105,418" in words(answer), answer
    yield f"a mention is answered in its thread: {words(answer)[:120]!r}"
    ada.say(careers, "And late career?", first)
    assert "$" in words(ada.answered(careers, first, 2))
    yield "a follow-up needs no mention"
    button = elements(answer, FOLLOW_UP)[0]
    ada.press(careers, answer, {"type": "button", "action_id": button["action_id"], "value": button["value"]})
    ada.answered(careers, first, 3)
    yield f"a follow-up button is answered: {button['value']!r}"
    direct = ada.call("conversations.open", users=BOT)["channel"]["id"]
    asked = ada.say(direct, "Which skills does a data engineer need?")
    before = ada.answered(direct, asked, 1)
    yield "a direct message is answered"
    ada.call("chat.update", channel=direct, ts=asked, text="What does a data scientist earn?")
    until(lambda: "$" in words(ada.answered(direct, asked, 1)))
    after = ada.answered(direct, asked, 1)
    assert after["ts"] == before["ts"] and words(after) != words(before)
    yield "an edited question is answered once more, in place"
    [thumbs] = elements(answer, FEEDBACK)
    up = thumbs["positive_button"]["value"]
    ada.press(careers, answer, {"type": "feedback_buttons", "action_id": thumbs["action_id"], "value": up})
    until(lambda: [one.turn_id for one in kept.every_turn() if one.rating == "up"] == [up.partition(":")[2]])
    yield "an answer is rated"
    ada.call("chat.delete", channel=direct, ts=asked)
    until(lambda: not [one for one in kept.every_turn() if f":{direct}:" in one.conversation_id])
    yield "a deleted question is forgotten"
    assert len(ada.thread(careers, first)) == 3
    yield "nothing was answered twice"


@contextmanager
def running(command: list[str], **env: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def photographed(ada: Emulated, picture: str) -> None:
    """The emulator's own page of the channel."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.goto(f"{ada.slack}/?tab=messages&channel={ada.channel('careers')}")
        page.screenshot(path=picture, clip={"x": 0, "y": 335, "width": 1000, "height": 420})
        browser.close()


def main(folder: str, data: str = "", picture: str = "") -> None:
    data = data or tempfile.mkdtemp()
    bring_bundled(load_settings(data_dir=data, env={}))
    bot = f"http://127.0.0.1:{free_port()}"
    node = ["node", str(Path(__file__).with_suffix(".mjs")), folder, f"{bot}/slack/events", SECRET, bot + BACK]
    serve = [sys.executable, "-m", "ui.cli", "serve", "--data", data, "--port", bot.rpartition(":")[2]]
    with ExitStack() as stack:
        emulator = stack.enter_context(running(node))
        assert emulator.stdout
        slack = emulator.stdout.readline().strip()
        env = {"SLACK_CLIENT_ID": "111.222", "SLACK_CLIENT_SECRET": "client-secret", "SLACK_BOT_TOKEN": ""}
        stack.enter_context(running(serve, SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=f"{slack}/api/", **env))
        until(lambda: _is_up(bot), 120)
        ada = Emulated(slack, bot)
        for done in conversation(ada, Conversations(Path(data) / "conversations.db")):
            print(done, flush=True)
        if picture:
            photographed(ada, picture)


def _is_up(bot: str) -> bool:
    try:
        return httpx.get(bot + "/readyz").status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
