"""What all tests share: the real embedding model, an empty library, and the bundled one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from bundled import bundled_data_dir, copied  # noqa: F401
from chat_script import address, assistant, browser, shown  # noqa: F401

from ingest.embed import SentenceTransformerEmbedder, load_embedder
from ingest.library import Library

# The same examples every time, so that a change is judged by what it changed.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell that starts us behind "&" takes Ctrl-C away from every server that the tests start and stop by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them, but for the folder of third-party sets."""
    for name in list(os.environ):
        if name.startswith(("CAREER_", "SLACK_")) and name not in ("CAREER_BENCH_DATA", "CAREER_FACTS_DIR"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedder() -> SentenceTransformerEmbedder:
    """The packaged model, loaded once."""
    found = load_embedder()
    assert isinstance(found, SentenceTransformerEmbedder)
    return found


@pytest.fixture
def library(tmp_path: Path, embedder: SentenceTransformerEmbedder) -> Iterator[Library]:
    """An empty library of its own."""
    opened = Library.open(tmp_path / "data", embedder)
    yield opened
    opened.close()
