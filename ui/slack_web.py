"""Calls of Slack's Web API, each ending in one of three ways: done, refused (nothing happened), or unclear.

Unclear is what may have happened: a timeout, a 5xx, a broken connection. Whoever calls looks before doing it again, so
the SDK's own retries of broken connections are off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from slack_sdk.web.async_client import AsyncWebClient

log = logging.getLogger(__name__)

TRIES = 4
"""How often what may be done twice is tried where its outcome is unclear."""
_RATE_LIMIT_RETRIES = 5
_UNCLEAR = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}


@dataclass(frozen=True)
class Pace:
    """Seconds that calls to Slack may take and wait."""

    request: float = 10.0
    """A call at most."""
    pause: float = 1.0
    """Before the second try; twice as long before each further one."""
    flush: float = 0.5
    """Between two pieces of a stream."""
    update: float = 1.2
    """Between two updates of a message where nothing streams: Slack allows about one a second."""


class Refused(Exception):
    """Slack said no, and did nothing."""

    def __init__(self, method: str, error: str, needed: str = "") -> None:
        """Take the method, Slack's name of the error, and the scope that is missing."""
        super().__init__(f"{method}: {error}")
        self.method, self.error, self.needed = method, error, needed


class Unclear(Exception):
    """Nobody knows whether Slack did what was asked."""


class Clients:
    """Makes clients of the Web API, which share their connections while those are kept open."""

    def __init__(self, address: str, pace: Pace = Pace()) -> None:
        """Call the Web API at this address; at Slack's when it is empty."""
        self._address = address
        self.pace = pace
        self._session: ClientSession | None = None

    @asynccontextmanager
    async def kept_open(self) -> AsyncIterator[None]:
        """Keep connections open for all clients that are made meanwhile."""
        import aiohttp

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self.pace.request)) as session:
            self._session = session
            yield

    def client(self, token: str = "") -> AsyncWebClient:
        """A client that bears this token."""
        from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
        from slack_sdk.web.async_client import AsyncWebClient

        # Not the SDK's usual handlers: those send a message again when the connection broke after it was taken.
        client = AsyncWebClient(
            token=token or None,
            timeout=max(1, round(self.pace.request)),
            session=self._session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=_RATE_LIMIT_RETRIES)],
        )
        if self._address:
            client.base_url = self._address.rstrip("/") + "/"
        return client


class Workspace:
    """One workspace's Web API."""

    def __init__(self, client: AsyncWebClient, bot_user: str = "", bot_id: str = "", pace: Pace = Pace()) -> None:
        """Call with this client, as this bot user."""
        self.client = client
        self.bot_user = bot_user
        self.bot_id = bot_id
        self.pace = pace
        self.streams = True
        """False once it has said that it knows no streaming."""

    async def call(self, method: str, *, tries: int = 1, **arguments: Any) -> dict[str, Any]:
        """Call a method of the Web API.

        Args:
            method: Its name, such as `chat.postMessage`.
            tries: How often, where the outcome is unclear; more than once only for what may be done twice.
            arguments: As Slack's documentation names them.

        Raises:
            Refused: Slack did nothing.
            Unclear: It may have done it.
        """
        send = getattr(self.client, method.replace(".", "_"))
        for attempt in range(tries):
            try:
                return await guarded(method, lambda: send(**arguments))
            except Unclear:
                if attempt == tries - 1:
                    raise
                await asyncio.sleep(self.pace.pause * 2**attempt)
        raise AssertionError("tries is 1 or more")

    async def quietly(self, method: str, **arguments: Any) -> bool:
        """Call a method whose failure changes nothing that matters; whether it was done."""
        try:
            await self.call(method, **arguments)
        except (Refused, Unclear) as error:
            log.info("slack %s", error)
            return False
        return True


async def guarded(method: str, send: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """One call, its failure sorted.

    Raises:
        Refused: Slack did nothing.
        Unclear: It may have done it.
    """
    import aiohttp
    from slack_sdk.errors import SlackApiError, SlackClientError
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    try:
        response = await send()
    except SlackApiError as error:
        found = error.response
        data = found.data if isinstance(found, AsyncSlackResponse) and isinstance(found.data, dict) else {}
        status = found.status_code if isinstance(found, AsyncSlackResponse) else 0
        # Slack names the error; a server that only speaks like Slack may have nothing at a method's address.
        said = str(data.get("error", "")) or ("unknown_method" if status == 404 else "")
        if not said or said in _UNCLEAR or status >= 500:
            raise Unclear(f"{method}: {said or 'no answer that can be read'}") from error
        raise Refused(method, said, str(data.get("needed", ""))) from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        raise Unclear(f"{method}: {type(error).__name__}") from error
    return dict(response.data) if response is not None and isinstance(response.data, dict) else {}
