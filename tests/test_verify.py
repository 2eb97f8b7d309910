"""`verify`: does the library, or do some passages, support a sentence?"""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from judging import check

from assistant.agreement import figures, missing_figures, turned_round
from assistant.build import build_assistant
from assistant.verify import against_passages
from ingest.errors import QuestionError
from ingest.settings import load_settings
from ui.api import create_app
from ui.cli import cli

PASSAGES = ["Robotics engineers earn $96,013 a year (2024).", "Nurses do not need a master's degree."]


@pytest.mark.parametrize(
    ("sentence", "supported", "missing"),
    [
        ("Robotics engineers earn $96,013 a year.", True, ""),
        ("Robotics engineers earn $200,000 a year.", False, "200,000"),
        ("Robotics engineers earned $96,013 a year in 2019.", False, "2019"),
        ("Robotics engineers in Berlin earn $96,013 a year.", False, "Berlin"),
        ("Robotics engineers do not earn $96,013 a year.", False, "not"),
        ("Nurses need a master's degree.", False, "the denial"),
        ("Nurses do not need a master's degree.", True, ""),
        ("Plumbers earn $96,013 a year.", False, "plumbers"),
    ],
)
def test_figures_dates_names_and_denials_have_to_agree(sentence: str, supported: bool, missing: str) -> None:
    verdict = against_passages(sentence, PASSAGES, check)
    assert verdict.supported is supported
    assert (missing in verdict.missing) if missing else not verdict.missing
    assert verdict.citations == ()


@pytest.mark.parametrize(
    ("sentence", "passage", "turned"),
    [
        ("Welders earn more than cooks.", "Cooks earn more than welders.", True),
        ("Welders earn more than cooks.", "Welders earn more than cooks and waiters.", False),
        ("Jobs grew in 2024.", "Jobs fell in 2024.", True),
        ("Welders earn more than cooks.", "Cooks earn less than welders.", False),
    ],
)
def test_a_comparison_that_is_turned_round_is_seen(sentence: str, passage: str, turned: bool) -> None:
    assert turned_round(sentence, passage) is turned


@pytest.mark.parametrize(
    ("sentence", "passage", "missing"),
    [("200k", "$200,000", []), ("$1.5 million", "1,500,000", []), ("three", "3", []), ("3", "three of ten", []),
     ("20%", "120%", ["20"]), ("2", "2,000", ["2"]), ("1. Begin with 5", "5", []), ("in 2019", "in 2018", ["2019"])],
)  # fmt: skip
def test_figures_are_compared_by_value(sentence: str, passage: str, missing: list[str]) -> None:
    assert missing_figures(sentence, passage) == missing
    assert all(isinstance(value, float) for value in figures(sentence).values())


def test_a_text_of_two_sentences_needs_support_for_both() -> None:
    verdict = against_passages("Robotics engineers earn $96,013 a year. They earn $5 an hour.", PASSAGES, check)
    assert not verdict.supported and verdict.missing[0] == "5"


@pytest.mark.parametrize("text", ["", " ?! ", "x" * 4_001])
def test_what_is_no_sentence_is_refused(text: str) -> None:
    with pytest.raises(QuestionError):
        against_passages(text, PASSAGES, check)


@pytest.fixture(scope="module")
def client(bundled_data_dir: Path) -> TestClient:
    settings = load_settings(data_dir=str(bundled_data_dir), env={})
    return TestClient(create_app(build_assistant(settings), settings))


def posted(client: TestClient, **body: object) -> httpx.Response:
    return client.post("/v1/verify", json=body)


def test_over_http_the_library_says_what_supports_a_sentence(client: TestClient) -> None:
    told = posted(client, sentence="The median annual wage of data scientists was $112,590 in May 2024.").json()
    assert told["supported"] and told["missing"] == [] and 0.5 <= told["score"] <= 1
    (citation,) = told["citations"]
    assert citation["number"] == 1 and "112,590" in citation["quote"] and "Labor Statistics" in citation["publisher"]


def test_over_http_a_figure_that_stands_nowhere_is_missing_and_cited_nowhere(client: TestClient) -> None:
    told = posted(client, sentence="Robotics engineers earn $207,311 a year.").json()
    assert not told["supported"] and "207,311" in told["missing"] and told["citations"] == []


def test_over_http_passages_of_ones_own_are_used_instead(client: TestClient) -> None:
    told = posted(client, sentence="Nurses earn $93,600.", passages=["Nurses earn $93,600 a year."]).json()
    assert told["supported"] and told["citations"] == []
    assert posted(client, sentence="  ").status_code == 400
    assert posted(client).status_code == 422


def test_on_the_command_line_in_words_and_as_an_object(bundled_data_dir: Path) -> None:
    run = CliRunner().invoke
    given = ["verify", "Nurses earn $1.", "--passage", "Nurses earn $93,600.", "--data", str(bundled_data_dir)]
    told = run(cli, given)
    assert told.exit_code == 0 and "Not supported" in told.output and "Missing: 1" in told.output
    found = json.loads(run(cli, [*given, "--json"]).output)
    assert set(found) == {"supported", "score", "missing", "citations"} and found["supported"] is False
