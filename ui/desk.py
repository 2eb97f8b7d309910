"""What happens in the chat page: somebody opens it, asks, stops, begins anew, opens a past conversation or a view.

The assistant keeps the turns; the browser keeps only who the visitor is and which conversation is open, so that a
reload shows it again. Each method gives what the page is to show, by the names of its parts; `chat` hands them to
Gradio. How things look is in `page` and its neighbours.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.citations import NOT_CONFIRMED
from assistant.conversation import Kept, new_id
from assistant.types import Answer, Citation, Cited, Delta, Done, Event, Searching, Turn
from ingest.errors import CareerError
from ingest.readers import suffixes
from ingest.types import Source
from ingest.uploads import bring_file, forgotten, take_out
from ui import page, page_frame, page_sources
from ui.exchange import Exchange, Session
from ui.limits import MAX_PAGE_UPLOAD
from ui.placing import placed
from ui.views import Views

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from ui.metrics import Metrics

log = logging.getLogger(__name__)

View = dict[str, Any]
"""New values of some of: `session`, `kept`, `header`, `side`, `talk`, `sources`, `papers`, `sheet`, `parcel`, and
`question`; whether an answer is `running`."""

FRAME_SECONDS = 0.06
"""Least time between two pictures of an answer that is being written."""
ACTIVE = 4
"""Answers written at once."""
_LONGEST_TITLE = 120


class Desk:
    """Serves every open page; what belongs to one of them is in its session."""

    def __init__(self, assistant: Assistant, counts: Metrics | None = None, runs: Path = Path("runs")) -> None:
        """Take who answers, what counts answers and ratings, and the folder of evaluation runs."""
        self._assistant = assistant
        self._counts = counts
        self._views = Views(assistant, runs)
        # A stopped answer goes on until its next event; more of them than this, and new questions wait.
        self._room = threading.Semaphore(4 * ACTIVE)
        self._written: dict[tuple[str, str], Exchange] = {}

    # What a page shows

    def opened(self, kept: object) -> Iterator[View]:
        """The conversation that this browser had open, what the library holds, and an answer still being written."""
        session = Session()
        self._recall(session, kept)
        try:
            library, papers = self._assistant.library.sources(), self._papers(session)
        except CareerError as error:
            library, papers = [], _papers_of([], session)
            session.exchanges.append(_unopened(error))
        if written := self._written.get((session.owner, session.conversation_id)):
            session.exchanges.append(written)
        header = page_frame.header_html(library, _today().isoformat())
        yield {**self._view(session), **self._side(session), **papers, "header": header}
        if written:
            yield from self._pictures(written, session, threading.Event())

    def asked(
        self, question: str, session: Session, kept: object, *, typed: bool = True, replaces: object = 0
    ) -> Iterator[View]:
        """Answer a question, picture by picture; one at a time.

        Args:
            question: What was typed or pressed.
            session: The page that it was asked in.
            kept: What the browser keeps, for a page that was opened before the server began anew.
            typed: Whether it came from the box, which is emptied then.
            replaces: The turn that it takes the place of, with all that follow; 0 for none.
        """
        question = question.strip()
        if not session.visitor:
            self._recall(session, kept)
        if not question or session.running:
            yield self._view(session)
            return
        history, withdrawn = self._withdrawn(session, replaces)
        session.conversation_id = session.conversation_id or new_id()
        exchange, news = Exchange(question), threading.Event()
        session.exchanges.append(exchange)
        listening = threading.Thread(
            target=self._listen,
            args=(exchange, session.conversation_id, session.owner, history, withdrawn, news),
            daemon=True,
        )
        yield self._view(session, "" if typed else None)
        listening.start()
        yield from self._pictures(exchange, session, news)
        yield {**self._view(session), **self._side(session)}

    def stopped(self, session: Session) -> View:
        """Leave the answer as it stands."""
        session.halt()
        return self._view(session)

    def acted(self, wish: Mapping[str, Any], session: Session, kept: object) -> View:
        """What comes of a button that asks nothing; an unknown one changes nothing, and what fails says so."""
        if not session.visitor:
            self._recall(session, kept)
        try:
            return self._done(wish, session)
        except CareerError as error:
            return {"sheet": self._views.failed(error)}

    def _done(self, wish: Mapping[str, Any], session: Session) -> View:
        key, words = str(wish.get("id", "")), str(wish.get("words", "")).strip()
        match wish.get("do"):
            case "new":
                return self._changed_to(session, "")
            case "refresh":
                return {**self._view(session), **self._side(session)}
            case "open":
                return self._changed_to(session, key)
            case "delete":
                self._assistant.forget(key, session.owner)
                return self._changed_to(session, "") if key == session.conversation_id else self._side(session)
            case "rename" if words:
                self._assistant.conversations.rename(key, words[:_LONGEST_TITLE], session.owner)
                return self._side(session)
            case "look":
                session.words = words[:200]
                return self._side(session)
            case "rate":
                return self._rated(session, wish.get("turn"), str(wish.get("rating", "")), words)
            case "drop":
                take_out(self._assistant.library, key, session.owner)
                return {"session": session, **self._papers(session)}
            case "export":
                return self._exported(session, key, str(wish.get("format", "")))
            case "library" | "evaluation" | "picture" as name:
                return {"sheet": self._views.shown(name, session.turn(wish.get("turn")), wish.get("number"))}
        return {}

    def brought(self, files: Sequence[tuple[str, Path]], session: Session, kept: object) -> View:
        """Take documents into this conversation alone; what cannot be taken is said, the others are.

        Args:
            files: Their names and where they lie; they are gone afterwards.
            session: The page that they were given to.
            kept: What the browser keeps, for a page that was opened before the server began anew.
        """
        if not session.visitor:
            self._recall(session, kept)
        session.conversation_id = session.conversation_id or new_id()
        refused = []
        for name, path in files:
            try:
                with path.open("rb") as content:
                    bring_file(self._assistant.library, name, content, session.documents)
            except CareerError as error:
                said = str(error)
                refused.append(said if said.startswith(name) else f"{name}: {said}")
            except OSError:
                refused.append(f"{name}: it did not come through. Give it again.")
            finally:
                path.unlink(missing_ok=True)
        session.refused = tuple(refused)
        return {"session": session, "kept": session.kept, **self._papers(session)}

    def _changed_to(self, session: Session, conversation_id: str) -> View:
        """Another conversation of the same visitor; the one that is left goes on being written."""
        if session.documents and not session.exchanges:
            forgotten(self._assistant.library, session.documents)
        session.conversation_id, session.exchanges, session.refused = conversation_id, [], ()
        self._recall(session, session.kept)
        if written := self._written.get((session.owner, conversation_id)):
            session.exchanges.append(written)
        return {**self._view(session), **self._side(session), **self._papers(session)}

    def _rated(self, session: Session, turn: object, rating: str, words: str) -> View:
        exchange = session.turn(turn)
        if exchange is None or rating not in ("up", "down"):
            return {}
        conversations = self._assistant.conversations
        if conversations.rate(exchange.turn_id, rating, words[:2000], session.owner):  # type: ignore[arg-type]
            if self._counts and exchange.rating != rating:
                self._counts.rated(rating)
            exchange.rating = rating
        return {"session": session, "talk": self._talk(session)}

    def _exported(self, session: Session, conversation_id: str, form: str) -> View:
        turns = self._assistant.conversations.answers(conversation_id, session.owner)
        return {"parcel": self._views.parcel(conversation_id, turns, form)} if turns else {}

    # How an answer comes

    def _withdrawn(self, session: Session, replaces: object) -> tuple[list[Turn] | None, list[str]]:
        """Take a turn and those after it out of sight: the turns that are left to follow up on, and the ids to forget.

        What was kept of them goes only when there is an answer in their place.
        """
        if session.turn(replaces) is None:
            return None, []
        at = int(str(replaces)) - 1
        gone = [one.turn_id for one in session.exchanges[at:] if one.turn_id]
        session.exchanges = session.exchanges[:at]
        left = sum(bool(one.turn_id) for one in session.exchanges)
        return self._assistant.conversations.turns(session.conversation_id, session.owner)[:left], gone

    def _pictures(self, exchange: Exchange, session: Session, news: threading.Event) -> Iterator[View]:
        """The page whenever there is news of the exchange, at least once a second, until it is done or out of sight."""
        shown = time.monotonic()
        while exchange.running and exchange in session.exchanges:
            if news.wait(FRAME_SECONDS) or time.monotonic() - shown >= 1:
                news.clear()
                shown = time.monotonic()
                yield self._view(session)
                time.sleep(FRAME_SECONDS)
        yield self._view(session)

    def _listen(
        self,
        exchange: Exchange,
        conversation_id: str,
        owner: str,
        history: list[Turn] | None,
        withdrawn: list[str],
        news: threading.Event,
    ) -> None:
        """Take in the assistant's events as they come, in a thread of its own; what fails is said in the exchange.

        A thread, because Gradio's own way to stop an answer waits for its next event and holds up every other page,
        and because an answer goes on when its page is reloaded.
        """
        self._written[owner, conversation_id] = exchange
        asked = {"conversation_id": conversation_id, "owner": owner, "history": history}
        try:
            with self._room:
                for event in self._assistant.stream(exchange.question, **asked):  # type: ignore[arg-type]
                    if not exchange.running:
                        return
                    self._take(event, exchange, owner)
                    news.set()
            for turn_id in withdrawn:
                self._assistant.conversations.delete_turn(turn_id, owner)
        except CareerError as error:
            exchange.fail(str(error))
        except Exception:  # the outermost edge: nothing else would tell the person
            number = uuid.uuid4().hex[:8]
            log.exception("chat page: error %s", number)
            exchange.fail(f"Something went wrong on our side (error {number}). Ask again, or tell us this number.")
        finally:
            exchange.halt()
            self._written.pop((owner, conversation_id), None)
            news.set()

    def _take(self, event: Event, exchange: Exchange, owner: str) -> None:
        match event:
            case Searching(searched_for):
                exchange.searched_for = searched_for
            case Delta(text):
                exchange.phase, exchange.text = "writing", exchange.text + text
            case Cited(citation):
                library = self._assistant.library
                exchange.cited = {**exchange.cited, citation.number: placed(library, citation, owner, fully=False)}
            case Done(answer, model_failed):
                if self._counts:
                    self._counts.answered(answer, model_failed)
                self._settle(exchange, answer, owner)

    def _settle(self, exchange: Exchange, answer: Answer, owner: str) -> None:
        """Take over the whole answer, which is right where the pieces differ from it."""
        library = self._assistant.library
        exchange.cited = {citation.number: placed(library, citation, owner) for citation in answer.citations}
        exchange.text, exchange.outcome = answer.answer, answer.outcome
        exchange.searched_for, exchange.answered_by = answer.searched_for, answer.answered_by
        exchange.unverified, exchange.follow_ups = answer.unverified, answer.follow_ups
        exchange.missing = {sentence: self._missing(sentence, exchange) for sentence in answer.unverified}
        exchange.turn_id = answer.turn_id
        exchange.phase = "done"

    def _missing(self, sentence: str, exchange: Exchange) -> tuple[str, ...]:
        """What the passages that a sentence cites do not hold of it; nothing for one that cites none."""
        numbers = [int(number) for number in re.findall(r"\[(\d{1,3})\]", sentence)]
        around = [exchange.cited[number].around for number in numbers if number in exchange.cited]
        passages = [one.passage.text for one in around if one]
        words = re.sub(r"\[\d{1,3}\]", "", sentence.replace(NOT_CONFIRMED, "")).strip()
        return self._assistant.verify(words, passages).missing if passages and words else ()

    # What is remembered

    def _recall(self, session: Session, kept: object) -> None:
        """Fill a session with what a browser has kept, its turns from the assistant; else a new visitor's."""
        match = re.fullmatch(r"([0-9a-f]{32}) ([\w-]{0,64})", kept) if isinstance(kept, str) else None
        session.visitor = match[1] if match else uuid.uuid4().hex
        conversations, conversation_id = self._assistant.conversations, match[2] if match else ""
        if not conversation_id:
            return
        try:
            turns = conversations.answers(conversation_id, session.owner)
            rated = conversations.ratings(conversation_id, session.owner) if turns else {}
        except CareerError as error:
            session.exchanges.append(_unopened(error))
            return
        session.exchanges.extend(self._answered(turn, rated, session.owner) for turn in turns)
        session.conversation_id = conversation_id
        if not turns and (session.owner, conversation_id) not in self._written and not self._held(session):
            session.conversation_id = ""

    def _answered(self, turn: Kept, rated: Mapping[str, str], owner: str) -> Exchange:
        exchange = Exchange(turn.question)
        citations = tuple(Citation(**citation) for citation in turn.answer["citations"])
        self._settle(exchange, Answer(**{**turn.answer, "citations": citations}), owner)
        exchange.rating = rated.get(exchange.turn_id, "")
        return exchange

    # Parts

    def _talk(self, session: Session) -> str:
        empty = not session.exchanges and not self._assistant.library.sources()
        return page.talk_html(session.exchanges, _today().isoformat(), empty)

    def _view(self, session: Session, typing: str | None = None) -> View:
        """The conversation as it is now; `typing` is the new content of the question's box, None leaves it."""
        library = [] if session.exchanges else self._assistant.library.sources()
        shown = {
            "session": session,
            "kept": session.kept,
            "talk": self._talk(session),
            "sources": page_sources.sources_html(session.exchanges, library, _today().isoformat()),
            "running": session.running,
        }
        return shown if typing is None else {**shown, "question": typing}

    def _held(self, session: Session) -> list[Source]:
        """The documents of this conversation alone."""
        whose = session.documents
        return [one for one in self._assistant.library.sources([whose]) if one.owner == whose] if whose else []

    def _papers(self, session: Session) -> View:
        return _papers_of(self._held(session), session)

    def _side(self, session: Session) -> View:
        """The visitor's conversations."""
        listed = self._assistant.conversations.listed(session.owner, containing=session.words)
        side = page_frame.side_html(listed, session.conversation_id, session.words, _today())
        return {"session": session, "kept": session.kept, "side": side}


def _papers_of(held: Sequence[Source], session: Session) -> View:
    return {"papers": page_frame.papers_html(held, session.refused, sorted(suffixes()), MAX_PAGE_UPLOAD)}


def _today() -> date:
    return datetime.now(UTC).date()


def _unopened(error: CareerError) -> Exchange:
    return Exchange("Opening the page", "failed", failure=str(error))
