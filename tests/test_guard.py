"""What stands before every route: which routes there are and who may call them, how often, how much, from where."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from live import serving
from starlette.routing import BaseRoute, Mount
from starlette.testclient import TestClient
from test_api import ANSWER, ScriptedAssistant

from assistant.types import Delta, Done, Event, Searching
from ingest.errors import SettingsError
from ingest.settings import load_settings
from ui.api import create_app
from ui.chat import mount
from ui.guard import OPEN_PATHS
from ui.limits import MAX_BODY, RateLimit

KEY = {"X-API-Key": "right"}
HOME = Path(__file__).resolve().parent.parent


def app(assistant: Any = None, hosts: tuple[str, ...] = (), **env: str) -> Any:
    settings = load_settings(env={"CAREER_API_KEYS": "right,other", **env})
    return create_app(cast(Any, assistant or ScriptedAssistant()), settings, hosts)


def keyless(assistant: Any = None, **env: str) -> Any:
    return app(assistant, **{"CAREER_API_KEYS": "", **env})


# Every route, mounted ones included


def every_path(routes: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    """Method and a path of every route, parameters filled in."""
    for route in routes:
        router = getattr(route, "original_router", None)  # how FastAPI keeps a router that was included
        if router is not None or isinstance(route, Mount):
            yield from every_path(list((router or route).routes), before + getattr(route, "path", ""))
        else:
            path = "".join(
                "x" if part.startswith("{") else part for part in _parts(before + getattr(route, "path", ""))
            )
            for method in sorted(getattr(route, "methods", None) or {"GET", "POST"}):
                yield method, path or "/"


def _parts(path: str) -> list[str]:
    parts, run = [], ""
    for character in path:
        if character == "{":
            parts.append(run)
            run = ""
        run += character
        if character == "}":
            parts.append(run)
            run = ""
    return [*parts, run]


@pytest.fixture(scope="module")
def whole() -> Any:
    """The API with the chat page mounted in it, as it is served."""
    from test_chat_page import ScriptedAssistant as ScriptedPage

    assistant: Any = ScriptedPage()
    return mount(create_app(assistant, load_settings(env={"CAREER_API_KEYS": "right,other"})), assistant)


def test_no_route_answers_without_a_key_but_those_that_say_the_server_lives(whole: Any) -> None:
    paths = {*every_path(whole.routes), *(("GET", path) for path in whole.openapi()["paths"])}
    assert len(paths) > 80
    assert {"/v1/ask", "/mcp", "/metrics", "/gradio_api/queue/join", "/gradio_api/upload"} <= {
        path for _, path in paths
    }
    client = TestClient(whole)
    opened = set()
    for method, path in sorted(paths):
        for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "bearer wrong"}):
            for form in (path, f"/{path}", f"{path}/", f"{path}?key=right&api_key=right"):
                if client.request(method, f"http://testserver{form}", headers=headers).status_code != 401:
                    opened.add(urlsplit(form).path)
    assert opened == set(OPEN_PATHS)


def test_documentation_lists_every_route_of_the_api(whole: Any) -> None:
    told = (HOME / "docs" / "api.md").read_text(encoding="utf-8")
    for path, methods in whole.openapi()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in told, f"docs/api.md does not tell of {method.upper()} {path}"


# How often and how much


def test_more_than_the_rate_allows_is_a_429_that_says_when(caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(app(CAREER_RATE_LIMIT="5/minute"))
    answers = [client.post("/v1/ask", json={"question": "pay?"}, headers=KEY) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].json()["error"]["type"] == "too_many_requests"
    # Another key has a count of its own; looking whether the server lives is not counted.
    assert client.post("/v1/ask", json={"question": "pay?"}, headers={"X-API-Key": "other"}).status_code == 200
    assert client.get("/healthz").status_code == 200
    openai = client.post("/v1/chat/completions", json={"messages": [{"content": "x"}]}, headers=KEY)
    assert (openai.status_code, openai.json()["error"]["type"]) == (429, "rate_limit_error")


def test_callers_without_keys_are_told_apart_by_address_not_by_what_they_claim() -> None:
    client = TestClient(keyless(CAREER_RATE_LIMIT="3/minute"))
    claims = [{"X-Forwarded-For": f"10.0.0.{number}"} for number in range(5)]
    statuses = [client.post("/v1/ask", json={"question": "pay?"}, headers=claim).status_code for claim in claims]
    assert statuses == [200, 200, 200, 429, 429]


@pytest.mark.parametrize(("rate", "storage"), [("often", "memory://"), ("5/minute", "nowhere://x")])
def test_limit_that_cannot_be_used_is_said(rate: str, storage: str) -> None:
    with pytest.raises(SettingsError, match="CAREER_RATE_LIMIT"):
        RateLimit(rate, storage)


def test_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.guard.BODY_SECONDS", 0.2)
    with serving(keyless()) as address:
        parts = urlsplit(address)

        async def drip() -> bytes:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{")
            try:
                return await asyncio.wait_for(reader.readline(), 10)
            finally:
                writer.close()
                await writer.wait_closed()

        assert b" 408 " in asyncio.run(drip())
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_body_over_the_limit_is_refused_while_it_is_still_being_sent() -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 100_000
            yield b"x" * 100_000

    with serving(keyless()) as address:
        assert httpx.post(f"{address}/v1/ask", content=b"x" * (MAX_BODY + 1)).status_code == 413
        # The server answers and closes; whether that or the broken pipe is seen first is the network's affair.
        with suppress(httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
            assert httpx.post(f"{address}/v1/ask", content=endless(), timeout=20).status_code == 413
        assert sent < 50_000_000
        assert httpx.get(f"{address}/healthz").status_code == 200


# From where


def test_without_keys_only_this_machines_own_name_is_answered() -> None:
    client = TestClient(keyless(hosts=()))
    assert client.get("/v1/sources").status_code == 200
    own = TestClient(app(None, ("localhost", "127.0.0.1", "[::1]"), CAREER_API_KEYS=""))
    for host in ("localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000"):
        assert own.get("/v1/sources", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.nip.example", ""):
        answer = own.get("/v1/sources", headers={"Host": host})
        assert (answer.status_code, answer.json()["error"]["type"]) == (403, "other_host"), host


def test_only_named_sites_may_call_from_a_browser() -> None:
    client = TestClient(app(CAREER_CORS_ORIGINS="https://good.example/, https://other.example"))
    good = {"Origin": "https://good.example", "Sec-Fetch-Site": "cross-site"}
    preflight = {**good, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    assert client.options("/v1/ask", headers=preflight).headers["access-control-allow-origin"] == good["Origin"]
    answer = client.post("/v1/ask", json={"question": "pay?"}, headers={**good, **KEY})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == good["Origin"]
    assert "access-control-allow-credentials" not in answer.headers
    for origin in ("https://evil.example", "null", "https://good.example.evil.example", "http://good.example"):
        evil = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        assert client.post("/v1/ask", json={"question": "pay?"}, headers={**evil, **KEY}).status_code == 403
        assert "access-control-allow-origin" not in client.get("/v1/sources", headers={**evil, **KEY}).headers
        assert "access-control-allow-origin" not in client.options("/v1/ask", headers={**preflight, **evil}).headers


def test_every_response_forbids_the_browser_to_call_out(whole: Any) -> None:
    client = TestClient(whole)
    for path, headers in (("/", KEY), ("/v1/sources", KEY), ("/docs", KEY), ("/", {}), ("/healthz", {})):
        policy = client.get(path, headers=headers).headers["content-security-policy"]
        parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert parts["default-src"] == parts["connect-src"] == "'self'"
        assert parts["object-src"] == "'none'"
        assert "http" not in policy and "*" not in policy


# What is told


class Told:
    """A scripted assistant whose answers, questions and failures all hold a secret."""

    def __init__(self, inner: ScriptedAssistant) -> None:
        self._inner = inner
        self.library, self.conversations = inner.library, None

    def stream(self, question: str, **how: Any) -> Iterator[Event]:
        if "fail" in question:
            raise RuntimeError("CANARY-in-an-exception")
        yield Searching("CANARY-in-a-search")
        yield Delta("CANARY-in-an-answer")
        yield Done(ANSWER)


def test_no_question_answer_or_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = TestClient(app(Told(ScriptedAssistant()), CAREER_API_KEYS="CANARY-key"), raise_server_exceptions=False)
    headers = {"Authorization": "Bearer CANARY-key"}
    for body in (
        {"question": "CANARY-question"},
        {"question": "CANARY-q", "stream": True},
        {"nonsense": "CANARY-field"},
    ):
        client.post("/v1/ask?x=CANARY-query", json=body, headers=headers)
    client.post("/v1/ask", content=b"CANARY-garbage", headers=headers)
    client.get("/v1/passages/CANARY-id", headers=headers)
    client.get("/v1/sources", headers={"X-API-Key": "CANARY-wrong"})
    told = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "asyncio"))]
    assert [record for record in told if record.name == "career_assistant.requests"]
    assert not [record for record in told if "CANARY" in record.getMessage() or "CANARY" in str(record.__dict__)]


def test_failure_tells_its_caller_an_id_and_the_log_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(app(Told(ScriptedAssistant())), raise_server_exceptions=False)
    answer = client.post("/v1/ask", json={"question": "fail"}, headers=KEY)
    assert answer.status_code == 500
    assert "CANARY" not in answer.text
    assert answer.headers["x-request-id"] in caplog.text


def test_log_is_json_where_no_person_reads_it() -> None:
    from ui.logs import JsonLines

    record = logging.LogRecord("x", logging.WARNING, "f", 1, "said %s", ("this",), None)
    record.seen = {"route": "/v1/ask", "status": 200}
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["message"], line["route"], line["status"]) == ("warning", "said this", "/v1/ask", 200)


def test_traces_without_their_package_or_address_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.logs import traces_wanted

    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert not traces_wanted()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert traces_wanted()


# Stopping


class Slow(ScriptedAssistant):
    """Answers a word at a time until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def stream(self, question: str, **how: Any) -> Iterator[Event]:
        yield Searching("slow")
        for _ in range(200):
            yield Delta("word ")
            if self.let_go.wait(0.05):
                break
        yield Done(ANSWER)


def test_stream_that_is_open_when_the_server_stops_still_ends() -> None:
    assistant = Slow()
    lines: list[str] = []
    with serving(keyless(assistant)) as address:

        def read() -> None:
            body = {"question": "pay?", "stream": True}
            with httpx.stream("POST", f"{address}/v1/ask", json=body, timeout=30) as stream:
                lines.extend(stream.iter_lines())

        reading = threading.Thread(target=read)
        reading.start()
        until = time.monotonic() + 10
        while not any("delta" in line for line in lines):
            assert time.monotonic() < until
            time.sleep(0.02)
        threading.Timer(0.5, assistant.let_go.set).start()
    reading.join(timeout=15)
    assert not reading.is_alive()
    assert [line for line in lines if line.startswith("event: ")][-1] in ("event: done", "event: error")
