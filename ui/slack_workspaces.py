"""The workspaces that the bot is in, each with its way to Slack's Web API."""

from __future__ import annotations

from typing import Protocol

from ui.slack_web import Clients, Refused, Workspace


class NotInstalled(Refused):
    """The app is not in that workspace, or not any more."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("auth.test", "not_installed")


class Workspaces(Protocol):
    """Who knows the way into each workspace: a token of the settings, or installations by OAuth."""

    async def of(self, team: str) -> Workspace:
        """The way into a workspace.

        Raises:
            NotInstalled: There is none.
            Refused: Slack does not take its token.
            Unclear: Slack cannot be reached.
            LibraryError: What is kept of installations cannot be read.
        """

    async def left(self, team: str, at: float) -> bool:
        """Forget the way into a workspace that removed the app at a time; False when it has been installed anew since.

        Raises:
            LibraryError: What is kept of installations cannot be written.
        """


class OneWorkspace:
    """The workspace of the one token in the settings."""

    def __init__(self, token: str, clients: Clients) -> None:
        """Call with this token."""
        self._token = token
        self._clients = clients
        self._known: Workspace | None = None

    async def of(self, team: str) -> Workspace:
        """The workspace, whatever its id; who we are there is asked once.

        Raises:
            Refused: Slack does not take the token.
            Unclear: Slack cannot be reached.
        """
        if self._known is None:
            workspace = Workspace(self._clients.client(self._token), pace=self._clients.pace)
            identity = await workspace.call("auth.test", tries=3)
            workspace.bot_user, workspace.bot_id = str(identity.get("user_id", "")), str(identity.get("bot_id", ""))
            self._known = workspace
        return self._known

    async def left(self, team: str, at: float) -> bool:
        """Nothing to forget: the token is in the settings, and is void now."""
        return True
