"""Ten questions with their answers as they come out: `python -m evals.answers` writes them into README and docs anew.

The questions are of ten kinds, a refusal, a false premise and a comparison among them. `docs/answers.md` holds the
sources, too. A test holds both pages against what the assistant answers, so that they stay true.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

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
README = PAGE.parent.parent / "README.md"
BEGIN, END = "<!-- answers -->", "<!-- /answers -->"
"""Between these lines of README stand the answers alone."""


def page(answers: Sequence[Answer]) -> str:
    """The page in Markdown: each question, its answer word for word, and what its marks lead to."""
    told = [
        "# Ten answers as they come out",
        "Written by `python -m evals.answers` over the bundled library, without a model; nothing is touched up.",
    ]
    for question, answer in zip(QUESTIONS, answers, strict=True):
        told += [f"## {question}", _quoted(answer.answer), *_sources(answer)]
    return "\n\n".join(told) + "\n"


def readme(text: str, answers: Sequence[Answer]) -> str:
    """README's text with the answers between their two lines.

    Raises:
        ValueError: One of the two lines is missing.
    """
    before, rest = text.split(BEGIN, 1)
    told = [f"**{question}**\n\n{_quoted(answer.answer)}" for question, answer in zip(QUESTIONS, answers, strict=True)]
    return "\n\n".join((before + BEGIN, *told, END + rest.split(END, 1)[1]))


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
        answers = [assistant.ask(question) for question in QUESTIONS]
        PAGE.write_text(page(answers), encoding="utf-8")
        README.write_text(readme(README.read_text(encoding="utf-8"), answers), encoding="utf-8")


if __name__ == "__main__":
    main()
