"""A server on loopback that speaks the chat part of the OpenAI protocol, and says what a test tells it to say."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import loopback


@dataclass
class Script:
    """What the server does with each request, and what it was asked."""

    chunks: list[str]
    finish_reason: str = "stop"
    status: int = 200
    pause: float = 0.0
    """Seconds before each chunk but the first."""
    breaks_off: bool = False
    """Whether the connection ends after the chunks, without the end of the stream."""
    requests: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The address of a server that follows the script."""

    class Handler(loopback.Handler):
        def do_POST(self) -> None:
            script.requests.append(json.loads(self.body()))
            if script.status != 200:
                error = {"message": "no such model", "type": "invalid", "code": None}
                self.send_json(script.status, {"error": error})
                return
            self.begin_events()
            for index, text in enumerate(script.chunks):
                time.sleep(script.pause if index else 0)
                self._choice({"delta": {"role": "assistant", "content": text}, "index": 0, "finish_reason": None})
            if not script.breaks_off:
                self._choice({"delta": {}, "index": 0, "finish_reason": script.finish_reason})
                self.wfile.write(b"data: [DONE]\n\n")

        def _choice(self, choice: dict[str, Any]) -> None:
            self.send_event(
                {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
            )

    with loopback.listening(Handler) as address:
        yield f"{address}/v1"
