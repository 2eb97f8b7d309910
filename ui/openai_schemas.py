"""Wire models of OpenAI's protocol, as far as it is spoken here: what comes in to chat completions and responses.

Unknown fields are let through and ignored, because every client sends some: temperature, tools, a user's name.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ui.schemas import Text

_MODEL: dict[str, JsonValue] = {
    "id": "career-assistant",
    "object": "model",
    "created": 0,
    "owned_by": "career-assistant",
}
_FAILURE: dict[str, JsonValue] = {
    "message": "The question is empty. Type a question, such as: What does a data scientist earn?",
    "type": "invalid_request_error",
    "param": None,
    "code": "question_error",
}


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ContentPart(_Lenient):
    """A part of a message; what is no text is ignored."""

    type: str = "text"
    text: Text = ""


class Message(_Lenient):
    """One message of a conversation."""

    role: str = "user"
    content: Text | list[ContentPart] | None = None

    def words(self) -> str:
        """The text of the message."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


class StreamOptions(_Lenient):
    """What a stream should hold beside the answer."""

    include_usage: bool = False


class ChatRequest(_Lenient):
    """A chat completion: the last user message is the question, the turns before it the conversation."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "model": "career-assistant",
                    "messages": [{"role": "user", "content": "What does an entry-level ML engineer earn?"}],
                }
            ]
        },
    )

    model: Text = "career-assistant"
    messages: list[Message] = Field(min_length=1, max_length=2_000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    sources_in_text: bool = Field(True, description="Whether a list of the sources stands below the answer's text.")


class ResponsesRequest(_Lenient):
    """A response: `input` is the question, or a conversation whose last user message is."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [{"model": "career-assistant", "input": "What does an entry-level ML engineer earn?"}]
        },
    )

    model: Text = "career-assistant"
    input: Text | list[Message] = Field(max_length=1_000_000)
    previous_response_id: Text | None = Field(None, max_length=200, description="Goes on with that conversation.")
    store: bool | None = Field(True, description="Whether the turn is kept, so that it can be gone on with.")
    stream: bool | None = False
    sources_in_text: bool = Field(True, description="Whether a list of the sources stands below the answer's text.")


class Model(BaseModel):
    """One model of `GET /v1/models`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MODEL]})

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "career-assistant"


class Models(BaseModel):
    """What `GET /v1/models` lists."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "list", "data": [_MODEL]}]})

    object: str = "list"
    data: list[Model]


class UrlCitation(BaseModel):
    """Where a mark leads."""

    url: str
    title: str
    start_index: int = Field(description="Of the mark in the text, in characters.")
    end_index: int


class SearchResult(BaseModel):
    """A cited source."""

    title: str
    url: str
    date: str
    snippet: str = Field(description="The words that are cited.")


class Completion(BaseModel):
    """A chat completion, with its citations also at top level."""

    id: str
    object: str = "chat.completion"
    created: int
    model: str
    choices: list[dict[str, JsonValue]]
    usage: dict[str, JsonValue]
    citations: list[str] = Field(description="Addresses of the sources, by number.")
    search_results: list[SearchResult]
    career: dict[str, Any] = Field(description="The answer object of `POST /v1/ask`.")


class ResponseObject(BaseModel):
    """A response, with its citations also at top level."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: str = "response"
    created_at: int
    model: str
    status: str
    output: list[dict[str, JsonValue]]
    citations: list[str]
    search_results: list[SearchResult]


class Failing(BaseModel):
    """What went wrong, as OpenAI says it."""

    message: str
    type: str
    param: str | None = None
    code: str | None


class OpenAIErrorResponse(BaseModel):
    """The shape of every error on OpenAI's routes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"error": _FAILURE}]})

    error: Failing
