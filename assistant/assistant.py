"""One step of a conversation, top to bottom: mend, rewrite, search, answer, keep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from assistant.conversation import Conversations, new_id
from assistant.smalltalk import reply_to
from assistant.types import Answer, Answerer, Delta, Done, Draft, Event, Searching, Turn
from ingest.errors import LibraryEmpty, QuestionError
from ingest.library import Library
from ingest.types import Filters, Hit

T = TypeVar("T")

LONGEST_QUESTION = 4_000
"""Characters of a question at most."""

PASSAGES = 40
"""Passages given to the answerer unless the caller asks for another number."""


class Rewriter(Protocol):
    """Turns a follow-up into a standalone question."""

    def __call__(self, question: str, history: Sequence[Turn]) -> str:
        """The question as it would be asked without the turns before it, typos mended."""
        ...


class Assistant:
    """Answers questions from a library, and remembers conversations."""

    def __init__(self, library: Library, rewriter: Rewriter, answerer: Answerer, conversations: Conversations) -> None:
        """Take the parts; `build_assistant` chooses them."""
        self.library = library
        self.conversations = conversations
        self._rewriter = rewriter
        self._answerer = answerer

    def ask(
        self,
        question: str,
        *,
        conversation_id: str = "",
        owner: str = "",
        history: Sequence[Turn] | None = None,
        k: int | None = None,
        filters: Filters = Filters(),
    ) -> Answer:
        """The whole answer: `stream` drained.

        Raises:
            QuestionError: The question is empty or too long.
            LibraryEmpty: Nothing has been ingested yet.
        """
        events = self.stream(
            question, conversation_id=conversation_id, owner=owner, history=history, k=k, filters=filters
        )
        return next(event.answer for event in events if isinstance(event, Done))

    def stream(
        self,
        question: str,
        *,
        conversation_id: str = "",
        owner: str = "",
        history: Sequence[Turn] | None = None,
        k: int | None = None,
        filters: Filters = Filters(),
        keep: bool = True,
        turn_id: str = "",
    ) -> Iterator[Event]:
        """Yield what happens, in order: Searching, Delta and Cited as they come, Done last.

        Args:
            question: What the person typed; 1 to 4,000 characters.
            conversation_id: The conversation it belongs to; empty begins a new one. An id that belongs to another
                owner begins a new one too.
            owner: Whose conversation it is.
            history: The turns before it, oldest first, when the caller keeps them; else the conversation's own.
            k: Passages to answer from, 1 to 100.
            filters: Limits the search.
            keep: Whether the turn is kept in its conversation.
            turn_id: The id that the turn is to have, from `new_id`; empty makes one.

        Raises:
            QuestionError: The question is empty or too long.
            LibraryEmpty: Nothing has been ingested yet.
        """
        clock = _Clock()
        question = _checked(question)
        conversation_id = self._conversation(conversation_id, owner)
        turns = self.conversations.turns(conversation_id, owner) if history is None else list(history)
        reply = reply_to(question)
        searched_for = "" if reply else clock.timed("rewrite", lambda: self._rewriter(question, turns))
        if not reply and self.library.is_empty():
            raise LibraryEmpty(
                "The library is empty.", "Bring the bundled documents in with `career-assistant ingest`."
            )
        if not reply:
            yield Searching(searched_for)
        hits = [] if reply else clock.timed("search", lambda: self.library.search(searched_for, k or PASSAGES, filters))
        draft = Draft(reply, "smalltalk") if reply else None
        if reply:
            yield Delta(reply)
        else:
            for event in clock.counted("answer", self._answerer.stream(searched_for, hits, turns)):
                if isinstance(event, Draft):
                    draft = event
                else:
                    yield event
        assert draft is not None, "an Answerer ends with a Draft"
        answer = _answer(draft, searched_for, conversation_id, turn_id or new_id(), clock)
        if keep:
            self.conversations.keep(question, answer, owner)
        yield Done(answer)

    def search(
        self,
        query: str,
        *,
        history: Sequence[Turn] = (),
        k: int = 10,
        filters: Filters = Filters(),
        rewrite: bool = True,
    ) -> tuple[str, list[Hit]]:
        """What was searched for, and the passages found, best first.

        Raises:
            QuestionError: The query is empty or too long.
        """
        query = _checked(query)
        searched_for = self._rewriter(query, history) if rewrite else query
        return searched_for, self.library.search(searched_for, k, filters)

    def _conversation(self, conversation_id: str, owner: str) -> str:
        """The caller's own id, or a new one."""
        if not conversation_id or self.conversations.owned_by_other(conversation_id, owner):
            return new_id()
        return conversation_id


class _Clock:
    """Milliseconds spent in each named part since it was made."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._spent: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], T]) -> T:
        begun = time.perf_counter()
        result = work()
        self._spent[name] = (time.perf_counter() - begun) * 1000
        return result

    def counted(self, name: str, events: Iterator[T]) -> Iterator[T]:
        """The same events, with the time that they took to come counted."""
        spent = 0.0
        while True:
            begun = time.perf_counter()
            event = next(events, None)
            spent += (time.perf_counter() - begun) * 1000
            self._spent[name] = spent
            if event is None:
                return
            yield event

    def read(self) -> dict[str, float]:
        total = (time.perf_counter() - self._begun) * 1000
        parts = {name: self._spent.get(name, 0.0) for name in ("rewrite", "search", "answer")}
        return {name: round(value, 1) for name, value in {**parts, "total": total}.items()}


def _checked(question: str) -> str:
    """The question without surrounding space.

    Raises:
        QuestionError: It is empty or too long.
    """
    question = question.strip()
    if not any(character.isalnum() for character in question):
        raise QuestionError("The question is empty.", "Type a question, such as: What does a data scientist earn?")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} can be read.",
            "Ask in fewer words, or bring a long text into the library with `career-assistant ingest`.",
        )
    return question


def _answer(draft: Draft, searched_for: str, conversation_id: str, turn_id: str, clock: _Clock) -> Answer:
    return Answer(
        answer=draft.text,
        outcome=draft.outcome,
        citations=draft.citations,
        unverified=draft.unverified,
        searched_for=searched_for,
        follow_ups=draft.follow_ups,
        answered_by=draft.answered_by,
        conversation_id=conversation_id,
        turn_id=turn_id,
        timings_ms=clock.read(),
    )
