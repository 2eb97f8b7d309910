"""A server on loopback that speaks the streaming part of Anthropic's Messages protocol, as a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serving_messages(chunks: list[str], stop_reason: str = "end_turn", status: int = 200) -> Iterator[str]:
    """The address of a server that answers every request with these pieces of text, or with an error."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if status != 200:
                self._plain({"type": "error", "error": {"type": "rate_limit_error", "message": "too many requests"}})
                return
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
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
            self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())
            self.wfile.flush()

        def _plain(self, body: dict[str, Any]) -> None:
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("retry-after", "0")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
