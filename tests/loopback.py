"""Servers on this machine that play somebody else's: what a handler of requests needs, and the address it is at."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON, or in server-sent events."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", "0")))

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status: int, data: Any, **headers: str) -> None:
        self.send(status, json.dumps(data).encode(), "application/json", **headers)

    def begin_events(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()

    def send_event(self, data: Any, name: str = "") -> None:
        named = f"event: {name}\n" if name else ""
        self.wfile.write(f"{named}data: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: Any) -> None:
        """A client that has gone is no news here."""


@contextmanager
def listening(handler: type[Handler]) -> Iterator[str]:
    """The address that a handler answers at, without a path, while it is there."""
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
