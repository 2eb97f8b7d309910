"""What an event of Slack's means to the bot: a question, an edit, a deletion, or nothing. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ui import slack_text
from ui.slack_ledger import Asked, Key

_PLAIN = {None, "", "thread_broadcast", "file_share"}
"""Subtypes of what a person writes; others tell of people joining, topics, bots."""
_TO_SOMEBODY = re.compile(r"\s*<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True)
class Question:
    """Something asked."""

    asked: Asked
    only_if_joined: bool
    """Whether it is for us only when we follow its thread: it stands in a channel and does not mention us."""


@dataclass(frozen=True)
class Edit:
    """A message whose words have changed."""

    key: Key
    text: str
    edited: str
    """Timestamp of the edit."""


@dataclass(frozen=True)
class Deletion:
    """A message that its writer has deleted."""

    key: Key


def read(team: str, event: Mapping[str, Any], bot_user: str) -> Question | Edit | Deletion | None:
    """What a `message` or `app_mention` event means.

    >>> read("T1", {"type": "message", "channel_type": "im", "channel": "D1", "ts": "1.0", "user": "U1",
    ...             "text": "What do nurses earn?"}, "UB").asked.text
    'What do nurses earn?'
    >>> read("T1", {"type": "message", "channel": "C1", "ts": "1.0", "user": "U1", "text": "Lunch?"}, "UB") is None
    True
    """
    channel, subtype = str(event.get("channel", "")), event.get("subtype")
    if subtype == "message_deleted":
        gone = event.get("deleted_ts") or (event.get("previous_message") or {}).get("ts")
        return Deletion((team, channel, str(gone))) if gone else None
    if subtype == "message_changed":
        return _edit(team, channel, event.get("message") or {})
    if subtype not in _PLAIN or not _by_person(event, bot_user) or not event.get("ts"):
        return None
    return _question(team, channel, event, bot_user)


def _question(team: str, channel: str, event: Mapping[str, Any], bot_user: str) -> Question | None:
    text, ts = str(event.get("text", "")), str(event["ts"])
    mentioned = event.get("type") == "app_mention" or f"<@{bot_user}" in text
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    if not (mentioned or direct):
        to = _TO_SOMEBODY.match(text)
        if not event.get("thread_ts") or (to and to.group(1) != bot_user):
            return None
    asked = Asked(team, channel, ts, str(event.get("thread_ts") or ts), str(event["user"]), slack_text.asked(text))
    return Question(asked, only_if_joined=not (mentioned or direct))


def _edit(team: str, channel: str, message: Mapping[str, Any]) -> Edit | None:
    edited = (message.get("edited") or {}).get("ts")
    if not edited or not message.get("ts") or message.get("bot_id"):
        return None
    return Edit((team, channel, str(message["ts"])), slack_text.asked(str(message.get("text", ""))), str(edited))


def _by_person(event: Mapping[str, Any], bot_user: str) -> bool:
    user = event.get("user")
    return (
        bool(user) and user not in (bot_user, "USLACKBOT") and not event.get("bot_id") and not event.get("bot_profile")
    )


def pressed(body: Mapping[str, Any], question: str) -> Asked | None:
    """A follow-up question whose button was pressed below an answer; each is asked once, whoever presses.

    >>> pressed({"team": {"id": "T1"}, "channel": {"id": "C1"}, "user": {"id": "U1"},
    ...          "message": {"ts": "2.0", "thread_ts": "1.0"}}, "And senior?").thread
    '1.0'
    """
    message = body.get("message") or {}
    ts, channel = message.get("ts"), (body.get("channel") or {}).get("id")
    if not ts or not channel:
        return None
    mark = hashlib.sha256(question.encode()).hexdigest()[:16]
    team, user = team_of(body), str((body.get("user") or {}).get("id", ""))
    return Asked(team, channel, f"{ts}:{mark}", str(message.get("thread_ts") or ts), user, question)


def team_of(body: Mapping[str, Any]) -> str:
    """The workspace that a request comes from: the one that the app is installed in.

    In a channel that two workspaces share, the workspace that an event names may be the other one.

    >>> team_of({"team_id": "T2", "authorizations": [{"team_id": "T1"}]}), team_of({"team": {"id": "T3"}})
    ('T1', 'T3')
    """
    installed = (body.get("authorizations") or [{}])[0].get("team_id")
    named = body.get("team_id") or (body.get("team") or {}).get("id") or (body.get("user") or {}).get("team_id")
    return str(installed or named or "")


def owners_in(team: str) -> str:
    """How the name of everybody begins who owns conversations in a workspace.

    >>> owners_in("T1")
    'slack:T1:'
    """
    return f"slack:{team}:"


def conversation_of(asked: Asked) -> tuple[str, str]:
    """The conversation of a thread, and its owner: nothing said in another channel or workspace is ever read.

    >>> conversation_of(Asked("T1", "C1", "2.0", "1.0", "U1", "Why?"))
    ('slack:T1:C1:1.0', 'slack:T1:C1')
    """
    owner = f"{owners_in(asked.team)}{asked.channel}"
    return f"{owner}:{asked.thread}", owner
