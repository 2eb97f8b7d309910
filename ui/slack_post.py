"""How an answer gets into a thread: streamed where Slack streams, else posted and updated, and never twice.

What may have been posted is looked up in the thread before anything is posted again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.types import Answer
from ui import slack_text
from ui.slack_ledger import Claim
from ui.slack_web import TRIES, Refused, Unclear, Workspace, guarded

if TYPE_CHECKING:
    from slack_sdk.web.async_chat_stream import AsyncChatStream

log = logging.getLogger(__name__)

_UNFIT_BLOCKS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
_NO_STREAMS = {"unknown_method", "method_not_supported_for_channel_type", "feature_not_enabled", "not_allowed"}
_QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
_LOOKED_AT = 200
"""Messages of a thread that are asked for at once."""


class Reply:
    """The answer to one message, as it grows in its thread."""

    def __init__(
        self,
        workspace: Workspace,
        claim: Claim,
        note: Callable[[tuple[str, ...]], None],
        others: Callable[[], set[str]],
    ) -> None:
        """Answer this message.

        Args:
            workspace: Where it was asked.
            claim: The message, and what stands of its answer.
            note: Told before anything is posted, and of the messages that hold the answer.
            others: Timestamps of all messages known to hold an answer.
        """
        self._workspace = workspace
        self._claim = claim
        self._note = note
        self._others = others
        self._messages = list(claim.replies)
        # What another process began is finished in place, all at once; so is what is answered anew after an edit.
        self._streaming = workspace.streams and not claim.begun
        self._posting = not workspace.streams and not claim.begun
        self._maybe_there = claim.begun and not claim.replies
        self._stream: AsyncChatStream | None = None
        self._bytes = 0
        self._shown = ""
        self._latest = 0.0

    def is_due(self) -> bool:
        """Whether more of the answer should be shown now: its first words at once, others from time to time."""
        pace = self._workspace.pace
        waited = time.monotonic() - self._latest
        if self._streaming:
            return not self._shown or waited >= pace.flush
        return self._posting and (not self._messages or waited >= pace.update)

    async def show(self, text: str, urls: dict[int, str]) -> None:
        """Show the answer so far: all its text that can be shown.

        Raises:
            Refused: Nothing can be posted here.
        """
        if self._streaming:
            made = slack_text.markdown(text, urls)
            self._streaming = made.startswith(self._shown)
            if self._streaming:
                await self._streamed(made[len(self._shown) :])
        if self._posting and text.strip():
            await self._grown(text, urls)

    async def finish(self, answer: Answer) -> None:
        """Bring the thread to its final state: the whole answer, its sources and buttons.

        Raises:
            Refused: Nothing can be posted here.
            Unclear: Slack cannot be reached; what was begun is noted.
        """
        urls = slack_text.urls_of(answer.citations)
        made = slack_text.markdown(answer.answer, urls)
        below = slack_text.below(answer)
        if self._streaming and made.startswith(self._shown):
            rest = made[len(self._shown) :]
            if self._stream is None or self._bytes + len(rest.encode()) > slack_text.MESSAGE_BYTES:
                await self._streamed(rest)
                rest = ""
            if self._streaming and await self._stopped(below, rest):
                return
        await self._settle(slack_text.messages(answer.answer, urls), below)

    async def say(self, sentence: str) -> None:
        """Let one sentence stand in place of an answer."""
        await self._settle([slack_text.sections(sentence, {})], [])

    async def withdraw(self) -> None:
        """Take everything back."""
        if self._maybe_there and (ts := await self._find(0)):
            self._messages.append(ts)
        for ts in self._messages:
            await self._removed(ts)
        self._messages = []
        self._note(())

    # Streaming.

    async def _streamed(self, text: str) -> None:
        """Append to the stream, going on in a further message where one is full."""
        while text and self._streaming:
            room = slack_text.MESSAGE_BYTES - self._bytes
            if self._stream is not None and len(text.encode()) > room < slack_text.MESSAGE_BYTES // 6:
                await self._stopped([])
                self._stream, self._bytes = None, 0
                continue
            head = slack_text.pieces(text, room)[0]
            await self._appended(head)
            text = text[len(head) :]

    async def _appended(self, text: str) -> None:
        begins = self._stream is None
        if begins:
            self._note(tuple(self._messages))
        try:
            stream = self._stream = self._stream or await self._opened()
            await guarded("chat.appendStream", lambda: stream.append(markdown_text=text))
        except Refused as error:
            self._streaming = False
            self._posting = begins and not self._messages
            if error.error in _NO_STREAMS and begins:
                self._workspace.streams = False
            return
        except Unclear as error:
            log.info("slack %s", error)
            self._streaming, self._maybe_there = False, begins
            return
        if begins and stream.ts:
            self._messages.append(stream.ts)
            self._note(tuple(self._messages))
        self._shown += text
        self._bytes += len(text.encode())
        self._latest = time.monotonic()

    async def _opened(self) -> AsyncChatStream:
        message = self._claim.message
        return await self._workspace.client.chat_stream(
            buffer_size=1,
            channel=message.channel,
            thread_ts=message.thread,
            recipient_team_id=message.team,
            recipient_user_id=message.user,
            **_QUIET,
        )

    async def _stopped(self, below: slack_text.Blocks, rest: str = "") -> bool:
        """Whether the stream was brought to its end with the rest; where not, nothing is streamed any more."""
        stream = self._stream
        if stream is None:
            return False
        extra: dict[str, Any] = {"blocks": below} if below else {}
        if rest:
            extra["markdown_text"] = rest
        extra["metadata"] = self._metadata(len(self._messages) - 1)
        try:
            await guarded("chat.stopStream", lambda: stream.stop(**extra))
        except (Refused, Unclear) as error:
            log.info("slack %s", error)
            self._streaming = False
        return self._streaming

    # Posting and updating.

    async def _grown(self, text: str, urls: dict[int, str]) -> None:
        """The first words as a message, then more of them."""
        blocks = slack_text.messages(text, urls)[0]
        if not self._messages:
            self._note(())
            self._messages.append(await self._posted(0, blocks, []))
            self._note(tuple(self._messages))
        elif len(self._messages) == 1:
            channel, content = self._claim.message.channel, _contents(blocks, [])[0]
            await self._workspace.quietly("chat.update", channel=channel, ts=self._messages[0], **content)
        self._latest = time.monotonic()

    async def _settle(self, parts: Sequence[slack_text.Blocks], below: slack_text.Blocks) -> None:
        """Make the messages of this answer say exactly this, posting what is missing and deleting what is too much."""
        self._note(tuple(self._messages))
        if self._stream is not None and self._messages:
            # An open stream cannot be updated; whether this one is open is not known here.
            await self._workspace.quietly(
                "chat.stopStream", channel=self._claim.message.channel, ts=self._messages[-1]
            )  # fmt: skip
        for index, blocks in enumerate(parts):
            tail = below if index == len(parts) - 1 else []
            if index < len(self._messages):
                if await self._updated(self._messages[index], blocks, tail):
                    continue
                await self._removed(self._messages[index])
            ts = await self._posted(index, blocks, tail)
            self._messages[index : index + 1] = [ts]
            self._note(tuple(self._messages))
        for ts in self._messages[len(parts) :]:
            await self._removed(ts)
        del self._messages[len(parts) :]
        self._note(tuple(self._messages))

    async def _updated(self, ts: str, blocks: slack_text.Blocks, tail: slack_text.Blocks) -> bool:
        """Whether a message says this now."""
        for content in _contents(blocks, tail):
            try:
                await self._workspace.call(
                    "chat.update", tries=TRIES, channel=self._claim.message.channel, ts=ts, **content
                )
                return True
            except Refused as error:
                if error.error not in _UNFIT_BLOCKS:
                    log.info("slack %s", error)
                    return False
        return False

    async def _posted(self, index: int, blocks: slack_text.Blocks, tail: slack_text.Blocks) -> str:
        """Timestamp of the message that says this, posted unless it turns out to be there."""
        for attempt in range(TRIES):
            if (attempt or self._claim.begun or self._maybe_there) and (ts := await self._find(index)):
                if await self._updated(ts, blocks, tail):
                    return ts
                await self._removed(ts)
            try:
                return await self._post(index, blocks, tail)
            except Unclear as error:
                log.info("slack %s", error)
                await asyncio.sleep(self._workspace.pace.pause * 2**attempt)
        raise Unclear("chat.postMessage: Slack cannot be reached")

    async def _post(self, index: int, blocks: slack_text.Blocks, tail: slack_text.Blocks) -> str:
        contents = _contents(blocks, tail)
        for content in contents:
            try:
                done = await self._workspace.call(
                    "chat.postMessage",
                    channel=self._claim.message.channel,
                    thread_ts=self._claim.message.thread,
                    metadata=self._metadata(index),
                    **content,
                    **_QUIET,
                )
                return str(done.get("ts", ""))
            except Refused as error:
                if error.error not in _UNFIT_BLOCKS or content is contents[-1]:
                    raise
        raise AssertionError("there is at least one shape")

    async def _removed(self, ts: str) -> None:
        try:
            await self._workspace.call("chat.delete", tries=TRIES, channel=self._claim.message.channel, ts=ts)
        except Refused as error:
            log.info("slack %s", error)

    async def _find(self, index: int) -> str:
        """A message of this answer that may have been posted: by its key, else one of ours that nobody knows of.

        A stream bears no key before its end. Answers within a thread come one after another, so a message of ours below
        the question that belongs to no other answer belongs to this one.
        """
        message, others, cursor = self._claim.message, self._others() | set(self._messages), ""
        nobodys = ""
        while True:
            page = await self._workspace.call(
                "conversations.replies",
                tries=TRIES,
                channel=message.channel,
                ts=message.thread,
                oldest=message.ts if _is_ts(message.ts) else message.thread,
                limit=_LOOKED_AT,
                include_all_metadata=True,
                **({"cursor": cursor} if cursor else {}),
            )
            for one in page.get("messages", []):
                key = one.get("metadata", {}).get("event_payload", {}).get("key", "")
                if key == self._key(index):
                    return str(one["ts"])
                if not key and one.get("user") == self._workspace.bot_user and one["ts"] not in others:
                    nobodys = str(one["ts"])
            cursor = page.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                break
        if nobodys and self._maybe_there:
            await self._workspace.quietly("chat.stopStream", channel=message.channel, ts=nobodys)
            self._maybe_there = False
            return nobodys
        return ""

    def _metadata(self, index: int) -> dict[str, Any]:
        return {"event_type": "career_answer", "event_payload": {"key": self._key(index)}}

    def _key(self, index: int) -> str:
        return f"{self._claim.turn_id}:{index}"


def _contents(blocks: slack_text.Blocks, tail: slack_text.Blocks) -> list[dict[str, Any]]:
    """A message's content, and what a server may take that refuses it: plain buttons, no buttons, words alone."""
    words = "".join(block["text"]["text"] for block in blocks)
    tails = [tail, slack_text.plain_thumbs(tail), []] if tail else [[]]
    return [*({"text": words[:300] or "…", "blocks": blocks + one} for one in tails), {"text": words, "blocks": []}]


def _is_ts(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()
