"""A document's day of review: shown in the list of sources, and said below answers once it has passed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.assistant import Assistant
from assistant.build import LibraryRewriter, open_library
from assistant.conversation import Conversations
from assistant.extractive import ExtractiveAnswerer, WordCounts
from assistant.support import SupportCheck
from assistant.types import Delta, Done
from ingest.settings import load_settings
from ui.cli import cli

PAGE = """---
title: Welders
as_of: "2024"
review_by: "2025-06-30"
sources:
  - key: a
    publisher: A board
    title: Pay
    date: "2024"
---

# Welders

A welder earns $40,000 a year (2024). [^a]

[^a]: A board.
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose library holds one page, to be reviewed by the end of June 2025."""
    (tmp_path / "welders.md").write_text(PAGE, encoding="utf-8")
    folder = tmp_path / "data"
    CliRunner().invoke(cli, ["--data", str(folder), "ingest", str(tmp_path / "welders.md")], catch_exceptions=False)
    return folder


def assistant_on(day: date, data: Path) -> Assistant:
    library = open_library(load_settings(data_dir=str(data)))
    embed = library.embedder.embed_passages
    answerer = ExtractiveAnswerer(embed, lambda owners: WordCounts(lambda stem: 1, 1), SupportCheck(embed))
    conversations = Conversations(data / "conversations.db")
    return Assistant(library, LibraryRewriter(library), answerer, conversations, today=lambda: day)


def test_an_answer_from_a_page_past_its_review_says_so_at_its_end(data: Path) -> None:
    events = list(assistant_on(date(2025, 7, 1), data).stream("What does a welder earn?"))
    done = events[-1]
    assert isinstance(done, Done)
    assert done.answer.answer.endswith(
        '[1]\n\nPlease check for newer facts: "Welders" was due for review on 2025-06-30.'
    )
    assert "".join(event.text for event in events if isinstance(event, Delta)) == done.answer.answer
    assert done.answer.citations[0].review_by == "2025-06-30"


def test_on_the_day_of_review_nothing_is_said(data: Path) -> None:
    answer = assistant_on(date(2025, 6, 30), data).ask("What does a welder earn?")
    assert answer.outcome == "answered"
    assert "Please check" not in answer.answer


def test_the_list_of_sources_shows_the_day_of_review_and_that_it_has_passed(data: Path) -> None:
    table = CliRunner().invoke(cli, ["--data", str(data), "sources"]).output
    assert "review by" in table and "2025-06-30 (past)" in table
    listed = json.loads(CliRunner().invoke(cli, ["--data", str(data), "sources", "--json"]).output)
    assert listed[0]["review_by"] == "2025-06-30"
