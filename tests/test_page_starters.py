"""What the page offers to ask can be answered: its starter questions, and what it suggests after each answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.build import build_assistant
from ingest.embed import SentenceTransformerEmbedder
from ingest.library import Library
from ingest.settings import load_settings
from ui.page import STARTERS


@pytest.fixture(scope="module")
def answering(
    bundled_data_dir: Path, embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    library = Library.open(bundled_data_dir, embedder)
    kept = tmp_path_factory.mktemp("kept") / "conversations.db"
    settings = load_settings(data_dir=str(bundled_data_dir), env={})
    yield build_assistant(settings, library=library, conversations=kept)
    library.close()


@pytest.mark.parametrize("question", [question for _, question in STARTERS])
def test_starter_and_what_is_suggested_after_it_are_answered(answering: Assistant, question: str) -> None:
    first = answering.ask(question)
    assert first.outcome == "answered"
    assert first.citations
    outcomes = {
        asked: answering.ask(asked, conversation_id=first.conversation_id).outcome for asked in first.follow_ups
    }
    assert set(outcomes.values()) <= {"answered", "partial"}, outcomes
