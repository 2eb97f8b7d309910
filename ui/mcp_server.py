"""The library for agents: an MCP server with two tools, `search` and `ask`, over Streamable HTTP at `/mcp`.

It is there when the extra `mcp` is installed. It keeps no sessions and no conversations; keys, limits and headers are
the guard's, as for every other route.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.assistant import Assistant
from ingest.errors import CareerError
from ui import render
from ui.metrics import Metrics
from ui.wiring import drained, watched

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_INSTRUCTIONS = (
    "Answers questions about careers in AI and machine learning from a library of documents. `ask` gives a short "
    "answer in which every statement carries [n], with its source; its outcome `not_found` means that the library does "
    "not hold it. `search` gives passages."
)


def is_installed() -> bool:
    """Whether the extra `mcp` is there."""
    return find_spec("mcp") is not None


class McpServer:
    """An ASGI app that speaks MCP while it is running."""

    def __init__(self, assistant: Assistant, counts: Metrics) -> None:
        """Answer from this assistant; what its answers come to is counted."""
        self._assistant = assistant
        self._counts = counts
        self._app: ASGIApp | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """To be entered while the server serves; may be entered again afterwards."""
        from mcp.server.transport_security import TransportSecuritySettings

        server = _server(self._assistant, self._counts)
        # The guard stands before this app and has checked who is calling from where.
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self._app = server.streamable_http_app(stateless_http=True, json_response=True, transport_security=security)
        async with server.session_manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert self._app is not None, "the server is not running"
        await self._app(scope, receive, send)


def _server(assistant: Assistant, counts: Metrics) -> MCPServer:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError

    @contextmanager
    def told() -> Iterator[None]:
        """What a person may see, the agent may see, too; anything else is logged and stays here."""
        try:
            yield
        except CareerError as error:
            raise ToolError(str(error)) from error

    def owner(context: Any) -> str:
        """Whose key came with a call: their own documents are found, too."""
        return str(context.request_context.request.state.owner)

    def search(
        context: Any,
        query: Annotated[str, Field(description="What to look for, 1 to 4,000 characters.")],
        k: Annotated[int, Field(description="Passages at most.", ge=1, le=100)] = 5,
    ) -> dict[str, Any]:
        """Find passages of the library, best first, with title, place, address and text."""
        with told():
            return render.found(*assistant.search(query, k=k, owner=owner(context)))

    def ask(
        context: Any, question: Annotated[str, Field(description="A question, 1 to 4,000 characters.")]
    ) -> dict[str, Any]:
        """Answer a question on careers in AI and machine learning, citing every statement."""
        with told():
            events = assistant.stream(question, owner=owner(context), history=[], keep=False)
            return asdict(drained(watched(events, counts)))

    server = MCPServer("career-assistant", title="Career Assistant", instructions=_INSTRUCTIONS, log_level="WARNING")
    for tool in (search, ask):
        # The annotation is looked up where a module's imports are, and this one is a function's.
        tool.__annotations__["context"] = Context
        server.add_tool(tool)
    return server
