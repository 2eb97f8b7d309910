"""What a target gives back for one case: text, outcome, citations, what it found. None: the target does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from assistant.types import Outcome
from evals.questions import REFUSALS

_REFUSING = re.compile(
    r"\b(?:(?:do(?:es)?|did|could|can|is|are|was) ?n[o']t (?:\w+ ){0,2}?"
    r"(?:know|hold|have|say|contain|mention|provide|include|specify|cover|find|answer|able|possible|name|give)"
    r"|cannot (?:\w+ )?(?:answer|help|say|find|tell|determine)"
    r"|no (?:\w+ )?(?:information|answer|mention|figure|details?|data) (?:\w+ )?"
    r"(?:on|about|for|of|in|to|is|was|were|found|available)|unable to|not (?:found|mentioned|available|provided))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """A passage that was retrieved, and why."""

    source: str
    """Path of its source below the library's root, or the name that the target gives it."""
    text: str = ""
    title: str = ""
    place: str = ""
    score: float | None = None
    similarity: float | None = None
    """Cosine of question and passage, comparable between questions."""
    ranks: Mapping[str, int] = field(default_factory=dict)
    """1-based rank in each list that held it."""


@dataclass(frozen=True)
class Shown:
    """What a numbered citation shows its reader."""

    number: int
    quote: str
    setting: str = ""
    """Title, place, publisher and date beside the quote."""
    verbatim: bool | None = None
    """Whether the quote stands in its passage."""

    @property
    def text(self) -> str:
        """All that it shows."""
        return f"{self.setting}\n{self.quote}".strip()


@dataclass(frozen=True)
class Reply:
    """One answer, as far as the target tells it."""

    answer: str
    outcome: Outcome = "answered"
    citations: tuple[Shown, ...] | None = None
    found: tuple[Found, ...] | None = None
    """Best first."""
    searched_for: str = ""
    unverified: tuple[str, ...] = ()
    answered_by: str = ""
    milliseconds: float | None = None
    tokens: tuple[int, int] | None = None
    """Read and written by a model."""
    error: str = ""
    """Why there is no answer; empty when there is one."""

    @property
    def refused(self) -> bool:
        """Whether it does not answer."""
        return self.outcome in REFUSALS

    @property
    def sources(self) -> tuple[str, ...] | None:
        """Sources of what was found, best first, each once."""
        return None if self.found is None else tuple(dict.fromkeys(one.source for one in self.found))


def says_missing(text: str) -> bool:
    """Whether words say that something is not known: how a refusal of a target without outcomes is read.

    >>> says_missing("I don't know."), says_missing("The context does not mention pay."), says_missing("It pays $9.")
    (True, True, False)
    """
    return bool(_REFUSING.search(text.replace("’", "'")))


def outcome_of(text: str) -> Outcome:
    """The outcome of an answer in words only: a refusal when it is short or opens with what is missing.

    >>> outcome_of("I could not find that."), outcome_of("They earn $9 a year. [1]"), outcome_of("")
    ('not_found', 'answered', 'not_found')
    """
    opening = re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]
    return "not_found" if not opening or says_missing(opening) else "answered"


def reply_from(given: Mapping[str, Any]) -> Reply:
    """A reply from an object: one of ours as kept in a file, or another program's with `answer`, `found` and so on.

    >>> reply_from({"answer": "Nine.", "found": [{"source": "pay.md"}]}).sources
    ('pay.md',)
    """
    answer = str(given.get("answer") or "")
    told: Any = given.get("outcome")
    outcome: Outcome = told if told in get_args(Outcome) else outcome_of(answer)
    citations, found, tokens = given.get("citations"), given.get("found"), given.get("tokens")
    return Reply(
        answer=answer,
        outcome=outcome,
        citations=None if citations is None else tuple(shown_from(one) for one in citations),
        found=None if found is None else tuple(Found(**_only(one, _FOUND)) for one in found),
        searched_for=str(given.get("searched_for") or ""),
        unverified=tuple(given.get("unverified") or ()),
        answered_by=str(given.get("answered_by") or ""),
        milliseconds=given.get("milliseconds"),
        tokens=None if not tokens else (int(tokens[0]), int(tokens[1])),
        error=str(given.get("error") or ""),
    )


def shown_from(given: Mapping[str, Any]) -> Shown:
    """A citation as a reader sees it: of a reply that was kept, or of an answer object."""
    setting = given.get("setting")
    if setting is None:
        parts = (given.get(name) for name in ("title", "place", "publisher", "as_of"))
        setting = "\n".join(str(part) for part in parts if part)
    quote = str(given.get("quote") or given.get("text") or "")
    return Shown(int(given.get("number") or 0), quote, setting, given.get("verbatim"))


_FOUND: Sequence[str] = ("source", "text", "title", "place", "score", "similarity", "ranks")


def _only(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}
