"""An app on a real socket of this machine: in a thread of the test's own process, or as the command that serves it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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


def served(data: Path, **env: str) -> tuple[str, subprocess.Popen[str]]:
    """A server's address and process, as soon as it is alive."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env},
    )  # fmt: skip
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    waited_for(f"{found[0]}/healthz")
    return found[0], process


def waited_for(url: str) -> None:
    until = time.monotonic() + 120
    while True:
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=10).status_code == 200:
                return
        assert time.monotonic() < until
        time.sleep(0.1)
