"""Any LangChain Runnable as a target, by import path: `my_bot.chain:rag`.

It is given what its input asks for: an object with `question` (or `input`, `query`) and `history` where it takes one,
else the question as text, after the messages before it when there are any. It may give text, a message, or an object
with `answer` (or `result`, `output`) and, if it has them, `context` (or `source_documents`), `citations`, `outcome`.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evals.questions import Case
from evals.remote import said_before
from evals.reply import Found, Reply, outcome_of, reply_from
from evals.targets import TargetError, reply_of, timed

_ASKED = ("question", "input", "query", "user_input")
_BEFORE = ("history", "chat_history", "messages")
_ANSWERS = ("answer", "result", "output", "output_text", "response")
_CONTEXTS = ("context", "source_documents", "documents", "contexts")


class Composed:
    """A Runnable, or anything else with `invoke`."""

    workers = 1

    def __init__(self, path: str) -> None:
        """Import it.

        Raises:
            TargetError: There is no such module or name, or it cannot be invoked.
        """
        module, _, name = path.partition(":")
        if not module or not name:
            raise TargetError(
                f"{path!r} is no target.", "Give an address, a .jsonl file of answers, or the import path MODULE:NAME."
            )
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        try:
            self._runnable: Any = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise TargetError(f"{path} cannot be imported: {error}.", "Check the path; run from its folder.") from error
        if not hasattr(self._runnable, "invoke"):
            raise TargetError(f"{path} has no `invoke`.", "Name a LangChain Runnable.")
        self.name = path
        self._fields = _fields(self._runnable)

    def ask(self, case: Case) -> Reply:
        """The reply to one case.

        Raises:
            TargetError: It fails, in whatever way.
        """
        begun = time.perf_counter()
        try:
            given = self._runnable.invoke(self._input(case))
        except Exception as error:  # Somebody else's code, and each has its own errors.
            raise TargetError(f"{self.name} failed: {type(error).__name__}: {error}", "Ask it by hand.") from error
        reply = reply_given(given)
        return replace(reply, milliseconds=timed(begun))

    def _input(self, case: Case) -> Any:
        asked = next((name for name in _ASKED if name in self._fields), "")
        before = next((name for name in _BEFORE if name in self._fields), "")
        messages = [(one["role"], one["content"]) for one in said_before(case.history)]
        if asked:
            return {asked: case.user_input, **({before: messages} if before else {})}
        if messages and "messages" in self._fields:
            return {"messages": [*messages, ("user", case.user_input)]}
        if messages and not self._fields and not _is_text_only(self._runnable):
            return [*messages, ("user", case.user_input)]
        return case.user_input


def _fields(runnable: Any) -> frozenset[str]:
    """Names that the runnable's input asks for; none where it takes something else than an object."""
    return frozenset(_schema(runnable).get("properties", {}))


def _is_text_only(runnable: Any) -> bool:
    # A chat model takes text or messages, and says so by alternatives.
    return "anyOf" not in _schema(runnable)


def _schema(runnable: Any) -> Mapping[str, Any]:
    said = getattr(runnable, "get_input_jsonschema", None)
    schema: Mapping[str, Any] = said() if said else {}
    # A typed dictionary is described by reference.
    named: Mapping[str, Mapping[str, Any]] = schema.get("$defs", {})
    return named.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)


def reply_given(given: Any) -> Reply:
    """A reply out of what a Runnable gives.

    >>> reply_given({"result": "Nine.", "citations": []}).answer, reply_given("I don't know.").outcome
    ('Nine.', 'not_found')
    """
    if not isinstance(given, Mapping):
        text = str(getattr(given, "content", given))
        used = getattr(given, "usage_metadata", None) or {}
        tokens = (int(used.get("input_tokens", 0)), int(used.get("output_tokens", 0)))
        return Reply(text, outcome_of(text), tokens=tokens if any(tokens) else None)
    answer = next((given[name] for name in _ANSWERS if name in given), "")
    contexts = next((given[name] for name in _CONTEXTS if isinstance(given.get(name), Sequence)), None)
    found = None if contexts is None or isinstance(contexts, str) else tuple(map(_found, contexts))
    text = str(getattr(answer, "content", answer))
    if "citations" in given:
        return reply_of({**given, "answer": text}, found)
    return replace(reply_from({"answer": text, "outcome": given.get("outcome")}), found=found)


def _found(document: Any) -> Found:
    """A LangChain Document, or its text."""
    about = getattr(document, "metadata", None) or {}
    source = about.get("path") or about.get("source") or about.get("source_id") or about.get("title") or ""
    return Found(str(source), str(getattr(document, "page_content", document)), str(about.get("title") or ""))
