"""Thousands of requests made from the API's own description: none breaks it, none is answered in another shape.

They go to the whole application over a real library, so that what they send is searched, kept, listed and deleted.
Some dozens of requests a route as part of the suite; `make fuzz` sends many more and says how many.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from assistant.build import build_assistant
from evals.torture_library import HashingEmbedder, text_of
from ingest.library import Library
from ingest.settings import load_settings
from ingest.uploads import bring_file
from ui.api import create_app
from ui.guard import owner_of

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
AT_LEAST = int(os.environ.get("FUZZ_AT_LEAST", "0"))
KEY = "a-key"

_folder = tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True)
held = load_settings(data_dir=_folder.name, env={"CAREER_RATE_LIMIT": "off", "CAREER_API_KEYS": KEY})
library = Library.open(Path(_folder.name), HashingEmbedder())
for name, owner in (("alpha", ""), ("beta", ""), ("mine", owner_of(KEY)), ("theirs", "key:other")):
    bring_file(library, f"{name}.md", io.BytesIO(text_of(name, "1", 4).encode()), owner)
app = create_app(build_assistant(held, library=library), held)
# What is to be brought in is fuzzed by tests/test_library_api.py: addresses made here could be somebody's.
schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"X-API-Key": KEY})
schema = schema.exclude(path="/v1/sources", method="POST")
sent: Counter[str] = Counter()


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_a_route_or_is_answered_in_another_shape(case: Any) -> None:
    sent[f"{case.operation.method} {case.operation.path}"] += 1
    case.call_and_validate(
        headers={"X-API-Key": KEY},
        checks=[
            not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance
        ],
    )  # fmt: skip


def test_so_many_requests_were_sent(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(
            f"\n{sum(sent.values()):,} requests to {len(sent)} routes: none broke, none was answered in another shape"
        )
    assert len(sent) >= 15 and sum(sent.values()) >= AT_LEAST


def test_description_has_every_route() -> None:
    paths = TestClient(app).get("/openapi.json", headers={"X-API-Key": KEY}).json()["paths"]
    assert {"/v1/ask", "/v1/responses", "/v1/conversations/{conversation_id}/export", "/metrics"} <= set(paths)
