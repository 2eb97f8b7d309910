"""What the routes of the API share: the assistant that answers, and the counting of what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request

from assistant.assistant import Assistant
from assistant.types import Answer, Done, Event, Turn
from ingest.errors import ModelUnavailable
from ui import schemas
from ui.metrics import Metrics

SSE_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Keep what stands between from holding events back."""


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant


Answering = Annotated[Assistant, Depends(_assistant)]


def watched(events: Iterator[Event], counts: Metrics) -> Iterator[Event]:
    """The same events; what they come to is counted."""
    try:
        for event in events:
            if isinstance(event, Done):
                counts.answered(event.answer, event.model_failed)
            yield event
    except ModelUnavailable:
        counts.model_failed()
        raise


def drained(events: Iterator[Event]) -> Answer:
    """The whole answer."""
    return next(event.answer for event in events if isinstance(event, Done))


def past(history: list[schemas.PastTurn]) -> list[Turn]:
    """The turns of a request as the assistant takes them."""
    return [Turn(turn.question, turn.answer or "") for turn in history]
