"""A server on loopback that speaks the streaming part of Anthropic's Messages protocol, as a test tells it to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import loopback


@contextmanager
def serving_messages(chunks: list[str], stop_reason: str = "end_turn", status: int = 200) -> Iterator[str]:
    """The address of a server that answers every request with these pieces of text, or with an error."""

    class Handler(loopback.Handler):
        def do_POST(self) -> None:
            self.body()
            if status != 200:
                error = {"type": "rate_limit_error", "message": "too many requests"}
                self.send_json(status, {"type": "error", "error": error}, retry_after="0")
                return
            self.begin_events()
            usage = {"input_tokens": 1, "output_tokens": 1}
            message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
                       "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
            self._event("message_start", message=message)
            self._event("content_block_start", index=0, content_block={"type": "text", "text": ""})
            for text in chunks:
                self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
            self._event("content_block_stop", index=0)
            self._event("message_delta", delta={"stop_reason": stop_reason, "stop_sequence": None}, usage=usage)
            self._event("message_stop")

        def _event(self, kind: str, **data: Any) -> None:
            self.send_event({"type": kind, **data}, kind)

    with loopback.listening(Handler) as address:
        yield address
