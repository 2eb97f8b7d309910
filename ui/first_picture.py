"""Puts the page's own head into the HTML that Gradio serves, so that the page is seen before Gradio has started.

What Gradio is given as its head, it adds by a script of its own, long after the browser could have drawn something. Its
own words for previews of a link, which speak of Gradio, are left out.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREVIEWS = re.compile(rb'<meta\s+(?:property|name)="(?:og|twitter):[^>]*?/?>\s*')


class FirstPicture:
    """Wraps the app that serves the page; everything but the page itself is passed on as it is."""

    def __init__(self, app: ASGIApp, head: str) -> None:
        """Take the app, and what stands at the end of the page's head."""
        self._app = app
        self._head = head.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and scope["path"] == "/":
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            await self._app({**scope, "headers": plain}, receive, _Changed(send, self._head).send)
        else:
            await self._app(scope, receive, send)


class _Changed:
    """A response on its way: an HTML page waits until it is whole, anything else goes on at once."""

    def __init__(self, send: Send, head: bytes) -> None:
        self._send = send
        self._head = head
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._whole(self._start)
        else:
            await self._send(message)

    async def _whole(self, start: Message) -> None:
        body = with_head(bytes(self._body), self._head)
        MutableHeaders(scope=start)["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    return start["status"] == 200 and MutableHeaders(scope=start).get("content-type", "").startswith("text/html")


def with_head(page: bytes, head: bytes) -> bytes:
    """A page with something at the end of its head, and without previews.

    >>> with_head(b'<head><meta property="og:title" content="x" /></head><body></head></body>', b"<style></style>")
    b'<head><style></style></head><body></head></body>'
    """
    return _PREVIEWS.sub(b"", page).replace(b"</head>", head + b"</head>", 1)
