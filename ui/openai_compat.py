"""OpenAI's protocol over the assistant: models, chat completions and responses, streaming and not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from assistant.conversation import new_id
from ingest import errors
from ui import openai_examples
from ui import openai_schemas as wire
from ui import openai_shapes as shapes
from ui.failures import kind_of, public, said, status_of
from ui.openai_shapes import MODEL
from ui.wiring import SSE_HEADERS, Answering, drained, watched

log = logging.getLogger(__name__)
router = APIRouter(responses={"4XX": {"model": wire.OpenAIErrorResponse}, "5XX": {"model": wire.OpenAIErrorResponse}})


@router.get("/v1/models", response_model=wire.Models)
def models() -> Any:
    """The one model that is here."""
    return {"data": [{"id": MODEL}]}


@router.get("/v1/models/{model}", response_model=wire.Model)
def model(model: str) -> Any:
    """What is known of a model."""
    if model != MODEL:
        raise HTTPException(404, f"There is no such model. The one here is {MODEL}.")
    return {"id": MODEL}


@router.post("/v1/chat/completions", response_model=wire.Completion, responses=openai_examples.completions())
def chat_completions(body: wire.ChatRequest, request: Request, assistant: Answering) -> Any:
    """Answer the last user message in the light of the messages before it. System messages are not obeyed."""
    question, history = shapes.conversation(body.messages)
    events = assistant.stream(question, owner=request.state.owner, history=history, keep=False)
    begun = watched(events, request.app.state.metrics)
    base = str(request.base_url).rstrip("/")
    if not body.stream:
        return shapes.completion(drained(begun), base, body.sources_in_text)
    started = chain([next(begun)], begun)
    usage = bool(body.stream_options and body.stream_options.include_usage)
    sent = _guarded(shapes.completion_events(started, base, body.sources_in_text, usage), request)
    return StreamingResponse(sent, 200, SSE_HEADERS, "text/event-stream")


@router.post("/v1/responses", response_model=wire.ResponseObject, responses=openai_examples.responses())
def responses(body: wire.ResponsesRequest, request: Request, assistant: Answering) -> Any:
    """Answer the input; with `previous_response_id`, as the next turn of that conversation."""
    owner = request.state.owner
    messages = [wire.Message(content=body.input)] if isinstance(body.input, str) else body.input
    question, history = shapes.conversation(messages)
    conversation_id = ""
    turn_id = new_id()
    if body.previous_response_id:
        before = body.previous_response_id.removeprefix("resp_")
        conversation_id = assistant.conversations.conversation_of(before, owner)
        if not conversation_id:
            raise HTTPException(404, "You have no such response.")
    events = assistant.stream(
        question,
        conversation_id=conversation_id,
        owner=owner,
        history=None if conversation_id and not history else history,
        keep=body.store is not False,
        turn_id=turn_id,
    )
    begun = watched(events, request.app.state.metrics)
    base = str(request.base_url).rstrip("/")
    if not body.stream:
        return shapes.response(drained(begun), base, body)
    started = chain([next(begun)], begun)
    return StreamingResponse(_guarded(shapes.response_events(started, turn_id, base, body), request), 200, SSE_HEADERS,
                             "text/event-stream")  # fmt: skip


def _guarded(sent: Iterator[str], request: Request) -> Iterator[str]:
    """The stream; what fails on the way is its last event, in OpenAI's shape."""
    path, request_id = request.url.path, request.state.request_id
    try:
        yield from sent
    except errors.CareerError as error:
        body = said(path, status_of(error), kind_of(error), *public(error), request_id)
        yield shapes.data(body | {"type": "error"}, "error" if path == "/v1/responses" else "")
    except Exception:  # the outermost edge: the status has been sent, so nothing else would tell the caller
        log.exception("request %s failed", request_id)
        body = said(path, 500, "internal_error", "Something went wrong on our side.", "", request_id)
        yield shapes.data(body | {"type": "error"}, "error" if path == "/v1/responses" else "")
