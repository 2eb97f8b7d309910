"""Who gets at what, in figures: each row of the table that `make security` prints is counted here.

Scripts in a browser are counted by tests/test_xss.py, forms of inner addresses in redirects by tests/test_web.py, what
documents may tell a model by tests/test_injection.py.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import resource
import select
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import httpx
import pytest
from live import serving
from starlette.testclient import TestClient
from test_guard import every_path
from test_web import INNER_HOSTS, NO_PAGES, Canary, canary  # noqa: F401

from assistant.assistant import RECENT, Assistant
from assistant.build import build_assistant
from assistant.types import Turn
from evals.torture_library import HashingEmbedder, text_of
from ingest.library import Library
from ingest.settings import load_settings
from ingest.uploads import bring_file
from ui.api import create_app
from ui.chat import mount
from ui.guard import BODY_SECONDS, OPEN_PATHS
from ui.limits import MAX_UPLOAD

MINE, THEIRS = {"X-API-Key": "CANARY-mine"}, {"X-API-Key": "CANARY-theirs"}
NOTE = b"# Lighthouse\n\nA keeper in Iceland earns 61,200 kronor a week.\n"
QUESTION = "What does a keeper in Iceland earn a week?"
CONVERSATION = "c-1"
FIGURES: list[tuple[str, str]] = []
"""What was counted, and how it came out."""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("security")
    with closing(Library.open(folder, HashingEmbedder())) as library:
        bring_file(library, "shared.md", io.BytesIO(text_of("shared", "1", 6).encode()))
        yield build_assistant(load_settings(data_dir=str(folder), env={}), library=library)


def app_of(assistant: Assistant, **env: str) -> Any:
    keys = "CANARY-mine,CANARY-theirs"
    data = str(assistant.library.folder)
    settings = load_settings(data_dir=data, env={"CAREER_API_KEYS": keys, "CAREER_RATE_LIMIT": "off", **env})
    return create_app(assistant, settings)


@pytest.fixture(scope="module")
def client(assistant: Assistant) -> TestClient:
    return TestClient(app_of(assistant), raise_server_exceptions=False)


# Keys


def test_no_route_of_the_whole_application_answers_without_a_key(assistant: Assistant) -> None:
    whole = mount(app_of(assistant), assistant)
    paths = {*every_path(whole.routes), *(("GET", path) for path in whole.openapi()["paths"])}
    client, tried = TestClient(whole), 0
    reached = set()
    for method, path in sorted(paths):
        if path in OPEN_PATHS:
            continue
        for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Basic ===="}, {"X-API-Key": "canary-mine"}):
            tried += 1
            if client.request(method, f"http://testserver{path}", headers=headers).status_code != 401:
                reached.add((method, path))
    FIGURES.append(("routes reached without a key", f"{len(reached)} of {len(paths)}, tried {tried:,} times"))
    assert not reached and len(paths) > 80


# Ownership


class Held(NamedTuple):
    """What one key has."""

    turn: str
    conversation: str
    response: str
    source: str
    passage: str


@pytest.fixture(scope="module")
def held(client: TestClient) -> Held:
    """A document, one of a conversation, a conversation with a rated turn, and a response, all of one key."""
    form = {"conversation_id": CONVERSATION}
    client.post("/v1/sources", files={"file": ("own.md", b"# Own\n\nAnother text of the same key.\n")}, headers=MINE)
    brought = client.post("/v1/sources", files={"file": ("note.md", NOTE)}, data=form, headers=MINE).json()
    answer = client.post("/v1/ask", json={"question": QUESTION, **form}, headers=MINE).json()
    client.post("/v1/feedback", json={"turn_id": answer["turn_id"], "rating": "up"}, headers=MINE)
    response = client.post("/v1/responses", json={"input": QUESTION}, headers=MINE).json()
    hits = client.post("/v1/search", json={"query": QUESTION, **form}, headers=MINE).json()["hits"]
    source = brought["sources"][0]["source_id"]
    passage = next(hit["passage_id"] for hit in hits if hit["source_id"] == source)
    return Held(answer["turn_id"], CONVERSATION, response["id"], source, passage)


ROUTES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("conversation", "GET", "/v1/conversations/{}", {}),
    ("conversation", "GET", "/v1/conversations/{}/export", {}),
    ("conversation", "GET", "/v1/conversations/{}/export?format=json", {}),
    ("conversation", "GET", "/v1/sources?conversation_id={}", {}),
    ("conversation", "POST", "/v1/search", {"query": QUESTION, "conversation_id": "{}"}),
    ("conversation", "POST", "/v1/verify", {"sentence": NOTE.decode()[14:].strip(), "conversation_id": "{}"}),
    ("conversation", "POST", "/v1/ask", {"question": QUESTION, "conversation_id": "{}"}),
    ("conversation", "DELETE", "/v1/conversations/{}", {}),
    ("turn", "POST", "/v1/feedback", {"turn_id": "{}", "rating": "down"}),
    ("response", "POST", "/v1/responses", {"input": QUESTION, "previous_response_id": "{}"}),
    ("source", "POST", "/v1/search", {"query": QUESTION, "filters": {"source_ids": ["{}"]}}),
    ("source", "POST", "/v1/ask", {"question": QUESTION, "filters": {"source_ids": ["{}"]}}),
    ("source", "DELETE", "/v1/sources/{}", {}),
    ("passage", "GET", "/v1/passages/{}", {}),
]
VARYING = ("request_id", "conversation_id", "turn_id", "timings_ms", "created_at", "id")


def test_what_is_somebody_elses_answers_as_what_is_nowhere(client: TestClient, held: Held) -> None:
    reached = []
    for kind, method, path, body in ROUTES:
        answers = []
        for name in (getattr(held, kind), uuid.uuid4().hex):
            sent = json.loads(json.dumps(body).replace("{}", name)) if body else None
            answer = client.request(method, path.format(name), json=sent, headers=THEIRS)
            answers.append((answer.status_code, without(answer.text.replace(name, "NAME"))))
        if answers[0] != answers[1] or "61,200 kronor" in answers[0][1]:
            reached.append((kind, method, path, answers))
    FIGURES.append(("others' objects reached by their ids", f"{len(reached)} of {len(ROUTES)} routes"))
    assert not reached
    # Their owner still has all of it.
    assert client.get(f"/v1/passages/{held.passage}", headers=MINE).status_code == 200
    assert "61,200" in client.get(f"/v1/conversations/{held.conversation}/export", headers=MINE).text
    assert client.delete(f"/v1/sources/{held.source}", headers=MINE).status_code == 204


def without(text: str) -> str:
    """A body without what differs from one request to the next."""

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: stripped(inner) for name, inner in value.items() if name not in VARYING}
        return [stripped(inner) for inner in value] if isinstance(value, list) else value

    try:
        return json.dumps(stripped(json.loads(text)))
    except ValueError:
        return text


# Addresses


def test_no_form_of_an_inner_address_is_fetched(client: TestClient, canary: Canary) -> None:  # noqa: F811
    forms = [f"http://{host}:{canary.port}/" for host in INNER_HOSTS]
    forms += [form.format(port=canary.port) for form in NO_PAGES]
    statuses = Counter(
        client.post("/v1/sources", json={"url": form}, headers=MINE).status_code for form in dict.fromkeys(forms)
    )
    FIGURES.append(("inner addresses fetched (SSRF)", f"{canary.visits()} of {len(set(forms))} forms"))
    assert len(set(forms)) >= 60 and set(statuses) == {400} and canary.visits() == 0


# Secrets


SECRETS = {
    "CAREER_API_KEYS": "CANARY-mine,CANARY-theirs",
    "OPENAI_API_KEY": "CANARY-model-key",
    "SLACK_BOT_TOKEN": "CANARY-bot",
    "SLACK_SIGNING_SECRET": "CANARY-signing",
    "CAREER_RATE_LIMIT": "off",
}


def test_no_secret_and_no_folder_is_told_in_an_answer_an_error_or_the_log(
    assistant: Assistant, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRETS["OPENAI_API_KEY"])
    caplog.set_level(logging.DEBUG)
    client = TestClient(mount(app_of(assistant, **SECRETS), assistant), raise_server_exceptions=False)
    said = []
    document = client.get("/openapi.json", headers=MINE).json()
    for path, methods in document["paths"].items():
        for method in methods:
            for body in (
                b"",
                b"{}",
                b"\xff",
                b'{"question": 5}',
                b'{"question": "What is paid?"}',
                b'{"input": "pay"}',
            ):
                headers = {**MINE, "content-type": "application/json"}
                answer = client.request(method, path.replace("{", "").replace("}", ""), content=body, headers=headers)
                said.append(answer.text + str(answer.headers))
    for form in ("/", "/docs", "/metrics", "/gradio_api/info", "/gradio_api/file=/etc/passwd", "/config"):
        said.append(client.get(form, headers=MINE).text)
    for broken in (b"%PDF-1.4 x", b"MZ", b"", b"\x00" * 99):
        for name in ("a.pdf", "a.docx", "a.md", "a.exe"):
            said.append(client.post("/v1/sources", files={"file": (name, broken)}, headers=MINE).text)
    # A library that another process is writing to.
    with assistant.library.writing():
        said.append(client.post("/v1/sources", files={"file": ("b.md", NOTE)}, headers=MINE).text)
    told = [*said, *(record.getMessage() + str(record.__dict__) for record in caplog.records if ours(record))]
    leaked = [text for text in told if "CANARY" in text]
    folders = [text for text in said if str(assistant.library.folder) in text]
    FIGURES.append(("canary secrets in answers, errors and log lines", f"{len(leaked)} of {len(told):,} texts"))
    FIGURES.append(("folders of the machine in answers and errors", f"{len(folders)} of {len(said):,} texts"))
    assert not leaked and not folders


def ours(record: logging.LogRecord) -> bool:
    """Whether a line is the server's and not the test client's."""
    return not record.name.startswith(("httpx", "httpcore", "asyncio", "urllib3"))


# Load


def memory() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_three_hundred_requests_a_second_are_limited_and_take_no_memory(assistant: Assistant) -> None:
    with serving(app_of(assistant, CAREER_RATE_LIMIT="60/minute")) as address:
        ask(address, 20)
        before, begun = memory(), time.perf_counter()
        answers = ask(address, 3_000)
        seconds = time.perf_counter() - begun
        statuses = Counter(status for status, _ in answers)
        assert httpx.get(f"{address}/healthz").status_code == 200
    FIGURES.append((
        "3,000 requests as fast as they go",
        f"{3_000 / seconds:.0f} a second: {dict(statuses)}, {memory() - before:.0f} MB more",
    ))  # fmt: skip
    assert set(statuses) <= {200, 429} and statuses[200] <= 60
    assert all(after > 0 for status, after in answers if status == 429)
    assert memory() - before < 100


def ask(address: str, times: int, connections: int = 20) -> list[tuple[int, int]]:
    """Status and `Retry-After` of so many searches, sent as fast as they go over some connections."""
    parts, body = urlsplit(address), json.dumps({"query": QUESTION, "rewrite": False})
    request = (
        f"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nX-API-Key: CANARY-mine\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()

    async def some() -> list[tuple[int, int]]:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        found = []
        for _ in range(times // connections):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            fields = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
            await reader.readexactly(int(fields["content-length"]))
            found.append((int(head.split()[1]), int(fields.get("retry-after", "0"))))
        writer.close()
        return found

    async def all_of_them() -> list[tuple[int, int]]:
        return [one for found in await asyncio.gather(*(some() for _ in range(connections))) for one in found]

    return asyncio.run(all_of_them())


def test_body_of_fifty_megabytes_is_refused_without_being_held(assistant: Assistant) -> None:
    with serving(app_of(assistant)) as address:
        before, statuses = memory(), []
        for path, size in (("/v1/ask", 50_000_000), ("/mcp", 50_000_000), ("/v1/sources", MAX_UPLOAD + 1)):
            for declared in (True, False):
                statuses.append(refused(address, path, size, declared))
        assert httpx.get(f"{address}/healthz").status_code == 200
    FIGURES.append(("bodies of 50 MB", f"statuses {statuses}, {memory() - before:.0f} MB more"))
    assert set(statuses) == {413} and memory() - before < 100


def refused(address: str, path: str, size: int, declared: bool) -> int:
    """The status that a body of this size gets, as soon as it comes."""
    parts = urlsplit(address)
    length = f"Content-Length: {size}" if declared else "Transfer-Encoding: chunked"
    kind = "multipart/form-data; boundary=b" if path == "/v1/sources" else "application/json"
    piece = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n'
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as sending:
        sending.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: CANARY-mine\r\nContent-Type: {kind}\r\n"
            f"{length}\r\n\r\n".encode()
        )
        left = size
        with suppress(ConnectionError):
            while left > 0 and not select.select([sending], [], [], 0)[0]:
                sending.sendall(piece if declared else f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                left, piece = left - len(piece), b"x" * 100_000
        return int(sending.recv(100).split()[1])


def test_slow_bodies_keep_nobody_from_being_answered(assistant: Assistant) -> None:
    with serving(app_of(assistant)) as address:
        parts = urlsplit(address)
        opened: list[Any] = []
        stop = threading.Event()

        async def drip() -> None:
            head = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nX-API-Key: CANARY-mine\r\nContent-Length: 900\r\n\r\n"
            for _ in range(200):
                _, writer = await asyncio.open_connection(parts.hostname, parts.port)
                writer.write(head + b"{")
                opened.append(writer)
            while not stop.is_set():
                await asyncio.sleep(0.05)
            for writer in opened:
                writer.close()

        before = memory()
        dripping = threading.Thread(target=lambda: asyncio.run(drip()))
        dripping.start()
        while len(opened) < 200:
            time.sleep(0.05)
        answered = [status for status, _ in ask(address, 20)]
        stop.set()
        dripping.join()
    FIGURES.append((
        "200 bodies that do not come",
        f"20 of 20 others answered, {memory() - before:.0f} MB more; each is given up (408) after {BODY_SECONDS} s",
    ))  # fmt: skip
    assert answered == [200] * 20 and memory() - before < 100


def test_of_a_thousand_turns_the_last_ones_are_read(assistant: Assistant) -> None:
    read: list[int] = []

    def rewriter(question: str, history: Sequence[Turn], owners: Sequence[str] = ()) -> str:
        read.append(len(history))
        return question

    asked = Assistant(assistant.library, rewriter, cast(Any, None), assistant.conversations)
    asked.search("pay", history=[Turn("What is paid?")] * 1_000)
    assert read == [RECENT]


def test_figures_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print()
        for name, figure in FIGURES:
            print(f"{name:48} {figure}")
    assert FIGURES
