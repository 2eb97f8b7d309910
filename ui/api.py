"""The HTTP API: parses, asks the assistant, answers in JSON or server-sent events.

It holds the map from errors to statuses and nothing that it would have to remember between requests. Keys, limits and
headers are in `guard`, shapes in `schemas` and `render`; the chat page is mounted by `serve`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from assistant.assistant import Assistant
from assistant.types import Cited, Delta, Done, Event, Searching, Turn
from ingest import errors
from ingest.settings import Settings
from ingest.types import Filters
from ui import render, schemas
from ui.docs import docs_html
from ui.guard import Guard, error_response

log = logging.getLogger(__name__)

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

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

router = APIRouter()


def create_app(assistant: Assistant, settings: Settings) -> FastAPI:
    """The API over an assistant, guarded by the settings' keys."""
    app = FastAPI(
        title="Career Assistant",
        version=version("career-assistant"),
        description="Answers questions on careers in AI and machine learning from a library, citing every statement.",
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"model": schemas.ErrorResponse}, "5XX": {"model": schemas.ErrorResponse}},
    )
    app.state.assistant = assistant
    app.include_router(router)
    # Grants nobody anything: Gradio, mounted beside us, would otherwise add rules of its own that let every site in.
    app.add_middleware(CORSMiddleware)
    app.add_middleware(Guard, keys=settings.api_keys)
    app.exception_handler(errors.CareerError)(_career_error)
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(HTTPException)(_http_error)
    return app


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant


Answering = Annotated[Assistant, Depends(_assistant)]


@router.post("/v1/ask", response_model=schemas.AnswerObject)
def ask(body: schemas.AskRequest, request: Request, assistant: Answering) -> Any:
    """Answer a question, citing every statement.

    With `stream: true` the answer comes as server-sent events: `searching`, `delta` and `citation` as they happen,
    `done` with the whole answer object, or `error`.
    """
    events = assistant.stream(
        body.question,
        conversation_id=body.conversation_id or "",
        owner=request.state.owner,
        history=None if body.history is None else _turns(body.history),
        k=body.k,
        filters=_filters(body.filters),
    )
    if not body.stream:
        return asdict(next(event.answer for event in events if isinstance(event, Done)))
    # What is wrong with the question itself is known by the first event, and still gets a status of its own.
    begun = chain([next(events)], events)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_sent(begun, request.state.request_id), 200, headers, "text/event-stream")


@router.post("/v1/search", response_model=schemas.SearchResponse)
def search(body: schemas.SearchRequest, assistant: Answering) -> Any:
    """Find passages, best first, with their scores and ranks."""
    searched_for, hits = assistant.search(
        body.query,
        history=_turns(body.history or []),
        k=body.k,
        filters=_filters(body.filters),
        rewrite=body.rewrite,
    )
    return render.found(searched_for, hits)


@router.post("/v1/verify", response_model=schemas.VerifyResponse)
def verify(body: schemas.VerifyRequest, assistant: Answering) -> Any:
    """Say whether the library, or the passages sent, support a sentence, and what is missing."""
    return asdict(assistant.verify(body.sentence, body.passages))


@router.get("/v1/passages/{passage_id}", response_model=schemas.PassageResponse)
def passage(passage_id: str, assistant: Answering) -> Any:
    """A passage with its neighbours and its place: where a citation leads."""
    around = assistant.library.passage(passage_id)
    if around is None:
        raise HTTPException(404, "The library holds no such passage.")
    return render.passage(around)


@router.get("/v1/sources", response_model=schemas.SourcesResponse)
def sources(assistant: Answering) -> Any:
    """What is in the library."""
    return {"sources": [render.source(source) for source in assistant.library.sources()]}


@router.get("/healthz", response_model=schemas.StateResponse)
def healthz() -> Any:
    """The server is alive."""
    return {"status": "ok"}


@router.get("/readyz", response_model=schemas.StateResponse)
def readyz(assistant: Answering) -> Any:
    """The server can answer; 503 until then."""
    if assistant.library.is_empty():
        raise errors.LibraryEmpty("The library is empty.", "Bring documents in with `career-assistant ingest`.")
    return {"status": "ok"}


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """The routes as a page that needs nothing from outside."""
    return HTMLResponse(docs_html(request.app.openapi()))


@router.api_route("/v1/{rest:path}", methods=_METHODS, include_in_schema=False)
def elsewhere(request: Request) -> None:
    """Everything else below `/v1`, so that a program never gets the chat page's HTML for an answer."""
    routes = [route for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema]
    raise HTTPException(405 if any(route.path_regex.match(request.url.path) for route in routes) else 404)


def _turns(history: list[schemas.PastTurn]) -> list[Turn]:
    return [Turn(turn.question, turn.answer or "") for turn in history]


def _filters(filters: schemas.SearchFilters | None) -> Filters:
    if filters is None:
        return Filters()
    return Filters(tuple(filters.topics), tuple(filters.source_ids), filters.since or "")


# Server-sent events.


def _sent(events: Iterator[Event], request_id: str) -> Iterator[str]:
    """The events on the wire; what fails on the way is the last of them."""
    try:
        for event in events:
            yield server_sent(*_named(event))
    except errors.CareerError as error:
        yield server_sent("error", _said(_kind(error), error.message, error.hint, request_id))
    except Exception:  # the outermost edge: the status has been sent, so nothing else would tell the caller
        log.exception("request %s failed", request_id)
        yield server_sent("error", _said("internal_error", "Something went wrong on our side.", "", request_id))


def _named(event: Event) -> tuple[str, dict[str, Any]]:
    match event:
        case Searching(searched_for):
            return "searching", {"searched_for": searched_for}
        case Delta(text):
            return "delta", {"text": text}
        case Cited(citation):
            return "citation", asdict(citation)
        case Done(answer):
            return "done", asdict(answer)


def server_sent(name: str, data: dict[str, Any]) -> str:
    r"""One server-sent event.

    >>> server_sent("delta", {"text": "a\nb"})
    'event: delta\ndata: {"text": "a\\nb"}\n\n'
    """
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _said(kind: str, message: str, hint: str, request_id: str) -> dict[str, str]:
    return {"type": kind, "message": message, "hint": hint, "request_id": request_id}


# Errors.


def status_of(error: errors.CareerError) -> int:
    """The HTTP status of an error.

    >>> status_of(errors.LibraryEmpty("The library is empty."))
    503
    """
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _kind(error: errors.CareerError) -> str:
    """`LibraryEmpty` as `library_empty`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def _career_error(request: Request, error: errors.CareerError) -> Response:
    status = status_of(error)
    if status >= 500:
        log.warning("request %s: %s", request.state.request_id, error)
    return error_response(status, _kind(error), error.message, error.hint, request.state.request_id)


def _validation_error(request: Request, error: RequestValidationError) -> Response:
    """Names each field and what is wrong with it; never repeats what was sent."""
    parts = [f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}" for one in error.errors()]
    message = f"The request does not fit: {'; '.join(parts[:5])}."
    return error_response(422, "validation_error", message, "Compare it with /docs.", request.state.request_id)


def _http_error(request: Request, error: HTTPException) -> Response:
    kind, message, hint = _HTTP_ERRORS.get(error.status_code, _HTTP_ERRORS[400])
    known = type(error) is HTTPException and error.detail != HTTPException(error.status_code).detail
    headers = dict(error.headers) if error.headers else None
    said = error.detail if known else message
    return error_response(error.status_code, kind, said, hint, request.state.request_id, headers)
