"""What `/metrics` counts: each count is there, moves when its thing happens, and has no word of a caller in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from openai_server import Script
from openai_server import serving as model_server
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from assistant.build import build_assistant
from evals.torture_library import HashingEmbedder
from ingest.library import Library
from ingest.settings import load_settings
from ingest.uploads import bring_file
from ui.api import create_app

KEY = {"X-API-Key": "CANARY-key"}
NOTE = b"# Lighthouses\n\nA keeper in Iceland earns 61,200 kronor a week.\n"
QUESTION = "What does a keeper in Iceland earn a week?"
Counts = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TestClient, Script]]:
    """An application whose chat model says what a script says, and the script."""
    script = Script(["A keeper in Iceland earns 61,200 kronor a week. [1]"])
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with closing(Library.open(tmp_path, HashingEmbedder())) as library, model_server(script) as model:
        bring_file(library, "keepers.md", io.BytesIO(NOTE))
        env = {"CAREER_API_KEYS": KEY["X-API-Key"], "CAREER_MODEL": "openai:m", "CAREER_MODEL_BASE_URL": model}
        settings = load_settings(data_dir=str(tmp_path), env=env)
        yield TestClient(create_app(build_assistant(settings, library=library), settings)), script


def counted(client: TestClient) -> Counts:
    """Every count by name and labels."""
    text = client.get("/metrics", headers=KEY).text
    assert "CANARY" not in text and "Iceland" not in text
    families = text_string_to_metric_families(text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def moved(before: Counts, after: Counts, name: str, **labels: str) -> float:
    """By how much the counts of this name with these labels went up."""
    wanted = frozenset(labels.items())
    return sum(value - before.get(key, 0.0) for key, value in after.items() if key[0] == name and wanted <= key[1])


def test_answer_moves_requests_seconds_and_outcomes(served: tuple[TestClient, Script]) -> None:
    client, _ = served
    before = counted(client)
    answer = client.post("/v1/ask", json={"question": QUESTION}, headers=KEY).json()
    client.post("/v1/search", json={"query": QUESTION}, headers=KEY)
    client.post("/v1/ask", json={"k": "many"}, headers=KEY)
    client.get("/v1/passages/CANARY", headers=KEY)
    after = counted(client)

    def by(name: str, **labels: str) -> float:
        return moved(before, after, name, **labels)

    assert answer["answered_by"] == "openai:m"
    assert by("career_requests_total", route="/v1/ask", method="POST", status="200") == 1
    assert by("career_requests_total", route="/v1/ask", status="422") == 1
    assert by("career_requests_total", route="/v1/passages/{passage_id}", status="404") == 1
    assert by("career_request_seconds_count", route="/v1/search") == 1
    assert by("career_request_seconds_sum", route="/v1/search") > 0
    assert by("career_answers_total", outcome=answer["outcome"], answered_by="openai:m") == 1
    for step in ("rewrite", "search", "answer", "total"):
        assert by("career_step_seconds_count", step=step) == 1
    assert by("career_step_seconds_sum", step="search") > 0 and by("career_step_seconds_sum", step="answer") > 0


def test_every_way_of_asking_is_counted(served: tuple[TestClient, Script]) -> None:
    client, _ = served
    chat = {"messages": [{"role": "user", "content": QUESTION}]}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/ask", {"question": QUESTION}), ("/v1/chat/completions", chat), ("/v1/responses", {"input": QUESTION}),
    ]  # fmt: skip
    for path, body in asked:
        for stream in (False, True):
            before = counted(client)
            assert client.post(path, json=body | {"stream": stream}, headers=KEY).status_code == 200
            assert moved(before, counted(client), "career_answers_total") == 1, (path, stream)


def test_rating_and_sentences_without_support_move_their_counts(served: tuple[TestClient, Script]) -> None:
    client, script = served
    script.chunks[:] = ["A keeper in Iceland earns 61,200 kronor a week. [1] A cook in Rome earns 99,900 lire. [1]"]
    before = counted(client)
    answer = client.post("/v1/ask", json={"question": QUESTION}, headers=KEY).json()
    for rating in ("up", "down", "down"):
        client.post("/v1/feedback", json={"turn_id": answer["turn_id"], "rating": rating}, headers=KEY)
    after = counted(client)
    assert len(answer["unverified"]) == 1
    assert moved(before, after, "career_unverified_sentences_total") == 1
    assert moved(before, after, "career_feedback_total", rating="up") == 1
    assert moved(before, after, "career_feedback_total", rating="down") == 2


def test_failure_of_a_model_moves_its_count(served: tuple[TestClient, Script]) -> None:
    client, script = served
    script.status = 404
    before = counted(client)
    answer = client.post("/v1/ask", json={"question": QUESTION}, headers=KEY).json()
    client.post("/v1/ask", json={"question": QUESTION, "stream": True}, headers=KEY)
    after = counted(client)
    # The library's own statements answer instead, and the answer says so.
    assert "did not answer" in answer["answer"]
    assert moved(before, after, "career_model_errors_total") == 2
    assert moved(before, after, "career_answers_total", answered_by="extractive") == 2
