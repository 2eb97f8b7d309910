"""Other people's clients over a real socket: Gradio's finds the page's parts closed, and Open WebUI's way works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError
from live import serving
from test_chat_page import ScriptedAssistant as ScriptedPage
from test_mcp import Answering

from ingest.settings import load_settings
from ui.api import create_app
from ui.chat import mount

KEY = {"X-API-Key": "right"}
QUESTION = {"messages": [{"role": "user", "content": "What is paid?"}], "stream": True}


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """The chat page over the API, as it is served with a key."""
    assistant: Any = ScriptedPage()
    with serving(mount(create_app(assistant, load_settings(env={"CAREER_API_KEYS": "right"})), assistant)) as address:
        yield address


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    assistant = cast(Any, Answering())
    with serving(create_app(assistant, load_settings(env={"CAREER_API_KEYS": "right"}))) as address:
        yield address


# Gradio's


def test_gradios_client_gets_in_only_with_a_key(page: str) -> None:
    with pytest.raises(AuthenticationError, match="credentials were not provided"):
        Client(page, verbose=False)
    assert Client(page, verbose=False, headers=KEY).view_api(print_info=False, return_format="dict") == {
        "named_endpoints": {},
        "unnamed_endpoints": {},
    }


@pytest.mark.parametrize(
    "how", [{"api_name": "/chat"}, {"api_name": "/predict"}, {"api_name": "/ask"}, {"fn_index": 0}]
)
def test_no_part_of_the_page_is_called_from_outside(page: str, how: dict[str, Any]) -> None:
    client = Client(page, verbose=False, headers=KEY)
    with pytest.raises(ValueError, match="Cannot find a function|Invalid function index"):
        client.predict("What is paid?", **how)


def test_parts_answer_gradios_own_routes_only_within_the_page(page: str) -> None:
    with httpx.Client(base_url=page, headers=KEY) as client:
        for path in ("/gradio_api/call/chat", "/gradio_api/call/predict", "/gradio_api/run/predict"):
            assert client.post(path, json={"data": ["What is paid?"]}).status_code in (404, 405, 422, 500), path
        assert client.get("/gradio_api/info").json() == {"named_endpoints": {}, "unnamed_endpoints": {}}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/elsewhere", 404), ("GET", "/assets/no.js", 404), ("GET", "/v1", 404), ("GET", "/v1/none", 404),
        ("PUT", "/healthz", 405), ("POST", "/metrics", 405), ("POST", "/", 405), ("PATCH", "/v1/ask", 405),
        ("POST", "/openapi.json", 405), ("TRACE", "/v1/ask", 404), ("POST", "/v1/ask", 422),
    ],
)  # fmt: skip
def test_beside_the_page_every_error_still_has_the_one_shape(page: str, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, page + path, headers=KEY)
    error = answer.json()["error"]
    assert (answer.status_code, set(error)) == (status, {"type", "message", "hint", "request_id"})
    assert error["request_id"] == answer.headers["x-request-id"]


# Open WebUI's


def sources_of(stream: Iterator[str]) -> tuple[str, list[dict[str, Any]]]:
    """The text of a streamed completion and the sources that Open WebUI lists below it.

    It reads line by line, takes `choices[0].delta`, adds up `content`, and makes a source of each of its `annotations`
    that is a `url_citation` with the address and title nested below it.
    """
    text, sources = "", []
    for line in stream:
        if not line.startswith("data:") or line.removeprefix("data:").strip() == "[DONE]":
            continue
        for choice in json.loads(line.removeprefix("data:"))["choices"][:1]:
            delta = choice.get("delta", {})
            text += delta.get("content") or ""
            for one in delta.get("annotations") or []:
                if one.get("type") == "url_citation" and "url_citation" in one:
                    url = one["url_citation"].get("url", "")
                    name = one["url_citation"].get("title", url)
                    sources.append({"source": {"name": name, "url": url}, "metadata": [{"source": url, "name": name}]})
    return text, sources


def test_open_webui_lists_the_sources_of_a_streamed_answer(api: str) -> None:
    with httpx.stream("POST", f"{api}/v1/chat/completions", json=QUESTION, headers=KEY, timeout=30) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text, sources = sources_of(stream.iter_lines())
    assert "[1]" in text
    assert sources == [
        {
            "source": {"name": "Pay", "url": "https://example.org/pay"},
            "metadata": [{"source": "https://example.org/pay", "name": "Pay"}],
        }
    ]


def test_open_webui_finds_the_model_to_offer(api: str) -> None:
    listed = httpx.get(f"{api}/v1/models", headers={"Authorization": "Bearer right"}).json()
    assert [(one["id"], one["object"]) for one in listed["data"]] == [("career-assistant", "model")]
