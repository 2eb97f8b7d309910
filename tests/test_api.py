"""The HTTP API: its shapes, errors and limits, over a scripted assistant; and once over the real one."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assistant.build import build_assistant
from assistant.types import Answer, Citation, Cited, Delta, Done, Event, Searching, Turn
from ingest import errors
from ingest.settings import Settings, load_settings
from ingest.types import Filters, Hit, Neighbourhood, Passage, Reference, Source
from ui.api import create_app
from ui.failures import STATUS, status_of
from ui.guard import owner_of
from ui.limits import MAX_BODY

ORIGIN = Reference("Labor Bureau", "Pay", "2024-05", "https://example.org/pay")
SOURCE = Source(
    "s1", "pay.md", "/home/somebody", "Pay", "markdown", "pay", "What is paid.", ORIGIN, "x1", "", 2, "2026"
)
FIRST = Passage("p1", "s1", 0, ("Pay",), 3, "Pay, p. 3", "Entry level: $105,418.", ())
SECOND = Passage("p2", "s1", 1, ("Pay",), 3, "Pay, p. 3", "Senior: $183,000.", ())
CITATION = Citation(
    1, "s1", "Pay", "Pay, p. 3", ORIGIN.url, "Labor Bureau", "2024-05", "Entry level: $105,418.", "p1", 0.97
)
ANSWER = Answer(
    "It is $105,418. [1]", "answered", (CITATION,), (), "entry-level pay", ("And senior?",), "extractive", "c1", "t1",
    {"rewrite": 0.1, "search": 0.2, "answer": 0.3, "total": 0.6},
)  # fmt: skip


class ScriptedLibrary:
    def __init__(self) -> None:
        self.empty = False

    def is_empty(self) -> bool:
        return self.empty

    def sources(self, owners: Sequence[str] = ()) -> list[Source]:
        return [SOURCE]

    def passage(self, passage_id: str, owners: Sequence[str] = ()) -> Neighbourhood | None:
        return Neighbourhood(FIRST, SOURCE, None, SECOND) if passage_id == "p1" else None


@dataclass
class ScriptedAssistant:
    """Notes what it was asked, and fails where the question says so."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    library: ScriptedLibrary = field(default_factory=ScriptedLibrary)

    def stream(self, question: str, **how: Any) -> Iterator[Event]:
        self.asked.append({"question": question, **how})
        if "nothing" in question:
            raise errors.QuestionError("The question is empty.", "Type one.")
        if "broken" in question:
            raise RuntimeError("secret detail")
        yield Searching(ANSWER.searched_for)
        yield Delta("It is $105,418. ")
        if "unreachable" in question:
            raise errors.ModelUnavailable("The model does not answer.", "Try later.")
        if "torn" in question:
            raise RuntimeError("secret detail")
        yield Delta("[1]")
        yield Cited(CITATION)
        yield Done(replace(ANSWER, conversation_id=how["conversation_id"] or "c1"))

    def search(
        self, query: str, *, history: Sequence[Turn], k: int, filters: Filters, rewrite: bool, **whose: str
    ) -> tuple[str, list[Hit]]:
        self.asked.append({"query": query, "history": history, "k": k, "filters": filters, "rewrite": rewrite, **whose})
        return f"{query}, standing alone", [Hit(FIRST, SOURCE, 0.9, {"vector": 1, "bm25": 2}, 0.8)]


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


def settings(**env: str) -> Settings:
    return load_settings(env=env)


@pytest.fixture
def client(assistant: ScriptedAssistant) -> TestClient:
    return TestClient(create_app(assistant, settings()))  # type: ignore[arg-type]


@pytest.fixture
def locked(assistant: ScriptedAssistant) -> TestClient:
    app = create_app(assistant, settings(CAREER_API_KEYS="right, other"))  # type: ignore[arg-type]
    page = Starlette(routes=[Route("/page", lambda _: PlainTextResponse("page"), methods=["GET", "POST"])])
    app.mount("/", page)
    return TestClient(app)


def events(text: str) -> list[tuple[str, Any]]:
    """Names and data of server-sent events."""
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


# Asking


def test_answer_has_the_shape_of_the_contract(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "What is paid?"})
    assert answer.status_code == 200
    assert answer.json() == {
        "answer": "It is $105,418. [1]",
        "outcome": "answered",
        "citations": [
            {
                "number": 1, "source_id": "s1", "title": "Pay", "place": "Pay, p. 3", "url": "https://example.org/pay",
                "publisher": "Labor Bureau", "as_of": "2024-05", "quote": "Entry level: $105,418.",
                "passage_id": "p1", "support": 0.97, "review_by": "",
            }
        ],
        "unverified": [],
        "searched_for": "entry-level pay",
        "follow_ups": ["And senior?"],
        "answered_by": "extractive",
        "conversation_id": "c1",
        "turn_id": "t1",
        "timings_ms": {"rewrite": 0.1, "search": 0.2, "answer": 0.3, "total": 0.6},
    }  # fmt: skip


def test_everything_in_the_request_reaches_the_assistant(client: TestClient, assistant: ScriptedAssistant) -> None:
    body = {
        "question": "And senior?",
        "conversation_id": "c9",
        "history": [{"question": "What is paid?", "answer": "$105,418."}, {"question": "Where?"}],
        "k": 7,
        "filters": {"topics": ["pay"], "source_ids": ["s1"], "since": "2024-05"},
    }
    assert client.post("/v1/ask", json=body).json()["conversation_id"] == "c9"
    assert assistant.asked == [
        {
            "question": "And senior?",
            "conversation_id": "c9",
            "owner": "",
            "history": [Turn("What is paid?", "$105,418."), Turn("Where?", "")],
            "k": 7,
            "filters": Filters(("pay",), ("s1",), "2024-05"),
        }
    ]


def test_absent_history_is_the_conversations_own_and_an_empty_one_is_empty(
    client: TestClient, assistant: ScriptedAssistant
) -> None:
    client.post("/v1/ask", json={"question": "What is paid?"})
    client.post("/v1/ask", json={"question": "What is paid?", "history": []})
    assert [asked["history"] for asked in assistant.asked] == [None, []]


def test_streamed_answer_comes_as_events_in_order(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "What is paid?", "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    got = events(answer.text)
    assert [name for name, _ in got] == ["searching", "delta", "delta", "citation", "done"]
    assert got[0][1] == {"searched_for": "entry-level pay"}
    assert "".join(data["text"] for name, data in got if name == "delta") == "It is $105,418. [1]"
    whole = client.post("/v1/ask", json={"question": "What is paid?"}).json()
    assert got[-1][1] == whole
    assert got[3][1] == whole["citations"][0]


def test_streamed_question_that_cannot_be_asked_gets_a_status(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "nothing", "stream": True})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "question_error"


@pytest.mark.parametrize(
    ("question", "kind", "message"),
    [
        ("unreachable", "model_unavailable", "The model does not answer."),
        ("torn", "internal_error", "Something went wrong on our side."),
    ],
)
def test_failure_in_a_stream_is_its_last_event(client: TestClient, question: str, kind: str, message: str) -> None:
    answer = client.post("/v1/ask", json={"question": question, "stream": True})
    name, data = events(answer.text)[-1]
    assert (name, data["type"], data["message"]) == ("error", kind, message)
    assert data["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text


# Searching and reading


def test_search_tells_what_was_searched_for_and_why_each_hit_came(
    client: TestClient, assistant: ScriptedAssistant
) -> None:
    body = {"query": "pay", "history": [{"question": "ML?"}], "k": 3, "filters": {"topics": ["pay"]}, "rewrite": False}
    assert client.post("/v1/search", json=body).json() == {
        "searched_for": "pay, standing alone",
        "hits": [
            {
                "passage_id": "p1", "source_id": "s1", "external_id": "x1", "title": "Pay", "place": "Pay, p. 3",
                "url": "https://example.org/pay", "text": "Entry level: $105,418.", "score": 0.9,
                "ranks": {"vector": 1, "bm25": 2},
            }
        ],
    }  # fmt: skip
    assert assistant.asked[0] == {
        "query": "pay", "history": [Turn("ML?")], "k": 3, "filters": Filters(("pay",)), "rewrite": False, "owner": "",
        "conversation_id": "",
    }  # fmt: skip


def test_passage_comes_with_its_place_and_neighbours(client: TestClient) -> None:
    found = client.get("/v1/passages/p1").json()
    assert (found["passage_id"], found["place"], found["text"]) == ("p1", "Pay, p. 3", "Entry level: $105,418.")
    assert found["before"] is None
    assert found["after"]["text"] == "Senior: $183,000."
    assert found["source"]["title"] == "Pay"
    assert client.get("/v1/passages/absent").status_code == 404


def test_sources_do_not_tell_folders_of_this_machine(client: TestClient) -> None:
    answer = client.get("/v1/sources")
    (source,) = answer.json()["sources"]
    assert (source["title"], source["kind"], source["passages"], source["as_of"]) == ("Pay", "markdown", 2, "2024-05")
    assert "/home/somebody" not in answer.text


# Errors


def test_every_error_has_a_status() -> None:
    def below(kind: type[errors.CareerError]) -> Iterator[type[errors.CareerError]]:
        yield kind
        for one in kind.__subclasses__():
            yield from below(one)

    for kind in below(errors.CareerError):
        assert kind in STATUS or kind.__mro__[1] in STATUS, f"{kind.__name__} has no status"
    assert status_of(errors.QuestionError("?")) == 400
    assert status_of(errors.LibraryBusy("?")) == 503


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "/v1/ask", {"question": "nothing"}, 400, "question_error"),
        ("GET", "/v1/passages/absent", None, 404, "not_found"),
        ("GET", "/v1/elsewhere", None, 404, "not_found"),
        ("GET", "/v1/ask", None, 405, "method_not_allowed"),
        ("DELETE", "/v1/sources", None, 405, "method_not_allowed"),
        ("POST", "/healthz", None, 405, "method_not_allowed"),
        ("GET", "/elsewhere", None, 404, "not_found"),
        ("POST", "/v1/ask", {"question": "x", "k": 0}, 422, "validation_error"),
        ("POST", "/v1/ask", {"question": "x", "k": 101}, 422, "validation_error"),
        ("POST", "/v1/search", {"query": "x", "k": 101}, 422, "validation_error"),
        ("POST", "/v1/ask", {}, 422, "validation_error"),
        ("POST", "/v1/ask", {"question": "x", "filter": {}}, 422, "validation_error"),
        ("POST", "/v1/ask", {"question": "x", "filters": {"since": "May"}}, 422, "validation_error"),
        ("POST", "/v1/ask", {"question": "x" * MAX_BODY}, 413, "payload_too_large"),
        ("POST", "/v1/ask", {"question": "broken"}, 500, "internal_error"),
    ],
)
def test_every_error_has_the_one_shape(
    client: TestClient, method: str, path: str, body: object, status: int, kind: str
) -> None:
    answer = client.request(method, path, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (status, kind)
    assert set(error) == {"type", "message", "hint", "request_id"}
    assert error["message"]
    assert error["hint"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text


def test_validation_names_the_field_and_does_not_repeat_what_was_sent(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "x", "k": "private"})
    assert "k: " in answer.json()["error"]["message"]
    assert "private" not in answer.text


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"question": "\\ud800"}', b"\xff\xfe", b""])
def test_garbage_is_refused_and_breaks_nothing(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/ask", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


def test_body_without_a_declared_length_is_limited_too(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 50_000 + 2):
            yield b"x" * 50_000

    answer = client.post("/v1/ask", content=endless())
    assert answer.status_code == 413


def test_request_id_is_kept_when_it_is_one_and_replaced_when_not(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-ID": "<b>"}).headers["x-request-id"] != "<b>"


# Keys and headers


def test_without_keys_everybody_on_this_machine_may_ask(client: TestClient) -> None:
    assert client.post("/v1/ask", json={"question": "What is paid?"}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/sources", "/docs", "/openapi.json", "/page", "/", "/elsewhere", "//healthz"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "right"},
        {"Authorization": "Basic !!"},
        {"X-API-Key": "wrong"},
        {"X-API-Key": ""},
        {"X-API-Key": "right", "Authorization": "Bearer wrong"},
    ],
)
def test_nothing_but_health_answers_without_the_right_key(
    locked: TestClient, path: str, headers: dict[str, str]
) -> None:
    answer = locked.get(f"http://testserver{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "unauthorized"


@pytest.mark.parametrize("path", ["/v1/sources", "/docs", "/openapi.json", "/page"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer right"},
        {"Authorization": "bearer other"},
        {"X-API-Key": "right"},
        {"Authorization": f"Basic {base64.b64encode(b'anybody:right').decode()}"},
    ],
)
def test_right_key_opens_everything(locked: TestClient, path: str, headers: dict[str, str]) -> None:
    assert locked.get(path, headers=headers).status_code == 200


def test_every_route_asks_for_a_key(locked: TestClient) -> None:
    paths = locked.app.openapi()["paths"]  # type: ignore[attr-defined]
    assert len(paths) >= 6
    for path, methods in paths.items():
        for method in methods:
            status = locked.request(method.upper(), path).status_code
            assert (status == 401) == (path not in ("/healthz", "/readyz")), (method, path, status)


def test_browser_is_offered_its_own_prompt(locked: TestClient) -> None:
    assert locked.get("/page", headers={"Accept": "text/html"}).headers["www-authenticate"].startswith("Basic")
    assert locked.get("/v1/sources").headers["www-authenticate"] == "Bearer"


def test_key_owns_its_conversations(locked: TestClient, assistant: ScriptedAssistant) -> None:
    for key in ("right", "other"):
        locked.post("/v1/ask", json={"question": "What is paid?"}, headers={"X-API-Key": key})
    owners = [asked["owner"] for asked in assistant.asked]
    assert owners == [owner_of("right"), owner_of("other")]
    assert owners[0] != owners[1]


def test_another_sites_page_can_neither_ask_nor_read(client: TestClient) -> None:
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/v1/ask", json={"question": "What is paid?"}, headers=evil).status_code == 403
    read = client.get("/v1/sources", headers=evil)
    preflight = client.options("/v1/ask", headers={**evil, "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in read.headers
    assert "access-control-allow-origin" not in preflight.headers


def test_every_response_carries_the_security_headers(locked: TestClient) -> None:
    for answer in (locked.get("/healthz"), locked.get("/page"), locked.get("/page", headers={"X-API-Key": "right"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"]


def test_mounted_pages_are_limited_too(locked: TestClient) -> None:
    answer = locked.post("/page", content=b"x" * (MAX_BODY + 1), headers={"X-API-Key": "right"})
    assert answer.status_code == 413


def test_failure_below_a_mount_shows_only_its_id(assistant: ScriptedAssistant) -> None:
    def breaks(_: Request) -> PlainTextResponse:
        raise RuntimeError("secret detail")

    app = create_app(assistant, settings())  # type: ignore[arg-type]
    app.mount("/", Starlette(routes=[Route("/page", breaks)]))
    answer = TestClient(app).get("/page")
    assert answer.status_code == 500
    assert "secret" not in answer.text


# State and description


def test_server_is_alive_and_ready_only_with_a_library(client: TestClient, assistant: ScriptedAssistant) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}
    assistant.library.empty = True
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "library_empty")


def test_docs_need_nothing_from_outside(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in ("/v1/ask", "/v1/search", "/v1/passages/{passage_id}", "/v1/sources", "/healthz", "/readyz"):
        assert path in page.text
    assert "src=" not in page.text
    assert "<link" not in page.text


# The real assistant over the bundled library


@pytest.fixture(scope="module")
def whole(bundled_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("api") / "library"
    shutil.copytree(bundled_data_dir, folder)
    real = load_settings(data_dir=str(folder), env={})
    assistant = build_assistant(real)
    yield TestClient(create_app(assistant, real))
    assistant.library.close()


def test_citation_leads_to_the_passage_that_holds_its_quote(whole: TestClient) -> None:
    answer = whole.post("/v1/ask", json={"question": "What does an entry-level ML engineer earn?"}).json()
    assert answer["outcome"] == "answered"
    for citation in answer["citations"]:
        assert f"[{citation['number']}]" in answer["answer"]
        passage = whole.get(f"/v1/passages/{citation['passage_id']}").json()
        assert citation["quote"] in passage["text"]
        assert passage["source"]["source_id"] == citation["source_id"]


def test_conversation_is_kept_for_its_follow_up(whole: TestClient) -> None:
    first = whole.post("/v1/ask", json={"question": "What does an entry-level ML engineer earn?"}).json()
    asked = {"question": "And late career?", "conversation_id": first["conversation_id"]}
    second = whole.post("/v1/ask", json=asked).json()
    assert second["conversation_id"] == first["conversation_id"]
    assert "machine learning" in second["searched_for"].lower() or "ml engineer" in second["searched_for"].lower()


@pytest.mark.parametrize("question", ["x" * 20_000, "", "  ", "\u0000"])
def test_question_that_cannot_be_asked_is_a_400(whole: TestClient, question: str) -> None:
    answer = whole.post("/v1/ask", json={"question": question})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "question_error")


@pytest.mark.parametrize(
    "question",
    ["pay\u0000 of engineers", '"; DROP TABLE passages; --', "NEAR(a b) OR *", "\u202epay\u200b", "💰 pay?", "%s{0}"],
)
def test_strange_questions_break_nothing(whole: TestClient, question: str) -> None:
    assert whole.post("/v1/ask", json={"question": question}).status_code == 200
    assert whole.post("/v1/search", json={"query": question}).status_code == 200


def test_search_is_limited_and_filtered(whole: TestClient) -> None:
    hits = whole.post("/v1/search", json={"query": "salary", "k": 100}).json()["hits"]
    assert 10 < len(hits) <= 100
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    source_id = hits[-1]["source_id"]
    only = whole.post("/v1/search", json={"query": "salary", "filters": {"source_ids": [source_id]}}).json()["hits"]
    assert {hit["source_id"] for hit in only} == {source_id}
