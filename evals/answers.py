"""Ten questions with their answers as they come out: `python -m evals.answers` writes `docs/answers.md` anew.

The questions are of ten kinds, a refusal, a false premise and a comparison among them. A test holds the page against
what the assistant answers, so that it stays true.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from assistant.assistant import Assistant
from assistant.build import build_assistant
from assistant.types import Answer
from ingest.settings import load_settings

QUESTIONS = (
    "What does an entry-level machine learning engineer earn?",
    "Who earns more, a data scientist or an AI engineer?",
    "Why do robotics engineers earn more than 200k?",
    "What does a machine learning engineer earn, by every source you have?",
    "I am 45 and a nurse, which degree do I need for AI jobs?",
    "How do I deploy a model safely?",
    "What do machine learning engineers earn in Seattle and in Zurich?",
    "how much do the top 10 percent of data scintists make",
    "Do NLP engineers earn well?",
    "What is the pension age in Germany?",
)
"""A figure, a comparison, a false premise, all sources, a half-personal question, a list, a half-answerable question,
typos, a figure that no source has, and one that the library does not answer."""

PAGE = Path(__file__).resolve().parent.parent / "docs" / "answers.md"


def page(assistant: Assistant) -> str:
    """The page in Markdown: each question, its answer word for word, and what its marks lead to."""
    told = [
        "# Ten answers as they come out",
        "Written by `python -m evals.answers` over the bundled library, without a model; nothing is touched up.",
    ]
    for question in QUESTIONS:
        answer = assistant.ask(question)
        told += [f"## {question}", _quoted(answer.answer), *_sources(answer)]
    return "\n\n".join(told) + "\n"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _sources(answer: Answer) -> list[str]:
    if not answer.citations:
        return []
    lines = []
    for one in answer.citations:
        origin = ", ".join(filter(None, (one.publisher, one.as_of)))
        place = f", {one.place}" if one.place else ""
        lines.append(f"- [{one.number}] {one.title}{place}{f' ({origin})' if origin else ''}: \u201c{one.quote}\u201d")
    return ["\n".join(lines)]


def main() -> None:
    """Bring the bundled library into a folder of its own, ask, and write the page."""
    with tempfile.TemporaryDirectory() as data:
        assistant = build_assistant(load_settings(data_dir=data))
        assistant.library.sync(())
        PAGE.write_text(page(assistant), encoding="utf-8")


if __name__ == "__main__":
    main()
