"""What one open chat page holds: its visitor, its conversation, and as much of each answer as has come.

Plain state, changed by `desk` and read by `page`; nothing here knows how it looks or who answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from assistant.conversation import own_documents
from assistant.types import Citation
from ingest.types import Neighbourhood, Statement

Phase = Literal["searching", "writing", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Placed:
    """A citation where it stands."""

    citation: Citation
    around: Neighbourhood | None
    """The passage that holds the quote, with its neighbours; None when it is in the library no more."""
    rows: tuple[Statement, ...] = ()
    """Where the quote is a row of a table: all its rows, in order."""
    pictured: bool = False
    """Whether the page that it stands on can be shown as it was printed."""


@dataclass(eq=False)
class Exchange:
    """One question and as much of its answer as has come; two are never the same, whatever they hold."""

    question: str
    phase: Phase = "searching"
    text: str = ""
    searched_for: str = ""
    outcome: str = "answered"
    answered_by: str = ""
    cited: dict[int, Placed] = field(default_factory=dict)
    unverified: Sequence[str] = ()
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of a sentence in `unverified`: the words and figures that its source does not hold."""
    follow_ups: Sequence[str] = ()
    failure: str = ""
    turn_id: str = ""
    rating: str = ""
    """What its reader said of it: `up`, `down`, or nothing yet."""

    @property
    def running(self) -> bool:
        """Whether more of the answer may come."""
        return self.phase in ("searching", "writing")

    def halt(self) -> None:
        """Leave an answer that is being written as it stands."""
        if self.running:
            self.phase = "stopped"

    def fail(self, sentence: str) -> None:
        """Say what went wrong, unless nobody waits any more."""
        if self.running:
            self.failure = sentence
            self.phase = "failed"


@dataclass
class Session:
    """One open page: whose it is, and what it shows."""

    visitor: str = ""
    conversation_id: str = ""
    """The conversation that the next question belongs to; empty before the first."""
    exchanges: list[Exchange] = field(default_factory=list)
    words: str = ""
    """What is looked for among the past conversations."""
    refused: tuple[str, ...] = ()
    """Why documents that were just given could not be taken, a sentence each."""

    @property
    def owner(self) -> str:
        """The name under which the assistant keeps this visitor's conversations."""
        return f"page:{self.visitor}"

    @property
    def documents(self) -> str:
        """The name under which the library keeps this conversation's own documents; empty before there is one."""
        return own_documents(self.owner, self.conversation_id) if self.conversation_id else ""

    @property
    def kept(self) -> str:
        """What the browser keeps, so that a reload shows the same."""
        return f"{self.visitor} {self.conversation_id}"

    @property
    def running(self) -> bool:
        """Whether an answer is being written."""
        return bool(self.exchanges) and self.exchanges[-1].running

    def halt(self) -> None:
        """Leave an answer that is being written as it stands."""
        if self.exchanges:
            self.exchanges[-1].halt()

    def turn(self, number: object) -> Exchange | None:
        """The exchange of a 1-based number; None for anything else."""
        at = int(number) if isinstance(number, int | str) and str(number).isdecimal() else 0
        return self.exchanges[at - 1] if 0 < at <= len(self.exchanges) else None
