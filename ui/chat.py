"""The chat page in Gradio: its parts, which of them listen to what, and how it is mounted.

What happens is in `desk`, how it looks in `page` and its neighbours, `page*.css` and `page*.js`; keys and limits are in
`guard`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.routing import Mount

from ui import page, page_frame
from ui.desk import ACTIVE, Desk, View
from ui.exchange import Session
from ui.first_picture import FirstPicture
from ui.limits import MAX_PAGE_UPLOAD

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from assistant.assistant import Assistant

_FOLDER = Path(__file__).parent
_GRADIO = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # Without these, Gradio keeps the times of 10,000 events and makes a table of them after each one.
    "GRADIO_ANALYTICS_MAX_EVENTS": "100",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
}
"""Read by Gradio when it is imported or a queue is made: nothing is reported, little is counted."""
_STORAGE = "career-assistant"
_WAITING, _SESSIONS = 64, 2_000
"""Questions waiting for their turn, open pages remembered."""
_STYLES = ("page.css", "page_talk.css", "page_sources.css", "page_views.css")
_SCRIPTS = ("page.js", "page_side.js", "page_papers.js", "page_take.js")

_CURTAINED = "top|header|columns|talk|sources|composer|question|send"

Parts = dict[str, "gr.components.Component"]
Listener = Callable[..., Any]


def chat_page(desk: Desk) -> gr.Blocks:
    """The page, ready to be mounted."""
    os.environ.update(_GRADIO)
    import gradio as gr

    blocks = gr.Blocks(title=page.NAME, fill_width=True, analytics_enabled=False)
    with blocks:
        parts = _parts()
        _wired(blocks, parts, desk)
    blocks.queue(default_concurrency_limit=ACTIVE, max_size=_WAITING, api_open=False)
    blocks.state_session_capacity = _SESSIONS
    return blocks


def _parts() -> Parts:
    """The parts of the page, in the order in which they are read."""
    import gradio as gr

    def html(name: str, value: str = "", **more: Any) -> gr.HTML:
        return gr.HTML(value, elem_id=name, apply_default_css=False, padding=False, **more)

    # The key is no secret: each visitor's browser is told it. A fixed one lets a restarted server read it again.
    parts: Parts = {
        "session": gr.State(Session()),
        "kept": gr.BrowserState("", storage_key=_STORAGE, secret=_STORAGE),
    }
    with gr.Row(elem_id="top"):
        parts["header"] = html("header")
    with gr.Row(elem_id="columns"):
        parts["side"] = html("side")
        script = "\n".join(_read(name) for name in _SCRIPTS)
        parts["talk"] = html("talk", page.talk_html([]), js_on_load=script)
        parts["sources"] = html("sources")
        parts["papers"] = html("papers")
        with gr.Row(elem_id="composer"):
            gr.HTML(
                '<button type="button" class="tool attach" id="attach" aria-label="Add a document" '
                'title="Add a document"></button>',
                elem_id="attaching",
                apply_default_css=False,
                padding=False,
            )
            parts["question"] = gr.Textbox(
                placeholder="Ask about AI and ML careers",
                label="Your question",
                show_label=False,
                container=False,
                autofocus=True,
                lines=1,
                max_lines=6,
                elem_id="question",
            )
            parts["send"] = gr.Button("Send", variant="primary", elem_id="send", scale=0, min_width=80)
            parts["stop"] = gr.Button("Stop", visible=False, elem_id="stop", scale=0, min_width=80)
    parts["sheet"], parts["parcel"] = html("sheet"), html("parcel")
    return parts


def _wired(blocks: gr.Blocks, parts: Parts, desk: Desk) -> None:
    """Let the parts listen: to the page's opening, to questions, to everything else that is pressed."""
    import gradio as gr

    every = list(parts.values())
    state = [parts["session"], parts["kept"]]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    at_once: dict[str, Any] = {**private, "queue": False, "trigger_mode": "multiple"}
    # "multiple": the desk itself refuses a second question while one is answered, but not one right after a stop.
    asking: dict[str, Any] = {**private, "concurrency_id": "answers", "trigger_mode": "multiple"}

    def opened(kept: object) -> Iterator[Any]:
        yield from (_shown(parts, view) for view in desk.opened(kept))

    def asked(question: str, session: Session, kept: object) -> Iterator[Any]:
        yield from (_shown(parts, view) for view in desk.asked(question, session, kept))

    def pressed(session: Session, kept: object, event: Any) -> Iterator[Any]:
        sent = event._data if isinstance(event._data, dict) else {}
        question, replaces = sent.get("question"), sent.get("replaces", 0)
        words, typed = (question if isinstance(question, str) else ""), bool(sent.get("typed"))
        views = desk.asked(words, session, kept, typed=typed, replaces=replaces)
        yield from (_shown(parts, view) for view in views)

    def acted(session: Session, kept: object, event: Any) -> Any:
        return _shown(parts, desk.acted(event._data if isinstance(event._data, dict) else {}, session, kept))

    def brought(session: Session, kept: object, event: Any) -> Any:
        return _shown(parts, desk.brought(_uploaded(blocks, event._data), session, kept))

    for listener in (pressed, acted, brought):
        # Gradio hands an event over only where it can resolve the annotation, which a local import keeps it from.
        listener.__annotations__["event"] = gr.EventData
    blocks.load(opened, [parts["kept"]], every, **private)
    question, send, talk = parts["question"], parts["send"], parts["talk"]
    gr.on([question.submit, send.click], asked, [question, *state], every, **asking)  # type: ignore[attr-defined]
    talk.ask(pressed, state, every, **asking)  # type: ignore[attr-defined]
    talk.bring(brought, state, every, **at_once)  # type: ignore[attr-defined]
    talk.act(acted, state, every, **at_once)  # type: ignore[attr-defined]
    parts["stop"].click(lambda session: _shown(parts, desk.stopped(session)), state[:1], every, **at_once)  # type: ignore[attr-defined]


def _uploaded(blocks: gr.Blocks, sent: object) -> list[tuple[str, Path]]:
    """The files that an event names, as far as they were really uploaded to this page."""
    files = sent.get("files") if isinstance(sent, dict) else None
    named = [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []
    return [
        (str(one.get("name") or "document"), Path(str(one["path"])))
        for one in named
        if isinstance(one.get("path"), str) and one["path"] in blocks.upload_file_set
    ]


def _shown(parts: Parts, view: View) -> dict[Any, Any]:
    """What the desk says, by Gradio's parts; those that it does not name stay as they are."""
    import gradio as gr

    values = {parts[name]: value for name, value in view.items() if name in parts}
    if "running" in view:
        values[parts["send"]] = gr.update(visible=not view["running"])
        values[parts["stop"]] = gr.update(visible=view["running"])
    return values


def mount(app: FastAPI, assistant: Assistant) -> FastAPI:
    """Serve the page at `/` of an app. Routes that the app has already come first; those added later are hidden."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Where no event loop runs, Gradio makes one for each of its locks and leaves them all open.
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(_mounted(app, assistant))
        finally:
            loop.close()
    return _mount(app, assistant)


async def _mounted(app: FastAPI, assistant: Assistant) -> FastAPI:
    return _mount(app, assistant)


def _mount(app: FastAPI, assistant: Assistant) -> FastAPI:
    blocks = chat_page(Desk(assistant, getattr(app.state, "metrics", None)))
    import gradio as gr

    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        theme=_theme(),
        footer_links=[],
        allowed_paths=[],
        max_file_size=MAX_PAGE_UPLOAD,
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
    )
    for route in mounted.routes:
        if isinstance(route, Mount) and getattr(route.app, "blocks", None) is blocks:
            route.app = FirstPicture(route.app, _head())
    return mounted


def _head() -> str:
    """What stands in the page's head: its icon, its looks, and what is shown until Gradio has started."""
    style = "\n".join(_read(name) for name in _STYLES)
    # Ids stand once in a page; the curtain's parts carry them as data, and look the same.
    style = re.sub(rf"#({_CURTAINED})(?![\w-])", r":is(#\1, [data-part=\1])", style)
    curtain = json.dumps(page_frame.curtain_html()).replace("</", "<\\/")
    return (
        f"{page_frame.HEAD}<style>{style}</style><script>const curtain = {curtain};\n{_read('page_first.js')}</script>"
    )


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _theme() -> gr.themes.Base:
    """Gradio's own parts in the page's colours, with a typeface that travels with Gradio."""
    import gradio as gr

    return gr.themes.Base(
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        radius_size=gr.themes.sizes.radius_lg,
    ).set(
        body_background_fill="#faf8f4",
        body_background_fill_dark="#16191c",
        body_text_color="#22272b",
        body_text_color_dark="#e6e4df",
    )
