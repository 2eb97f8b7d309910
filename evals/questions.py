"""Question sets: JSON Lines or CSV, one case a line, checked on loading.

A case says what is asked, after which turns, and what a right answer holds: `facts` is a list of lists, and each inner
list needs one of its alternatives in the answer. How other tools name the same things is in `exchange`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from assistant.types import Outcome, Turn
from ingest.errors import CareerError

SETS = Path(__file__).parent / "sets"
"""The folder of the sets that travel with the package."""

REFUSALS: tuple[Outcome, ...] = ("not_found", "unclear", "declined")
"""Outcomes that do not answer."""

HOLDOUT = "holdout"
"""Tag of the cases that are read at the end only, never while tuning."""

ALIASES: Mapping[str, str] = {
    "question": "user_input",
    "input": "user_input",
    "query": "user_input",
    "ground_truth": "reference",
    "expected_output": "reference",
    "target": "reference",
}
"""Names that other tools use, by ours."""

_LISTS = ("history", "facts", "reference_context_ids", "accept", "forbidden", "tags")
_KNOWN = frozenset(("id", "user_input", "reference", "answerable", "outcome", "metadata", *_LISTS))


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
    """A right answer in words; empty when there is none."""
    facts: tuple[tuple[str, ...], ...] = ()
    reference_context_ids: tuple[str, ...] = ()
    """Sources that hold the answer, by their path below the library's root (`pay/by-city.md`)."""
    outcome: Outcome = "answered"
    tags: tuple[str, ...] = ()
    accept: tuple[Outcome, ...] = ()
    """Outcomes that are as right as `outcome`."""
    forbidden: tuple[str, ...] = ()
    """What must not stand in the answer: a false figure, a planted word."""

    @property
    def answerable(self) -> bool:
        """Whether the library holds an answer, or a part of one."""
        return self.outcome in ("answered", "partial")

    @property
    def must_refuse(self) -> bool:
        """Whether only a refusal is right."""
        return set((self.outcome, *self.accept)) <= set(REFUSALS)

    @property
    def must_answer(self) -> bool:
        """Whether no refusal is right."""
        return self.answerable and not set(self.accept) & set(REFUSALS)

    @property
    def held_out(self) -> bool:
        """Whether nobody may tune on it."""
        return HOLDOUT in self.tags


def load_sets(names: Sequence[str] = ()) -> list[Case]:
    """The cases of some sets, in order: names of bundled sets or paths of files; all bundled ones without any.

    Raises:
        QuestionSetError: A set is missing, or a line is not a case; the message names file and line.
    """
    paths = [_path(name) for name in names] if names else sorted(SETS.glob("*.jsonl"))
    cases = [case for path in paths for case in load(path)]
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise QuestionSetError(f"Two cases have the id {case.id!r}.", "Give each case an id of its own.")
        seen.add(case.id)
    return cases


def _path(name: str) -> Path:
    bundled = SETS / f"{name}.jsonl"
    path = bundled if bundled.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in SETS.glob("*.jsonl")))
        raise QuestionSetError(f"There is no question set {name!r}.", f"Name a file, or one of: {known}.")
    return path


def load(path: Path) -> list[Case]:
    """The cases of one file, JSON Lines or, by its ending, CSV.

    Raises:
        QuestionSetError: The file cannot be read, or a line is not a case.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"{path} cannot be read: {error}.", "Give a UTF-8 file of JSON Lines or CSV.") from error
    rows = csv_rows(text, path.name) if path.suffix.lower() == ".csv" else json_rows(text, path.name)
    return [case_from(fields, path.stem, where) for fields, where in rows]


def json_rows(text: str, name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The objects of JSON Lines, each with where it stands.

    Raises:
        QuestionSetError: A line is not a JSON object.
    """
    # Only line feeds end a line: other separators may stand inside a JSON string.
    for number, line in enumerate(text.split("\n"), 1):
        where = f"Line {number} of {name}"
        if not line.strip():
            continue
        try:
            given: Any = json.loads(line)
        except json.JSONDecodeError as error:
            raise QuestionSetError(f"{where} is not JSON: {error.msg}.", "Mend the line.") from error
        if not isinstance(given, dict):
            raise QuestionSetError(f"{where} is no object.", 'A case is {"id": ..., "user_input": ..., ...}.')
        yield given, where


def csv_rows(text: str, name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The rows of CSV as objects, each with where it stands; lists and objects in cells are JSON, empty cells nothing.

    Raises:
        QuestionSetError: A row has more cells than the header, or a cell that should be JSON is not.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for row in reader:
        where = f"Line {reader.line_num} of {name}"
        if None in row:
            raise QuestionSetError(f"{where} has more cells than the header.", "Put cells with commas in quotes.")
        yield {key: _cell(value, where, key) for key, value in row.items() if value}, where


def _cell(value: str, where: str, name: str) -> Any:
    if value.lower() in ("true", "false") and name == "answerable":
        return value.lower() == "true"
    if value[0] not in "[{":
        return [part.strip() for part in value.split(";")] if name in _LISTS else value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        if name in _LISTS:
            raise QuestionSetError(f"{where}, {name}: this is not JSON: {error.msg}.", "Mend the cell.") from error
        return value


def case_from(given: Mapping[str, Any], set_name: str, where: str) -> Case:
    """A case from its fields.

    Raises:
        QuestionSetError: A field is missing, unknown or of the wrong kind; the message begins with `where`.
    """
    fields: dict[str, Any] = {ALIASES.get(str(name), str(name)): value for name, value in given.items()}
    _check(fields, where)
    outcome: Outcome = fields.get("outcome") or ("answered" if fields.get("answerable", True) else "not_found")
    return Case(
        id=str(fields["id"]),
        set=set_name,
        user_input=fields["user_input"],
        history=tuple(Turn(turn["question"], turn.get("answer") or "") for turn in fields.get("history") or ()),
        reference=fields.get("reference") or "",
        facts=tuple(tuple(alternatives) for alternatives in fields.get("facts") or ()),
        reference_context_ids=tuple(fields.get("reference_context_ids") or ()),
        outcome=outcome,
        tags=tuple(fields.get("tags") or ()),
        accept=tuple(fields.get("accept") or ()),
        forbidden=tuple(fields.get("forbidden") or ()),
    )


def fields_of(case: Case) -> dict[str, Any]:
    """A case as the object that its line holds: the contract's fields always, ours where they say something.

    >>> fields_of(Case("a", "s", "Why?", outcome="not_found"))["answerable"]
    False
    """
    history = [{"question": turn.question, **({"answer": turn.answer} if turn.answer else {})} for turn in case.history]
    return {
        "id": case.id,
        "user_input": case.user_input,
        **({"history": history} if history else {}),
        **({"reference": case.reference} if case.reference else {}),
        **({"facts": [list(one) for one in case.facts]} if case.facts else {}),
        **({"reference_context_ids": list(case.reference_context_ids)} if case.reference_context_ids else {}),
        "answerable": case.answerable,
        "outcome": case.outcome,
        **({"accept": list(case.accept)} if case.accept else {}),
        **({"forbidden": list(case.forbidden)} if case.forbidden else {}),
        "tags": list(case.tags),
    }


def _check(fields: Mapping[str, Any], where: str) -> None:
    """Refuse what is no case.

    Raises:
        QuestionSetError: A field is missing, unknown or of the wrong kind.
    """
    problem = next((text for found, text in _problems(fields) if found), "")
    if problem:
        raise QuestionSetError(f"{where} is no case: {problem}.", "See evals/sets/README.md.")


def _problems(fields: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    unknown = sorted(set(fields) - _KNOWN)
    yield bool(unknown), f"it has an unknown field {unknown[0]!r}" if unknown else ""
    yield not fields.get("id") or not isinstance(fields["id"], (str, int)), "it has no id"
    yield not _is_text(fields.get("user_input")), "it has no user_input"
    yield not isinstance(fields.get("reference") or "", str), "its reference is no text"
    yield fields.get("answerable") not in (None, True, False), "answerable is neither true nor false"
    for name in _LISTS:
        yield not isinstance(fields.get(name) or [], list), f"its {name} is no list"
    for fact in fields.get("facts") or ():
        yield not isinstance(fact, list) or not fact, "a fact is no list"
        yield not all(map(_is_text, fact)), "an alternative of a fact is no text"
    for turn in fields.get("history") or ():
        yield not isinstance(turn, dict) or not _is_text(turn.get("question")), "a turn of its history has no question"
    for name in ("reference_context_ids", "forbidden", "tags"):
        yield not all(map(_is_text, fields.get(name) or ())), f"its {name} holds something that is no text"
    known = get_args(Outcome)
    yield fields.get("outcome", "answered") not in known, "its outcome is unknown"
    yield not all(one in known for one in fields.get("accept") or ()), "it accepts an outcome that is unknown"
    answered = fields.get("outcome", "answered") in ("answered", "partial")
    told = "outcome" in fields and fields.get("answerable") is not None
    yield told and fields["answerable"] is not answered, "its outcome and answerable contradict each other"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
