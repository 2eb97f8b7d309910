"""Asks every route for its worst: run by test_hostile_text.py in a process of its own that may compute only so long.

Says each request before it is sent. Whoever computes for more than `SECONDS` over one is ended by the system, which no
pattern that holds the interpreter can put off.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from assistant.build import build_assistant
from evals.torture_library import HashingEmbedder, text_of
from ingest.library import Library
from ingest.passages import sentences
from ingest.settings import load_settings
from ingest.uploads import bring_file
from ui.api import create_app

SECONDS = 8
UNITS = (
    "a", "(", "is ", "!", "a\u0301", " ", "\n- a", "[1] ", "1.", "1,", "Aa ", "Ann. ", "and ", " - ", "what is pay, ",
    "$1 ", "or ", "do ", "。", "<a", "'", ": ",
)  # fmt: skip


def long(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length]


def bodies(unit: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every route that takes text, with as much of it as it reads, and with more."""
    question, much = "What does x" + long(unit, 3_980) + "?", long(unit, 100_000)
    past = {"question": much, "answer": much}
    yield "/v1/ask", {"question": question}
    yield "/v1/ask", {"question": much}
    yield "/v1/ask", {"question": "And later?", "history": [past] * 4}
    yield (
        "/v1/ask",
        {"question": "And the second one?", "history": [{"question": question[:2_000]}] * 40, "stream": True},
    )
    yield "/v1/search", {"query": question, "k": 100}
    yield "/v1/search", {"query": "pay", "filters": {"topics": [much], "source_ids": [much]}}
    yield "/v1/verify", {"sentence": question}
    yield "/v1/verify", {"sentence": "No keeper earns $5 in Oslo.", "passages": [long(unit, 90_000)]}
    yield "/v1/verify", {"sentence": question, "passages": [question] * 20}
    yield "/v1/feedback", {"turn_id": "x", "rating": "up", "comment": much}
    yield "/v1/chat/completions", {"messages": [{"role": "user", "content": much},
                                                {"role": "assistant", "content": much},
                                                {"role": "user", "content": question}]}  # fmt: skip
    yield "/v1/responses", {"input": [{"role": "user", "content": much}, {"role": "user", "content": "Why is that?"}]}
    yield "/v1/responses", {"input": much, "previous_response_id": much[:200]}
    yield "/v1/sources", {"url": f"https://127.0.0.1/{much[:1_900]}"}


def allowed() -> None:
    """So many more seconds from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = Library.open(Path(folder), HashingEmbedder())
        bring_file(library, "pay.md", io.BytesIO(text_of("pay", "1", 6).encode()))
        settings = load_settings(data_dir=folder, env={"CAREER_RATE_LIMIT": "off"})
        client = TestClient(create_app(build_assistant(settings, library=library), settings))
        statuses: dict[int, int] = {}
        for unit in UNITS:
            for path, body in bodies(unit):
                print(f"{path} with {unit!r}: {', '.join(body)}", file=sys.stderr, flush=True)
                allowed()
                content = json.dumps(body, ensure_ascii=False).encode()
                answer = client.post(path, content=content, headers={"content-type": "application/json"})
                statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            print(f"a million letters of {unit!r}", file=sys.stderr, flush=True)
            allowed()
            sentences(long(unit, 1_000_000))
        print("a document of all of it", file=sys.stderr, flush=True)
        allowed()
        text = "\n\n".join(long(unit, 20_000) for unit in UNITS)
        brought = client.post("/v1/sources", files={"file": (f"a{long('. ', 3_000)}.md", text.encode())})
        print(json.dumps({"statuses": statuses, "brought": brought.status_code}))


if __name__ == "__main__":
    main()
