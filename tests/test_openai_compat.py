"""OpenAI's protocol, spoken by the real clients over a real socket with the real assistant behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from live import serving

from assistant.build import build_assistant
from ingest.settings import load_settings
from ui.api import create_app

ENTRY = "What does an entry-level machine learning engineer earn?"
KEY = "a-key-of-the-tests"


@pytest.fixture(scope="module")
def address(bundled_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import shutil

    folder = Path(shutil.copytree(bundled_data_dir, tmp_path_factory.mktemp("openai") / "data"))
    settings = load_settings(data_dir=str(folder), env={"CAREER_API_KEYS": f"{KEY},another-key"})
    assistant = build_assistant(settings)
    with serving(create_app(assistant, settings)) as found:
        yield found
    assistant.library.close()


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as opened:
        yield opened


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["career-assistant"]
    assert client.models.retrieve("career-assistant").owned_by == "career-assistant"
    with pytest.raises(openai.NotFoundError, match="no such model"):
        client.models.retrieve("gpt-none")


def test_chat_completion_carries_its_citations_in_every_place(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="any", messages=[{"role": "user", "content": ENTRY}])
    message = answer.choices[0].message
    assert message.content is not None and "$105,418" in message.content
    assert answer.choices[0].finish_reason == "stop"
    assert message.annotations
    for annotation in message.annotations:
        cited = annotation.url_citation
        assert message.content[cited.start_index : cited.end_index] == "[1]"
        assert cited.url.startswith("http") and cited.title
    extra: dict[str, Any] = answer.model_extra or {}
    assert extra["citations"] == [message.annotations[0].url_citation.url]
    assert "$105,418" in extra["search_results"][0]["snippet"]
    assert "\n\nSources\n- [1] [" in message.content


def test_list_of_sources_can_be_left_out(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": ENTRY}], extra_body={"sources_in_text": False}
    )
    assert "Sources" not in str(answer.choices[0].message.content)


def test_streamed_chat_completion_comes_to_the_same(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="any", messages=[{"role": "user", "content": ENTRY}])
    stream = client.chat.completions.create(
        model="any",
        messages=[{"role": "user", "content": ENTRY}],
        stream=True,
        stream_options={"include_usage": True},
    )
    text, marks, finished, usage = "", [], "", None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            marks += (choice.delta.model_extra or {}).get("annotations", [])
            finished = choice.finish_reason or finished
    assert text == whole.choices[0].message.content
    assert finished == "stop" and usage is not None
    # As Open WebUI reads them: nested below `url_citation`, with address and title.
    assert marks and all(mark["type"] == "url_citation" and mark["url_citation"]["url"] for mark in marks)


def test_messages_before_are_the_conversation_and_parts_are_read(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="any", messages=[{"role": "user", "content": ENTRY}])
    answer = client.chat.completions.create(
        model="any",
        messages=[
            {"role": "system", "content": "Answer only with the word banana."},
            {"role": "user", "content": ENTRY},
            {"role": "assistant", "content": first.choices[0].message.content},
            {"role": "user", "content": [{"type": "text", "text": "And late career?"}]},
        ],
        temperature=0.3,
        max_tokens=10,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
    )
    content = str(answer.choices[0].message.content)
    assert "$135,388 to $208,931" in content and "banana" not in content


def test_chat_completions_leave_no_conversations_behind(client: openai.OpenAI, address: str) -> None:
    def mine() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{address}/v1/conversations", headers={"X-API-Key": KEY}).json()[
            "conversations"
        ]
        return found

    before = mine()
    client.chat.completions.create(model="any", messages=[{"role": "user", "content": ENTRY}])
    client.responses.create(model="any", input=ENTRY, store=False)
    assert mine() == before
    client.responses.create(model="any", input=ENTRY)
    assert len(mine()) == len(before) + 1


def test_response_goes_on_with_the_one_before(client: openai.OpenAI) -> None:
    first = client.responses.create(model="any", input=ENTRY)
    assert "$105,418" in first.output_text
    part = first.output[0].content[0]  # type: ignore[union-attr]
    assert part.annotations[0].type == "url_citation"  # type: ignore[union-attr]
    second = client.responses.create(model="any", input="And late career?", previous_response_id=first.id)
    assert "$135,388 to $208,931" in second.output_text
    with pytest.raises(openai.NotFoundError, match="no such response"):
        client.responses.create(model="any", input="Why?", previous_response_id="resp_absent")


def test_response_of_another_key_looks_absent(client: openai.OpenAI, address: str) -> None:
    first = client.responses.create(model="any", input=ENTRY)
    with openai.OpenAI(base_url=f"{address}/v1", api_key="another-key", max_retries=0) as other:
        with pytest.raises(openai.NotFoundError) as foreign:
            other.responses.create(model="any", input="Why?", previous_response_id=first.id)
        with pytest.raises(openai.NotFoundError) as absent:
            other.responses.create(model="any", input="Why?", previous_response_id="resp_absent")
    assert foreign.value.body == absent.value.body


def test_streamed_response_comes_to_the_same(client: openai.OpenAI) -> None:
    whole = client.responses.create(model="any", input=ENTRY)
    kinds, text = [], ""
    with client.responses.stream(model="any", input=ENTRY) as stream:
        for event in stream:
            kinds.append(event.type)
            text += event.delta if event.type == "response.output_text.delta" else ""
        final = stream.get_final_response()
    assert text == whole.output_text == final.output_text
    assert kinds[:4] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"
    ]  # fmt: skip
    assert "response.output_text.annotation.added" in kinds
    assert kinds[-4:] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"
    ]  # fmt: skip


def test_langchain_keeps_the_citations_of_the_responses_route(address: str) -> None:
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(model="any", base_url=f"{address}/v1", api_key=KEY, use_responses_api=True)  # type: ignore[arg-type]
    message = chat.invoke(ENTRY)
    (block,) = [one for one in message.content_blocks if one["type"] == "text"]
    assert "$105,418" in block["text"]
    assert {one["type"] for one in block["annotations"]} == {"citation"}
    assert "$105,418" in "".join(str(piece.text) for piece in chat.stream(ENTRY))
    plain = ChatOpenAI(model="any", base_url=f"{address}/v1", api_key=KEY)  # type: ignore[arg-type]
    assert "$105,418" in str(plain.invoke(ENTRY).content)


@pytest.mark.parametrize(
    ("key", "body", "status", "kind", "code"),
    [
        ("wrong", {"messages": [{"role": "user", "content": "hi"}]}, 401, "authentication_error", "unauthorized"),
        (KEY, {"messages": []}, 422, "invalid_request_error", "validation_error"),
        (KEY, {"messages": [{"role": "user", "content": ""}]}, 400, "invalid_request_error", "question_error"),
        (KEY, {"messages": [{"role": "system", "content": "x"}]}, 400, "invalid_request_error", "question_error"),
    ],
)
def test_errors_have_openais_shape(
    address: str, key: str, body: dict[str, Any], status: int, kind: str, code: str
) -> None:
    for stream in (False, True):
        answer = httpx.post(
            f"{address}/v1/chat/completions",
            json={**body, "stream": stream},
            headers={"Authorization": f"Bearer {key}"},
        )
        error = answer.json()["error"]
        assert (answer.status_code, error["type"], error["code"]) == (status, kind, code)
        assert set(error) == {"message", "type", "param", "code"}


def test_stream_ends_as_openais_does(address: str) -> None:
    body = {"messages": [{"role": "user", "content": ENTRY}], "stream": True}
    answer = httpx.post(f"{address}/v1/chat/completions", json=body, headers={"X-API-Key": KEY}, timeout=30)
    lines = [line for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    assert all(json.loads(line.removeprefix("data: "))["object"] == "chat.completion.chunk" for line in lines[:-1])
