"""From a question to a checked source, through every door, with nothing put in for anything.

One process serves the bundled library over HTTP and in the chat page; the terminal asks the same library.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.build import open_library
from ingest.settings import load_settings
from ui.serve import bring_bundled

ENTRY = "What does an entry-level machine learning engineer earn?"
LATE = "And late career?"
BERLIN = "What is the salary of a dentist in Berlin?"


@pytest.fixture(scope="module")
def data(bundled_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(bundled_data_dir, tmp_path_factory.mktemp("whole") / "data"))


@pytest.fixture(scope="module")
def address(data: Path) -> Iterator[str]:
    """A server of its own process, ready to answer."""
    command = [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    until = time.monotonic() + 120
    while httpx.get(f"{found[0]}/readyz").status_code != 200:
        assert time.monotonic() < until, "the server does not become ready"
        time.sleep(0.2)
    yield found[0]
    process.kill()
    process.communicate()


def career_assistant(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ui.cli", "--data", str(data), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


def test_a_question_over_http_is_answered_with_the_quote_that_holds_the_figure(address: str) -> None:
    first = httpx.post(f"{address}/v1/ask", json={"question": ENTRY}, timeout=30).json()
    assert first["outcome"] == "answered"
    assert "$105,418" in first["answer"] and "$105,418" in first["citations"][0]["quote"]
    assert first["citations"][0]["publisher"] == "Aipathly" and first["citations"][0]["as_of"] == "2024"
    asked = {"question": LATE, "conversation_id": first["conversation_id"]}
    second = httpx.post(f"{address}/v1/ask", json=asked, timeout=30).json()
    assert "$135,388 to $208,931" in second["answer"]
    assert second["searched_for"] == "What does a late career machine learning engineer earn?"


def test_the_same_over_server_sent_events(address: str) -> None:
    with httpx.stream("POST", f"{address}/v1/ask", json={"question": ENTRY, "stream": True}, timeout=30) as stream:
        lines = [line for line in stream.iter_lines() if line]
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    data = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert names[0] == "searching" and names[-1] == "done" and "citation" in names
    said = "".join(one["text"] for name, one in zip(names, data, strict=True) if name == "delta")
    assert said == data[-1]["answer"] and "$105,418" in said


def test_the_terminal_asks_the_same_library_while_it_is_served(address: str, data: Path) -> None:
    first = career_assistant(data, "ask", ENTRY, "--json")
    assert first.returncode == 0, first.stderr
    answer = json.loads(first.stdout)
    assert "$105,418" in answer["answer"] and "$105,418" in answer["citations"][0]["quote"]
    second = career_assistant(data, "ask", LATE, "--conversation", answer["conversation_id"])
    assert "$135,388 to $208,931" in " ".join(second.stdout.split())
    refused = career_assistant(data, "ask", BERLIN)
    assert refused.returncode == 0 and "does not hold" in refused.stdout and "[1]" not in refused.stdout


def test_a_second_ingest_embeds_nothing(data: Path) -> None:
    again = career_assistant(data, "ingest", "--json")
    assert again.returncode == 0, again.stderr
    report = json.loads(again.stdout)
    assert report["embedded"] == 0 and not report["new"] and not report["changed"]
    assert len(report["unchanged"]) >= 20


def test_bundled_documents_of_another_version_are_said_and_left_as_they_are(
    bundled_data_dir: Path, copied: Callable[[Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(data_dir=str(copied(bundled_data_dir)), env={})
    bring_bundled(settings)
    assert capsys.readouterr().out == ""
    with closing(open_library(settings)) as library:
        held = len(library.sources())
        library.remove(library.sources()[0].id)
    bring_bundled(settings)
    said = capsys.readouterr().out
    assert "not those of this version: 1 new, 0 changed, 0 removed" in said and "career-assistant ingest" in said
    with closing(open_library(settings)) as library:
        assert len(library.sources()) == held - 1


def test_new_documents_are_found_by_the_running_server(address: str, data: Path, tmp_path: Path) -> None:
    (tmp_path / "welders.md").write_text("# Underwater welders\n\nUnderwater welders earn $54,750 a year (2024).\n")
    asked = {"question": "What do underwater welders earn?"}
    assert httpx.post(f"{address}/v1/ask", json=asked, timeout=30).json()["outcome"] == "not_found"
    assert career_assistant(data, "ingest", str(tmp_path)).returncode == 0
    until = time.monotonic() + 5
    while "$54,750" not in httpx.post(f"{address}/v1/ask", json=asked, timeout=30).json()["answer"]:
        assert time.monotonic() < until, "the server does not see the new document"


def test_the_page_answers_cites_and_refuses(address: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the browser tests need chromium on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.locator("#header h1").wait_for()
        assert "$105,418" in _asked(page, ENTRY, 1, "done")
        assert "$105,418" in page.locator("#source-1-1 .short mark").inner_text()
        assert "$135,388 to $208,931" in _asked(page, LATE, 2, "done")
        assert "does not hold" in _asked(page, BERLIN, 3, "done")
        assert page.locator("#source-3-1").count() == 0
        browser.close()


def _asked(page: Any, question: str, turn: int, outcome: str) -> str:
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")
    exchange = page.locator(f"#turn-{turn}.{outcome}")
    exchange.wait_for(timeout=20_000)
    return str(exchange.inner_text())
