"""What stands before every route, mounted ones included: request ids, limits, keys, headers, the last resort.

One ASGI layer around the whole app, because dependencies of a FastAPI app do not reach what is mounted in it. It does
not know any route beyond the open ones; `limits` says how much is too much, `failures` how a refusal looks.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.failures import error_response
from ui.limits import MAX_BODY, RateLimit, TooOften, counted, most_bytes

log = logging.getLogger(__name__)

BODY_SECONDS = 30.0
"""How long a body may take to come; one that is uploaded, ten times as long."""

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Answered without a key, for whatever watches over the server."""

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio's page starts from scripts within the page, and makes functions of the text that our own parts hand it.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
"""Content-Security-Policy: nothing is fetched from anywhere else, so that no text can make a browser call out."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Seen:
    """One request and how it ended: what metrics and the log are told. No word of what was asked."""

    method: str
    route: str
    """The route's pattern, such as `/v1/passages/{passage_id}`; `page` for the chat page's; `other` for none."""
    status: int
    seconds: float
    """Until the last byte was sent."""
    request_id: str
    owner: str


def owner_of(key: str) -> str:
    """The name under which a key's conversations are kept: a hash, so that the key itself is kept nowhere.

    >>> owner_of(""), owner_of("secret") == owner_of("secret"), "secret" in owner_of("secret")
    ('', True, False)
    """
    return f"key:{hashlib.sha256(key.encode()).hexdigest()[:32]}" if key else ""


class Guard:
    """Wraps an ASGI app; sets `request.state.request_id` and `request.state.owner` for it."""

    def __init__(
        self,
        app: ASGIApp,
        keys: Sequence[str] = (),
        rate: RateLimit | None = None,
        origins: Sequence[str] = (),
        hosts: Sequence[str] = (),
        watch: Callable[[Seen], None] | None = None,
        signed: Sequence[str] = (),
    ) -> None:
        """Guard an app with these keys; without any, everybody on this machine may call it.

        Args:
            app: What is guarded.
            keys: Whoever presents one of these may call.
            rate: How often a caller may.
            origins: Sites whose pages may call, as `https://host`.
            hosts: Names by which the server may be called; any when empty.
            watch: Told of every request when it has been answered.
            signed: Paths that take a key's place by checking who signed a request; called under any name, at any rate.
        """
        self._app = app
        self._keys = tuple(keys)
        self._rate = rate or RateLimit()
        self._origins = frozenset(origins)
        self._hosts = frozenset(hosts)
        self._watch = watch or (lambda _: None)
        self._signed = frozenset(signed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it here."""
        if scope["type"] == "http":
            await self._seen(scope, receive, send)
        elif scope["type"] == "websocket":
            # No route of ours speaks it, and nothing below could ask it for a key.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)

    async def _seen(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        outgoing = _Outgoing(send, _request_id(Headers(scope=scope)))
        try:
            await self._answer(scope, receive, outgoing)
        finally:
            owner = scope.get("state", {}).get("owner", "")
            seconds = time.perf_counter() - begun
            self._watch(Seen(scope["method"], route_of(scope), outgoing.status, seconds, outgoing.request_id, owner))

    async def _answer(self, scope: Scope, receive: Receive, outgoing: _Outgoing) -> None:
        headers = Headers(scope=scope)
        key = presented_key(headers)
        refused = self._refused(scope, key, headers, outgoing.request_id)
        if refused:
            await refused(scope, receive, outgoing.send)
            return
        limit = most_bytes(scope["method"], scope["path"])
        declared = headers.get("content-length", "0")
        too_much = not declared.isdecimal() or int(declared) > limit
        come = None if too_much else await self._coming(receive, limit, outgoing)
        if come is None or outgoing.exceeded:
            await _over(scope, limit, outgoing)(scope, receive, outgoing.send)
            return
        scope.setdefault("state", {}).update(request_id=outgoing.request_id, owner=owner_of(key if self._keys else ""))
        await self._passed_on(scope, come, limit, outgoing)

    async def _passed_on(self, scope: Scope, receive: Receive, limit: int, outgoing: _Outgoing) -> None:
        try:
            await self._app(scope, receive, outgoing.send)
        except Exception:  # the outermost edge: whoever asked gets the id, the log the rest
            if not outgoing.exceeded:
                log.exception("request %s failed", outgoing.request_id)
            if not outgoing.begun and not outgoing.exceeded:
                await _broken(scope, outgoing.request_id)(scope, receive, outgoing.send)
        if outgoing.exceeded and not outgoing.begun:
            outgoing.held = False
            await _over(scope, limit, outgoing)(scope, receive, outgoing.send)

    async def _coming(self, receive: Receive, limit: int, outgoing: _Outgoing) -> Receive | None:
        """The body as the app will receive it: read whole, unless it may be large; None when it took too long."""
        if limit > MAX_BODY:
            return counted(_in_time(receive, 10 * BODY_SECONDS), limit, outgoing.exceed)
        counting = counted(receive, limit, outgoing.exceed)
        try:
            body = await asyncio.wait_for(_whole(counting), BODY_SECONDS)
        except TimeoutError:
            outgoing.late = True
            return None
        return _replayed(body, receive)

    def _refused(self, scope: Scope, key: str, headers: Headers, request_id: str) -> Response | None:
        """The refusal of a request, for its site, its key or its number."""
        if scope["method"] == "POST" and scope["path"] in self._signed:
            return self._cross_site(scope, headers, request_id)
        return (
            self._by_other_name(scope, headers, request_id)
            or self._cross_site(scope, headers, request_id)
            or self._without_key(scope, key, headers, request_id)
            or self._too_often(scope, key, request_id)
        )

    def _by_other_name(self, scope: Scope, headers: Headers, request_id: str) -> Response | None:
        """The refusal of a name that is not the server's: a site may give its own name our address (DNS rebinding)."""
        host = re.sub(r":\d+$", "", headers.get("host", "")).lower()
        if not self._hosts or host in self._hosts:
            return None
        hint = "Call it as localhost, or set CAREER_API_KEYS to serve it under another name."
        message = "Without a key, this server answers only under this machine's own name."
        return error_response(scope["path"], 403, "other_host", message, hint, request_id)

    def _cross_site(self, scope: Scope, headers: Headers, request_id: str) -> Response | None:
        """The refusal of what another site's page makes a browser send, which would carry its user's rights."""
        foreign = headers.get("sec-fetch-site") == "cross-site" and headers.get("origin") not in self._origins
        if scope["method"] in ("GET", "HEAD") or not foreign:
            return None
        hint = "Call it from your own server, or name the page's address in CAREER_CORS_ORIGINS."
        message = "A page of another site may not call this one."
        return error_response(scope["path"], 403, "cross_site", message, hint, request_id)

    def _without_key(self, scope: Scope, key: str, headers: Headers, request_id: str) -> Response | None:
        """The refusal of a request that needs a key and has no right one."""
        if not self._keys or scope["path"] in OPEN_PATHS or matches(key, self._keys):
            return None
        if scope["method"] == "OPTIONS" and headers.get("origin") in self._origins:
            return None  # A browser asks what it may send before it sends a key.
        # Nobody can give a browser a header, so it is offered its own prompt: any name, and the key as password.
        browser = "text/html" in headers.get("accept", "")
        return error_response(
            scope["path"],
            401,
            "unauthorized",
            "A key is needed, and none or a wrong one came.",
            "Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
            request_id,
            {"WWW-Authenticate": 'Basic realm="career-assistant", charset="UTF-8"' if browser else "Bearer"},
        )

    def _too_often(self, scope: Scope, key: str, request_id: str) -> Response | None:
        client = scope.get("client") or ("",)
        try:
            self._rate.check(owner_of(key) if self._keys else str(client[0]), scope["path"])
        except TooOften as error:
            return error_response(
                scope["path"],
                429,
                "too_many_requests",
                "That was more than one caller may ask in this time.",
                f"Try again in {error.seconds} seconds.",
                request_id,
                {"Retry-After": str(error.seconds)},
            )
        return None


class _Outgoing:
    """What is sent back, with the headers that every response carries."""

    def __init__(self, send: Send, request_id: str) -> None:
        self.request_id = request_id
        self.begun = False
        self.status = 0
        self.exceeded = False
        self.late = False
        self.held = False
        self._send = send

    def exceed(self) -> None:
        """The body is over its limit: what the app makes of the rest is not sent."""
        self.exceeded = True
        self.held = not self.begun

    async def send(self, message: Message) -> None:
        if self.held:
            return
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def route_of(scope: Scope) -> str:
    """What a request is counted as, when it has been answered.

    >>> route_of({"path": "/assets/a.js"})
    'other'
    """
    path = getattr(scope.get("route"), "path", "")
    if path and path != "/v1/{rest:path}":
        return str(path)
    return "page" if scope["path"] == "/" or scope["path"].startswith("/gradio_api/") else "other"


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


async def _whole(receive: Receive) -> bytes:
    """A body to its end, or to where it was ended."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _in_time(receive: Receive, seconds: float) -> Receive:
    """A receive that takes the other side for gone when a body has not come to its end in time."""
    end = time.monotonic() + seconds
    whole = False

    async def received() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
        except TimeoutError:
            return {"type": "http.disconnect"}
        whole = not message.get("more_body", False)
        return message

    return received


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body that was read, and then what really comes."""
    pending: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _over(scope: Scope, limit: int, outgoing: _Outgoing) -> Response:
    """The refusal of a body that is too large or too slow."""
    outgoing.held = False
    close = {"Connection": "close"}
    if outgoing.late:
        message, hint = "The body took too long to come.", "Send it again, at once."
        return error_response(scope["path"], 408, "request_timeout", message, hint, outgoing.request_id, close)
    message, hint = f"The body is over {limit:,} bytes.", "Send less at once."
    return error_response(scope["path"], 413, "payload_too_large", message, hint, outgoing.request_id, close)


def _broken(scope: Scope, request_id: str) -> Response:
    hint = "Try again; if it fails again, tell whoever runs this server the request id."
    message = "Something went wrong on our side."
    return error_response(scope["path"], 500, "internal_error", message, hint, request_id)
