"""The chat page: runs a conversation in the browser over the assistant.

The assistant keeps the turns; the browser keeps only who the visitor is and which conversation is open, so that a
reload shows it again. How things look is in `page`, `page.css` and `page.js`; keys and limits are in `guard`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.types import Answer, Citation, Cited, Delta, Done, Event, Searching
from ingest.errors import CareerError
from ingest.types import Neighbourhood
from ui import page
from ui.page import Exchange, Session

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from assistant.assistant import Assistant

log = logging.getLogger(__name__)

View = tuple[Any, ...]
"""New values for session, kept, talk, sources, question, send, stop, in this order."""

_FOLDER = Path(__file__).parent
_GRADIO = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # Without these, Gradio keeps the times of 10,000 events and makes a table of them after each one.
    "GRADIO_ANALYTICS_MAX_EVENTS": "100",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
}
"""Read by Gradio when it is imported or a queue is made: nothing is reported, little is counted."""
_STORAGE = "career-assistant"
_FRAME_SECONDS = 0.06
"""Least time between two pictures of an answer that is being written."""
_ACTIVE, _WAITING, _SESSIONS = 4, 64, 2_000
"""Answers written at once, questions waiting for their turn, open pages remembered."""


def chat_page(assistant: Assistant) -> gr.Blocks:
    """The page, ready to be mounted."""
    os.environ.update(_GRADIO)
    import gradio as gr

    desk = _Desk(assistant)
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    blocks = gr.Blocks(title=page.NAME, fill_width=True, analytics_enabled=False)
    with blocks:
        session = gr.State(Session())
        # The key is no secret: each visitor's browser is told it. A fixed one lets a restarted server read it again.
        kept = gr.BrowserState("", storage_key=_STORAGE, secret=_STORAGE)
        with gr.Row(elem_id="top"):
            header = gr.HTML(elem_id="header", apply_default_css=False)
            fresh = gr.Button("New conversation", elem_id="fresh", size="sm", scale=0)
        with gr.Row(elem_id="columns"):
            talk = gr.HTML(
                page.talk_html([]), elem_id="talk", apply_default_css=False, js_on_load=_read("page.js"), padding=False
            )
            sources = gr.HTML(elem_id="sources", apply_default_css=False, padding=False)
            with gr.Row(elem_id="composer"):
                question = gr.Textbox(
                    placeholder="Ask about AI and ML careers",
                    label="Your question",
                    show_label=False,
                    container=False,
                    autofocus=True,
                    lines=1,
                    max_lines=6,
                    elem_id="question",
                )
                send = gr.Button("Send", variant="primary", elem_id="send", scale=0, min_width=80)
                stop = gr.Button("Stop", visible=False, elem_id="stop", scale=0, min_width=80)
        view = [session, kept, talk, sources, question, send, stop]
        blocks.load(desk.opened, [kept], [*view, header], **private)
        # "multiple": the desk itself refuses a second question while one is answered, but not one right after a stop.
        asking: dict[str, Any] = {**private, "concurrency_id": "answers", "trigger_mode": "multiple"}
        gr.on([question.submit, send.click], desk.asked, [question, session, kept], view, **asking)
        talk.ask(_from_button(desk), [session, kept], view, **asking)
        stop.click(desk.stopped, [session], view, queue=False, **private)
        fresh.click(desk.begun_anew, [session], view, queue=False, **private)
    blocks.queue(default_concurrency_limit=_ACTIVE, max_size=_WAITING, api_open=False)
    blocks.state_session_capacity = _SESSIONS
    return blocks


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
    blocks = chat_page(assistant)
    import gradio as gr

    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        theme=_theme(),
        # As a style element: what is passed as css, Gradio rewrites, and loses part of it.
        head=f"{page.HEAD}<style>{_read('page.css')}</style>",
        footer_links=[],
        allowed_paths=[],
        max_file_size="1mb",
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
    )
    return mounted


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


def _from_button(desk: _Desk) -> Callable[..., Iterator[View]]:
    """The listener for a question on a button, which comes with the event."""
    import gradio as gr

    def pressed(session: Session, kept: object, event: Any) -> Iterator[View]:
        sent = event._data.get("question") if isinstance(event._data, dict) else None
        yield from desk.asked(sent if isinstance(sent, str) else "", session, kept, typed=False)

    # Gradio hands an event over only where it can resolve the annotation, which a local import keeps it from.
    pressed.__annotations__["event"] = gr.EventData
    return pressed


class _Desk:
    """What happens when somebody opens the page, asks, stops, or begins anew."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        # A stopped answer goes on until its next event; more of them than this, and new questions wait.
        self._room = threading.Semaphore(4 * _ACTIVE)

    def opened(self, kept: object) -> View:
        """The conversation that this browser had open, and what the library holds."""
        session = self._recalled(kept)
        try:
            library = self._assistant.library.sources()
        except CareerError as error:
            library = []
            session.exchanges.append(_unopened(error))
        return *self._view(session), page.header_html(library)

    def asked(self, question: str, session: Session, kept: object, *, typed: bool = True) -> Iterator[View]:
        """Answer a question, picture by picture; one at a time."""
        question = question.strip()
        if not question or session.running:
            yield self._view(session)
            return
        if not session.visitor:
            session = self._recalled(kept)
        exchange, news = Exchange(question), threading.Event()
        listening = threading.Thread(
            target=self._listen, args=(exchange, session.conversation_id, session.owner, news), daemon=True
        )
        session.exchanges.append(exchange)
        yield self._view(session, "" if typed else None)
        listening.start()
        try:
            yield from self._pictures(exchange, session, news)
        finally:
            exchange.halt()

    def stopped(self, session: Session) -> View:
        """Leave the answer as it stands."""
        session.halt()
        return self._view(session)

    def begun_anew(self, session: Session) -> View:
        """An empty page for the same visitor."""
        session.halt()
        session.exchanges = []
        return self._view(session)

    def _pictures(self, exchange: Exchange, session: Session, news: threading.Event) -> Iterator[View]:
        """The page whenever there is news of the exchange, at least once a second, and when it is done."""
        shown = time.monotonic()
        while exchange.running:
            if news.wait(_FRAME_SECONDS) or time.monotonic() - shown >= 1:
                news.clear()
                shown = time.monotonic()
                yield self._view(session)
                time.sleep(_FRAME_SECONDS)
        yield self._view(session)

    def _listen(self, exchange: Exchange, conversation_id: str, owner: str, news: threading.Event) -> None:
        """Take in the assistant's events as they come, in a thread of its own; what fails is said in the exchange.

        A thread, because Gradio's own way to stop an answer waits for its next event and holds up every other page.
        """
        try:
            with self._room:
                for event in self._assistant.stream(exchange.question, conversation_id=conversation_id, owner=owner):
                    if not exchange.running:
                        return
                    self._take(event, exchange)
                    news.set()
        except CareerError as error:
            exchange.fail(str(error))
        except Exception:  # the outermost edge: nothing else would tell the person
            number = uuid.uuid4().hex[:8]
            log.exception("chat page: error %s", number)
            exchange.fail(f"Something went wrong on our side (error {number}). Ask again, or tell us this number.")
        finally:
            exchange.halt()
            news.set()

    def _take(self, event: Event, exchange: Exchange) -> None:
        match event:
            case Searching(searched_for):
                exchange.searched_for = searched_for
            case Delta(text):
                exchange.phase, exchange.text = "writing", exchange.text + text
            case Cited(citation):
                exchange.cited = {**exchange.cited, citation.number: self._in_place(citation)}
            case Done(answer):
                self._settle(exchange, answer)

    def _in_place(self, citation: Citation) -> tuple[Citation, Neighbourhood | None]:
        return citation, self._assistant.library.passage(citation.passage_id)

    def _settle(self, exchange: Exchange, answer: Answer) -> None:
        """Take over the whole answer, which is right where the pieces differ from it."""
        exchange.cited = {citation.number: self._in_place(citation) for citation in answer.citations}
        exchange.text, exchange.outcome = answer.answer, answer.outcome
        exchange.searched_for, exchange.answered_by = answer.searched_for, answer.answered_by
        exchange.unverified, exchange.follow_ups = answer.unverified, answer.follow_ups
        exchange.conversation_id = answer.conversation_id
        exchange.phase = "done"

    def _recalled(self, kept: object) -> Session:
        """The session that a browser has kept, its turns from the assistant; a new visitor's where it has kept none."""
        match = re.fullmatch(r"([0-9a-f]{32}) ([\w-]{0,64})", kept) if isinstance(kept, str) else None
        session = Session(match[1] if match else uuid.uuid4().hex)
        try:
            turns = self._assistant.conversations.answers(match[2], session.owner) if match else []
            session.exchanges.extend(self._answered(turn.question, turn.answer) for turn in turns)
        except CareerError as error:
            session.exchanges.append(_unopened(error))
        return session

    def _answered(self, question: str, held: Mapping[str, Any]) -> Exchange:
        exchange = Exchange(question)
        citations = tuple(Citation(**citation) for citation in held["citations"])
        self._settle(exchange, Answer(**{**held, "citations": citations}))
        return exchange

    def _view(self, session: Session, typing: Any = None) -> View:
        """What the page shows now; `typing` is the new content of the question's box, None leaves it."""
        import gradio as gr

        library = [] if session.exchanges else self._assistant.library.sources()
        return (
            session,
            f"{session.visitor} {session.conversation_id}",
            page.talk_html(session.exchanges),
            page.sources_html(session.exchanges, library),
            gr.skip() if typing is None else typing,
            gr.update(visible=not session.running),
            gr.update(visible=session.running),
        )


def _unopened(error: CareerError) -> Exchange:
    return Exchange("Opening the page", "failed", failure=str(error))
