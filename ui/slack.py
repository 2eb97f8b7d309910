"""The Slack bot: what it listens to, over Socket Mode and over HTTP alike.

A message is written into the ledger before Slack's delivery is acknowledged, so that no crash loses one; `slack_answer`
answers it. What events mean is in `slack_events`, how an answer looks in `slack_text`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from assistant.assistant import Assistant
from assistant.conversation import Rating, new_id
from assistant.types import Answer, Done
from ingest.errors import CareerError, SettingsError
from ingest.settings import Settings
from ui import slack_events, slack_text
from ui.page import NAME, STARTERS
from ui.slack_answer import SWEEP_SECONDS, Colleague
from ui.slack_ledger import Asked, Claim, SlackLedger
from ui.slack_web import TRIES, Pace, Refused, Unclear, Workspace

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.authorization import AuthorizeResult
    from slack_sdk.web.async_client import AsyncWebClient

log = logging.getLogger(__name__)

COMMAND, SHORTCUT = "/career", "check_against_library"
PATH = "/slack/events"
_PROMPTS = 4
"""Slack shows four at most."""
_RATE_LIMIT_RETRIES = 5
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_FORGET = re.compile(r"\s*forget\s*", re.IGNORECASE)
_USAGE = f"Ask me something, such as: {COMMAND} {STARTERS[0][1]} I answer only you; `{COMMAND} forget` deletes it."


def is_installed() -> bool:
    """Whether Slack's packages are there."""
    return find_spec("slack_bolt") is not None and find_spec("aiohttp") is not None


def wanted_over_http(settings: Settings) -> bool:
    """Whether the settings ask for the bot at `/slack/events`."""
    return bool(settings.slack_bot_token and settings.slack_signing_secret)


def needed_for_socket(settings: Settings) -> None:
    """Refuse at once what Socket Mode cannot do without.

    Raises:
        SettingsError: Slack's packages or a token are missing.
    """
    _needed(settings)
    if not settings.slack_app_token:
        raise SettingsError(
            "SLACK_APP_TOKEN is not set.", "Make one with the scope connections:write; docs/slack.md shows where."
        )


def _needed(settings: Settings) -> None:
    if not is_installed():
        raise SettingsError(
            "The Slack bot needs packages that are not installed.",
            "Install them with: pip install 'career-assistant[slack]'",
        )
    if not settings.slack_bot_token:
        raise SettingsError("SLACK_BOT_TOKEN is not set.", "docs/slack.md leads from nothing to the tokens.")


class SlackBot:
    """Listens, claims, and answers what it must answer at once."""

    def __init__(
        self, assistant: Assistant, settings: Settings, ledger: SlackLedger | None = None, pace: Pace = Pace()
    ) -> None:
        """Listen for the workspace of the settings' token.

        Raises:
            SettingsError: Slack's packages or the token are missing.
            LibraryError: The ledger cannot be opened.
        """
        _needed(settings)
        self._settings = settings
        self._pace = pace
        self._ledger = ledger or SlackLedger(settings.data_dir / "slack.db")
        self._client = _client(settings, pace, settings.slack_bot_token)
        self._known: Workspace | None = None
        self._identity: Any = None
        self.colleague = Colleague(assistant, self._ledger, self._workspace)
        self.app = self._listening()

    @asynccontextmanager
    async def running(self, sweep_seconds: float = SWEEP_SECONDS) -> AsyncIterator[None]:
        """At work, over connections that are kept open."""
        import aiohttp

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self._pace.request)) as session:
            self._client.session = session
            async with self.colleague.at_work(sweep_seconds):
                yield

    async def socket(self, listening: Callable[[], None]) -> None:
        """Listen over Socket Mode until told to stop; `listening` is called when it begins.

        Raises:
            SettingsError: A token is missing or Slack does not take it.
        """
        from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

        async with self.running():
            await self.checked()
            handler: Any = AsyncSocketModeHandler(self.app, self._settings.slack_app_token)
            try:
                await _connected(handler)
                listening()
                await asyncio.Event().wait()
            finally:
                await handler.close_async()

    async def checked(self) -> None:
        """Ask Slack who we are.

        Raises:
            SettingsError: It does not take the token, or cannot be reached.
        """
        try:
            await self._workspace("")
        except Refused as error:
            hint = "Copy the Bot User OAuth Token (xoxb-…) again from the app's settings."
            raise SettingsError(f"Slack does not take SLACK_BOT_TOKEN ({error.error}).", hint) from error
        except Unclear as error:
            raise SettingsError(f"Slack cannot be reached ({error}).", "Check the network, and try again.") from error

    async def handle(self, request: Request) -> Response:
        """One delivery over HTTP; 401 unless Slack signed it in the last five minutes."""
        from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response

        body = await request.body()
        if not is_signed(body, request.headers, self._settings.slack_signing_secret):
            return PlainTextResponse("The signature does not fit.", 401)
        try:
            read = to_async_bolt_request(request, body)
        except ValueError:
            return PlainTextResponse("The body cannot be read.", 400)
        return to_starlette_response(await self.app.async_dispatch(read))

    # Who we are.

    async def _workspace(self, team: str) -> Workspace:
        if self._known is None:
            workspace = Workspace(self._client, "", self._pace)
            self._identity = await workspace.call("auth.test", tries=3)
            workspace.bot_user = str(self._identity.get("user_id", ""))
            self._known = workspace
        return self._known

    async def _identified(self, enterprise: str | None, team: str | None) -> AuthorizeResult:
        """The token's identity; a failure answers Slack with a 500, so that it delivers again."""
        from slack_bolt.authorization import AuthorizeResult

        workspace = await self._workspace(team or "")
        return AuthorizeResult(
            enterprise_id=enterprise,
            team_id=team,
            bot_user_id=workspace.bot_user,
            bot_id=self._identity.get("bot_id"),
            bot_token=self._settings.slack_bot_token,
        )

    # What we listen to.

    def _listening(self) -> AsyncApp:
        from slack_bolt.async_app import AsyncApp

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return await self._identified(enterprise_id, team_id)

        # Deliveries over HTTP are checked by `handle`; Socket Mode comes over a connection that is ours.
        app = AsyncApp(
            name=NAME,
            client=_client(self._settings, self._pace, ""),
            authorize=authorize,
            signing_secret=self._settings.slack_signing_secret,
            request_verification_enabled=False,
            process_before_response=False,
        )
        for event in ("app_mention", "message"):
            app.event(event, middleware=[self._heard])(_nothing)
        app.event("app_home_opened")(self._opened)
        app.event("assistant_thread_started")(self._opened)
        app.event("assistant_thread_context_changed")(_nothing)
        app.command(COMMAND)(self._commanded)
        app.shortcut(SHORTCUT)(self._checked_message)
        app.action(re.compile(rf"{slack_text.FEEDBACK}.*"))(self._rated)
        app.action(re.compile(rf"{slack_text.FOLLOW_UP}.*"))(self._pressed)
        return app

    async def _heard(self, body: dict[str, Any], event: dict[str, Any], next_: Callable[[], Awaitable[Any]]) -> None:
        """Claim a message before its delivery is acknowledged."""
        workspace = await self._workspace("")
        found = slack_events.read(slack_events.team_of(body), event, workspace.bot_user)
        event_id = str(body.get("event_id", ""))
        match found:
            case slack_events.Question(asked, only_if_joined):
                await self._take(asked, event_id, only_if_joined)
            case slack_events.Edit(key, text, edited):
                if claim := await asyncio.to_thread(self._ledger.edit, key, text, edited):
                    self.colleague.take(claim)
            case slack_events.Deletion(key):
                if gone := await asyncio.to_thread(self._ledger.delete, key):
                    self.colleague.withdraw(gone)
        await next_()

    async def _take(self, asked: Asked, event_id: str, only_if_joined: bool = False) -> None:
        claim = await asyncio.to_thread(self._claimed, asked, event_id, only_if_joined)
        if claim is not None:
            self.colleague.take(claim)

    def _claimed(self, asked: Asked, event_id: str, only_if_joined: bool) -> Claim | None:
        if only_if_joined and not self._ledger.has_joined(asked.team, asked.channel, asked.thread):
            return None
        self._ledger.join(asked.team, asked.channel, asked.thread)
        return self._ledger.claim(asked, event_id)

    async def _opened(self, event: dict[str, Any]) -> None:
        """Offer first questions when the agent's tab, or an assistant thread of older workspaces, is opened."""
        started = event.get("assistant_thread") or {}
        if event.get("type") == "app_home_opened" and event.get("tab") != "messages":
            return
        place = {"channel_id": started.get("channel_id") or event.get("channel")}
        if started.get("thread_ts"):
            place["thread_ts"] = started["thread_ts"]
        prompts = [{"title": topic, "message": question} for topic, question in STARTERS[:_PROMPTS]]
        workspace = await self._workspace("")
        await workspace.quietly("assistant.threads.setSuggestedPrompts", prompts=prompts, title="Ask about", **place)

    async def _commanded(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        """Answer a slash command to whoever typed it, and to nobody else."""
        await ack()
        asked = slack_text.asked(str(body.get("text", "")))
        conversation, owner = private_conversation(body)
        if not asked or _FORGET.fullmatch(asked):
            forget = self.colleague.assistant.conversations.delete
            forgotten = bool(asked) and await asyncio.to_thread(forget, conversation, owner)
            await _privately(respond, "What you asked here is forgotten." if forgotten else _USAGE)
            return
        try:
            answer = await asyncio.to_thread(self._asked, asked, conversation, owner)
        except CareerError as error:
            await _privately(respond, slack_text.inert(str(error)))
        except Exception:  # the outermost edge: the asker gets an id, the log the rest
            await _privately(respond, _broken("a slash command"))
        else:
            blocks = slack_text.messages(answer.answer, slack_text.urls_of(answer.citations))[0]
            below = slack_text.plain_thumbs(slack_text.below(answer, follow_ups=False))
            await _privately(respond, slack_text.inert(answer.answer[:300]), blocks + below)

    def _asked(self, question: str, conversation: str, owner: str) -> Answer:
        events = self.colleague.assistant.stream(question, conversation_id=conversation, owner=owner, turn_id=new_id())
        return next(event.answer for event in events if isinstance(event, Done))

    async def _checked_message(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        """Say to whoever asked whether the library supports a message."""
        await ack()
        message = body.get("message") or {}
        try:
            verdict = await asyncio.to_thread(
                self.colleague.assistant.verify, slack_text.asked(str(message.get("text", "")))
            )
        except CareerError as error:
            await _privately(respond, slack_text.inert(str(error)))
        except Exception:  # the outermost edge: the asker gets an id, the log the rest
            await _privately(respond, _broken("checking a message"))
        else:
            await _privately(respond, slack_text.verdict(verdict))

    async def _rated(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """Keep a thumb, and thank whoever gave it."""
        await ack()
        rating, _, turn_id = str(action.get("value", "")).partition(":")
        channel, private = str((body.get("channel") or {}).get("id", "")), private_conversation(body)[1]
        kept = rating in ("up", "down") and await asyncio.to_thread(
            self._keep_rating, turn_id, cast(Rating, rating), (f"slack:{slack_events.team_of(body)}:{channel}", private)
        )
        sentence = "Thank you, that helps." if kept else "That answer is not kept any more, so it cannot be rated."
        await _privately(respond, sentence, thread=str((body.get("message") or {}).get("thread_ts") or ""))

    def _keep_rating(self, turn_id: str, rating: Rating, owners: tuple[str, ...]) -> bool:
        return any(self.colleague.assistant.conversations.rate(turn_id, rating, "", owner) for owner in owners)

    async def _pressed(self, ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Answer a follow-up question in the thread."""
        asked = slack_events.pressed(body, str(action.get("value", "")))
        if asked is not None:
            await self._take(asked, "")
        await ack()


def is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether Slack signed a delivery in the last five minutes; what is malformed is not signed.

    >>> is_signed(b"{}", {"x-slack-request-timestamp": "soon", "x-slack-signature": "v0=1"}, "secret")
    False
    """
    at, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not _TIMESTAMP.fullmatch(at) or not _SIGNATURE.fullmatch(signature):
        return False
    from slack_sdk.signature import SignatureVerifier

    try:
        return bool(SignatureVerifier(secret).is_valid(body, at, signature))
    except UnicodeDecodeError:
        return False


def private_conversation(body: Mapping[str, Any]) -> tuple[str, str]:
    """The conversation of one person with slash commands in one channel, and its owner.

    >>> private_conversation({"team_id": "T1", "channel_id": "C1", "user_id": "U1"})
    ('slack:T1:C1:U1', 'slack:T1:C1:U1')
    """
    channel = body.get("channel_id") or (body.get("channel") or {}).get("id", "")
    user = body.get("user_id") or (body.get("user") or {}).get("id", "")
    name = f"slack:{slack_events.team_of(body)}:{channel}:{user}"
    return name, name


def _client(settings: Settings, pace: Pace, token: str) -> AsyncWebClient:
    from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
    from slack_sdk.web.async_client import AsyncWebClient

    # Not the SDK's usual handlers: those send a message again when the connection broke after it was taken.
    client = AsyncWebClient(
        token=token or None,
        timeout=max(1, round(pace.request)),
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=_RATE_LIMIT_RETRIES)],
    )
    if settings.slack_api_url:
        client.base_url = settings.slack_api_url.rstrip("/") + "/"
    return client


async def _connected(handler: Any) -> None:
    """Open the connection of Socket Mode.

    Raises:
        SettingsError: Slack does not take the app's token, or cannot be reached.
    """
    import aiohttp
    from slack_sdk.errors import SlackApiError

    try:
        await handler.connect_async()
    except SlackApiError as error:
        hint = "Make an app-level token (xapp-…) with the scope connections:write, and switch Socket Mode on."
        raise SettingsError(f"Slack does not take SLACK_APP_TOKEN ({error.response['error']}).", hint) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SettingsError("Slack cannot be reached.", "Check the network, and try again.") from error


async def _privately(respond: Any, text: str, blocks: slack_text.Blocks | None = None, thread: str = "") -> None:
    """Answer whoever pressed or typed, seen by them alone."""
    import aiohttp

    more = {"thread_ts": thread} if thread else {}
    for attempt in range(TRIES):
        try:
            answer = await respond(
                text=text, blocks=blocks, response_type="ephemeral", replace_original=False,
                unfurl_links=False, unfurl_media=False, **more,
            )  # fmt: skip
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack: a private answer was not taken (%s)", type(error).__name__)
        else:
            if answer.status_code == 200:
                return
            log.warning("slack: a private answer was refused (%s)", answer.status_code)
        await asyncio.sleep(0.2 * 2**attempt)


def _broken(what: str) -> str:
    failure = new_id()[:12]
    log.exception("slack: %s failed (%s)", what, failure)
    return f"Something went wrong on our side ({failure}). Try again in a moment."


async def _nothing() -> None:
    """What is left to do for an event when its middleware has done the work."""
