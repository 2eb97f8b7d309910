"""How far something has come, on a terminal and in a pipe."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios

import pytest

from ingest.types import Progress
from ui import terminal


def shown(steps: list[Progress], monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal gets to see."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    with os.fdopen(theirs, "w", buffering=1) as screen, monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", screen)
        with terminal.progress(terminal.INDEXING) as told:
            for step in steps:
                told(step)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 65_536)
        except OSError:
            break
    os.close(ours)
    return seen.decode()


STEPS = [Progress(done, 400, f"{done}.md", done / 400, done * 3) for done in range(400)]


def test_a_terminal_sees_a_bar_with_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = shown([STEPS[0], STEPS[100], Progress(400, 400, "", 1.0, 1200)], monkeypatch)
    assert "101/400 100.md, " in seen and "passages/s, 0:00 left" in seen and " 25%" in seen
    assert terminal.INDEXING in seen


def test_a_pipe_gets_about_twenty_lines_however_much_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress(terminal.INDEXING) as told:
        for step in (*STEPS, Progress(400, 400, "", 1.0, 1200)):
            told(step)
    lines = capsys.readouterr().err.splitlines()
    assert 15 <= len(lines) <= 25 and lines[0] == "1/400 0.md" and lines[-1] == terminal.INDEXING
    assert all("left" in line for line in lines[1:-1])


def test_one_large_file_is_told_of_by_what_is_done_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress() as told:
        for part in range(1_000):
            told(Progress(0, 1, f"a.jsonl#{part}", part / 1_000, part))
    assert 15 <= len(capsys.readouterr().err.splitlines()) <= 25


def test_steps_without_a_share_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress() as told:
        for done in range(3):
            told(Progress(done, 3, f"case-{done}"))
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        "1/3 case-0", "2/3 case-1", "3/3 case-2",
    ]  # fmt: skip
