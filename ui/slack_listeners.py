"""What the Slack bot listens to, over Socket Mode and over HTTP alike.

A message is written into the ledger before Slack's delivery is acknowledged, so that no crash loses one; `slack_answer`
answers it. What events mean is in `slack_events`, what is said to one person alone in `slack_private`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ui import slack_events, slack_text
from ui.page import STARTERS
from ui.slack_answer import Colleague
from ui.slack_ledger import Asked, Claim, SlackLedger
from ui.slack_private import COMMAND, Private
from ui.slack_workspaces import Workspaces

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp

Next = Callable[[], Awaitable[Any]]

SHORTCUT = "check_against_library"
_PROMPTS = 4
"""Slack shows four at most."""


class Listeners:
    """Listens, claims, and lets the colleague answer."""

    def __init__(self, colleague: Colleague, ledger: SlackLedger, workspaces: Workspaces) -> None:
        """Claim in this ledger what this colleague is to answer."""
        self._colleague = colleague
        self._ledger = ledger
        self._workspaces = workspaces
        self._private = Private(colleague.assistant)

    def listen(self, app: AsyncApp) -> None:
        """Listen to what comes to a Bolt app. What must not be lost is done before the delivery is acknowledged."""
        for event in ("app_mention", "message"):
            app.event(event, middleware=[self._heard])(_nothing)
        for event in ("app_uninstalled", "tokens_revoked"):
            app.event(event, middleware=[self._removed])(_nothing)
        app.event("app_home_opened")(self._opened)
        app.event("assistant_thread_started")(self._opened)
        app.event("assistant_thread_context_changed")(_nothing)
        app.command(COMMAND)(self._private.commanded)
        app.shortcut(SHORTCUT)(self._private.checked)
        app.action(re.compile(rf"{slack_text.FEEDBACK}.*"))(self._private.rated)
        app.action(re.compile(rf"{slack_text.FOLLOW_UP}.*"))(self._pressed)

    async def _heard(self, body: dict[str, Any], event: dict[str, Any], next_: Next) -> None:
        """Claim a message."""
        team = slack_events.team_of(body)
        workspace = await self._workspaces.of(team)
        found = slack_events.read(team, event, workspace.bot_user)
        event_id = str(body.get("event_id", ""))
        match found:
            case slack_events.Question(asked, only_if_joined):
                await self._take(asked, event_id, only_if_joined)
            case slack_events.Edit(key, text, edited):
                if claim := await asyncio.to_thread(self._ledger.edit, key, text, edited):
                    self._colleague.take(claim)
            case slack_events.Deletion(key):
                if gone := await asyncio.to_thread(self._ledger.delete, key):
                    self._colleague.withdraw(gone)
        await next_()

    async def _take(self, asked: Asked, event_id: str, only_if_joined: bool = False) -> None:
        claim = await asyncio.to_thread(self._claimed, asked, event_id, only_if_joined)
        if claim is not None:
            self._colleague.take(claim)

    def _claimed(self, asked: Asked, event_id: str, only_if_joined: bool) -> Claim | None:
        if only_if_joined and not self._ledger.has_joined(asked.team, asked.channel, asked.thread):
            return None
        return self._ledger.claim(asked, event_id)

    async def _removed(self, body: dict[str, Any], event: dict[str, Any], next_: Next) -> None:
        """Forget a workspace that removed the app: the way into it, and all that was asked there."""
        if event.get("type") == "app_uninstalled" or (event.get("tokens") or {}).get("bot"):
            team, at = slack_events.team_of(body), float(body.get("event_time") or 0)
            gone = await self._workspaces.left(team, at)
            # An event may come late, when the app is back in the workspace: then what was asked since is answered.
            await asyncio.to_thread(self._ledger.forget_team, team, None if gone else at)
            forget = self._colleague.assistant.conversations.delete_owned
            await asyncio.to_thread(forget, slack_events.owners_in(team))
        await next_()

    async def _opened(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        """Offer first questions when the agent's tab, or an assistant thread of older workspaces, is opened."""
        started = event.get("assistant_thread") or {}
        if event.get("type") == "app_home_opened" and event.get("tab") != "messages":
            return
        place = {"channel_id": started.get("channel_id") or event.get("channel")}
        if started.get("thread_ts"):
            place["thread_ts"] = started["thread_ts"]
        prompts = [{"title": topic, "message": question} for topic, question in STARTERS[:_PROMPTS]]
        workspace = await self._workspaces.of(slack_events.team_of(body))
        await workspace.quietly("assistant.threads.setSuggestedPrompts", prompts=prompts, title="Ask about", **place)

    async def _pressed(self, ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Answer a follow-up question in the thread."""
        asked = slack_events.pressed(body, str(action.get("value", "")))
        if asked is not None:
            await self._take(asked, "")
        await ack()


async def _nothing() -> None:
    """What is left to do for an event when its middleware has done the work."""
