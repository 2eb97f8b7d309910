"""Spans of OpenTelemetry for each part of a step: how long it took and what came of it, never what was said.

Without an OpenTelemetry SDK set up in the process, as `opentelemetry-instrument` does, nothing is recorded and nothing
leaves it. A chat model's own calls are seen by the LangChain callbacks that are given to its answerer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
