"""The command line, with the real store and the real embedding model over a few small documents."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest.settings import load_settings
from ui.cli import cli
from ui.serve import bring_bundled

PAY = """# What machine learning engineers earn

## Base pay by experience

- Entry level: $105,418 a year
- Senior: $183,000 a year
"""
ROLES = """# What data scientists do

A data scientist asks what the data can answer and tests it with experiments.
"""
ASKED = "What does an entry-level machine learning engineer earn?"

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CAREER_DATA_DIR", "CAREER_MODEL", "CAREER_EMBEDDING_MODEL", "CAREER_API_KEYS", "CAREER_CHROMA_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "pay.md").write_text(PAY)
    (folder / "roles.md").write_text(ROLES)
    return folder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, documents: Path) -> Path:
    """A data folder with the two documents; tests that write take `data`."""
    folder = tmp_path_factory.mktemp("data") / "library"
    ran = CliRunner().invoke(cli, ["--data", str(folder), "ingest", str(documents)])
    assert ran.exit_code == 0, ran.output
    return folder


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "data"))


@pytest.fixture
def run(data: Path) -> Run:
    def ran(*arguments: str, **options: object) -> Result:
        return CliRunner().invoke(cli, ["--data", str(data), *arguments], **options)  # type: ignore[arg-type]

    return ran


# Asking


def test_answer_is_printed_with_numbered_sources(run: Run) -> None:
    ran = run("ask", ASKED)
    assert ran.exit_code == 0
    answer, _, below = ran.output.partition("\n\nSources\n")
    assert "$105,418" in answer
    assert "[1]" in answer
    assert re.match(r"\[1\] What machine learning engineers earn, Base pay by experience", below)
    assert "$105,418" in below


def test_answer_for_programs_is_the_answer_object(run: Run) -> None:
    answer = json.loads(run("ask", ASKED, "--json").stdout)
    assert set(answer) == {
        "answer", "outcome", "citations", "unverified", "searched_for", "follow_ups", "answered_by",
        "conversation_id", "turn_id", "timings_ms",
    }  # fmt: skip
    assert answer["outcome"] == "answered"
    assert set(answer["citations"][0]) == {
        "number", "source_id", "title", "place", "url", "publisher", "as_of", "quote", "passage_id", "support",
        "review_by",
    }  # fmt: skip
    assert set(answer["timings_ms"]) == {"rewrite", "search", "answer", "total"}


def test_conversation_goes_on(run: Run) -> None:
    first = json.loads(run("ask", ASKED, "--json").stdout)
    second = json.loads(run("ask", "And senior?", "--conversation", first["conversation_id"], "--json").stdout)
    assert second["conversation_id"] == first["conversation_id"]
    assert "$183,000" in second["answer"]


def test_lines_fit_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ran = run("ask", ASKED)
    assert max(map(len, ran.output.splitlines())) <= 40


def test_chat_through_a_pipe_reads_as_a_conversation(run: Run) -> None:
    ran = run("chat", input=f"{ASKED}\n\nAnd senior?\n{'x' * 5_000}\n/quit\nnever asked\n")
    assert ran.exit_code == 0
    first, second = ran.stdout.index("$105,418"), ran.stdout.index("$183,000")
    assert ran.stdout.index(f"> {ASKED}") < first < ran.stdout.index("> And senior?") < second
    assert "never asked" not in ran.stdout
    assert "5,000 characters" in ran.stderr


def test_empty_library_says_how_to_fill_it(tmp_path: Path) -> None:
    for command in (["ask", ASKED], ["chat"], ["sources"]):
        ran = CliRunner().invoke(cli, ["--data", str(tmp_path / "new"), *command], input=f"{ASKED}\n")
        assert ran.exit_code == 1
        assert "`career-assistant ingest`" in ran.stderr


@pytest.mark.parametrize("question", ["", "   ", "?!", "x" * 20_000])
def test_question_that_cannot_be_asked_is_refused(run: Run, question: str) -> None:
    ran = run("ask", question)
    assert ran.exit_code == 1
    assert not ran.stdout
    assert len(ran.stderr.splitlines()) == 2


# Searching and looking


def test_search_tells_scores_ranks_and_places(run: Run) -> None:
    ran = run("search", "entry level pay", "--k", "1")
    assert re.search(r"^ 1\. What machine learning engineers earn, Base pay by experience$", ran.stdout, re.MULTILINE)
    assert re.search(r"score \d\.\d{3}; ranks: (bm25 1, )?(statement 1, )?vector 1", ran.stdout)
    assert " 2. " not in ran.stdout
    found = json.loads(run("search", "entry level pay", "--json").stdout)
    assert set(found) == {"searched_for", "hits"}
    assert "Entry level: $105,418" in found["hits"][0]["text"]


def test_sources_are_listed(run: Run) -> None:
    listed = run("sources").stdout.splitlines()
    assert listed[0].split() == ["title", "kind", "passages", "as", "of", "review", "by", "brought", "in"]
    assert [line.split("  ")[0] for line in listed[1:]] == [
        "What data scientists do",
        "What machine learning engineers earn",
    ]
    assert {one["title"] for one in json.loads(run("sources", "--json").stdout)} == {
        "What data scientists do",
        "What machine learning engineers earn",
    }


def test_whole_library_passes_its_check(run: Run) -> None:
    ran = run("check")
    assert (ran.exit_code, ran.stdout) == (0, "The library is whole: 2 sources, 2 passages.\n")
    assert run("check", "--repair").exit_code == 0


def test_settings_show_where_values_came_from_and_mask_secrets(run: Run, data: Path) -> None:
    ran = run("settings", env={"CAREER_API_KEYS": "a-very-secret-key", "CAREER_MODEL": "openai:gpt-5"})
    rows = [re.split(r"\s{2,}", line) for line in ran.stdout.splitlines()]
    assert ["CAREER_MODEL", "openai:gpt-5", "environment"] in rows
    assert ["CAREER_DATA_DIR", str(data), "--data"] in rows
    assert "very-secret" not in ran.output


# Bringing documents in


def test_second_ingest_finds_everything_unchanged(run: Run, documents: Path) -> None:
    ran = run("ingest", str(documents))
    assert (ran.exit_code, ran.stdout) == (0, "0 new, 0 changed, 0 removed, 2 unchanged, 0 failed\n")


def test_failed_file_is_named_and_the_others_come_in(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.md").write_text("# Good\n\nA prompt engineer writes prompts.\n")
    (folder / "broken.pdf").write_bytes(b"not a pdf")
    (folder / "strange.xyz").write_text("?")
    ran = run("ingest", str(folder))
    assert ran.exit_code == 1
    assert ran.stdout == "1 new, 0 changed, 0 removed, 0 unchanged, 2 failed\n"
    assert re.search(r"^broken\.pdf: \w.+\.$", ran.stderr, re.MULTILINE)
    assert re.search(r"^strange\.xyz: \w.+\.$", ran.stderr, re.MULTILINE)
    assert "Good" in run("sources").stdout


def test_dry_run_changes_nothing_and_prune_removes_what_is_gone(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "one.md").write_text("# One\n\nA statement.\n")
    planned = run("ingest", str(folder), "--dry-run")
    assert planned.stdout == "Would be: 1 new, 0 changed, 0 removed, 0 unchanged, 0 failed\n"
    assert planned.stderr == "new: one.md\n"
    assert "One" not in run("sources").stdout
    run("ingest", str(folder))
    (folder / "one.md").unlink()
    (folder / "two.md").write_text("# Two\n\nAnother statement.\n")
    report = json.loads(run("ingest", str(folder), "--prune", "--json").stdout)
    assert (report["new"], report["removed"], report["failed"]) == (["two.md"], ["one.md"], [])
    assert "One" not in run("sources").stdout


def test_progress_in_a_pipe_is_plain_lines(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("# One\n\nA statement.\n")
    ran = run("ingest", str(tmp_path / "one.md"))
    assert ran.stderr.splitlines()[0] == "1/1 one.md"
    assert "\r" not in ran.output


# Measuring


def test_question_sets_are_run_and_written(run: Run, tmp_path: Path) -> None:
    case = {
        "id": "pay-1",
        "user_input": ASKED,
        "history": [],
        "reference": "$105,418 a year",
        "facts": [["$105,418"]],
        "reference_context_ids": ["pay.md"],
        "answerable": True,
        "outcome": "answered",
        "tags": ["pay"],
    }
    (tmp_path / "mine.jsonl").write_text(json.dumps(case))
    ran = run("eval", "mine.jsonl", "--out", "results")
    assert ran.exit_code == 0, ran.output
    assert ran.stderr == "1/1 pay-1\n"
    assert "mine" in ran.stdout
    assert (tmp_path / "results" / "run.json").is_file()
    ran = run("eval", "nowhere.jsonl")
    assert ran.exit_code == 1
    assert len(ran.stderr.splitlines()) == 2


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ingest", "nowhere"], "There is no file or folder nowhere."),
        (["--data", "taken/library", "sources"], "taken"),
        (["serve", "--host", "0.0.0.0", "--port", "0"], "no key is set"),
    ],
)
def test_what_fails_is_one_sentence_and_a_next_step(run: Run, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    ran = run(*arguments)
    assert ran.exit_code == 1
    assert not ran.stdout
    sentence, step = ran.stderr.splitlines()
    assert said in sentence
    assert step


def test_port_in_use_is_said_before_anything_is_loaded(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run("serve", "--port", str(taken.getsockname()[1]))
    assert ran.exit_code == 1
    assert "cannot be used: address already in use." in ran.stderr


def test_unknown_setting_names_the_nearest(run: Run) -> None:
    ran = run("settings", env={"CAREER_MODLE": "x"})
    assert ran.exit_code == 1
    assert "CAREER_MODEL?" in ran.stderr


@pytest.mark.parametrize("arguments", [["ask"], ["search", "x", "--k", "0"], ["nothing"], ["ask", "x", "--nope"]])
def test_wrong_usage_exits_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_data_folder_is_taken_before_and_after_the_command(filled: Path, tmp_path: Path) -> None:
    for arguments in (
        ["--data", str(filled), "sources"],
        ["sources", "--data", str(filled)],
        ["--data", str(tmp_path / "other"), "sources", "--data", str(filled)],
    ):
        assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert not (tmp_path / "other").exists()


def test_output_in_a_pipe_has_no_colours_and_obeys_no_document(tmp_path: Path) -> None:
    (tmp_path / "evil.md").write_text("# Evil \x1b]0;title\x07\n\nAn evil \x1b[31mstatement about wages.\n")
    command = [sys.executable, "-m", "ui.cli", "--data", str(tmp_path / "data")]
    for arguments in (["ask", "x"], ["ingest", "evil.md"], ["sources"], ["search", "evil wages"]):
        ran = subprocess.run(
            [*command, *arguments],
            capture_output=True, cwd=tmp_path, check=False,
        )  # fmt: skip
        assert b"\x1b" not in ran.stdout + ran.stderr
        assert b"\x07" not in ran.stdout + ran.stderr
        assert b"Traceback" not in ran.stderr


# Serving


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.fixture
def served(filled: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server over the filled data folder: its address and process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--data", str(filled)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    yield found[0], process
    process.kill()
    process.communicate()


def test_server_is_alive_at_once_then_ready_and_stops_when_told(served: tuple[str, subprocess.Popen[str]]) -> None:
    address, process = served
    assert status(f"{address}/healthz") == 200
    assert status(f"{address}/readyz") in (200, 503)
    until = time.monotonic() + 120
    while status(f"{address}/readyz") != 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    body = json.dumps({"question": ASKED}).encode()
    request = urllib.request.Request(f"{address}/v1/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert "$105,418" in json.load(answer)["answer"]
    with urllib.request.urlopen(address, timeout=30) as page:
        assert b"Career Assistant" in page.read()
        assert page.headers["x-request-id"]
    for path in ("/docs", "/openapi.json", "/v1/sources"):
        assert status(address + path) == 200
    with urllib.request.urlopen(f"{address}/gradio_api/heartbeat/page", timeout=30):
        # A page that somebody has left open must not hold the server back.
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=8)
    assert process.returncode == 130
    assert {json.loads(line)["level"] for line in told.splitlines() if line} == {"info"}


def test_serving_fills_only_an_empty_library(filled: Path, tmp_path: Path) -> None:
    before = (filled / "catalog.db").stat().st_mtime_ns
    bring_bundled(load_settings(data_dir=str(filled), env={}))
    assert (filled / "catalog.db").stat().st_mtime_ns == before


def test_bundled_library_that_was_cut_short_is_completed(bundled_data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(bundled_data_dir, folder)
    settings = load_settings(data_dir=str(folder), env={})
    whole = CliRunner().invoke(cli, ["--data", str(folder), "sources", "--json"]).stdout
    assert len(json.loads(whole)) > 10
    (folder / "bundled.begun").touch()
    bring_bundled(settings)
    assert not (folder / "bundled.begun").exists()
    assert CliRunner().invoke(cli, ["--data", str(folder), "sources", "--json"]).stdout == whole
