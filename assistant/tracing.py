"""Spans of OpenTelemetry for each part of a step: how long it took and what came of it, never what was said.

Without an OpenTelemetry SDK set up in the process, as `opentelemetry-instrument` does, nothing is recorded and nothing
leaves it. A chat model's own calls are seen by the LangChain callbacks that are given to its answerer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[None]:
    """A span around some work; attributes are counts and names of ours only.

    Args:
        name: What is done: `rewrite`, `search`, `answer`.
        attributes: Recorded with it.
    """
    from opentelemetry import trace

    with trace.get_tracer("career_assistant").start_as_current_span(f"career_assistant.{name}") as opened:
        opened.set_attributes(attributes)
        yield


def keep_addresses_out() -> None:
    """Blank what a request's address holds in spans from now on: the route says which it was, and ids are somebody's.

    For a process in which an OpenTelemetry SDK is set up; without one there is nothing to do.
    """
    from opentelemetry import trace

    provider = trace.get_tracer_provider()
    if not hasattr(provider, "add_span_processor"):
        return
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span, SpanProcessor

    class Blanking(SpanProcessor):
        def on_start(self, span: Span, parent_context: Context | None = None) -> None:
            for name in {"url.path", "url.query"} & set(span.attributes or {}):
                span.set_attribute(name, "")

    provider.add_span_processor(Blanking())


class Clock:
    """Milliseconds spent in each named part since it was made."""

    def __init__(self) -> None:
        """Begin now."""
        self._begun = time.perf_counter()
        self._spent: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """What some work comes to; its time is added to that of its name."""
        begun = time.perf_counter()
        with span(name):
            result = work()
        self._spent[name] = self._spent.get(name, 0.0) + (time.perf_counter() - begun) * 1000
        return result

    def counted(self, name: str, events: Iterator[T]) -> Iterator[T]:
        """The same events, with the time that they took to come counted."""
        spent = 0.0
        while True:
            begun = time.perf_counter()
            event = next(events, None)
            spent += (time.perf_counter() - begun) * 1000
            self._spent[name] = spent
            if event is None:
                return
            yield event

    def read(self) -> dict[str, float]:
        """Milliseconds for `rewrite`, `search`, `answer` and `total`."""
        total = (time.perf_counter() - self._begun) * 1000
        parts = {name: self._spent.get(name, 0.0) for name in ("rewrite", "search", "answer")}
        return {name: round(value, 1) for name, value in {**parts, "total": total}.items()}
