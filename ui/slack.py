"""The Slack bot, over Socket Mode and over HTTP: checks the settings, checks signatures, runs.

What it listens to is in `slack_listeners`, who answers in `slack_answer`; the workspaces that it is in are told by
`slack_workspaces` and, when there are several, by `slack_oauth`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from assistant.assistant import Assistant
from ingest.errors import SettingsError
from ingest.settings import Settings
from ui.page import NAME
from ui.slack_answer import SWEEP_SECONDS, Colleague
from ui.slack_ledger import SlackLedger
from ui.slack_listeners import Listeners
from ui.slack_web import Clients, Pace, Refused, Unclear, guarded
from ui.slack_workspaces import NotInstalled, OneWorkspace, Workspaces

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.authorization import AuthorizeResult

    from ui.slack_oauth import InstalledWorkspaces

PATH = "/slack/events"
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_NOT_INSTALLED = "I am not installed in this workspace any more. Whoever runs me can install me again."


def is_installed() -> bool:
    """Whether Slack's packages are there."""
    return find_spec("slack_bolt") is not None and find_spec("aiohttp") is not None


def wanted_over_http(settings: Settings) -> bool:
    """Whether the settings ask for the bot at `/slack/events`.

    Raises:
        SettingsError: They ask for several workspaces, and something is missing for that or speaks against it.
    """
    if not _wants_several(settings):
        return bool(settings.slack_bot_token and settings.slack_signing_secret)
    _one_or_several(settings)
    for name, value in (
        ("SLACK_CLIENT_ID", settings.slack_client_id),
        ("SLACK_CLIENT_SECRET", settings.slack_client_secret),
        ("SLACK_SIGNING_SECRET", settings.slack_signing_secret),
    ):
        if not value:
            raise SettingsError(
                f"{name} is not set, and several workspaces need it.",
                "Copy it from Basic Information, App Credentials, of the app's settings; docs/slack.md shows where.",
            )
    return True


def needed_for_socket(settings: Settings) -> None:
    """Refuse at once what Socket Mode cannot do without.

    Raises:
        SettingsError: Slack's packages or a token are missing, or the settings ask for several workspaces too.
    """
    _needed()
    _one_or_several(settings)
    if not settings.slack_bot_token:
        raise SettingsError("SLACK_BOT_TOKEN is not set.", "docs/slack.md leads from nothing to the tokens.")
    if not settings.slack_app_token:
        raise SettingsError(
            "SLACK_APP_TOKEN is not set.", "Make one with the scope connections:write; docs/slack.md shows where."
        )


def _wants_several(settings: Settings) -> bool:
    return bool(settings.slack_client_id or settings.slack_client_secret)


def _one_or_several(settings: Settings) -> None:
    if settings.slack_bot_token and _wants_several(settings):
        raise SettingsError(
            "SLACK_BOT_TOKEN and SLACK_CLIENT_ID are both set.",
            "Keep SLACK_BOT_TOKEN for one workspace, or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for several.",
        )


def _needed() -> None:
    if not is_installed():
        raise SettingsError(
            "The Slack bot needs packages that are not installed.",
            "Install them with: pip install 'career-assistant[slack]'",
        )


class SlackBot:
    """A Bolt app with its listeners, and whoever answers."""

    def __init__(
        self, assistant: Assistant, settings: Settings, ledger: SlackLedger | None = None, pace: Pace = Pace()
    ) -> None:
        """Listen for the workspace of the settings' token, or for those that the app is installed in.

        Raises:
            SettingsError: Slack's packages are missing.
            LibraryError: The ledger or the installations cannot be opened.
        """
        _needed()
        self._settings = settings
        self._ledger = ledger or SlackLedger(settings.data_dir / "slack.db")
        self._clients = Clients(settings.slack_api_url, pace)
        self._several = self._by_oauth()
        self._workspaces: Workspaces = self._several or OneWorkspace(settings.slack_bot_token, self._clients)
        self.colleague = Colleague(assistant, self._ledger, self._workspaces.of)
        self.app = self._app()
        Listeners(self.colleague, self._ledger, self._workspaces).listen(self.app)

    def _by_oauth(self) -> InstalledWorkspaces | None:
        if not _wants_several(self._settings):
            return None
        from ui.slack_oauth import InstalledWorkspaces

        return InstalledWorkspaces(self._settings, self._clients)

    def _app(self) -> AsyncApp:
        from slack_bolt.async_app import AsyncApp

        async def authorize(enterprise_id: str | None, team_id: str | None) -> Any:
            return await self._identified(enterprise_id, team_id)

        # Deliveries over HTTP are checked by `handle`; Socket Mode comes over a connection that is ours.
        return AsyncApp(
            name=NAME,
            client=self._clients.client(),
            authorize=authorize,
            # Bolt makes a store of its own where it sees a client id in the environment and is given none.
            installation_store=self._several.store if self._several else None,
            signing_secret=self._settings.slack_signing_secret,
            request_verification_enabled=False,
            process_before_response=False,
            user_facing_authorize_error_message=_NOT_INSTALLED,
        )

    async def _identified(self, enterprise: str | None, team: str | None) -> AuthorizeResult | None:
        """Who we are in a workspace; any other failure answers Slack with a 500, so that it delivers again."""
        from slack_bolt.authorization import AuthorizeResult

        try:
            workspace = await self._workspaces.of(team or "")
        except NotInstalled:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise,
            team_id=team,
            bot_user_id=workspace.bot_user,
            bot_id=workspace.bot_id,
            bot_token=workspace.client.token,
        )

    def routes(self) -> list[Route]:
        """Where Slack delivers, and where the app is installed."""
        return [Route(PATH, self.handle, methods=["POST"]), *(self._several.routes() if self._several else [])]

    @asynccontextmanager
    async def running(self, sweep_seconds: float = SWEEP_SECONDS) -> AsyncIterator[None]:
        """At work, over connections that are kept open."""
        async with self._clients.kept_open(), self.colleague.at_work(sweep_seconds):
            yield

    async def socket(self, listening: Callable[[], None]) -> None:
        """Listen over Socket Mode until told to stop; `listening` is called when it begins.

        Raises:
            SettingsError: A token is missing or Slack does not take it.
        """
        from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

        async with self.running():
            await self._checked()
            handler: Any = AsyncSocketModeHandler(self.app, self._settings.slack_app_token)
            try:
                await handler.connect_async()
                listening()
                await asyncio.Event().wait()
            finally:
                await handler.close_async()

    async def _checked(self) -> None:
        """Show both tokens to Slack: the SDK goes on trying for ever with one that Slack does not take.

        Raises:
            SettingsError: It does not take a token, or cannot be reached.
        """
        bot = "Copy the Bot User OAuth Token (xoxb-…) again from the app's settings."
        app = "Make an app-level token (xapp-…) with the scope connections:write, and switch Socket Mode on."
        token, client = self._settings.slack_app_token, self._clients.client()
        name, hint = "SLACK_BOT_TOKEN", bot
        try:
            await self._workspaces.of("")
            name, hint = "SLACK_APP_TOKEN", app
            await guarded("apps.connections.open", lambda: client.apps_connections_open(app_token=token))
        except Refused as error:
            raise SettingsError(f"Slack does not take {name} ({error.error}).", hint) from error
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
