"""Examples of OpenAI's routes, made by the code that makes the real ones."""

from __future__ import annotations

import json
import re
from typing import Any

from assistant.types import Delta, Done, Event
from ui import openai_schemas as wire
from ui import openai_shapes as shapes
from ui.examples import ANSWERED, QUESTION

_BASE = "https://assistant.example.org"
_AT = 1_795_598_400
"""The moment of the examples: a description that changed with the clock could not be compared."""
_EVENTS: tuple[Event, ...] = (Delta(ANSWERED.answer), Done(ANSWERED))
_ASKED = wire.ResponsesRequest.model_validate({"input": QUESTION})


def completions() -> dict[int | str, dict[str, Any]]:
    """What chat completions give, whole and streamed."""
    streamed = shapes.completion_events(iter(_EVENTS), _BASE, listed=True, usage=False)
    return _both(shapes.completion(ANSWERED, _BASE), "".join(streamed))


def responses() -> dict[int | str, dict[str, Any]]:
    """What responses give, whole and streamed."""
    streamed = shapes.response_events(iter(_EVENTS), ANSWERED.turn_id, _BASE, _ASKED)
    return _both(shapes.response(ANSWERED, _BASE, _ASKED), "".join(streamed))


def _both(whole: dict[str, Any], streamed: str) -> dict[int | str, dict[str, Any]]:
    shown = json.loads(_still(json.dumps(whole)))
    return {
        200: {
            "content": {
                "application/json": {"example": shown},
                "text/event-stream": {"example": _still(streamed)},
            }
        }
    }


def _still(text: str) -> str:
    """The same text without what the clock put into it."""
    text = re.sub(r'("created(?:_at)?": )\d+', rf"\g<1>{_AT}", text)
    return re.sub(r"chatcmpl-\w+", f"chatcmpl-{ANSWERED.turn_id}", text)
