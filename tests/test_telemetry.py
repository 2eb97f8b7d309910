"""What a running server tells whoever watches it: logs and traces say what happened, and no word of what was said."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import loopback
import pytest
from live import served, waited_for
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KEY = {"X-API-Key": "CANARY-key"}
ASKED = {"question": "What does a CANARYnurse in Oslo earn a month?"}


@contextmanager
def collecting(received: dict[str, list[bytes]]) -> Iterator[str]:
    """The address of an OTLP collector that keeps what it is sent, by path."""

    class Handler(loopback.Handler):
        def do_POST(self) -> None:
            received.setdefault(self.path, []).append(self.body())
            self.send(200, b"", "application/x-protobuf")

    with loopback.listening(Handler) as address:
        yield address


class Told(NamedTuple):
    """What a server told in its life."""

    answers: dict[str, httpx.Response]
    log: str
    sent: dict[str, list[bytes]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A real server that was asked good and bad things by somebody whose every word is a canary, and then stopped."""
    folder = tmp_path_factory.mktemp("telemetry")
    (folder / "pay.md").write_text("# Pay\n\n## Nurses\n\nA CANARYnurse in Oslo earns 61,200 kroner a month.\n")
    data = folder / "data"
    command = [sys.executable, "-m", "ui.cli", "--data", str(data), "ingest", str(folder / "pay.md")]
    subprocess.run(command, check=True, capture_output=True)
    sent: dict[str, list[bytes]] = {}
    with collecting(sent) as collector:
        address, process = served(
            data,
            CAREER_API_KEYS=KEY["X-API-Key"],
            OTEL_EXPORTER_OTLP_ENDPOINT=collector,
            OTEL_SERVICE_NAME="careers-of-the-tests",
        )
        said: list[str] = []
        reading = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
        reading.start()
        waited_for(f"{address}/readyz")
        answers = talk(address)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        reading.join(10)
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
    return Told(answers, "".join(said), sent)


def talk(address: str) -> dict[str, httpx.Response]:
    """The answers to requests of every kind, by the id that was sent along."""
    requests: dict[str, dict[str, Any]] = {
        "r-ask": {"url": "/v1/ask", "json": ASKED},
        "r-stream": {"url": "/v1/ask", "json": {**ASKED, "stream": True}},
        "r-query": {"url": "/v1/ask?q=CANARYquery", "json": ASKED},
        "r-chat": {"url": "/v1/chat/completions", "json": {"messages": [{"role": "user", **content()}]}},
        "r-responses": {"url": "/v1/responses", "json": {"input": ASKED["question"]}},
        "r-search": {"url": "/v1/search", "json": {"query": ASKED["question"]}},
        "r-verify": {"url": "/v1/verify", "json": {"sentence": "A CANARYnurse earns 61,200 kroner."}},
        "r-field": {"url": "/v1/ask", "json": {"CANARYfield": 1}},
        "r-garbage": {"url": "/v1/ask", "content": b"{CANARYgarbage"},
        "r-upload": {"url": "/v1/sources", "files": {"file": ("CANARYname.md", b"# CANARYtitle\n\nCANARYtext.\n")}},
        "r-broken": {"url": "/v1/sources", "files": {"file": ("CANARYname.pdf", b"%PDF-1.4 CANARYtext")}},
        "r-page": {"url": "/v1/sources", "json": {"url": "http://127.0.0.1:1/CANARYpath"}},
        "r-wrong": {"url": "/v1/ask", "json": ASKED, "headers": {"X-API-Key": "CANARY-wrong"}},
    }
    with httpx.Client(base_url=address, timeout=60) as client:
        answers = {}
        for name, request in requests.items():
            headers = {**KEY, **request.pop("headers", {}), "X-Request-ID": name}
            answers[name] = client.post(headers=headers, **request)
        answers["r-passage"] = client.get("/v1/passages/CANARYid", headers={**KEY, "X-Request-ID": "r-passage"})
    return answers


def content() -> dict[str, str]:
    return {"content": ASKED["question"]}


def test_server_answered_as_it_was_asked(told: Told) -> None:
    assert "61,200" in told.answers["r-ask"].text
    statuses = {name: answer.status_code for name, answer in told.answers.items()}
    assert statuses == {
        "r-ask": 200, "r-stream": 200, "r-query": 200, "r-chat": 200, "r-responses": 200, "r-search": 200,
        "r-verify": 200, "r-field": 422, "r-garbage": 422, "r-upload": 201, "r-broken": 400, "r-page": 400,
        "r-wrong": 401, "r-passage": 404,
    }  # fmt: skip


def test_log_has_one_line_of_json_a_request_with_its_id_and_none_of_its_words(told: Told) -> None:
    lines = [json.loads(line) for line in told.log.splitlines()]
    requests = {line["request_id"]: line for line in lines if line["logger"] == "career_assistant.requests"}
    assert told.answers.keys() <= requests.keys()
    for name, answer in told.answers.items():
        assert answer.headers["x-request-id"] == name
        assert (requests[name]["status"], requests[name]["level"]) == (answer.status_code, "info")
        assert requests[name]["ms"] > 0
    assert requests["r-passage"]["route"] == "/v1/passages/{passage_id}"
    assert "CANARY" not in told.log


def test_traces_say_how_a_question_was_answered_and_none_of_its_words(told: Told) -> None:
    spans, services = [], set()
    for body in told.sent["/v1/traces"]:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            services |= {one.value.string_value for one in resource.resource.attributes if one.key == "service.name"}
            spans += [span for scope in resource.scope_spans for span in scope.spans]
    assert services == {"careers-of-the-tests"}
    named = {span.name for span in spans}
    assert {"career_assistant.rewrite", "career_assistant.search", "career_assistant.answered"} <= named
    routes = {one.value.string_value for span in spans for one in span.attributes if one.key == "http.route"}
    assert {"/v1/ask", "/v1/search", "/v1/passages/{passage_id}"} <= routes
    outcomes = {one.value.string_value for span in spans for one in span.attributes if one.key == "outcome"}
    assert outcomes == {told.answers["r-ask"].json()["outcome"]}
    # The parts of a step belong to the request that they are a part of.
    requests = {span.trace_id for span in spans for one in span.attributes if one.key == "http.route"}
    assert {span.trace_id for span in spans if span.name.startswith("career_assistant.")} <= requests
    told_of = {one.key: str(one.value) for span in spans for one in span.attributes if "CANARY" in str(one.value)}
    assert told_of == {} and b"CANARY" not in b"".join(told.sent["/v1/traces"])


def test_metrics_are_sent_too_and_have_none_of_its_words(told: Told) -> None:
    named = {
        metric.name
        for body in told.sent["/v1/metrics"]
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert "http.server.request.duration" in named
    assert b"CANARY" not in b"".join(told.sent["/v1/metrics"])
    assert set(told.sent) == {"/v1/traces", "/v1/metrics"}


def test_without_an_address_nothing_is_set_up(tmp_path: Path) -> None:
    script = (
        "from opentelemetry import trace; from ui.logs import traces_wanted; "
        "print(traces_wanted(), type(trace.get_tracer_provider()).__name__)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "ProxyTracerProvider"]
