"""ASGI's lifespan protocol from the server's side, for an app that is started by another app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message

_SCOPE = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}


@asynccontextmanager
async def living(app: ASGIApp) -> AsyncIterator[None]:
    """Start an app as a server does, and end it at the end.

    The protocol is spoken in full because what stands around an app's own lifespan hears nothing else: FastAPI sets up
    the sending of traces there.

    Raises:
        Exception: Whatever keeps the app from starting.
    """
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    running = asyncio.ensure_future(app({**_SCOPE, "state": {}}, told.get, said.put))
    try:
        await _answered("lifespan.startup", running, told, said)
        yield
        await _answered("lifespan.shutdown", running, told, said)
        await running
    finally:
        running.cancel()


async def _answered(
    step: str, running: asyncio.Future[None], told: asyncio.Queue[Message], said: asyncio.Queue[Message]
) -> None:
    """Tell the app a step and wait until it has been taken."""
    told.put_nowait({"type": step})
    answer = asyncio.ensure_future(said.get())
    either: set[asyncio.Future[Any]] = {running, answer}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done() or answer.result()["type"] != f"{step}.complete":
        answer.cancel()
        await running  # raises what went wrong
