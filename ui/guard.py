"""What stands before every route, mounted ones included: request ids, size limit, keys, headers, the last resort.

One ASGI layer around the whole app, because dependencies of a FastAPI app do not reach what is mounted in it. It does
not know any route beyond the open ones, and it counts nothing: there is no rate limit here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import re
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

MAX_BODY = 1_000_000
"""Bytes of a request's body at most."""

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Answered without a key, for whatever watches over the server."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "frame-ancestors 'self'",
}
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


def error_response(
    status: int, kind: str, message: str, hint: str, request_id: str, headers: dict[str, str] | None = None
) -> Response:
    """The one shape of every error."""
    body = {"error": {"type": kind, "message": message, "hint": hint, "request_id": request_id}}
    return Response(json.dumps(body), status, headers, "application/json")


def owner_of(key: str) -> str:
    """The name under which a key's conversations are kept: a hash, so that the key itself is kept nowhere.

    >>> owner_of(""), owner_of("secret") == owner_of("secret"), "secret" in owner_of("secret")
    ('', True, False)
    """
    return f"key:{hashlib.sha256(key.encode()).hexdigest()[:32]}" if key else ""


class Guard:
    """Wraps an ASGI app; sets `request.state.request_id` and `request.state.owner` for it."""

    def __init__(self, app: ASGIApp, keys: Sequence[str] = ()) -> None:
        """Guard an app with these keys; without any, everybody on this machine may call it."""
        self._app = app
        self._keys = tuple(keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it here."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            # No route of ours speaks it, and nothing below could ask it for a key.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        outgoing = _Outgoing(send, _request_id(headers))
        key = presented_key(headers)
        refused = _cross_site(scope, headers, outgoing.request_id) or self._without_key(scope, key, headers, outgoing)
        if refused:
            await refused(scope, receive, outgoing.send)
            return
        body = await _body(receive, headers)
        if body is None:
            await _too_large(outgoing.request_id)(scope, receive, outgoing.send)
            return
        scope.setdefault("state", {}).update(request_id=outgoing.request_id, owner=owner_of(key if self._keys else ""))
        try:
            await self._app(scope, _replayed(body, receive), outgoing.send)
        except Exception:  # the outermost edge: whoever asked gets the id, the log the rest
            log.exception("request %s failed", outgoing.request_id)
            if not outgoing.begun:
                await _broken(outgoing.request_id)(scope, receive, outgoing.send)

    def _without_key(self, scope: Scope, key: str, headers: Headers, outgoing: _Outgoing) -> Response | None:
        """The refusal of a request that needs a key and has no right one."""
        if not self._keys or scope["path"] in OPEN_PATHS or matches(key, self._keys):
            return None
        # Nobody can give a browser a header, so it is offered its own prompt: any name, and the key as password.
        browser = "text/html" in headers.get("accept", "")
        return error_response(
            401,
            "unauthorized",
            "A key is needed, and none or a wrong one came.",
            "Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
            outgoing.request_id,
            {"WWW-Authenticate": 'Basic realm="career-assistant", charset="UTF-8"' if browser else "Bearer"},
        )


class _Outgoing:
    """What is sent back, with the headers that every response carries."""

    def __init__(self, send: Send, request_id: str) -> None:
        self.request_id = request_id
        self.begun = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def presented_key(headers: Headers) -> str:
    """The one key that a request presents; empty when it presents none, or several that differ.

    >>> presented_key(Headers({"authorization": "bearer abc"})), presented_key(Headers({"x-api-key": "abc"}))
    ('abc', 'abc')
    """
    keys = {_credential(value) for value in headers.getlist("authorization")} | set(headers.getlist("x-api-key"))
    return keys.pop() if len(keys) == 1 else ""


def _credential(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def matches(key: str, keys: Iterable[str]) -> bool:
    """Whether a key is one of these, in a time that tells nothing about them.

    >>> matches("b", ["a", "b"]), matches("", ["a"])
    (True, False)
    """
    digest = hashlib.sha256(key.encode()).digest()
    same = [hmac.compare_digest(digest, hashlib.sha256(known.encode()).digest()) for known in keys]
    return bool(key) and any(same)


def _request_id(headers: Headers) -> str:
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def _cross_site(scope: Scope, headers: Headers, request_id: str) -> Response | None:
    """The refusal of what another site's page makes a browser send, which would carry its user's rights."""
    if scope["method"] in ("GET", "HEAD") or headers.get("sec-fetch-site") != "cross-site":
        return None
    return error_response(
        403, "cross_site", "A page of another site may not call this one.", "Call it from your own server.", request_id
    )


async def _body(receive: Receive, headers: Headers) -> bytes | None:
    """The whole body; None when it is over the limit, as soon as that is known."""
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > MAX_BODY:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body that was read, and then what really comes."""
    pending: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _too_large(request_id: str) -> Response:
    hint = "Send less at once."
    message = f"The body is over {MAX_BODY:,} bytes."
    return error_response(413, "payload_too_large", message, hint, request_id, {"Connection": "close"})


def _broken(request_id: str) -> Response:
    hint = "Try again; if it fails again, tell whoever runs this server the request id."
    return error_response(500, "internal_error", "Something went wrong on our side.", hint, request_id)
