"""How failures are said over HTTP: which status an error has, and its one shape; on OpenAI's routes OpenAI's own.

It knows the routes of OpenAI's protocol by their paths, because a refused key or an over-long body is answered before
any route is chosen.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest import errors

log = logging.getLogger(__name__)

OPENAI_PATHS = ("/v1/chat/", "/v1/responses", "/v1/models")
"""How the paths of OpenAI's protocol begin."""

STATUS: dict[type[errors.CareerError], int] = {
    errors.SettingsError: 500,
    errors.SourceError: 400,
    errors.LibraryError: 503,
    errors.QuestionError: 400,
    errors.ModelUnavailable: 503,
    errors.CareerError: 500,
}
"""Status of an error's nearest class in this table."""

_HTTP_ERRORS = {
    400: ("bad_request", "The request cannot be read.", "Compare it with /docs."),
    404: ("not_found", "There is nothing at this address.", "The routes are listed at /docs."),
    405: ("method_not_allowed", "This address does not take this method.", "The routes are listed at /docs."),
}
"""Type, message and hint of the errors that the framework finds."""

_OPENAI_TYPES = {401: "authentication_error", 429: "rate_limit_error"}


def status_of(error: errors.CareerError) -> int:
    """The HTTP status of an error.

    >>> status_of(errors.LibraryEmpty("The library is empty."))
    503
    """
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def kind_of(error: errors.CareerError) -> str:
    """An error's name on the wire.

    >>> kind_of(errors.LibraryEmpty("The library is empty."))
    'library_empty'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def said(path: str, status: int, kind: str, message: str, hint: str, request_id: str) -> dict[str, Any]:
    """An error as the body of a response to a request for this path.

    >>> said("/v1/ask", 400, "question_error", "It is empty.", "Type one.", "r1")["error"]["hint"]
    'Type one.'
    >>> said("/v1/chat/completions", 400, "question_error", "It is empty.", "Type one.", "r1")["error"]["message"]
    'It is empty. Type one.'
    """
    if path.startswith(OPENAI_PATHS):
        family = _OPENAI_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
        return {"error": {"message": f"{message} {hint}".strip(), "type": family, "param": None, "code": kind}}
    return {"error": {"type": kind, "message": message, "hint": hint, "request_id": request_id}}


def error_response(
    path: str, status: int, kind: str, message: str, hint: str, request_id: str, headers: dict[str, str] | None = None
) -> Response:
    """The response to a request for a path that failed."""
    body = said(path, status, kind, message, hint, request_id)
    return Response(json.dumps(body), status, headers, "application/json")


def handle_failures(app: FastAPI) -> None:
    """Let an app answer every error that a person may see in the one shape."""
    app.exception_handler(errors.CareerError)(_career_error)
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(HTTPException)(_http_error)


def _career_error(request: Request, error: errors.CareerError) -> Response:
    status = status_of(error)
    if status >= 500:
        log.warning("request %s: %s", request.state.request_id, error)
    headers = {"Retry-After": "5"} if status == 503 else None
    message, hint = public(error)
    return error_response(request.url.path, status, kind_of(error), message, hint, request.state.request_id, headers)


def public(error: errors.CareerError) -> tuple[str, str]:
    """Message and hint of an error as somebody elsewhere may see them: nothing of this machine's folders.

    >>> public(errors.LibraryBusy("Another process is writing to the library in /srv/data."))[0]
    'The library is being written to.'
    """
    if isinstance(error, errors.LibraryBusy):
        return "The library is being written to.", "Send it again in some seconds."
    if isinstance(error, errors.LibraryError) and not isinstance(error, errors.LibraryEmpty):
        return "The library cannot be used at the moment.", "Tell whoever runs this server; its log says why."
    return error.message, error.hint


def _validation_error(request: Request, error: RequestValidationError) -> Response:
    """Names each field and what is wrong with it; never repeats what was sent."""
    parts = [f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}" for one in error.errors()]
    message = f"The request does not fit: {'; '.join(parts[:5])}."
    hint = "Compare it with /docs."
    return error_response(request.url.path, 422, "validation_error", message, hint, request.state.request_id)


def _http_error(request: Request, error: HTTPException) -> Response:
    kind, message, hint = _HTTP_ERRORS.get(error.status_code, _HTTP_ERRORS[400])
    known = type(error) is HTTPException and error.detail != HTTPException(error.status_code).detail
    headers = dict(error.headers) if error.headers else None
    text = error.detail if known else message
    return error_response(request.url.path, error.status_code, kind, text, hint, request.state.request_id, headers)


class OneShape:
    """Wraps an ASGI app: what an app mounted in it does not have is said in the one shape, too.

    Only the chat page's own parts keep theirs, which its program in the browser reads.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap this app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and say a 404 or 405 of somebody else's anew."""
        if scope["type"] != "http" or scope["path"].startswith("/gradio_api/"):
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        replaced = False

        async def shaped(message: Message) -> None:
            nonlocal held, replaced
            if message["type"] == "http.response.start" and _is_foreign(message):
                held = message
            elif held is not None and message.get("body", b"").startswith(b'{"detail"'):
                status, held, replaced = held["status"], None, True
                response = error_response(scope["path"], status, *_HTTP_ERRORS[status], scope["state"]["request_id"])
                await response(scope, receive, send)
            elif not replaced:
                if held is not None:
                    await send(held)
                    held = None
                await send(message)

        await self._app(scope, receive, shaped)


def _is_foreign(start: Message) -> bool:
    """Whether a response may be a refusal of a mounted app's, by its beginning."""
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] in (404, 405) and kind.startswith("application/json")
