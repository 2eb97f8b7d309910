"""Thousands of requests made from the API's own description: none breaks it, none is answered in another shape.

Some dozens of requests a route as part of the suite; `make fuzz` for many more.
"""

from __future__ import annotations

import os
from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient
from test_api import ScriptedAssistant

from assistant.types import Verdict
from ingest.errors import QuestionError
from ingest.settings import load_settings
from ui.api import create_app

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))


class Kept:
    """Conversations of somebody who has none."""

    def answers(self, *_: str) -> list[Any]:
        return []

    def listed(self, *_: str) -> list[Any]:
        return []

    def conversation_of(self, *_: str) -> str:
        return ""

    def delete(self, *_: str) -> bool:
        return False

    def rate(self, *_: str) -> bool:
        return False


class Answering(ScriptedAssistant):
    """Takes what some routes leave out."""

    conversations = Kept()

    def stream(self, question: str, **how: Any) -> Any:
        return super().stream(question, **{"conversation_id": "", **how})

    def verify(self, sentence: str, passages: Any = ()) -> Verdict:
        if not sentence.strip():
            raise QuestionError("There is no sentence to verify.", "Give one.")
        return Verdict(False, 0.2, ("this",), ())


app = create_app(cast(Any, Answering()), load_settings(env={"CAREER_RATE_LIMIT": "off"}))
schema = schemathesis.openapi.from_asgi("/openapi.json", app).exclude(path="/v1/sources", method="POST")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_a_route_or_is_answered_in_another_shape(case: Any) -> None:
    case.call_and_validate(
        checks=[
            not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance
        ]
    )  # fmt: skip


def test_description_has_every_route() -> None:
    paths = TestClient(app).get("/openapi.json").json()["paths"]
    assert {"/v1/ask", "/v1/responses", "/v1/conversations/{conversation_id}/export", "/metrics"} <= set(paths)
