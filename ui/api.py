"""The HTTP API: parses, asks the assistant, answers in JSON or server-sent events.

It holds nothing that it would have to remember between requests. Keys, limits and headers are in `guard`, errors in
`failures`, shapes in `schemas` and `render`; the library's, conversations' and OpenAI's routes have files of their own;
the chat page is mounted by `serve`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import asdict
from importlib.metadata import version
from itertools import chain
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Route

from assistant.assistant import Assistant
from assistant.tracing import keep_addresses_out
from assistant.types import Cited, Delta, Done, Event, Searching
from ingest import errors
from ingest.settings import Settings
from ingest.types import Filters
from ui import conversations_api, examples, library_api, mcp_server, metrics, openai_compat, render, schemas, slack
from ui.docs import docs_html
from ui.failures import OneShape, handle_failures, kind_of, public, said
from ui.guard import Guard, Seen
from ui.limits import RateLimit
from ui.logs import log_request, traces_wanted
from ui.stopping import EndsInTime
from ui.wiring import SSE_HEADERS, Answering, drained, past, watched

log = logging.getLogger(__name__)

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

router = APIRouter()


def create_app(assistant: Assistant, settings: Settings, hosts: Sequence[str] = ()) -> FastAPI:
    """The API over an assistant, guarded by the settings' keys.

    Args:
        assistant: Who answers.
        settings: Keys, limits, sites.
        hosts: The names by which the server may be called; any when empty.

    Raises:
        SettingsError: The rate limit cannot be used, or a package is missing for traces or Slack.
    """
    counts = metrics.Metrics()
    mcp = mcp_server.McpServer(assistant, counts) if mcp_server.is_installed() else None
    bot = slack.SlackBot(assistant, settings) if slack.wanted_over_http(settings) else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if traces_wanted():
            keep_addresses_out()
        async with mcp.running() if mcp else nullcontext(), bot.running() if bot else nullcontext():
            yield

    app = FastAPI(
        title="Career Assistant",
        version=version("career-assistant"),
        description="Answers questions on careers in AI and machine learning from a library, citing every statement.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"auto_configure": traces_wanted(), "logs": False},
        responses={"4XX": {"model": schemas.ErrorResponse}, "5XX": {"model": schemas.ErrorResponse}},
    )
    app.state.assistant = assistant
    app.state.metrics = counts
    app.state.stopping_for = lambda: 0.0
    for part in (*_PARTS, last):
        app.include_router(part)
    if mcp:
        app.router.routes.append(Route("/mcp", mcp))
    if bot:
        app.state.slack = bot
        app.router.routes.extend(bot.routes())
    _surround(app, settings, hosts, counts, [slack.PATH] if bot else [])
    handle_failures(app)
    return app


def _surround(
    app: FastAPI, settings: Settings, hosts: Sequence[str], counts: metrics.Metrics, signed: Sequence[str]
) -> None:
    """Put around an app what every request passes, the innermost first."""
    app.add_middleware(OneShape)
    app.add_middleware(EndsInTime)
    # With no site named it grants nobody anything: Gradio, mounted beside us, would otherwise add rules of its own that
    # let every site in.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST", "DELETE"] if settings.cors_origins else (),
        allow_headers=["Authorization", "X-API-Key", "Content-Type"] if settings.cors_origins else (),
        expose_headers=["X-Request-ID", "Retry-After"] if settings.cors_origins else (),
    )
    app.add_middleware(
        Guard,
        keys=settings.api_keys,
        rate=RateLimit(settings.rate_limit, settings.rate_limit_storage),
        origins=settings.cors_origins,
        hosts=hosts,
        watch=_watch(counts),
        signed=signed,
    )


def _watch(counts: metrics.Metrics) -> Callable[[Seen], None]:
    def watch(seen: Seen) -> None:
        counts.seen(seen)
        log_request(seen)

    return watch


@router.post("/v1/ask", response_model=schemas.AnswerObject, responses={200: {"content": examples.ASK_STREAM}})
def ask(body: schemas.AskRequest, request: Request, assistant: Answering) -> Any:
    """Answer a question, citing every statement.

    With `stream: true` the answer comes as server-sent events: `searching` (again where a follow-up is read otherwise),
    `delta` and `citation` as they happen, `done` with the whole answer object, or `error`.
    """
    events = watched(
        assistant.stream(
            body.question,
            conversation_id=body.conversation_id or "",
            owner=request.state.owner,
            history=None if body.history is None else past(body.history),
            k=body.k,
            filters=_filters(body.filters),
        ),
        request.app.state.metrics,
    )
    if not body.stream:
        return asdict(drained(events))
    # What is wrong with the question itself is known by the first event, and still gets a status of its own.
    begun = chain([next(events)], events)
    return StreamingResponse(_sent(begun, request.state.request_id), 200, SSE_HEADERS, "text/event-stream")


@router.post("/v1/search", response_model=schemas.SearchResponse)
def search(body: schemas.SearchRequest, request: Request, assistant: Answering) -> Any:
    """Find passages, best first, with their scores and ranks."""
    searched_for, hits = assistant.search(
        body.query,
        history=past(body.history or []),
        k=body.k,
        filters=_filters(body.filters),
        rewrite=body.rewrite,
        owner=request.state.owner,
        conversation_id=body.conversation_id or "",
    )
    return render.found(searched_for, hits)


@router.post("/v1/verify", response_model=schemas.VerifyResponse)
def verify(body: schemas.VerifyRequest, request: Request, assistant: Answering) -> Any:
    """Say whether the library, or the passages sent, support a sentence, and what is missing."""
    asked = {"owner": request.state.owner, "conversation_id": body.conversation_id or ""}
    return asdict(assistant.verify(body.sentence, body.passages, **asked))


@router.get("/v1/passages/{passage_id}", response_model=schemas.PassageResponse)
def passage(passage_id: str, request: Request, assistant: Answering) -> Any:
    """A passage with its neighbours and its place: where a citation leads."""
    around = assistant.library.passage(passage_id, [request.state.owner])
    if around is None:
        raise HTTPException(404, "The library holds no such passage.")
    return render.passage(around)


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


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"example": examples.COUNTS}}}}
)
def counted(request: Request) -> Response:
    """What the server has counted, for Prometheus."""
    return Response(request.app.state.metrics.text(), 200, media_type=metrics.CONTENT_TYPE)


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """The routes as a page that needs nothing from outside."""
    return HTMLResponse(docs_html(request.app.openapi()))


last = APIRouter()
_PARTS = (router, library_api.router, conversations_api.router, openai_compat.router)


@last.api_route("/v1/{rest:path}", methods=_METHODS, include_in_schema=False)
@last.api_route("/healthz", methods=_METHODS, include_in_schema=False)
@last.api_route("/readyz", methods=_METHODS, include_in_schema=False)
@last.api_route("/metrics", methods=_METHODS, include_in_schema=False)
def elsewhere(request: Request) -> None:
    """Everything else below `/v1`, so that a program never gets the chat page's HTML for an answer."""
    routes = (route for part in _PARTS for route in part.routes)
    known = [route for route in routes if isinstance(route, APIRoute) and route.include_in_schema]
    raise HTTPException(405 if any(route.path_regex.match(request.url.path) for route in known) else 404)


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
        yield server_sent("error", _failure(kind_of(error), *public(error), request_id))
    except Exception:  # the outermost edge: the status has been sent, so nothing else would tell the caller
        log.exception("request %s failed", request_id)
        yield server_sent("error", _failure("internal_error", "Something went wrong on our side.", "", request_id))


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


def _failure(kind: str, message: str, hint: str, request_id: str) -> dict[str, Any]:
    failure: dict[str, Any] = said("", 500, kind, message, hint, request_id)["error"]
    return failure
