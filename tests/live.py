"""An app on a real socket of this machine, in a thread of the test's own process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serving(app: ASGIApp, ready: str = "/healthz") -> Iterator[str]:
    """The address of a server that answers with this app."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    until = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{address}{ready}").status_code == 200:
                break
        except httpx.TransportError:
            pass
        assert time.monotonic() < until, "the server does not come up"
        time.sleep(0.05)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()
