"""From life to test: answers that somebody disliked, that were not verified, or that were not found become draft cases.

A draft says what was asked and why it was taken, not what a right answer holds: that is for a person to add. Personal
words are taken out first. The rules err on the side of taking out, and cannot know every name, above all one typed
without a capital: read each draft before you share it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from assistant.conversation import Rated
from assistant.types import Outcome, Turn
from evals.questions import Case, fields_of

Known = Callable[[str], bool]
"""Whether the library uses a word."""

_PATTERNS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("e-mail address", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("link", re.compile(r"\b(?:https?://|www\.)\S+")),
    ("handle", re.compile(r"(?<!\w)@\w[\w.]+")),
    ("address", re.compile(
        r"\b\d{1,5}[a-z]?\s(?:[A-Z][\w'’]+\s){1,3}(?:street|st|road|rd|avenue|ave|lane|drive|way|square|court)\b\.?",
        re.IGNORECASE)),
    ("date", re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b")),
    ("number", re.compile(
        r"(?<![\w$€£.,])(?:\+?\(?\d{2,4}\)?[\s./-]){2,}\d{2,}\b|(?<![\w$€£.,])\+?\d{6,}\b|\b[A-Z]{1,3}-?\d{5,}\b")),
)  # fmt: skip
"""What gives a person away by its form. Sums of money keep their digits."""

_NAME = r"[^\W\d_][\w'’-]*(?:\s(?-i:[A-Z])[\w'’-]+){0,2}"
_CUES = re.compile(
    rf"(?P<cue>\b(?:my name is|my name's|i am called|call me|this is|dear|regards,|cheers,|sincerely,|"
    rf"(?:mr|mrs|ms|dr|prof)\.?)\s+)(?P<name>{_NAME})",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"\b[A-Z][a-zß-ÿ][\w'’-]*")
_LAST_WORD = re.compile(r"[\w'’-]+\W*$")
_PLACED = ("in", "near", "at")
"""Words before a place or an employer, which says nothing of who asks."""
_NO_NAMES = frozenset(
    "mr mrs ms dr prof january february march april may june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday".split()
)


class Cleaned(NamedTuple):
    """A text without personal words, and what was taken out, each time it was."""

    text: str
    removed: tuple[str, ...]


def without_personal(text: str, known: Known) -> Cleaned:
    """A text with e-mail addresses, links, identifying numbers and names replaced by what they were.

    A capitalised word inside a sentence counts as a name unless the library uses it, it follows "in", "near" or "at",
    or the calendar has it.

    >>> without_personal("I'm Ann Lee (ann@x.org), is $90,000 fair in Oslo?", lambda word: False).text
    "I'm [name] ([e-mail address]), is $90,000 fair in Oslo?"
    """
    removed: list[str] = []

    def out(kind: str) -> str:
        removed.append(kind)
        return f"[{kind}]"

    for kind, pattern in _PATTERNS:
        text = pattern.sub(lambda _, kind=kind: out(kind), text)  # type: ignore[misc]
    text = _CUES.sub(lambda found: found["cue"] + (found["name"] if _is_plain(found, known) else out("name")), text)
    whole = text
    text = _CAPITAL.sub(
        lambda found: out("name") if _is_name(found.group(), whole[: found.start()], known) else found.group(), text
    )
    return Cleaned(re.sub(r"\[name\](?:\s\[name\])+", "[name]", text), tuple(removed))


def _is_plain(found: re.Match[str], known: Known) -> bool:
    """Whether what follows a cue is a common word: "this is important", "dear all"."""
    first = found["name"].split()[0]
    return first.islower() and (known(first) or found["cue"].lower().startswith(("this", "dear")))


def _is_name(word: str, before: str, known: Known) -> bool:
    """Whether a capitalised word is taken for a name, by what stands before it."""
    before = before.rstrip(" \"'“‘(")
    if not before or before[-1] in ".!?:\n[":
        return False
    last = _LAST_WORD.search(before)
    placed = last is not None and last.group().lower() in _PLACED
    bare = re.split(r"['’]", word)[0].lower()
    return not (known(bare) or bare in _NO_NAMES or placed)


@dataclass(frozen=True)
class DraftCase:
    """A case for a person to complete."""

    case: Case
    why: tuple[str, ...]
    """`disliked`, `unverified`, `not_found`."""
    removed: tuple[str, ...]
    answered: str
    """What the assistant said, without personal words."""
    comment: str
    """What the person said of it, without personal words."""

    def fields(self) -> dict[str, Any]:
        """The draft as a line of a question set; what is no part of the case stands in its metadata."""
        about = {
            "why": list(self.why),
            "removed": dict(Counter(self.removed)),
            "answered": self.answered,
            **({"comment": self.comment} if self.comment else {}),
        }
        return {**fields_of(self.case), "metadata": about}


def harvest(turns: Sequence[Rated], known: Known) -> list[DraftCase]:
    """Draft cases of the turns that went wrong, oldest first, each question once.

    Args:
        turns: The turns of all conversations, oldest first.
        known: Whether the library uses a word.
    """
    drafts: dict[str, DraftCase] = {}
    before: dict[str, list[str]] = {}
    for turn in turns:
        why = _why(turn)
        if why:
            draft = _draft(turn, before.get(turn.conversation_id, ()), why, known)
            drafts.setdefault(draft.case.id, draft)
        before.setdefault(turn.conversation_id, []).append(turn.question)
    return list(drafts.values())


def _why(turn: Rated) -> tuple[str, ...]:
    reasons: Mapping[str, bool] = {
        "disliked": turn.rating == "down",
        "unverified": bool(turn.answer.get("unverified")),
        "not_found": turn.answer.get("outcome") == "not_found",
    }
    return tuple(name for name, holds in reasons.items() if holds)


def _draft(turn: Rated, before: Sequence[str], why: tuple[str, ...], known: Known) -> DraftCase:
    question = without_personal(turn.question, known)
    history = [without_personal(asked, known) for asked in before]
    answered = without_personal(str(turn.answer.get("answer") or ""), known)
    comment = without_personal(turn.comment, known)
    outcome: Outcome = "not_found" if "not_found" in why else "answered"
    told = json.dumps([question.text, [one.text for one in history]])
    case = Case(
        id=f"life-{hashlib.sha256(told.encode()).hexdigest()[:10]}",
        set="drafts",
        user_input=question.text,
        history=tuple(Turn(one.text) for one in history),
        outcome=outcome,
        tags=("harvested", *why),
    )
    removed = [*question.removed, *(kind for one in history for kind in one.removed), *answered.removed]
    return DraftCase(case, why, (*removed, *comment.removed), answered.text, comment.text)
