"""Serving: checks what can be checked at once, answers on the port at once, and gets ready behind it.

The address is bound before anything heavy is loaded, so that a port in use is said in a moment. The bundled library is
brought in before the first request; opening the library, the chat page and the embedding model load behind `Entrance`.
One process, one worker.
"""

from __future__ import annotations

import asyncio
import atexit
import ipaddress
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from ingest.errors import SettingsError
from ui import terminal
from ui.failures import error_response
from ui.guard import Guard
from ui.lifespan import living
from ui.logs import set_up_logging
from ui.render import safe

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.assistant import Assistant
    from ingest.settings import Settings

Made = TypeVar("Made")

_GRACE_SECONDS = 10
"""How long answers that are being written may go on when the server is told to stop."""
_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""What a server without keys may be called; it listens on this machine's own addresses only."""
_CLOSING_SECONDS = 3
"""How long closing the app, and then leaving, may take after that."""
_LOOK_SECONDS = 0.5
"""How often a connection without end looks whether the server stops."""
_BEGUN = "bundled.begun"
"""Lies in the data folder while the bundled library is brought in, so that a set-up that was cut short goes on."""
_HEARTBEAT = "/gradio_api/heartbeat/"
"""Where every open page holds a connection without end, which must not keep a server from stopping."""
_STARTING = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Career Assistant</title>'
    "<p style='font:18px system-ui,sans-serif;margin:3rem'>Getting ready. This page opens by itself.</p>"
)


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop.

    Raises:
        SettingsError: The address is open to others and no key is set, or it cannot be listened on.
        CareerError: The library or a model cannot be used.
    """
    _protected(host, settings.api_keys)
    with closing(_bound(host, port)) as listener:
        bring_bundled(settings)
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"Serving on http://{shown}:{listener.getsockname()[1]} (Ctrl-C stops)")
        _run(settings, listener)


def serve_slack(settings: Settings) -> None:
    """Answer in Slack over Socket Mode until told to stop.

    Raises:
        SettingsError: Slack's packages or a token are missing, or Slack does not take it.
        CareerError: The library or a model cannot be used.
    """
    from ui import slack

    slack.needed_for_socket(settings)
    bring_bundled(settings)
    from assistant.build import build_assistant

    set_up_logging()
    assistant = build_assistant(settings)
    bot = slack.SlackBot(assistant, settings)
    _warm(assistant)
    asyncio.run(bot.socket(lambda: click.echo("Listening to Slack (Ctrl-C stops)")))


def is_loopback(host: str) -> bool:
    """Whether a host can be reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _protected(host: str, keys: tuple[str, ...]) -> None:
    if not keys and not is_loopback(host):
        raise SettingsError(
            f"Listening on {host} lets other machines in, and no key is set.",
            "Set CAREER_API_KEYS to one or more long random keys, or leave --host out.",
        )


def _bound(host: str, port: int) -> socket.socket:
    """A socket that holds the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Without listening, a second server could bind the same port and fail only later.
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Port {port} on {host} cannot be used: {(error.strerror or str(error)).lower()}.",
            f"Stop what uses it, or choose another: career-assistant serve --port {port + 1 if port < 65535 else 8000}",
        ) from error
    return listener


def bring_bundled(settings: Settings) -> None:
    """Bring the bundled library in when the data folder holds no library yet, or when that was cut short.

    Where it is in, but of another version of this package, that is said: figures may have changed since.

    Raises:
        LibraryError: The data folder cannot be used.
        LibraryBusy: Another process is writing.
    """
    mark = settings.data_dir / _BEGUN
    if (settings.data_dir / "catalog.db").exists() and not mark.exists() and not _is_empty(settings):
        _tell_of_changes(settings)
        return
    from assistant.build import open_library

    with closing(open_library(settings)) as library:
        click.echo("Bringing the bundled library in; this happens once.")
        mark.touch()
        with terminal.progress(terminal.INDEXING) as told:
            report = library.sync(progress=told)
        mark.unlink()
    click.echo(str(report))
    for failure in report.failed:
        click.echo(safe(f"{failure.uri}: {failure.reason}"), err=True)


def _tell_of_changes(settings: Settings) -> None:
    """Say so where the bundled documents are in the library and differ from those that travel with this version."""
    from assistant.build import open_library
    from ingest.discover import BUNDLED

    with closing(open_library(settings)) as library:
        if not any(source.root == BUNDLED for source in library.sources()):
            return
        planned = library.sync(dry_run=True)
    if planned.new or planned.changed or planned.removed:
        click.echo(f"The bundled documents are not those of this version: {planned}.")
        click.echo("Bring them up to date with `career-assistant ingest`.")


def _is_empty(settings: Settings) -> bool:
    """Whether there is a catalog with nothing in it; asked of the catalog alone, which opens in a moment."""
    from ingest.catalog import Catalog

    with closing(Catalog(settings.data_dir / "catalog.db")) as catalog:
        return catalog.is_empty()


# Getting ready behind an open port.


class Entrance:
    """An ASGI app that stands before one that is still being made: alive at once, ready when that one is."""

    def __init__(
        self,
        build: Callable[[], FastAPI],
        warm: Callable[[FastAPI], None],
        failed: Callable[[Exception], None],
        stopping: Callable[[], bool],
    ) -> None:
        """Make the app with `build`, ready it with `warm`; `failed` is told what kept it from that.

        `stopping` says whether the server has been told to stop.
        """
        self._build = build
        self._warm = warm
        self._failed = failed
        self._stopping = stopping
        self._early = Guard(early)
        self._app: FastAPI | None = None
        self._ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say that it has come too early."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None and scope["path"].startswith(_HEARTBEAT):
            await self._app(scope, _until(self._stopping, receive), send)
        elif self._app is not None and (self._ready or scope["path"] != "/readyz"):
            await self._app(scope, receive, send)
        else:
            await self._early(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Get ready beside the running server; close the app at its end."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        stop = asyncio.Event()
        living = asyncio.create_task(self._get_ready(stop))
        await receive()
        stop.set()
        if self._app is None:
            living.cancel()
        await asyncio.wait([living], timeout=_CLOSING_SECONDS)
        await send({"type": "lifespan.shutdown.complete"})

    async def _get_ready(self, stop: asyncio.Event) -> None:
        try:
            app = await _in_thread(self._build)
            async with living(app):
                self._app = app
                warming, told = _in_thread(lambda: self._warm(app)), asyncio.ensure_future(stop.wait())
                either: set[asyncio.Future[Any]] = {warming, told}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                # A model that is still being loaded holds nothing back.
                if not told.done():
                    warming.result()
                    self._ready = True
                    await told
        except Exception as error:  # raised again where the server was started, once that has stopped
            self._failed(error)


async def early(scope: Scope, receive: Receive, send: Send) -> None:
    """What is answered while the app is being made."""
    headers = {"Retry-After": "2"}
    if scope["path"] == "/healthz":
        response: Response = JSONResponse({"status": "ok"})
    elif "text/html" in Headers(scope=scope).get("accept", ""):
        response = HTMLResponse(_STARTING, 503, headers)
    else:
        request_id = scope["state"]["request_id"]
        hint = "Try again in some seconds."
        response = error_response(
            scope["path"], 503, "starting", "The server is getting ready.", hint, request_id, headers
        )
    await response(scope, receive, send)


def _until(stopping: Callable[[], bool], receive: Receive) -> Receive:
    """A receive that says the other side has gone as soon as the server is told to stop."""

    async def received() -> Message:
        coming = asyncio.ensure_future(receive())
        try:
            while not stopping():
                if (await asyncio.wait([coming], timeout=_LOOK_SECONDS))[0]:
                    return coming.result()
        finally:
            coming.cancel()
        return {"type": "http.disconnect"}

    return received


def _in_thread(work: Callable[[], Made]) -> asyncio.Future[Made]:
    """Work that nothing waits for when the server stops: a pool's threads would be, minutes long."""
    future: Future[Made] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return asyncio.wrap_future(future)


def _run(settings: Settings, listener: socket.socket) -> None:
    import uvicorn

    set_up_logging()
    failures: list[Exception] = []
    told = _Told()

    def failed(error: Exception) -> None:
        failures.append(error)
        server.should_exit = True

    def build() -> FastAPI:
        app = _made(settings, listener.getsockname()[0])
        app.state.stopping_for = told.seconds
        return app

    class Server(uvicorn.Server):
        def handle_exit(self, number: int, frame: FrameType | None) -> None:
            told.stop(number)
            super().handle_exit(number, frame)

    config = uvicorn.Config(
        Entrance(build, lambda app: _warm(app.state.assistant), failed, lambda: server.should_exit),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = Server(config)
    # In the place of the system's own handler, which would end the process before the last traces are sent.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        server.run(sockets=[listener])
    except (KeyboardInterrupt, SystemExit):
        _leave(told.code)
    if failures:
        raise failures[0]


class _Told:
    """When the server was told to stop, and by which signal."""

    def __init__(self) -> None:
        self._at = 0.0
        self.code = 0
        """The exit status that says so."""

    def stop(self, number: int) -> None:
        if not self._at:
            self._at, self.code = time.monotonic(), 128 + number
            # Whatever still waits then, such as a thread for a model that does not answer, is not waited for.
            last = threading.Timer(_GRACE_SECONDS + _CLOSING_SECONDS, _leave, [self.code])
            last.daemon = True
            last.start()

    def seconds(self) -> float:
        """Since when it has been stopping; 0 while it is not."""
        return time.monotonic() - self._at if self._at else 0.0


def _leave(code: int) -> NoReturn:
    """End the process now that everything is closed.

    Taking the interpreter down was measured to cost two seconds of computing, most of it freeing the memory of the
    libraries, and it waits for threads; a catalog is whole wherever a thread is ended.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _made(settings: Settings, address: str) -> FastAPI:
    from assistant.build import build_assistant
    from ingest.uploads import settle
    from ui.api import create_app
    from ui.chat import mount

    assistant = build_assistant(settings)
    settle(assistant.library)
    hosts = () if settings.api_keys else (*_OWN_NAMES, address)
    return mount(create_app(assistant, settings, hosts), assistant)


def _warm(assistant: Assistant) -> None:
    """Ask once, so that what loads at the first question is loaded before it comes."""
    if not assistant.library.is_empty():
        assistant.search("What does a data scientist earn?")
