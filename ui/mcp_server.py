"""The library for agents: an MCP server with two tools, `search` and `ask`, over Streamable HTTP at `/mcp`.

It is there when the extra `mcp` is installed. It keeps no sessions and no conversations; keys, limits and headers are
the guard's, as for every other route.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import Field
from starlette.routing import BaseRoute

from assistant.assistant import Assistant
from assistant.types import Done
from ui import render

_INSTRUCTIONS = (
    "Answers questions about careers in AI and machine learning from a library of documents. `ask` gives a short "
    "answer in which every statement carries [n], with its source; its outcome `not_found` means that the library does "
    "not hold it. `search` gives passages."
)


def is_installed() -> bool:
    """Whether the extra `mcp` is there."""
    return find_spec("mcp") is not None


def mcp_routes(assistant: Assistant) -> tuple[list[BaseRoute], Callable[[], AbstractAsyncContextManager[None]]]:
    """The route at `/mcp`, and what has to be entered while it is served."""
    from mcp.server.mcpserver import MCPServer
    from mcp.server.transport_security import TransportSecuritySettings

    server = MCPServer("career-assistant", title="Career Assistant", instructions=_INSTRUCTIONS, log_level="WARNING")

    def search(
        query: Annotated[str, Field(description="What to look for, 1 to 4,000 characters.")],
        k: Annotated[int, Field(description="Passages at most.", ge=1, le=100)] = 5,
    ) -> dict[str, Any]:
        """Find passages of the library, best first, with title, place, address and text."""
        return render.found(*assistant.search(query, k=k))

    def ask(question: Annotated[str, Field(description="A question, 1 to 4,000 characters.")]) -> dict[str, Any]:
        """Answer a question on careers in AI and machine learning, citing every statement."""
        events = assistant.stream(question, history=[], keep=False)
        return asdict(next(event.answer for event in events if isinstance(event, Done)))

    for tool in (search, ask):
        server.add_tool(tool)
    # The guard stands before this app and has checked who is calling from where.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(stateless_http=True, json_response=True, transport_security=security)
    return list(app.routes), server.session_manager.run
