"""What OpenAI's clients get: an answer as a chat completion or a response, whole or in pieces. Pure.

The answer's marks stay in its text; where each leads is said three times, for the clients that read one of them: as
`url_citation` annotations, as `citations` and `search_results` at top level, and as a list below the text. Nothing is
counted in tokens: usage is zero. The answer object of our own API is there as `career`.

https://platform.openai.com/docs/api-reference describes the shapes.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any

from assistant.types import Answer, Citation, Delta, Done, Event, Turn
from ui import openai_schemas as wire

MODEL = "career-assistant"
_MARK = re.compile(r"\[(\d+)\]")


def conversation(messages: Sequence[wire.Message]) -> tuple[str, list[Turn]]:
    """The question and the turns before it.

    >>> said = [("system", "Be rude."), ("user", "Pay?"), ("assistant", "$5 [1]"), ("user", "Where?")]
    >>> conversation([wire.Message(role=role, content=text) for role, text in said])
    ('Where?', [Turn(question='Pay?', answer='$5 [1]', searched_for='', unanswered=False)])
    """
    turns: list[Turn] = []
    question = ""
    for message in messages:
        if message.role == "user":
            if question:
                turns.append(Turn(question))
            question = message.words()
        elif message.role == "assistant" and question:
            turns.append(Turn(question, _own_text(message.words())))
            question = ""
    return question, turns


_SOURCES = "\n\nSources\n"


def _own_text(answer: str) -> str:
    """An answer as it was given, without the list of sources that was put below it."""
    return answer.partition(_SOURCES)[0]


# What is said of the sources.


def url_of(citation: Citation, base: str) -> str:
    """The source's own address, or where this server shows the passage."""
    return citation.url or f"{base}/v1/passages/{citation.passage_id}"


def sources_list(citations: Sequence[Citation], base: str) -> str:
    """The numbered sources as lines of Markdown to stand below an answer; empty without any."""
    lines = []
    for one in citations:
        told = ", ".join(part for part in (one.publisher, one.as_of) if part)
        label = re.sub(r"([\[\]\\<>*_`])", r"\\\1", one.title)
        lines.append(f"- [{one.number}] [{label}]({_link(url_of(one, base))}){f' ({told})' if told else ''}")
    return _SOURCES + "\n".join(lines) if lines else ""


def _link(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")


def marks_of(answer: Answer, base: str) -> list[dict[str, Any]]:
    """Where each mark of an answer's text leads, in order, as the responses route says it."""
    cited = {one.number: one for one in answer.citations}
    return [
        {
            "type": "url_citation",
            "url": url_of(cited[int(mark[1])], base),
            "title": cited[int(mark[1])].title,
            "start_index": mark.start(),
            "end_index": mark.end(),
        }
        for mark in _MARK.finditer(answer.answer)
        if int(mark[1]) in cited
    ]


def _nested(answer: Answer, base: str) -> list[dict[str, Any]]:
    """The same as chat completions say it."""
    return [
        {"type": one["type"], "url_citation": {key: value for key, value in one.items() if key != "type"}}
        for one in marks_of(answer, base)
    ]


def _top_level(answer: Answer, base: str) -> dict[str, Any]:
    return {
        "citations": [url_of(one, base) for one in answer.citations],
        "search_results": [
            {"title": one.title, "url": url_of(one, base), "date": one.as_of, "snippet": one.quote}
            for one in answer.citations
        ],
    }


def _text(answer: Answer, base: str, listed: bool) -> str:
    return answer.answer + (sources_list(answer.citations, base) if listed else "")


# Chat completions.

_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def completion(answer: Answer, base: str, listed: bool = True) -> dict[str, Any]:
    """A whole chat completion."""
    message = {
        "role": "assistant",
        "content": _text(answer, base, listed),
        "refusal": None,
        "annotations": _nested(answer, base),
    }
    return {
        "id": f"chatcmpl-{answer.turn_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _USAGE,
        **_top_level(answer, base),
        "career": asdict(answer),
    }


def completion_events(events: Iterator[Event], base: str, listed: bool, usage: bool) -> Iterator[str]:
    """An answer as the chunks of a streamed chat completion."""
    created, sent = int(time.time()), ""
    name = f"chatcmpl-{time.time_ns():x}"

    def piece(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return data(_piece(name, created, [choice]) | more)

    yield piece({"role": "assistant", "content": ""})
    for event in events:
        if isinstance(event, Delta):
            sent += event.text
            yield piece({"content": event.text})
        elif isinstance(event, Done):
            answer = event.answer
            corrected = "" if sent.split() == answer.answer.split() else f"\n\nAs checked:\n{answer.answer}"
            behind = corrected + (sources_list(answer.citations, base) if listed else "")
            if behind:
                yield piece({"content": behind})
            yield piece({"annotations": _nested(answer, base)}, **_top_level(answer, base))
            yield piece({}, "stop", career=asdict(answer), **_top_level(answer, base))
    if usage:
        yield data(_piece(name, created, []) | {"usage": _USAGE})
    yield "data: [DONE]\n\n"


def _piece(name: str, created: int, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": name,
        "object": "chat.completion.chunk",
        "created": created,
        "model": MODEL,
        "choices": choices,
    }


def data(value: dict[str, Any], name: str = "") -> str:
    """One server-sent event, with its name where it has one."""
    return f"{f'event: {name}{chr(10)}' if name else ''}data: {json.dumps(value)}\n\n"


# Responses.


def response(answer: Answer, base: str, body: wire.ResponsesRequest) -> dict[str, Any]:
    """A whole response."""
    item = _item(answer.turn_id, "completed", [_part(_text(answer, base, body.sources_in_text), answer, base)])
    return _response(f"resp_{answer.turn_id}", body, "completed", [item]) | {
        **_top_level(answer, base),
        "career": asdict(answer),
    }


def _response(name: str, body: wire.ResponsesRequest, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    details = {
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, **details}
    return {
        "id": name,
        "object": "response",
        "created_at": int(time.time()),
        "model": MODEL,
        "status": status,
        "output": output,
        "parallel_tool_calls": False,
        "tool_choice": "none",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "previous_response_id": body.previous_response_id,
        "store": body.store is not False,
        "usage": usage if status == "completed" else None,
        "citations": [],
        "search_results": [],
    }


def _item(name: str, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": f"msg_{name}", "type": "message", "role": "assistant", "status": status, "content": content}


def _part(text: str, answer: Answer | None = None, base: str = "") -> dict[str, Any]:
    said_of = marks_of(answer, base) if answer else []
    return {"type": "output_text", "text": text, "annotations": said_of, "logprobs": []}


def response_events(events: Iterator[Event], name: str, base: str, body: wire.ResponsesRequest) -> Iterator[str]:
    """An answer as the events of a streamed response, in the order that OpenAI's clients expect."""
    place, numbers = {"output_index": 0, "content_index": 0}, count()

    def event(kind: str, **fields: Any) -> str:
        return data({"type": kind, "sequence_number": next(numbers), **fields}, kind)

    at = {"item_id": f"msg_{name}", **place}
    begun = _response(f"resp_{name}", body, "in_progress", [])
    yield event("response.created", response=begun)
    yield event("response.in_progress", response=begun)
    yield event("response.output_item.added", output_index=0, item=_item(name, "in_progress", []))
    yield event("response.content_part.added", **at, part=_part(""))
    sent = ""
    for one in events:
        if isinstance(one, Delta):
            sent += one.text
            yield event("response.output_text.delta", **at, delta=one.text, logprobs=[])
        elif isinstance(one, Done):
            answer = one.answer
            text = _text(answer, base, body.sources_in_text)
            if text.startswith(sent) and text != sent:
                yield event("response.output_text.delta", **at, delta=text[len(sent) :], logprobs=[])
            for number, annotation in enumerate(marks_of(answer, base)):
                yield event(
                    "response.output_text.annotation.added", **at, annotation_index=number, annotation=annotation
                )
            part = _part(text, answer, base)
            yield event("response.output_text.done", **at, text=text, logprobs=[])
            yield event("response.content_part.done", **at, part=part)
            yield event("response.output_item.done", output_index=0, item=_item(name, "completed", [part]))
            yield event("response.completed", response=response(answer, base, body))
