"""A conversation in a terminal or through a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress

import click

from assistant.assistant import Assistant
from assistant.types import Answer, Delta, Done, Event
from ingest.errors import ModelUnavailable, QuestionError
from ui import render, terminal

_ENDS = {"/quit", "/exit", "/q"}


def talk(assistant: Assistant) -> None:
    """Answer one line after the other until the end of input or `/quit`.

    Raises:
        LibraryEmpty: Nothing has been ingested yet.
    """
    conversation_id = ""
    for question in _questions():
        try:
            answer = _shown(assistant.stream(question, conversation_id=conversation_id))
        except (QuestionError, ModelUnavailable) as error:
            terminal.say_error(error)
            continue
        conversation_id = answer.conversation_id


def _questions() -> Iterator[str]:
    """The lines that a person types, or that come through a pipe; those are repeated, for the transcript."""
    typed = sys.stdin.isatty()
    if typed:
        with suppress(ImportError):
            import readline  # noqa: F401  gives the prompt its line editing
        click.echo("Ask about careers in AI and machine learning. /quit or Ctrl-D ends.\n")
    while True:
        try:
            question = input("> " if typed else "").strip()
        except EOFError:
            if typed:
                click.echo()
            return
        if question.lower() in _ENDS:
            return
        if question:
            if not typed:
                click.echo(f"> {render.safe(question)}")
            yield question


def _shown(events: Iterator[Event]) -> Answer:
    """Print an answer as it comes, what stands below it, and questions to ask next."""
    answers: list[Answer] = []
    said: list[str] = []

    def pieces() -> Iterator[str]:
        for event in events:
            if isinstance(event, Delta):
                said.append(event.text)
                yield event.text
            elif isinstance(event, Done):
                answers.append(event.answer)

    for text in render.flowing(pieces(), terminal.width()):
        click.echo(text, nl=False)
        sys.stdout.flush()
    (answer,) = answers
    parts = [render.below(answer, terminal.width())]
    if "".join(said).split() != answer.answer.split():
        parts.insert(0, f"As checked:\n{render.wrapped(answer.answer, terminal.width())}")
    if answer.follow_ups:
        asked = "\n".join(render.wrapped(f"- {one}", terminal.width()) for one in answer.follow_ups)
        parts.append(f"You could ask:\n{asked}")
    for part in filter(None, parts):
        click.echo(f"\n{part}")
    click.echo()
    return answer
