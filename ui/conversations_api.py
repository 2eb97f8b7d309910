"""Conversations and feedback over HTTP: only the caller's own; somebody else's and an absent one look the same."""

from __future__ import annotations

import json
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ui import examples, render, schemas
from ui.wiring import Answering

router = APIRouter()

_ABSENT = "You have no such conversation."


@router.get("/v1/conversations", response_model=schemas.ConversationsResponse)
def conversations(request: Request, assistant: Answering) -> Any:
    """Your conversations, the latest first, at most 100."""
    listed = assistant.conversations.listed(request.state.owner)
    return {"conversations": [one._asdict() for one in listed]}


@router.get("/v1/conversations/{conversation_id}", response_model=schemas.ConversationResponse)
def conversation(conversation_id: str, request: Request, assistant: Answering) -> Any:
    """One conversation with its turns, oldest first."""
    turns = assistant.conversations.answers(conversation_id, request.state.owner)
    if not turns:
        raise HTTPException(404, _ABSENT)
    return {"conversation_id": conversation_id, "turns": [turn._asdict() for turn in turns]}


@router.delete("/v1/conversations/{conversation_id}", status_code=204)
def forget(conversation_id: str, request: Request, assistant: Answering) -> Response:
    """Delete a conversation, with its documents and what was said about its answers."""
    if not assistant.forget(conversation_id, request.state.owner):
        raise HTTPException(404, _ABSENT)
    return Response(status_code=204)


@router.get(
    "/v1/conversations/{conversation_id}/export",
    response_class=Response,
    responses={
        200: {
            "content": {
                "text/markdown": {"example": examples.EXPORTED},
                "application/json": {"example": examples.CONVERSATION},
            }
        }
    },
)
def export(
    conversation_id: str, request: Request, assistant: Answering, format: Literal["md", "json"] = "md"
) -> Response:
    """A conversation as a file: Markdown with its sources, or JSON."""
    turns = assistant.conversations.answers(conversation_id, request.state.owner)
    if not turns:
        raise HTTPException(404, _ABSENT)
    if format == "json":
        whole = {"conversation_id": conversation_id, "turns": [turn._asdict() for turn in turns]}
        text, kind = json.dumps(whole, ensure_ascii=False, indent=1), "application/json"
    else:
        text, kind = render.conversation_markdown(turns), "text/markdown; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="conversation.{format}"'}
    return Response(text, 200, headers, kind)


@router.post("/v1/feedback", response_model=schemas.FeedbackResponse)
def feedback(body: schemas.FeedbackRequest, request: Request, assistant: Answering) -> Any:
    """Say whether an answer was good; a second rating of the same answer takes the place of the first."""
    if not assistant.conversations.rate(body.turn_id, body.rating, body.comment or "", request.state.owner):
        raise HTTPException(404, "You have no such answer.")
    request.app.state.metrics.rated(body.rating)
    return {"turn_id": body.turn_id, "rating": body.rating}
