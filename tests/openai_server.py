"""A server on loopback that speaks the chat part of the OpenAI protocol, and says what a test tells it to say."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            script.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            if script.status != 200:
                self._fail()
                return
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for index, text in enumerate(script.chunks):
                time.sleep(script.pause if index else 0)
                self._send({"delta": {"role": "assistant", "content": text}, "index": 0, "finish_reason": None})
            if not script.breaks_off:
                self._send({"delta": {}, "index": 0, "finish_reason": script.finish_reason})
                self.wfile.write(b"data: [DONE]\n\n")

        def _fail(self) -> None:
            body = json.dumps({"error": {"message": "no such model", "type": "invalid", "code": None}}).encode()
            self.send_response(script.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _send(self, choice: dict[str, Any]) -> None:
            event = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
