"""How often and how much a caller may send: requests a minute by caller, bytes of a body.

Counting is `limits`' (a moving window), in memory or in the store that its address names, such as `redis://host:6379`,
where several processes share one count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.types import Message, Receive

from ingest.errors import SettingsError

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import RateLimiter

MAX_BODY = 1_000_000
"""Bytes of a request's body at most."""
MAX_UPLOAD = 50_000_000
"""The same of a document that is uploaded."""
MAX_PAGE_UPLOAD = 10_000_000
"""Bytes of a document that is dropped into the chat page."""
UPLOAD_PATH = "/v1/sources"
_ROOMY = {UPLOAD_PATH: MAX_UPLOAD, "/gradio_api/upload": MAX_PAGE_UPLOAD + 10_000}
"""Most bytes by path of what may be larger; the page's is wrapped in a form, which Gradio looks into."""

_COUNTED = ("/v1/", "/mcp", "/slack/", "/gradio_api/queue/join", "/gradio_api/run/", "/gradio_api/call/")
"""How the paths begin that make the assistant work; pictures and fonts of the page are not counted."""


class TooOften(Exception):
    """A caller has used up what a time allows; `seconds` until more is allowed."""

    def __init__(self, seconds: int) -> None:
        """Take the whole seconds to wait, 1 or more."""
        super().__init__(seconds)
        self.seconds = seconds


class RateLimit:
    """So many requests in so long for each caller, as `limits` writes it: `600/minute`; `off` for no limit."""

    def __init__(self, rate: str = "off", storage: str = "memory://") -> None:
        """Count by this rate in this storage.

        Raises:
            SettingsError: One of them cannot be used.
        """
        self._limiter: RateLimiter | None = None
        self._item: RateLimitItem | None = None
        if rate and rate != "off":
            self._limiter, self._item = _limiter(rate, storage)

    def check(self, caller: str, path: str) -> None:
        """Count one request of a caller.

        Raises:
            TooOften: It is one too many.
        """
        if self._limiter is None or self._item is None or not path.startswith(_COUNTED):
            return
        if not self._limiter.hit(self._item, caller):
            reset = self._limiter.get_window_stats(self._item, caller).reset_time
            raise TooOften(max(1, math.ceil(reset - time.time())))


def _limiter(rate: str, storage: str) -> tuple[RateLimiter, RateLimitItem]:
    from limits import parse
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string
    from limits.strategies import MovingWindowRateLimiter

    try:
        return MovingWindowRateLimiter(storage_from_string(storage)), parse(rate)
    except (ValueError, ConfigurationError) as error:
        raise SettingsError(
            f"CAREER_RATE_LIMIT or CAREER_RATE_LIMIT_STORAGE cannot be used: {error}.",
            "Write a rate such as 600/minute, or off; and a store such as memory:// or redis://host:6379.",
        ) from error


def most_bytes(method: str, path: str) -> int:
    """Bytes that the body of a request may have.

    >>> most_bytes("POST", "/v1/sources") > most_bytes("POST", "/v1/ask")
    True
    """
    return _ROOMY.get(path, MAX_BODY) if method == "POST" else MAX_BODY


def counted(receive: Receive, limit: int, exceeded: Callable[[], None]) -> Receive:
    """A receive that ends a body as soon as it is over the limit, and says so."""
    left = limit

    async def received() -> Message:
        nonlocal left
        message: dict[str, Any] = dict(await receive())
        left -= len(message.get("body", b""))
        if left < 0:
            exceeded()
            return {"type": "http.disconnect"}
        return message

    return received
