"""Question sets: JSON Lines, one case a line, checked on loading.

A case says what is asked, after which turns, and what a right answer holds: `facts` is a list of lists, and each inner
list needs one of its alternatives in the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from assistant.types import Outcome, Turn
from ingest.errors import CareerError

SETS = Path(__file__).parent / "sets"
"""The folder of the sets that travel with the package."""

_ALIASES: dict[str, str] = {
    "question": "user_input",
    "input": "user_input",
    "query": "user_input",
    "ground_truth": "reference",
    "expected_output": "reference",
    "target": "reference",
}
_KNOWN = frozenset(
    "id user_input history reference facts reference_context_ids answerable outcome tags metadata".split()
)


class QuestionSetError(CareerError):
    """A question set is missing or a line of it is not a case."""


@dataclass(frozen=True)
class Case:
    """One question and what a right answer holds."""

    id: str
    set: str
    """Name of the set it came from."""
    user_input: str
    history: tuple[Turn, ...] = ()
    reference: str = ""
    facts: tuple[tuple[str, ...], ...] = ()
    reference_context_ids: tuple[str, ...] = ()
    """Sources that hold the answer, by their path below the library's root (`pay/by-city.md`)."""
    outcome: Outcome = "answered"
    tags: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the library holds an answer, or a part of one."""
        return self.outcome in ("answered", "partial")


def load_sets(names: Sequence[str] = ()) -> list[Case]:
    """The cases of some sets, in order: names of bundled sets or paths of files; all bundled ones without any.

    Raises:
        QuestionSetError: A set is missing, or a line is not a case; the message names file and line.
    """
    paths = [_path(name) for name in names] if names else sorted(SETS.glob("*.jsonl"))
    cases = [case for path in paths for case in load(path)]
    ids = [case.id for case in cases]
    twice = next((one for one in ids if ids.count(one) > 1), "")
    if twice:
        raise QuestionSetError(f"Two cases have the id {twice!r}.", "Give each case an id of its own.")
    return cases


def _path(name: str) -> Path:
    bundled = SETS / f"{name}.jsonl"
    path = bundled if bundled.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in SETS.glob("*.jsonl")))
        raise QuestionSetError(f"There is no question set {name!r}.", f"Name a file, or one of: {known}.")
    return path


def load(path: Path) -> list[Case]:
    """The cases of one file.

    Raises:
        QuestionSetError: A line is not a case.
    """
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            cases.append(_case(line, path.stem, f"Line {number} of {path.name}"))
    return cases


def _case(line: str, set_name: str, where: str) -> Case:
    try:
        given: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise QuestionSetError(f"{where} is not JSON: {error.msg}.", "Mend the line.") from error
    if not isinstance(given, dict):
        raise QuestionSetError(f"{where} is no object.", 'A case is {"id": ..., "user_input": ..., ...}.')
    fields: dict[str, Any] = {_ALIASES.get(str(name), str(name)): value for name, value in given.items()}
    _check(fields, where)
    outcome: Outcome = fields.get("outcome") or ("answered" if fields.get("answerable", True) else "not_found")
    return Case(
        id=str(fields["id"]),
        set=set_name,
        user_input=fields["user_input"],
        history=tuple(Turn(turn["question"], turn.get("answer") or "") for turn in fields.get("history") or ()),
        reference=str(fields.get("reference") or ""),
        facts=tuple(tuple(map(str, alternatives)) for alternatives in fields.get("facts") or ()),
        reference_context_ids=tuple(fields.get("reference_context_ids") or ()),
        outcome=outcome,
        tags=tuple(fields.get("tags") or ()),
    )


def _check(fields: Mapping[str, Any], where: str) -> None:
    """Refuse what is no case.

    Raises:
        QuestionSetError: A field is missing, unknown or of the wrong kind.
    """
    unknown = sorted(set(fields) - _KNOWN)
    said = fields.get("user_input")
    problems = (
        (bool(unknown), f"it has an unknown field {unknown[0]!r}" if unknown else ""),
        (not fields.get("id"), "it has no id"),
        (not isinstance(said, str) or not said.strip(), "it has no user_input"),
        (fields.get("outcome", "answered") not in get_args(Outcome), "its outcome is unknown"),
        (any(not isinstance(one, list) or not one for one in fields.get("facts") or ()), "a fact is no list"),
        (
            any(not isinstance(one, dict) or not one.get("question") for one in fields.get("history") or ()),
            "a turn of its history has no question",
        ),
    )
    problem = next((text for found, text in problems if found), "")
    if problem:
        raise QuestionSetError(f"{where} is no case: {problem}.", "See evals/sets/README.md.")
