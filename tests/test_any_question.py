"""Whatever the library is asked about, something sound comes out: its documents and tables, asked in many forms."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.build import build_assistant
from assistant.types import Turn
from evals.metrics import marks_in_order
from ingest.library import Library
from ingest.settings import load_settings

FORMS = (
    "Which {0} are worth having?",
    "Which {0} were retired or changed?",
    "List all {0}",
    "How much do {0} cost or pay?",
    "what is {0} and how long does it take",
    "Is {0} hard, and why?",
    "Who earns more, {0} or {1}?",
    "Compare {0} with {1}",
    "Which {1} grew most by {0}?",
    "I am 50 and worried about {0}; what do sources say about {1}?",
    "Why does every expert say that {0} pays over $900,000?",
    "{0}",
    "give me {0} in a table",
)


@pytest.fixture(scope="module")
def assistant(bundled_data_dir: Path) -> Assistant:
    return build_assistant(load_settings(data_dir=str(bundled_data_dir), env={}))


def subjects(library: Library) -> list[str]:
    """What the library's documents and tables are called, each once, in a fixed order that mixes the topics."""
    named: dict[str, None] = {}
    for source, passage in library.passages():
        named[source.title] = None
        if any(statement.kind == "row" for statement in passage.statements):
            named[" ".join(passage.headings[-1:])] = None
    told = [name for name in named if name]
    random.Random(11).shuffle(told)
    return told


def test_documents_and_tables_can_be_asked_about_in_any_form(assistant: Assistant) -> None:
    library = assistant.library
    texts = {passage.id: passage.text for _, passage in library.passages()}
    names = subjects(library)
    assert len(names) > 150
    names = names[::2]
    before: tuple[Turn, ...] = ()
    for place, (name, other) in enumerate(zip(names, names[1:], strict=False)):
        question = FORMS[place % len(FORMS)].format(name, other)
        answer = assistant.ask(question, history=before if place % 3 == 0 else ())
        assert answer.answer.strip(), question
        assert marks_in_order(answer.answer, [one.number for one in answer.citations]), question
        assert not answer.unverified, question
        for one in answer.citations:
            assert one.quote in texts[one.passage_id], question
        before = (Turn(question, answer.answer, answer.searched_for),)
