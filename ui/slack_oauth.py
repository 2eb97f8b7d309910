"""Several workspaces by OAuth: how the app gets into one, and the one file that remembers its token.

Flow, state and store are those of Slack's SDK (https://docs.slack.dev/authentication/installing-with-oauth).
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urljoin

from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackClientError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore
from slack_sdk.oauth.state_store.sqlite3 import SQLite3OAuthStateStore
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.errors import LibraryError
from ingest.settings import Settings
from ui.slack_web import Clients, Workspace
from ui.slack_workspaces import NotInstalled

log = logging.getLogger(__name__)

INSTALL, BACK = "/slack/install", "/slack/oauth_redirect"
"""Where an installation begins, and where Slack sends the browser back to."""
SCOPES = (
    "app_mentions:read", "assistant:write", "channels:history", "chat:write", "commands", "groups:history",
    "im:history", "im:write",
)  # fmt: skip
"""What the app asks a workspace for, as in slack/manifest.json."""
FILE = "slack_installations.db"
_STATE_SECONDS = 600
_TABLES = ("slack_installations", "slack_bots")


class Installations(SQLite3InstallationStore):
    """The SDK's store, with one installation for each workspace, in a file that nobody else may read."""

    def __init__(self, path: Path, client_id: str) -> None:
        """Open or create the file.

        Raises:
            LibraryError: It cannot be opened or written.
        """
        super().__init__(database=str(path), client_id=client_id, logger=log)
        with self.told():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
            try:
                self.init()  # type: ignore[no-untyped-call]
            except sqlite3.OperationalError:  # another process was making the tables
                self.init()  # type: ignore[no-untyped-call]

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what goes wrong with the file into a sentence.

        Raises:
            LibraryError: The file cannot be read or written.
        """
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise LibraryError(
                f"Where Slack's workspaces are kept, {self.database}, cannot be read or written ({error}).",
                "Check that the data folder is writable and has room, or choose another with --data.",
            ) from error

    def connect(self) -> sqlite3.Connection:
        """A connection that leaves nothing of a deleted token in the file."""
        connection: sqlite3.Connection = super().connect()
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def save(self, installation: Installation) -> None:
        """Keep an installation in place of the workspace's earlier ones.

        Raises:
            LibraryError: The file cannot be written.
        """
        team = installation.team_id
        with self.told():
            super().save(installation)
            # The SDK keeps them all, and knows the newest by the second only.
            with closing(self.connect()) as connection, connection:
                for table in _TABLES:
                    newest = f"SELECT max(id) FROM {table} WHERE team_id = ?"
                    connection.execute(f"DELETE FROM {table} WHERE team_id = ? AND id < ({newest})", (team, team))

    def bot(self, team: str) -> Bot | None:
        """The bot of a workspace.

        Raises:
            LibraryError: The file cannot be read.
        """
        with self.told():
            found: Bot | None = self.find_bot(enterprise_id=None, team_id=team)
            if found is None:  # which the SDK also says of a file that it cannot read
                with closing(self.connect()) as connection:
                    connection.execute("SELECT 1 FROM slack_bots").fetchone()
        return found

    def forget(self, team: str) -> None:
        """Remove a workspace.

        Raises:
            LibraryError: The file cannot be written.
        """
        with self.told(), closing(self.connect()) as connection, connection:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE team_id = ?", (team,))


class _States(SQLite3OAuthStateStore):
    """The SDK's store of installations that have begun, without those that nobody came back from."""

    def issue(self, *args: object, **kwargs: object) -> str:
        """Note that an installation begins."""
        state: str = super().issue(*args, **kwargs)
        with closing(self.connect()) as connection, connection:
            connection.execute("DELETE FROM oauth_states WHERE expire_at <= ?", (time.time(),))
        return state


class _Flow(AsyncOAuthFlow):
    """The SDK's flow for single workspaces, whose ids are their own in all of Slack."""

    async def store_installation(self, request: AsyncBoltRequest, installation: Installation) -> None:
        """Keep an installation.

        Raises:
            BoltError: It is for a whole organisation.
        """
        if not installation.team_id:
            raise BoltError("the app is installed in single workspaces, not in whole organisations")
        installation.enterprise_id = None
        await super().store_installation(request, installation)


class InstalledWorkspaces:
    """The workspaces that the app has been installed in."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        """Install with the settings' client id and secret.

        Raises:
            LibraryError: The file of the installations cannot be opened or written.
        """
        self._clients = clients
        self.store = Installations(settings.data_dir / FILE, settings.slack_client_id)
        self._known: dict[str, Workspace] = {}
        states = _States(database=str(settings.data_dir / FILE), expiration_seconds=_STATE_SECONDS, logger=log)
        self._flow = _Flow(
            client=clients.client(),
            logger=log,
            settings=AsyncOAuthSettings(
                client_id=settings.slack_client_id,
                client_secret=settings.slack_client_secret,
                scopes=SCOPES,
                user_scopes=[],
                install_path=INSTALL,
                install_page_rendering_enabled=False,
                redirect_uri_path=BACK,
                authorization_url=urljoin(settings.slack_api_url or "https://slack.com", "/oauth/v2/authorize"),
                installation_store=self.store,
                state_store=states,
                state_expiration_seconds=_STATE_SECONDS,
                logger=log,
            ),
        )

    async def of(self, team: str) -> Workspace:
        """The workspace, with the token that it was installed with last.

        Raises:
            NotInstalled: The app is not there.
            LibraryError: The file cannot be read.
        """
        bot = self.store.bot(team)
        known = self._known.get(team)
        if bot is None:
            self._known.pop(team, None)
            raise NotInstalled
        if known is None or known.client.token != bot.bot_token:
            client = self._clients.client(bot.bot_token)
            known = self._known[team] = Workspace(client, bot.bot_user_id, bot.bot_id, self._clients.pace)
        return known

    async def left(self, team: str, at: float) -> bool:
        """Forget a workspace, unless it has installed the app again since.

        Raises:
            LibraryError: The file cannot be read or written.
        """
        bot = await asyncio.to_thread(self.store.bot, team)
        if bot is not None and bot.installed_at > at:
            return False
        await asyncio.to_thread(self.store.forget, team)
        return True

    def routes(self) -> list[Route]:
        """Where a browser installs the app."""
        return [Route(INSTALL, self.install), Route(BACK, self.back)]

    async def install(self, request: Request) -> Response:
        """Send a browser to Slack, where its user chooses a workspace and allows what is asked for."""
        with self.store.told():
            return to_starlette_response(await self._flow.handle_installation(to_async_bolt_request(request, b"")))

    async def back(self, request: Request) -> Response:
        """Take a browser that comes back from Slack: its code is exchanged for the token of its workspace.

        Raises:
            LibraryError: The installation cannot be kept.
        """
        import aiohttp

        try:
            done = await self._flow.handle_callback(to_async_bolt_request(request, b""))
        except (aiohttp.ClientError, SlackClientError, TimeoutError) as error:
            log.warning("slack: no installation (%s)", type(error).__name__)
            return PlainTextResponse(f"Slack cannot be reached. Begin again at {INSTALL} in a moment.", 503)
        return to_starlette_response(done)
