"""What the Slack bot says to one person alone: slash commands, checked messages, thanks for a thumb."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from assistant.assistant import Assistant
from assistant.conversation import Rating, new_id
from assistant.types import Answer, Done
from ingest.errors import CareerError
from ui import slack_events, slack_text
from ui.page import STARTERS
from ui.slack_web import TRIES

log = logging.getLogger(__name__)

COMMAND = "/career"
_FORGET = re.compile(r"\s*forget\s*", re.IGNORECASE)
_USAGE = f"Ask me something, such as: {COMMAND} {STARTERS[0][1]} I answer only you; `{COMMAND} forget` deletes it."
_MOST = 5
"""Messages that Slack takes in answer to one command or press."""

Said = list[tuple[str, slack_text.Blocks]]
"""Messages: their words, and their blocks where they have any."""


class Private:
    """Answers whoever typed or pressed, and nobody else."""

    def __init__(self, assistant: Assistant) -> None:
        """Ask this assistant."""
        self._assistant = assistant

    async def commanded(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        """Answer a slash command."""
        await ack()
        asked = slack_text.asked(str(body.get("text", "")))
        conversation, owner = private_conversation(body)

        def work() -> Said:
            if not asked:
                return [(_USAGE, [])]
            if not _FORGET.fullmatch(asked):
                return _answer(self._asked(asked, conversation, owner))
            forgotten = self._assistant.conversations.delete(conversation, owner)
            return [("What you asked here is forgotten." if forgotten else _USAGE, [])]

        await _tell(respond, "a slash command", work)

    def _asked(self, question: str, conversation: str, owner: str) -> Answer:
        events = self._assistant.stream(question, conversation_id=conversation, owner=owner, turn_id=new_id())
        return next(event.answer for event in events if isinstance(event, Done))

    async def checked(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        """Say whether the library supports a message."""
        await ack()
        text = slack_text.asked(str((body.get("message") or {}).get("text", "")))
        await _tell(respond, "checking a message", lambda: [(slack_text.verdict(self._assistant.verify(text)), [])])

    async def rated(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """Keep a thumb, and thank whoever gave it."""
        await ack()
        rating, _, turn_id = str(action.get("value", "")).partition(":")
        channel = str((body.get("channel") or {}).get("id", ""))
        owners = (f"slack:{slack_events.team_of(body)}:{channel}", private_conversation(body)[1])

        def work() -> Said:
            rate = self._assistant.conversations.rate
            kept = rating in ("up", "down") and any(rate(turn_id, cast(Rating, rating), "", owner) for owner in owners)
            return [
                ("Thank you, that helps." if kept else "That answer is not kept any more, so it cannot be rated.", [])
            ]

        await _tell(respond, "a rating", work, str((body.get("message") or {}).get("thread_ts") or ""))


def private_conversation(body: Mapping[str, Any]) -> tuple[str, str]:
    """The conversation of one person with slash commands in one channel, and its owner.

    >>> private_conversation({"team_id": "T1", "channel_id": "C1", "user_id": "U1"})
    ('slack:T1:C1:U1', 'slack:T1:C1:U1')
    """
    channel = body.get("channel_id") or (body.get("channel") or {}).get("id", "")
    user = body.get("user_id") or (body.get("user") or {}).get("id", "")
    name = f"{slack_events.owners_in(slack_events.team_of(body))}{channel}:{user}"
    return name, name


def _answer(answer: Answer) -> Said:
    """An answer in as many messages as may be sent, the last with its sources and thumbs."""
    parts = slack_text.messages(answer.answer, slack_text.urls_of(answer.citations))[:_MOST]
    below = slack_text.plain_thumbs(slack_text.below(answer, follow_ups=False))
    words = slack_text.inert(answer.answer[:300])
    return [(words, blocks + (below if blocks is parts[-1] else [])) for blocks in parts]


async def _tell(respond: Any, what: str, work: Callable[[], Said], thread: str = "") -> None:
    """Do something in a thread, and say its outcome, or why there is none."""
    try:
        said = await asyncio.to_thread(work)
    except CareerError as error:
        said = [(slack_text.inert(str(error)), [])]
    except Exception:  # the outermost edge: the asker gets an id, the log the rest
        failure = new_id()[:12]
        log.exception("slack: %s failed (%s)", what, failure)
        said = [(f"Something went wrong on our side ({failure}). Try again in a moment.", [])]
    for text, blocks in said:
        await _say(respond, text, blocks, thread)


async def _say(respond: Any, text: str, blocks: slack_text.Blocks, thread: str) -> None:
    """One message, seen by one person."""
    import aiohttp

    more = {"thread_ts": thread} if thread else {}
    for attempt in range(TRIES):
        try:
            answer = await respond(
                text=text, blocks=blocks or None, response_type="ephemeral", replace_original=False,
                unfurl_links=False, unfurl_media=False, **more,
            )  # fmt: skip
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack: a private answer was not taken (%s)", type(error).__name__)
        else:
            if answer.status_code == 200:
                return
            log.warning("slack: a private answer was refused (%s)", answer.status_code)
        await asyncio.sleep(0.2 * 2**attempt)
