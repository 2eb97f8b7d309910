"""The MCP server, spoken to by MCP's own client over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from live import serving
from test_api import ScriptedAssistant

from ingest.settings import load_settings
from ui.api import create_app
from ui.guard import owner_of

pytest.importorskip("mcp", reason="needs the extra mcp")


class Answering(ScriptedAssistant):
    """Takes what the tools leave out."""

    def stream(self, question: str, **how: Any) -> Any:
        return super().stream(question, **{"conversation_id": "", **how})

    def search(self, query: str, **how: Any) -> Any:
        return super().search(query, **{"history": (), "filters": None, "rewrite": True, **how})


ANSWERING = Answering()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    settings = load_settings(env={"CAREER_API_KEYS": "right"})
    with serving(create_app(cast(Any, ANSWERING), settings)) as found:
        yield found


def test_tools_are_listed_and_answer_with_their_sources(address: str) -> None:
    from mcp.client import Client
    from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

    async def talk() -> tuple[list[str], Any, Any, Any]:
        async with create_mcp_http_client(headers={"Authorization": "Bearer right"}) as http:
            async with Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client:
                tools = [tool.name for tool in (await client.list_tools()).tools]
                found = await client.call_tool("search", {"query": "pay", "k": 3})
                answer = await client.call_tool("ask", {"question": "What is paid?"})
                refused = await client.call_tool("ask", {"question": "nothing"})
                return tools, found, answer, refused

    tools, found, answer, refused = asyncio.run(talk())
    assert {one["owner"] for one in ANSWERING.asked} == {owner_of("right")}
    assert tools == ["search", "ask"]
    assert json.loads(found.content[0].text)["hits"][0]["text"] == "Entry level: $105,418."
    assert json.loads(answer.content[0].text)["citations"][0]["quote"] == "Entry level: $105,418."
    assert refused.is_error and "The question is empty." in refused.content[0].text


def test_without_a_key_there_are_no_tools(address: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert httpx.post(f"{address}/mcp", json=body).status_code == 401
