"""Slack's Web API on a port of this machine: it keeps what it is sent, refuses what Slack refuses, fails if told to."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import loopback

BOT, CLIENT = "UBOT", "111.222:client-secret"
STREAM_BYTES, BLOCKS_CHARACTERS, SECTION_CHARACTERS, BLOCKS = 10_600, 13_200, 3_000, 50
KNOWN_BLOCKS = {"section", "context", "actions", "context_actions", "markdown"}


@dataclass
class Message:
    """One message as it stands in a channel."""

    channel: str
    ts: str
    thread: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    streaming: bool = False
    streamed: bool = False
    sent: dict[str, Any] = field(default_factory=dict)
    team: str = ""
    """The workspace whose token it was sent with, where the server knows several."""

    @property
    def shown(self) -> str:
        """All words that a reader sees, as they were sent."""
        return (self.text if self.streamed and not self._sections else "") + json.dumps(self.blocks, ensure_ascii=False)

    @property
    def _sections(self) -> list[dict[str, Any]]:
        return [block for block in self.blocks if block["type"] == "section"]

    @property
    def words(self) -> str:
        """The answer's own text."""
        return "".join(block["text"]["text"] for block in self._sections) or self.text


Fault = str
"""What goes wrong with one call: `429`, `500`, `500 done`, `timeout`, `timeout done`, `reset`, `reset done`, or the
name of an error that Slack answers. With `done` the call has its effect before its answer is lost."""


class SlackServer:
    """The state of a workspace, and the calls that were made of it."""

    def __init__(self, without: tuple[str, ...] = ()) -> None:
        self.without = without
        self.teams: dict[str, str] = {}
        """The workspace of each token; any token is taken when empty."""
        self.codes: dict[str, dict[str, Any]] = {}
        """What each code of an installation is exchanged for, once."""
        self.socket = ""
        """Where Socket Mode connects to."""
        self.messages: dict[tuple[str, str], Message] = {}
        self.ephemeral: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any], float]] = []
        self.faults: dict[str, deque[Fault]] = {}
        self.fault_of: Callable[[str], Fault | None] = lambda _: None
        self.injected: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._team = ""
        self._lock = threading.RLock()
        self.hang_seconds = 3.0

    # What tests ask.

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method fail, one fault each."""
        self.faults.setdefault(method, deque()).extend(faults)

    def answers(self, channel: str = "", thread: str = "", team: str = "") -> list[Message]:
        """Our messages, in order."""
        with self._lock:
            found = [m for m in self.messages.values() if not channel or m.channel == channel]
        return [m for m in found if (not thread or m.thread == thread) and (not team or m.team == team)]

    def allow(self, code: str, workspace: str, **more: Any) -> None:
        """Let somebody allow the app in a workspace: what the code stands for that their browser takes back."""
        self.codes[code] = {
            "ok": True, "access_token": f"xoxb-{workspace}-{code}", "token_type": "bot", "scope": "chat:write",
            "bot_user_id": BOT, "app_id": "A1", "team": {"id": workspace, "name": "A team"}, "enterprise": None,
            "authed_user": {"id": "U1"}, "is_enterprise_install": False,
        } | more  # fmt: skip

    def revoke(self, team: str) -> None:
        """Take no token of a workspace any more."""
        self.teams = {token: of for token, of in self.teams.items() if of != team}

    def named(self, method: str) -> list[dict[str, Any]]:
        """The arguments of all calls of a method."""
        return [arguments for name, arguments, _ in self.calls if name == method]

    # What Slack does.

    def call(self, method: str, arguments: dict[str, Any], token: str = "") -> dict[str, Any]:
        """One call's effect and answer."""
        with self._lock:
            if method in self.without:
                return {"ok": False, "error": "unknown_method"}
            if method != "oauth.v2.access" and self.teams and token not in self.teams:
                return {"ok": False, "error": "invalid_auth"}
            self._team = self.teams.get(token, "")
            handler = getattr(self, "do_" + method.replace(".", "_"), None)
            return handler(arguments) if handler else {"ok": False, "error": "unknown_method"}

    def next_fault(self, method: str) -> Fault | None:
        with self._lock:
            waiting = self.faults.get(method)
            fault = waiting.popleft() if waiting else self.fault_of(method)
            if fault:
                self.injected[f"{method} {fault}"] += 1
            return fault

    def _ts(self) -> str:
        return f"9{int(time.time())}.{next(self._numbers):06d}"

    def do_auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "user_id": BOT, "bot_id": "B1", "team_id": self._team or "T1", "team": "One"}

    def do_apps_connections_open(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": self.socket}

    def do_oauth_v2_access(self, sent: dict[str, Any]) -> dict[str, Any]:
        if sent.get("client") != CLIENT:
            return {"ok": False, "error": "bad_client_secret"}
        found = self.codes.pop(sent["code"], None)
        if found is None:
            return {"ok": False, "error": "invalid_code"}
        self.teams[found["access_token"]] = (found["team"] or found["enterprise"])["id"]
        return found

    def do_chat_postMessage(self, sent: dict[str, Any]) -> dict[str, Any]:
        if error := refusal(sent):
            return {"ok": False, "error": error}
        ts = self._ts()
        self.messages[sent["channel"], ts] = Message(
            sent["channel"], ts, sent.get("thread_ts") or ts, sent.get("text", ""), sent.get("blocks") or [],
            sent.get("metadata") or {}, sent=sent, team=self._team,
        )  # fmt: skip
        return {"ok": True, "ts": ts, "channel": sent["channel"]}

    def do_chat_update(self, sent: dict[str, Any]) -> dict[str, Any]:
        message = self.messages.get((sent["channel"], sent["ts"]))
        if message is None:
            return {"ok": False, "error": "message_not_found"}
        if message.streaming:
            return {"ok": False, "error": "streaming_state_conflict"}
        if error := refusal(sent):
            return {"ok": False, "error": error}
        message.text, message.blocks = sent.get("text", ""), sent.get("blocks") or []
        return {"ok": True, "ts": sent["ts"], "channel": sent["channel"]}

    def do_chat_delete(self, sent: dict[str, Any]) -> dict[str, Any]:
        gone = self.messages.pop((sent["channel"], sent["ts"]), None)
        return {"ok": True, "ts": sent["ts"]} if gone else {"ok": False, "error": "message_not_found"}

    def do_chat_postEphemeral(self, sent: dict[str, Any]) -> dict[str, Any]:
        self.ephemeral.append(sent)
        return {"ok": True, "message_ts": self._ts()}

    def do_chat_startStream(self, sent: dict[str, Any]) -> dict[str, Any]:
        if not sent.get("thread_ts"):
            return {"ok": False, "error": "invalid_arguments"}
        if sent["channel"].startswith("C") and not (sent.get("recipient_team_id") and sent.get("recipient_user_id")):
            return {"ok": False, "error": "missing_recipient_team_id"}
        text = words_of(sent)
        if len(text.encode()) > STREAM_BYTES:
            return {"ok": False, "error": "msg_too_long"}
        ts = self._ts()
        self.messages[sent["channel"], ts] = Message(
            sent["channel"], ts, sent["thread_ts"], text, streaming=True, streamed=True, sent=sent, team=self._team
        )
        return {"ok": True, "ts": ts, "channel": sent["channel"]}

    def do_chat_appendStream(self, sent: dict[str, Any]) -> dict[str, Any]:
        message = self.messages.get((sent["channel"], sent["ts"]))
        if message is None or not message.streaming:
            return {"ok": False, "error": "message_not_in_streaming_state" if message else "message_not_found"}
        text = message.text + words_of(sent)
        if len(text.encode()) > STREAM_BYTES:
            return {"ok": False, "error": "msg_too_long"}
        message.text = text
        return {"ok": True, "ts": sent["ts"], "channel": sent["channel"]}

    def do_chat_stopStream(self, sent: dict[str, Any]) -> dict[str, Any]:
        done = self.do_chat_appendStream(sent)
        if done["ok"]:
            if error := refusal({"text": "…", "blocks": sent.get("blocks") or []}):
                return {"ok": False, "error": error}
            message = self.messages[sent["channel"], sent["ts"]]
            message.streaming, message.blocks = False, sent.get("blocks") or []
            message.metadata = sent.get("metadata") or {}
        return done

    def do_conversations_replies(self, sent: dict[str, Any]) -> dict[str, Any]:
        found = [m for (c, _), m in self.messages.items() if c == sent["channel"] and m.thread == sent["ts"]]
        start, size = int(sent.get("cursor") or 0), 3
        page = [
            {"ts": m.ts, "thread_ts": m.thread, "user": BOT, "text": m.text}
            | ({"metadata": m.metadata} if m.metadata and sent.get("include_all_metadata") else {})
            for m in found[start : start + size]
        ]
        after = str(start + size) if len(found) > start + size else ""
        return {"ok": True, "messages": page, "has_more": bool(after), "response_metadata": {"next_cursor": after}}

    def do_assistant_threads_setStatus(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True}

    do_assistant_threads_setSuggestedPrompts = do_assistant_threads_setStatus


def words_of(sent: dict[str, Any]) -> str:
    """The Markdown in a streaming call: one field or chunks, never both."""
    assert not (sent.get("markdown_text") and sent.get("chunks")), "Slack refuses both in one call"
    chunks = sent.get("chunks") or []
    return (sent.get("markdown_text") or "") + "".join(c["text"] for c in chunks if c["type"] == "markdown_text")


def refusal(sent: dict[str, Any]) -> str:
    """Why Slack would not take a message; empty when it would."""
    blocks = sent.get("blocks") or []
    if not blocks and not sent.get("text"):
        return "no_text"
    if len(sent.get("text", "")) > 40_000:
        return "msg_too_long"
    if len(blocks) > BLOCKS or any(not fits(block) for block in blocks):
        return "invalid_blocks"
    told = sum(len(json.dumps(block, ensure_ascii=False)) for block in blocks if block["type"] == "section")
    return "msg_blocks_too_long" if told > BLOCKS_CHARACTERS else ""


def fits(block: dict[str, Any]) -> bool:
    if block["type"] not in KNOWN_BLOCKS:
        return False
    if block["type"] == "section":
        return 0 < len(block["text"]["text"]) <= SECTION_CHARACTERS
    if block["type"] == "context":
        return 0 < len(block["elements"]) <= 10 and all(0 < len(one["text"]) <= 3_000 for one in block["elements"])
    buttons = block["elements"]
    ids = [one["action_id"] for one in buttons]
    return len(set(ids)) == len(ids) and all(
        one["type"] == "feedback_buttons" or (0 < len(one["text"]["text"]) <= 75 and len(one["value"]) <= 2_000)
        for one in buttons
    )


class _Handler(loopback.Handler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    slack: SlackServer

    def do_POST(self) -> None:
        method = self.path.split("?")[0].removeprefix("/api/").strip("/")
        arguments = read_arguments(self.body(), self.headers.get("content-type", ""))
        arguments |= dict(parse_qsl(self.path.partition("?")[2]))
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            arguments["client"] = base64.b64decode(token).decode()
        if method.startswith("respond"):
            self.slack.responses.append(arguments)
            self.send_json(200, {"ok": True})
            return
        self.slack.calls.append((method, arguments, time.monotonic()))
        fault = self.slack.next_fault(method)
        if fault is None or fault.endswith(" done"):
            done = self.slack.call(method, arguments, token)
        if fault:
            self._fail(fault)
        else:
            self.send_json(200, done)

    do_GET = do_POST

    def _fail(self, fault: Fault) -> None:
        kind = fault.partition(" ")[0]
        if kind == "429":
            self.send_json(429, {"ok": False, "error": "ratelimited"}, retry_after="0")
        elif kind == "404":
            self.send_json(404, {"message": "Not Found"})
        elif kind == "500":
            self.send(500, b"upstream error", "text/html")
        elif kind == "timeout":
            time.sleep(self.slack.hang_seconds)
            self.close_connection = True
        elif kind == "reset":
            self.close_connection = True
        elif kind == "missing_scope":
            self.send_json(200, {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "commands"})
        else:
            self.send_json(200, {"ok": False, "error": kind})


def read_arguments(body: bytes, kind: str) -> dict[str, Any]:
    """Arguments as Slack takes them: JSON, or a form with JSON in its fields."""
    if kind.startswith("application/json"):
        read: dict[str, Any] = json.loads(body or b"{}")
        return {name: value for name, value in read.items() if value is not None}
    found: dict[str, Any] = dict(parse_qsl(body.decode()))
    for name in ("blocks", "chunks", "metadata"):
        if name in found:
            found[name] = json.loads(found[name])
    return found


@contextmanager
def serving_slack(slack: SlackServer) -> Iterator[str]:
    """The address of the Web API, while it is there."""
    with loopback.listening(type("Handler", (_Handler,), {"slack": slack})) as address:
        yield f"{address}/api/"
