"""The bot at work: takes claims, asks the assistant, shows the answer as it comes, and picks up what was left lying."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

from assistant.assistant import Assistant
from assistant.types import Answer, Cited, Delta, Done, Event, Turn
from ingest.errors import CareerError
from ui import slack_text
from ui.slack_events import conversation_of
from ui.slack_ledger import LEASE_SECONDS, MOST_ATTEMPTS, Asked, Claim, SlackLedger
from ui.slack_post import Reply
from ui.slack_web import TRIES, Refused, Unclear, Workspace
from ui.slack_workspaces import NotInstalled

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Questions that the assistant answers at the same time; twice as many are being shown in Slack."""
LONGEST_SECONDS = 240.0
"""How long an answer may take; Slack ends a stream after about five minutes."""
SWEEP_SECONDS = 15.0
"""How often it is looked for what another process left lying."""
STATUS = "is looking in the library…"


class Colleague:
    """Answers what was claimed, one after another within a thread."""

    def __init__(
        self, assistant: Assistant, ledger: SlackLedger, workspace: Callable[[str], Awaitable[Workspace]]
    ) -> None:
        """Ask this assistant; `workspace` gives the Web API of a workspace by its id."""
        self.assistant = assistant
        self._ledger = ledger
        self._workspace = workspace
        self._threads = ThreadPoolExecutor(AT_ONCE, "slack-answer")
        self._room = asyncio.Semaphore(2 * AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def at_work(self, sweep_seconds: float = SWEEP_SECONDS) -> AsyncIterator[None]:
        """Pick up at once, and from time to time, what was left lying; at the end let go of what is not done."""
        sweeping = asyncio.create_task(self._sweeping(sweep_seconds))
        try:
            yield
        finally:
            going = [sweeping, *self._tasks]
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            self._threads.shutdown(wait=False, cancel_futures=True)

    def take(self, claim: Claim) -> None:
        """Answer a message."""
        self._start(self._answered(claim))

    def withdraw(self, claim: Claim) -> None:
        """Take back what stands of a message's answer, here and in the conversation."""
        self._start(self._withdrawn_in_turn(claim))

    async def settled(self) -> None:
        """Wait until everything taken is done."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sweeping(self, seconds: float) -> None:
        while True:
            try:
                for claim in await asyncio.to_thread(self._ledger.abandoned):
                    self.take(claim)
                await asyncio.to_thread(self._ledger.forget_old)
            except CareerError as error:
                log.warning("slack: %s", error)
            await asyncio.sleep(seconds)

    async def _answered(self, claim: Claim) -> None:
        message = claim.message
        place = (message.team, message.channel, message.thread)
        # The lease is held while waiting for a turn, too: else it would run out and the message be taken up again.
        renewing = asyncio.create_task(self._renewing(message))
        try:
            async with self._turns.setdefault(place, asyncio.Lock()), self._room:
                await self._until_done(claim)
        except asyncio.CancelledError:
            self._ledger.release(message.key)
            raise
        except Exception:  # the outermost edge of this work: another attempt is made, then it is given up
            log.exception("slack message %s was not answered", message.ts)
            with suppress(CareerError, Refused, Unclear):
                await self._put_off(claim)
        finally:
            renewing.cancel()

    async def _until_done(self, claim: Claim) -> None:
        """Answer a message, and again when its words have changed meanwhile."""
        message = claim.message
        going: Claim | None = claim
        try:
            workspace = await self._workspace(message.team)
        except NotInstalled:
            return self._ledger.give_up(message.key)
        try:
            while going is not None:
                await self._once(workspace, going)
                going = self._ledger.finish(going)
        except Refused as error:
            await self._tell(workspace, message, error)
            self._ledger.give_up(message.key)
        except Unclear as error:
            log.warning("slack message %s: %s", message.ts, error)
            await self._put_off(claim)
        if self._ledger.is_deleted(message.key) and (left := self._ledger.delete(message.key)):
            await self._withdrawn(left)

    async def _put_off(self, claim: Claim) -> None:
        """Leave a message for another attempt; after the last, say so."""
        if claim.attempts < MOST_ATTEMPTS:
            self._ledger.release(claim.message.key)
            return
        self._ledger.give_up(claim.message.key)
        workspace = await self._workspace(claim.message.team)
        await self._tell(workspace, claim.message, Refused("chat.postMessage", "Slack does not answer"))

    async def _renewing(self, message: Asked) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            await asyncio.to_thread(self._ledger.renew, message.key)

    async def _once(self, workspace: Workspace, claim: Claim) -> None:
        """One answer from the first sign to the last button; a failure ends in a sentence in its place."""
        message = claim.message
        reply = self._reply(workspace, claim)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                events = self.events(claim)
                await self._status(workspace, message, STATUS)
                answer = await self._shown(events, reply)
            await reply.finish(answer)
        except CareerError as error:
            log.warning("slack message %s: %s", message.ts, error)
            await reply.say(str(error))
        except TimeoutError:
            await reply.say("The answer took too long. Ask again, or in fewer words.")
        except (Refused, Unclear):
            raise
        except Exception:  # the outermost edge: the asker gets an id, the log the rest
            failure = uuid.uuid4().hex[:12]
            log.exception("slack message %s failed (%s)", message.ts, failure)
            await reply.say(f"Something went wrong on our side ({failure}). Ask again in a moment.")

    async def _shown(self, events: AsyncIterator[Event], reply: Reply) -> Answer:
        text, urls = "", dict[int, str]()
        async for event in events:
            match event:
                case Delta(piece):
                    text += piece
                case Cited(citation):
                    urls[citation.number] = citation.url
                case Done(answer):
                    return answer
            if reply.is_due() and (said := slack_text.sayable(text, urls).rstrip()):
                await reply.show(said, urls)
        raise RuntimeError("an answer ends with Done")

    def _reply(self, workspace: Workspace, claim: Claim) -> Reply:
        message = claim.message
        return Reply(
            workspace,
            claim,
            lambda replies: self._ledger.note(message.key, replies),
            lambda: self._ledger.replies(message.team, message.channel),
        )

    def events(self, claim: Claim) -> AsyncIterator[Event]:
        """What happens while a message is answered; it begins at once, in a thread of its own."""
        text, turn_id = claim.message.text, claim.turn_id
        conversation, owner = conversation_of(claim.message)

        def work() -> None:
            try:
                history = self._before(claim) if claim.begun or claim.attempts > 1 else None
                for event in self.assistant.stream(
                    text, conversation_id=conversation, owner=owner, history=history, turn_id=turn_id
                ):
                    loop.call_soon_threadsafe(coming.put_nowait, event)
            except Exception as error:  # raised again where the events are read
                # What stood there before an edit is not asked any more.
                with suppress(CareerError):
                    self.assistant.conversations.delete_turn(turn_id, owner)
                loop.call_soon_threadsafe(coming.put_nowait, error)

        async def told() -> AsyncIterator[Event]:
            while True:
                event = await coming.get()
                if isinstance(event, Exception):
                    raise event
                yield event

        loop = asyncio.get_running_loop()
        coming: asyncio.Queue[Event | Exception] = asyncio.Queue()
        loop.run_in_executor(self._threads, work)
        return told()

    def _before(self, claim: Claim) -> list[Turn] | None:
        """The turns before that of a message that is answered anew; None where there was no such turn."""
        conversations, (conversation, owner) = self.assistant.conversations, conversation_of(claim.message)
        kept = [one.answer for one in conversations.answers(conversation, owner)]
        turns = conversations.turns(conversation, owner)
        at = next((index for index, answer in enumerate(kept) if answer["turn_id"] == claim.turn_id), None)
        return None if at is None else turns[:at]

    async def _status(self, workspace: Workspace, message: Asked, status: str) -> None:
        """Show that it is being worked on; it goes away when the answer comes."""
        await workspace.quietly(
            "assistant.threads.setStatus", channel_id=message.channel, thread_ts=message.thread, status=status
        )

    async def _withdrawn_in_turn(self, claim: Claim) -> None:
        message = claim.message
        async with self._turns.setdefault((message.team, message.channel, message.thread), asyncio.Lock()):
            await self._withdrawn(self._ledger.delete(message.key) or claim)

    async def _withdrawn(self, claim: Claim) -> None:
        message = claim.message
        conversation, owner = conversation_of(message)
        await asyncio.to_thread(self.assistant.conversations.delete_turn, claim.turn_id, owner)
        try:
            await self._reply(await self._workspace(message.team), claim).withdraw()
        except (Refused, Unclear) as error:
            log.warning("slack: the answer to a deleted message could not be taken back: %s", error)

    async def _tell(self, workspace: Workspace, message: Asked, refused: Refused) -> None:
        """Say to the asker alone why there is no answer in the thread, and what to do."""
        log.warning("slack message %s: %s %s", message.ts, refused, refused.needed)
        sentence = why_not(refused)
        await self._status(workspace, message, "")
        with suppress(Refused):
            place = {"channel": message.channel, "user": message.user, "thread_ts": message.thread}
            await workspace.call("chat.postEphemeral", tries=TRIES, text=sentence, **place)
            return
        await workspace.quietly(
            "chat.postMessage", channel=message.user, text=sentence, unfurl_links=False, unfurl_media=False
        )


def why_not(refused: Refused) -> str:
    """Why Slack let no answer through, with the next step.

    >>> why_not(Refused("chat.postMessage", "missing_scope", "chat:write"))[:58]
    'I may not answer here: the app lacks the scope chat:write.'
    """
    if refused.error == "missing_scope":
        scope = slack_text.inert(refused.needed) or "that Slack asks for"
        return (
            f"I may not answer here: the app lacks the scope {scope}. Whoever runs it adds the scope under "
            "“OAuth & Permissions” of the app's settings and installs the app again."
        )
    if refused.error in ("not_in_channel", "channel_not_found"):
        return "I am not in that channel, so I cannot answer there. Invite me with /invite, then ask again."
    return (
        f"Slack did not let me answer there ({slack_text.inert(refused.error)}). Ask me in a direct message, or tell "
        "whoever runs the app."
    )
