"""One step of a conversation, top to bottom: mend, rewrite, search, answer, keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import zip_longest
from typing import Protocol

from assistant import verify
from assistant.citations import Judge
from assistant.conversation import Conversations, new_id, own_documents, owners_of
from assistant.parts import parts
from assistant.phrases import phrase_of
from assistant.question import asked_alone, read_question
from assistant.readings import other_readings
from assistant.review import review_note
from assistant.rewrite import only_told
from assistant.scope import ask_back, ask_what_is_wanted, declined
from assistant.smalltalk import reply_to
from assistant.support import SupportCheck
from assistant.tracing import Clock, span
from assistant.types import Answer, Answerer, Cited, Delta, Done, Draft, Event, Searching, Turn, Verdict, Wish
from assistant.wishes import read_wish, without_wishes
from ingest.errors import LibraryEmpty, QuestionError
from ingest.library import Library
from ingest.types import Filters, Hit
from ingest.uploads import forgotten

Find = Callable[[str], list[Hit]]
"""The passages for a question, best first."""

_WIDE_GAP = re.compile(r"\s{3,}")
"""Space that says nothing, and that patterns would try to begin at each letter of."""

LONGEST_QUESTION = 4_000
"""Characters of a question at most."""

LONGEST_FOLLOW_UP = 400
"""Characters of a turn that may leave out what it is about; a longer one is read once."""

RECENT = 40
"""Turns before the question that are read at most: what a follow-up points to costs the square of them."""

REMEMBERED = 8_000
"""Characters of an earlier answer, and of all earlier questions together, that are read at most."""

PASSAGES = 40
"""Passages given to the answerer unless the caller asks for another number."""


class Rewriter(Protocol):
    """Turns a follow-up into a standalone question."""

    def __call__(self, question: str, history: Sequence[Turn], owners: Sequence[str] = ()) -> str:
        """The question as it would be asked without the turns before it, typos mended.

        `owners`: whose documents count beside the shared library.
        """
        ...


class Assistant:
    """Answers questions from a library, and remembers conversations."""

    def __init__(
        self,
        library: Library,
        rewriter: Rewriter,
        answerer: Answerer,
        conversations: Conversations,
        support: Judge | None = None,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """Take the parts; `build_assistant` chooses them.

        Without `support` the library's own model judges; `today` says which statements are past their review.
        """
        self.library = library
        self.conversations = conversations
        self._support = support or SupportCheck(library.embedder.embed_passages)
        self._rewriter = rewriter
        self._answerer = answerer
        self._today = today

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
            conversation_id: The conversation it belongs to; empty, or another owner's, begins a new one.
            owner: Whose conversation it is. Their documents and the conversation's own are searched, too.
            history: The turns before it, oldest first, when the caller keeps them; else the conversation's own.
            k: Passages to answer from, 1 to 100.
            filters: Limits the search.
            keep: Whether the turn is kept in its conversation.
            turn_id: The id that the turn is to have, from `new_id`; empty makes one.

        Raises:
            QuestionError: The question is empty or too long.
            LibraryEmpty: Nothing has been ingested yet.
        """
        clock = Clock()
        question = _checked(question)
        conversation_id = self._conversation(conversation_id, owner)
        owners = owners_of(owner, conversation_id)
        turns = recent(self.conversations.turns(conversation_id, owner) if history is None else history)
        draft = _without_looking(question, turns)
        searched_for = ""
        if draft is not None:
            yield Delta(draft.text)
        else:
            self._filled(owners)
            own = without_wishes(turns)
            wish = read_wish(question) if own else ""
            find = partial(self._found, k=k or PASSAGES, filters=filters, owners=owners)
            searched_for, hits = yield from self._looked_up(question, own, wish, owners, find, clock)
            for event in clock.counted("answer", self._answers(searched_for, hits, turns, wish)):
                if isinstance(event, Draft):
                    draft = event
                else:
                    yield event
        assert draft is not None, "an Answerer ends with a Draft"
        if note := review_note(draft.citations, self._today().isoformat()):
            draft = replace(draft, text=f"{draft.text}\n\n{note}")
            yield Delta(f"\n\n{note}")
        answer = _answer(draft, searched_for, conversation_id, turn_id or new_id(), clock)
        _traced(answer)
        if keep:
            self.conversations.keep(question, answer, owner)
        yield Done(answer, draft.model_failed)

    def _looked_up(self, question: str, turns: Sequence[Turn], wish: Wish, owners: Sequence[str],
                   find: Find, clock: Clock) -> Generator[Searching, None, tuple[str, list[Hit]]]:  # fmt: skip
        """Say what is searched for, again where a follow-up is read otherwise; that and its passages in the end."""
        asked = turns[-1].question if wish else question
        searched_for = clock.timed("rewrite", lambda: self._asked(asked, turns, wish, owners))
        yield Searching(searched_for)
        hits = clock.timed("search", lambda: find(searched_for))
        if wish or not turns:
            return searched_for, hits
        read = clock.timed("search", lambda: self._reread(question, searched_for, hits, turns, find, owners))
        if read is None:
            return searched_for, hits
        yield Searching(read[0])
        return read

    def _filled(self, owners: Sequence[str]) -> None:
        if self.library.is_empty(owners):
            raise LibraryEmpty(
                "The library is empty.", "Bring the bundled documents in with `career-assistant ingest`."
            )

    def _asked(self, question: str, turns: Sequence[Turn], wish: Wish, owners: Sequence[str]) -> str:
        """What is looked up, standing alone: the question before for a wish, else each part of the question."""
        if wish:
            return turns[-1].searched_for or self._rewriter(question, turns[:-1], owners)
        taken = parts(question)
        if taken.how != "several":
            return self._rewriter(question, turns, owners)
        told: list[Turn] = list(turns)
        for part in taken.parts:
            told.append(Turn(part.text, "", self._rewriter(part.text, told, owners), unanswered=True))
        return " ".join(turn.searched_for for turn in told[len(turns) :])

    def _reread(self, question: str, searched_for: str, hits: Sequence[Hit], turns: Sequence[Turn],
                find: Find, owners: Sequence[str]) -> tuple[str, list[Hit]] | None:  # fmt: skip
        """Another reading of a follow-up with its passages, where that is answered and the first is not.

        A bare phrase that was looked up with the question before it is read alone where no reading is answered.
        """
        if len(question) > LONGEST_FOLLOW_UP:
            return None
        clear = ask_back(read_question(searched_for), hits) is None
        phrase = phrase_of(searched_for)
        if parts(question).how == "several" or (clear and self._answerer.answers(searched_for, hits, phrase)):
            return None
        typed = self._rewriter(question, (), owners)
        alone = (typed, find(typed)) if phrase else None
        if alone and self._answerer.answers(*alone):
            return alone
        before = turns[-1].searched_for or self._rewriter(turns[-1].question, turns[:-1], owners)
        for reading in other_readings(typed, searched_for, before):
            found = find(reading)
            if self._answerer.answers(reading, found, typed):
                return reading, found
        return alone

    def _found(self, searched_for: str, k: int, filters: Filters, owners: Sequence[str]) -> list[Hit]:
        """The passages for a question and for each of its parts, in turn, each once, at most `k`."""
        taken = parts(searched_for)
        if taken.how == "several":
            sides = [side for part in taken.parts for side in parts(part.text).parts]
            asked = dict.fromkeys(one.text for one in (*taken.parts, *sides))
            asked |= dict.fromkeys(filter(None, map(_bare, asked)))
            lists = [self.library.search(one, k, filters, owners) for one in asked]
        else:
            lists = [self.library.search(searched_for, k, filters, owners)]
            taken = parts(searched_for, dict.fromkeys(hit.source.title for hit in lists[0]))
            beside = [part.text for part in taken.parts] if taken.how == "sides" else []
            beside += filter(None, [_bare(searched_for)])
            lists += [self.library.search(one, k, filters, owners) for one in beside]
        first: dict[str, Hit] = {}
        for hit in (hit for rank in zip_longest(*lists) for hit in rank if hit is not None):
            first.setdefault(hit.passage.id, hit)
        return list(first.values())[:k]

    def _answers(
        self, asked: str, hits: Sequence[Hit], turns: Sequence[Turn], wish: Wish
    ) -> Iterator[Delta | Cited | Draft]:
        """What comes of a search: a question back where it names too little, else the answerer's answer."""
        back = None if wish else ask_back(read_question(asked), hits)
        if back is None and only_told(asked) and not self._answerer.answers(asked, hits):
            back = ask_what_is_wanted(hits)
        if back is None:
            yield from self._answerer.stream(asked, hits, turns, wish)
        else:
            yield Delta(back.text)
            yield back

    def search(
        self,
        query: str,
        *,
        history: Sequence[Turn] = (),
        k: int = 10,
        filters: Filters = Filters(),
        rewrite: bool = True,
        owner: str = "",
        conversation_id: str = "",
    ) -> tuple[str, list[Hit]]:
        """What was searched for, and the passages found, best first.

        Raises:
            QuestionError: The query is empty or too long.
        """
        query, owners = _checked(query), owners_of(owner, conversation_id)
        searched_for = self._rewriter(query, recent(history), owners) if rewrite else query
        return searched_for, self.library.search(searched_for, k, filters, owners)

    def verify(self, text: str, passages: Sequence[str] = (), *, owner: str = "", conversation_id: str = "") -> Verdict:
        """Whether these passages, or without any the library, support a text, and what is missing.

        Raises:
            QuestionError: The text is empty or too long.
        """
        if passages:
            return verify.against_passages(text, passages, self._support)
        asked, owners = verify.asked(text), owners_of(owner, conversation_id)
        found = [(one, self.library.search(one, verify.PASSAGES, owners=owners)) for one in asked]
        return verify.against_hits(found, self._support)

    def forget(self, conversation_id: str, owner: str = "") -> bool:
        """Delete an owner's conversation, its documents, and what was said of its answers; whether there was one.

        Raises:
            LibraryBusy: It has documents, and another process is writing to the library; nothing was deleted.
        """
        had = forgotten(self.library, own_documents(owner, conversation_id)) if conversation_id else False
        return self.conversations.delete(conversation_id, owner) or had

    def _conversation(self, conversation_id: str, owner: str) -> str:
        """The caller's own id, or a new one."""
        if not conversation_id or self.conversations.owned_by_other(conversation_id, owner):
            return new_id()
        return conversation_id


def recent(history: Sequence[Turn]) -> list[Turn]:
    """The turns before a question as far as they are read, the oldest first.

    >>> [len(turn.answer) for turn in recent([Turn("a?", "b" * 9_000)])], len(recent([Turn("a?")] * 50))
    ([8000], 40)
    """
    kept: list[Turn] = []
    left = REMEMBERED
    for turn in reversed(history[-RECENT:]):
        question = _narrowed(turn.question[:LONGEST_QUESTION])
        left -= len(question)
        if kept and left < 0:
            break
        kept.append(replace(turn, question=question, answer=_narrowed(turn.answer[:REMEMBERED])))
    return kept[::-1]


def _bare(question: str) -> str:
    """What is asked behind what a person tells of themselves, where it names enough to be searched for by itself.

    >>> _bare("I am 45 and bored. What should I learn for welding pipes?"), _bare("I am 45. How high can I get?")
    ('What should I learn for welding pipes?', '')
    """
    alone = asked_alone(question)
    return alone if len(read_question(alone).subject) > 1 else ""


def _narrowed(text: str) -> str:
    return _WIDE_GAP.sub(lambda gap: "\n\n" if "\n" in gap.group() else " ", text)


def _without_looking(question: str, turns: Sequence[Turn]) -> Draft | None:
    """The reply to what needs no library: smalltalk, what the assistant is not for, a wish with nothing before it."""
    reply = reply_to(question)
    if reply:
        return Draft(reply, "smalltalk")
    if read_wish(question) and not without_wishes(turns):
        return Draft("There is no answer before this one to work on. Ask a question first.", "unclear")
    refusal = declined(question)
    # A part that is not for this assistant leaves the others to be answered.
    if refusal and all(declined(part.text) for part in parts(question).parts):
        return Draft(refusal, "declined")
    return None


def _checked(question: str) -> str:
    """The question without surrounding space.

    Raises:
        QuestionError: It is empty or too long.
    """
    question = _narrowed(question.strip())
    if not any(character.isalnum() for character in question):
        raise QuestionError("The question is empty.", "Type a question, such as: What does a data scientist earn?")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} can be read.",
            "Ask in fewer words, or bring a long text into the library with `career-assistant ingest`.",
        )
    return question


def _traced(answer: Answer) -> None:
    """Tell whoever traces how an answer came out, without its words."""
    spent = {f"{name}_ms": value for name, value in answer.timings_ms.items()}
    with span("answered", outcome=answer.outcome, citations=len(answer.citations), by=answer.answered_by, **spent):
        pass


def _answer(draft: Draft, searched_for: str, conversation_id: str, turn_id: str, clock: Clock) -> Answer:
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
