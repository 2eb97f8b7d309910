"""The nouns of a conversation: what is asked, what is answered, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ingest.types import Hit

Wish = Literal["", "shorter", "more", "sources", "table"]
"""What a turn asks of the answer before it; empty for a question of its own."""

Outcome = Literal["answered", "partial", "not_found", "unclear", "declined", "smalltalk"]

NOT_HELD = "The library does not hold an answer to that."
"""What an answer begins with that is none."""


@dataclass(frozen=True)
class Citation:
    """One numbered source of an answer. All of it comes from the catalog, none from a model."""

    number: int
    """1-based, in order of first use in the answer."""
    source_id: str
    title: str
    place: str
    url: str
    publisher: str
    as_of: str
    quote: str
    """Verbatim in the passage."""
    passage_id: str
    support: float
    """How well the quote supports the sentence before the mark, 0 to 1."""
    review_by: str = ""
    """Day by which the statement should have been checked for newer facts; empty when none is set."""


@dataclass(frozen=True)
class Turn:
    """One question and its answer, as a conversation remembers them."""

    question: str
    answer: str = ""
    searched_for: str = ""
    """The standalone question; empty when the caller sent the history and it is not known."""
    unanswered: bool = False
    """Whether it is a part of the very turn at hand, asked before the next part."""


@dataclass(frozen=True)
class Draft:
    """What an Answerer concluded, before the assistant adds ids and timings."""

    text: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    unverified: tuple[str, ...] = ()
    """Sentences of `text` that their cited passage does not support."""
    follow_ups: tuple[str, ...] = ()
    answered_by: str = "extractive"
    model_failed: bool = False
    """Whether a chat model failed, so that it was made or ended without it."""


@dataclass(frozen=True)
class Answer:
    """The answer object of the contract."""

    answer: str
    outcome: Outcome
    citations: tuple[Citation, ...]
    unverified: tuple[str, ...]
    searched_for: str
    follow_ups: tuple[str, ...]
    answered_by: str
    conversation_id: str
    turn_id: str
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds for `rewrite`, `search`, `answer`, `total`."""


@dataclass(frozen=True)
class Verdict:
    """Whether a text is supported, and by what."""

    supported: bool
    """Whether each sentence of it is."""
    score: float
    """0 to 1: that of the sentence with the least support."""
    missing: tuple[str, ...]
    """Figures, names and words that the best passage does not bear out."""
    citations: tuple[Citation, ...]
    """The statement of the library that supports each sentence; none for passages that the caller gave."""


# The events of one step of a conversation, in the order in which they come.


@dataclass(frozen=True)
class Searching:
    """The search has begun, for this standalone question."""

    searched_for: str


@dataclass(frozen=True)
class Delta:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Cited:
    """A citation whose mark has appeared in the text."""

    citation: Citation


@dataclass(frozen=True)
class Done:
    """The whole answer. Its text is authoritative where it differs from the joined deltas."""

    answer: Answer
    model_failed: bool = False
    """As of the Draft; for whoever counts, since the answer's text says it to whoever asked."""


Event = Searching | Delta | Cited | Done


class Answerer(Protocol):
    """Writes an answer from hits. Two implementations: `extractive` and `chat_model`."""

    def stream(
        self, question: str, hits: Sequence[Hit], history: Sequence[Turn], wish: Wish = ""
    ) -> Iterator[Delta | Cited | Draft]:
        """Yield deltas and citations as they come, then exactly one `Draft`, last.

        `question` is the standalone question; `hits` come best first; `wish` is the form that was asked for.
        """
        ...

    def answers(self, question: str, hits: Sequence[Hit], typed: str = "") -> bool:
        """Whether the hits surely answer the whole question, told without asking a model.

        `typed`: the words of the question that this turn brought, where those before it stand in front of them. What
        answers has to hold most of what they name.
        """
        ...
