"""Servers as targets: ours over HTTP, and any that speaks OpenAI's chat completions.

Plain requests, no vendor's client.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.types import Turn
from evals.questions import Case
from evals.reply import Found, Reply, Shown, outcome_of
from evals.targets import DEPTH, Target, TargetError, reply_of, timed

if TYPE_CHECKING:
    from ingest.settings import Settings

_SECONDS = 120
"""How long one answer may take."""
_ATTEMPTS = 3
"""How often a server that is busy or cannot be reached is asked."""


def server_at(address: str, settings: Settings) -> Target:
    """Ours, or for an address that ends in `/v1` an OpenAI-compatible server.

    Raises:
        TargetError: The server cannot be reached.
    """
    base, _, model = address.partition("#")
    base = base.rstrip("/")
    if base.endswith("/v1"):
        return OpenAIServer(base, model, os.environ.get("OPENAI_API_KEY", ""))
    return OurServer(base, settings.api_keys[0] if settings.api_keys else "")


def told(address: str, body: Mapping[str, Any] | None = None, key: str = "", pause: float = 1.0) -> Any:
    """The JSON that a server answers a request with: a POST with a body, a GET without.

    A server that is busy (429, 503) or cannot be reached is asked again after `pause` seconds, then twice that.

    Raises:
        TargetError: It cannot be reached, refuses, or does not send JSON.
    """
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    data = None if body is None else json.dumps(body).encode()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or attempt == _ATTEMPTS:
                raise _refused(address, error) from error
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError) or attempt == _ATTEMPTS:
                raise TargetError(
                    f"{address} cannot be asked: {getattr(error, 'reason', error)}.",
                    "Start the server, or mend the address behind --target.",
                ) from error
        time.sleep(pause * attempt)
    raise AssertionError("the last attempt returns or raises")


def _refused(address: str, error: urllib.error.HTTPError) -> TargetError:
    with error:
        said = error.read(500).decode("utf-8", "replace")
    hint = (
        "Set CAREER_API_KEYS or OPENAI_API_KEY to the server's key." if error.code in (401, 403) else "Ask it by hand."
    )
    return TargetError(f"{address} answered {error.code}: {' '.join(said.split())}", hint)


class OurServer:
    """Another process of ours, over HTTP."""

    workers = 4

    def __init__(self, address: str, key: str = "") -> None:
        """Look what the server holds.

        Raises:
            TargetError: It cannot be reached.
        """
        self._address = address
        self._key = key
        held = told(f"{address}/v1/sources", key=key)["sources"]
        self._paths = {one["source_id"]: one["uri"] for one in held}
        self.name = f"{address}, {len(held)} sources"

    def ask(self, case: Case) -> Reply:
        """The reply to one case, with what was found for it.

        Raises:
            TargetError: There is no answer.
        """
        history = [{"question": turn.question, "answer": turn.answer or None} for turn in case.history]
        begun = time.perf_counter()
        answer = told(f"{self._address}/v1/ask", {"question": case.user_input, "history": history}, self._key)
        spent = timed(begun)
        searched = {"query": case.user_input, "history": history, "k": DEPTH}
        hits = told(f"{self._address}/v1/search", searched, self._key)["hits"]
        found = [Found(self._paths.get(one["source_id"], one["source_id"]), one["text"], one["title"], one["place"],
                       one["score"], one.get("similarity"), one["ranks"]) for one in hits]  # fmt: skip
        return replace(reply_of(answer, found), milliseconds=spent)


class OpenAIServer:
    """Any server with OpenAI's `chat/completions`: a chat model, or another assistant behind that protocol."""

    workers = 4

    def __init__(self, address: str, model: str = "", key: str = "") -> None:
        """Choose the model: the one named, else the first that the server lists.

        Raises:
            TargetError: It cannot be reached, or lists no model.
        """
        self._address = address
        self._key = key
        self._model = model or self._first_model()
        self.name = f"{self._model} at {address}"

    def _first_model(self) -> str:
        listed = told(f"{self._address}/models", key=self._key).get("data") or []
        if not listed:
            raise TargetError(f"{self._address} lists no model.", "Name one: --target ADDRESS#MODEL.")
        return str(listed[0]["id"])

    def ask(self, case: Case) -> Reply:
        """The reply to one case. Citations and what was found are read from the extensions that servers share.

        Raises:
            TargetError: There is no answer.
        """
        messages = [*said_before(case.history), {"role": "user", "content": case.user_input}]
        begun = time.perf_counter()
        body = {"model": self._model, "messages": messages, "temperature": 0, "seed": 0}
        given = told(f"{self._address}/chat/completions", body, self._key)
        try:
            text = str(given["choices"][0]["message"]["content"] or "")
        except (KeyError, IndexError, TypeError) as error:
            raise TargetError(f"{self._address} answered without a message.", "Ask it by hand.") from error
        usage = given.get("usage") or {}
        tokens = (int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
        return Reply(
            text,
            outcome_of(text),
            citations=_citations(given),
            found=_found(given.get("search_results")),
            answered_by=str(given.get("model") or self._model),
            milliseconds=timed(begun),
            tokens=tokens if any(tokens) else None,
        )


def said_before(history: Sequence[Turn]) -> list[dict[str, str]]:
    """The turns before a question as messages; a turn whose answer nobody knows is a question only."""
    messages = []
    for turn in history:
        messages.append({"role": "user", "content": turn.question})
        if turn.answer:
            messages.append({"role": "assistant", "content": turn.answer})
    return messages


def _citations(given: Mapping[str, Any]) -> tuple[Shown, ...] | None:
    """What the marks of the text show: our `citations` where they are objects, else the search results by number."""
    cited = given.get("citations")
    if isinstance(cited, list) and cited and all(isinstance(one, dict) for one in cited):
        return reply_of({"citations": cited}, None).citations
    results = given.get("search_results")
    if not isinstance(results, list):
        return None
    return tuple(Shown(number, _snippet(one), str(one.get("title") or "")) for number, one in enumerate(results, 1))


def _found(results: object) -> tuple[Found, ...] | None:
    if not isinstance(results, list):
        return None
    return tuple(Found(str(one.get("url") or one.get("title") or ""), _snippet(one), str(one.get("title") or ""))
                 for one in results)  # fmt: skip


def _snippet(result: Mapping[str, Any]) -> str:
    return str(result.get("snippet") or result.get("text") or result.get("content") or "")
