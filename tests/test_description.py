"""The API's own description: an example of everything that comes in and goes out, and each example is a true one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel, TypeAdapter
from starlette.testclient import TestClient
from test_api import ScriptedAssistant

from ingest.settings import load_settings
from ui import examples, openai_schemas, schemas
from ui.api import create_app


class Content(NamedTuple):
    """One kind of content that a route takes or gives."""

    where: str
    kind: str
    schema: dict[str, Any]
    example: Any


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(cast(Any, ScriptedAssistant()), load_settings(env={})))


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def contents(document: dict[str, Any]) -> Iterator[Content]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            bodies = {"takes": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                for kind, content in body.get("content", {}).items():
                    named = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
                    schema = document["components"]["schemas"][named] if named else content.get("schema", {})
                    example = content.get("example", next(iter(schema.get("examples", ())), None))
                    yield Content(f"{method.upper()} {path} {name}", kind, schema, example)


def test_everything_that_comes_in_or_goes_out_has_an_example(document: dict[str, Any]) -> None:
    every = list(contents(document))
    assert len(every) > 60
    assert [f"{one.where} {one.kind}" for one in every if not one.example] == []


def test_every_example_has_the_shape_that_is_described(document: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for one in contents(document):
        if one.kind == "application/json":
            rules = one.schema | {"components": document["components"]}
            jsonschema.Draft202012Validator(rules).validate(one.example)


def test_no_example_lacks_a_field_or_holds_one_that_is_none() -> None:
    models = [
        one for module in (schemas, openai_schemas) for _, one in inspect.getmembers(module, inspect.isclass)
        if issubclass(one, BaseModel) and one is not BaseModel and one.model_json_schema().get("examples")
    ]  # fmt: skip
    assert len(models) > 20
    for model in models:
        (example,) = model.model_json_schema()["examples"]
        told = model.model_validate(example).model_dump(exclude_unset=True)
        assert json.loads(json.dumps(told)) == example
        if not issubclass(model, schemas._Request | openai_schemas._Lenient):
            assert example.keys() == model.model_fields.keys(), model.__name__


def test_examples_of_openais_routes_are_read_by_openais_client(document: dict[str, Any]) -> None:
    for path, kind in (("/v1/chat/completions", ChatCompletion), ("/v1/responses", Response)):
        content = document["paths"][path]["post"]["responses"]["200"]["content"]
        TypeAdapter(kind).validate_python(content["application/json"]["example"])
        events = [line for line in content["text/event-stream"]["example"].split("\n") if line.startswith("data: {")]
        assert len(events) > 3 and all(json.loads(line[6:]) for line in events)


def test_examples_stay_the_same_from_one_start_to_the_next(document: dict[str, Any]) -> None:
    again = create_app(cast(Any, ScriptedAssistant()), load_settings(env={})).openapi()
    assert json.loads(json.dumps(again)) == document


def test_streamed_example_has_the_events_of_a_real_stream(client: TestClient) -> None:
    real = client.post("/v1/ask", json={"question": "pay?", "stream": True}).text

    def shapes(text: str) -> dict[str, set[str]]:
        blocks = (block.split("\n", 1) for block in text.strip().split("\n\n"))
        return {name.removeprefix("event: "): set(json.loads(data.removeprefix("data: "))) for name, data in blocks}

    assert shapes(examples.ASK_STREAM["text/event-stream"]["example"]) == shapes(real)


def test_page_of_the_documentation_shows_each_example(client: TestClient, document: dict[str, Any]) -> None:
    page = client.get("/docs").text
    for path in document["paths"]:
        assert f"{path}</code>" in page
    for words in ("event: searching", "chat.completion.chunk", "career_answers_total", "1 new, 0 changed",
                  "multipart/form-data", "text/markdown"):  # fmt: skip
        assert words in page
