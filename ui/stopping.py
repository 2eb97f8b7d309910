"""What is still being answered when the server is told to stop is ended in time, and says so.

A server cuts its connections off some seconds after it was told to stop. A program at the other end could take half an
answer for a whole one; so a stream ends with an `error` event before that, and a request without an answer gets a 503.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.failures import error_response, said
from ui.openai_shapes import data

LAST_SECONDS = 8.0
"""How long answers may go on when the server has been told to stop."""
_LOOK_SECONDS = 0.5
_MESSAGE, _HINT = "The server is being stopped.", "Ask again in some seconds."
_KIND = "stopping"


class EndsInTime:
    """Wraps an ASGI app whose `state.stopping_for()` says for how many seconds the server has been stopping."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap this app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and end it when it outlasts the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state, reply = scope["app"].state, _Reply(scope, send)
        answering = asyncio.ensure_future(self._app(scope, receive, reply.send))
        try:
            while not answering.done():
                await asyncio.wait([answering], timeout=_LOOK_SECONDS)
                if not answering.done() and state.stopping_for() > LAST_SECONDS and reply.can_be_ended():
                    await reply.end()
                    return
            answering.result()
        finally:
            if not answering.done():
                # What it does in a thread goes on; nobody waits for it.
                answering.add_done_callback(lambda done: done.cancelled() or done.exception())
                answering.cancel()


class _Reply:
    """What has been sent of a response."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._begun = False
        self._streams = False
        self._ended = False

    async def send(self, message: Message) -> None:
        """Send a part, unless the response has been ended."""
        if self._ended:
            return
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            self._begun, self._streams = True, kind.startswith("text/event-stream")
        await self._send(message)

    def can_be_ended(self) -> bool:
        """Whether its other side will see that it is no whole answer."""
        return not self._begun or self._streams

    async def end(self) -> None:
        """Send the last part."""
        self._ended = True
        path, request_id = self._scope["path"], self._scope["state"]["request_id"]
        if not self._begun:
            headers = {"Retry-After": "5", "Connection": "close"}
            refusal = error_response(path, 503, _KIND, _MESSAGE, _HINT, request_id, headers)
            await refusal(self._scope, _nothing, self._send)
            return
        body = last_event(path, request_id).encode()
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def last_event(path: str, request_id: str) -> str:
    r"""The last event of a stream that is cut off, in its route's shape; none for the chat page's own.

    >>> last_event("/v1/ask", "r1").partition("\n")[0], last_event("/gradio_api/queue/data", "r1")
    ('event: error', '')
    """
    if not path.startswith("/v1/"):
        return ""
    body: dict[str, Any] = said(path, 503, _KIND, _MESSAGE, _HINT, request_id)
    if path == "/v1/ask":
        return data(body["error"], "error")
    return data(body | {"type": "error"}, "error" if path == "/v1/responses" else "")
