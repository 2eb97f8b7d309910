"""Question sets in the shapes of other tools: CSV, ragas, LangSmith, DeepEval. Pure.

What another tool has no field for travels in its metadata, under our names, so that export and import give back the
same cases. Answers and retrieved texts that another tool stores beside a question are left out: a question set says
what is right, not what somebody answered.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from evals.questions import Case, QuestionSetError, case_from, csv_rows, fields_of, json_rows

Format = Literal["jsonl", "csv", "ragas", "langsmith", "deepeval"]
FORMATS: tuple[Format, ...] = get_args(Format)

Fields = dict[str, Any]

_OURS = ("id", "history", "facts", "reference_context_ids", "answerable", "outcome", "accept", "forbidden", "tags")
"""Fields that travel in another tool's metadata."""
_COLUMNS = ("id", "user_input", "history", "reference", "facts", "reference_context_ids", "answerable", "outcome",
            "accept", "forbidden", "tags")  # fmt: skip


def read(text: str, form: Format, name: str) -> list[Case]:
    """The cases of a text in one of the formats; `name` is the set's, and stands in errors.

    Objects may come as JSON Lines, as one JSON list, or, for all but LangSmith, as CSV.

    Raises:
        QuestionSetError: The text is not of this format; the message names the line or the entry.
    """
    translate = _READERS[form]
    cases = []
    for number, (given, where) in enumerate(_objects(text, form, name), 1):
        fields = translate(given)
        fields.setdefault("id", f"{name}-{number:02}")
        cases.append(case_from(fields, name, where))
    return cases


def write(cases: Sequence[Case], form: Format) -> str:
    """The cases in one of the formats: JSON Lines, a JSON list (DeepEval), or CSV."""
    if form == "csv":
        return _csv(cases)
    objects = [_WRITERS[form](fields_of(case)) for case in cases]
    if form == "deepeval":
        return json.dumps(objects, indent=1, ensure_ascii=False) + "\n"
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)


def _objects(text: str, form: Format, name: str) -> Iterable[tuple[Mapping[str, Any], str]]:
    text = text.removeprefix("\ufeff")
    begun = text.lstrip()[:1]
    if form == "csv" or begun not in ("", "{", "["):
        return csv_rows(text, name)
    return _list(text, name) if begun == "[" else json_rows(text, name)


def _list(text: str, name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    try:
        given: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise QuestionSetError(f"Line {error.lineno} of {name} is not JSON: {error.msg}.", "Mend the line.") from error
    for number, one in enumerate(given, 1):
        where = f"Entry {number} of {name}"
        if not isinstance(one, dict):
            raise QuestionSetError(f"{where} is no object.", 'A case is {"id": ..., "user_input": ..., ...}.')
        yield one, where


def _csv(cases: Sequence[Case]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for case in cases:
        fields = fields_of(case)
        writer.writerow({
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in fields.items()
        })  # fmt: skip
    return out.getvalue()


def _told(metadata: object) -> Fields:
    """Our fields out of another tool's metadata, which may be JSON in a string."""
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata)
        except json.JSONDecodeError:
            return {}
    return {name: metadata[name] for name in _OURS if name in metadata} if isinstance(metadata, dict) else {}


def _metadata(fields: Fields) -> Fields:
    return {name: fields[name] for name in _OURS if name in fields}


def _first(given: Mapping[str, Any], *names: str) -> Any:
    """The value of the first of these names that has one.

    >>> _first({"a": "", "b": 1}, "a", "b")
    1
    """
    return next((given[name] for name in names if given.get(name)), "")


def _from_turns(turns: Sequence[Mapping[str, Any]]) -> Fields:
    """Question and history out of messages of people and assistants, the last person's being the question.

    >>> _from_turns([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
    ...              {"role": "user", "content": "c"}])
    {'user_input': 'c', 'history': [{'question': 'a', 'answer': 'b'}]}
    """
    history: list[Fields] = []
    for turn in turns:
        who = str(turn.get("role") or turn.get("type") or "")
        text = str(turn.get("content") or "")
        if who in ("user", "human"):
            history.append({"question": text})
        elif who in ("assistant", "ai") and history:
            history[-1]["answer"] = text
    if not history:
        return {}
    return {"user_input": history[-1]["question"], "history": history[:-1]}


# Each reader makes our fields of theirs, each writer theirs of ours.


def _read_ragas(given: Mapping[str, Any]) -> Fields:
    asked = _first(given, "user_input", "question")
    said = _from_turns(asked) if isinstance(asked, list) else {"user_input": asked}
    reference = _first(given, "reference", "ground_truth", "ground_truths")
    sources = _first(given, "reference_context_ids")
    return {
        **said,
        "reference": reference[0] if isinstance(reference, list) else reference,
        **({"reference_context_ids": sources} if sources else {}),
        **_told(given.get("metadata")),
        **({"id": given["id"]} if given.get("id") else {}),
    }


def _write_ragas(fields: Fields) -> Fields:
    messages: list[Fields] = []
    for turn in fields.get("history", ()):
        messages.append({"type": "human", "content": turn["question"]})
        if turn.get("answer"):
            messages.append({"type": "ai", "content": turn["answer"]})
    asked = [*messages, {"type": "human", "content": fields["user_input"]}] if messages else fields["user_input"]
    return {
        "user_input": asked,
        "reference": fields.get("reference", ""),
        "reference_context_ids": fields.get("reference_context_ids", []),
        "metadata": _metadata(fields),
    }


def _read_langsmith(given: Mapping[str, Any]) -> Fields:
    inputs, outputs = given.get("inputs") or given, given.get("outputs") or {}
    messages = _first(inputs, "messages")
    said = _from_turns(messages) if messages else {"user_input": _first(inputs, "question", "input", "query")}
    told = _told(given.get("metadata"))
    split = given.get("split") or given.get("metadata", {}).get("dataset_split") or []
    tags = [*told.get("tags", ()), *([split] if isinstance(split, str) else split)]
    return {
        **said,
        "reference": str(_first(outputs, "answer", "output", "expected_output", "reference")),
        **({"history": inputs["history"]} if inputs.get("history") else {}),
        **told,
        **({"tags": list(dict.fromkeys(tags))} if tags else {}),
    }


def _write_langsmith(fields: Fields) -> Fields:
    history = {"history": fields["history"]} if fields.get("history") else {}
    return {
        "inputs": {"question": fields["user_input"], **history},
        "outputs": {"answer": fields.get("reference", "")},
        "metadata": _metadata(fields),
    }


def _read_deepeval(given: Mapping[str, Any]) -> Fields:
    turns = given.get("turns")
    said = _from_turns(turns) if turns else {"user_input": _first(given, "input")}
    return {
        **said,
        "reference": _first(given, "expected_output", "expected_outcome"),
        **({"id": given["name"]} if given.get("name") else {}),
        **_told(_first(given, "additional_metadata", "additionalMetadata")),
    }


def _write_deepeval(fields: Fields) -> Fields:
    return {
        "name": fields["id"],
        "input": fields["user_input"],
        "expected_output": fields.get("reference", ""),
        "additional_metadata": _metadata(fields),
    }


def _same(given: Mapping[str, Any]) -> Fields:
    return dict(given)


_READERS: Mapping[Format, Callable[[Mapping[str, Any]], Fields]] = {
    "jsonl": _same,
    "csv": _same,
    "ragas": _read_ragas,
    "langsmith": _read_langsmith,
    "deepeval": _read_deepeval,
}
_WRITERS: Mapping[Format, Callable[[Fields], Fields]] = {
    "jsonl": _same,
    "ragas": _write_ragas,
    "langsmith": _write_langsmith,
    "deepeval": _write_deepeval,
}
