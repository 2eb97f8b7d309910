"""Wire models of the HTTP API: what a program sends and gets.

They check what comes in and describe what goes out; they decide nothing. A question's length is the assistant's to
judge, so it is not limited here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from assistant.conversation import Rating
from assistant.types import Outcome
from ui import examples

_DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"
_MANY = 1_000
"""Entries of a list in a request at most."""


def _example(**example: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


def _writable(text: str) -> str:
    """Refuse half a character, which JSON can say and nothing can store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("this is not Unicode text") from None
    return text


Text = Annotated[str, AfterValidator(_writable)]


LONGEST_ID = 200
"""Characters of an id in a request at most."""
ConversationId = Annotated[
    Text | None,
    Field(max_length=LONGEST_ID, description="One of your conversations, whose own documents are meant, too."),
]


class _Request(BaseModel):
    """A body that comes in: an unknown field is an error, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


# What comes in.


class PastTurn(_Request):
    """One turn before the question, where the caller keeps the conversation."""

    question: Text
    answer: Text | None = None


class SearchFilters(_Request):
    """Limits a search to some sources; an absent field limits nothing, several must all hold."""

    topics: list[Text] = Field([], max_length=_MANY)
    source_ids: list[Text] = Field([], max_length=_MANY)
    since: Annotated[str, Field(pattern=_DATE)] | None = Field(
        None, description="Only sources dated this or later: `2024`, `2024-05` or `2024-05-31`."
    )


class AskRequest(_Request):
    """A question."""

    model_config = _example(question=examples.QUESTION)

    question: Text = Field(description="1 to 4,000 characters.")
    conversation_id: Text | None = Field(
        None, max_length=LONGEST_ID, description="Continues a conversation; absent: a new one."
    )
    history: list[PastTurn] | None = Field(
        None, max_length=_MANY, description="The turns before, oldest first; takes the place of what is kept."
    )
    k: int | None = Field(None, ge=1, le=100, description="Passages to answer from.")
    filters: SearchFilters | None = None
    stream: bool = Field(False, description="Answer as server-sent events.")


class SearchRequest(_Request):
    """A search."""

    model_config = _example(query="entry-level machine learning engineer salary", k=5)

    query: Text = Field(description="1 to 4,000 characters.")
    history: list[PastTurn] | None = Field(None, max_length=_MANY, description="The turns before, oldest first.")
    k: int = Field(10, ge=1, le=100, description="Hits at most.")
    filters: SearchFilters | None = None
    rewrite: bool = Field(True, description="Mend typos and make a follow-up stand alone before searching.")
    conversation_id: ConversationId = None


class SourceRequest(_Request):
    """A page to bring in."""

    model_config = _example(url="https://www.bls.gov/ooh/math/data-scientists.htm")

    url: Text = Field(min_length=1, max_length=2_000, description="An `http` or `https` address.")
    conversation_id: Text | None = Field(
        None,
        max_length=LONGEST_ID,
        description="Brings it in for one conversation of yours alone, begun or not; it goes when that is deleted.",
    )


class FeedbackRequest(_Request):
    """Whether an answer was good."""

    model_config = _example(turn_id="77e1", rating="down", comment="The figure is from 2019.")

    turn_id: Text = Field(min_length=1, max_length=200, description="The `turn_id` of the answer.")
    rating: Rating
    comment: Text | None = Field(None, max_length=2_000)


class VerifyRequest(_Request):
    """A sentence to hold against passages, or without any against the library."""

    model_config = _example(sentence="Data scientists earn a median of $112,590.")

    sentence: Text = Field(description="1 to 4,000 characters, 20 sentences at most.")
    passages: list[Text] = Field(
        [], max_length=100, description="Texts to hold it against instead of the library, 100,000 characters at most."
    )
    conversation_id: ConversationId = None


# What goes out.


class CitationObject(BaseModel):
    """One numbered source of an answer."""

    model_config = _example(**examples.CITATION)

    number: int = Field(description="The [n] in the answer.")
    source_id: str
    title: str
    place: str
    url: str
    publisher: str
    as_of: str
    quote: str = Field(description="Verbatim from the passage.")
    passage_id: str
    support: float = Field(description="How well the quote supports the sentence before the mark, 0 to 1.")
    review_by: str = Field("", description="Day by which it should be checked for newer facts; empty when none is set.")


class AnswerObject(BaseModel):
    """The answer to a question, with what it rests on."""

    model_config = _example(**examples.ANSWER)

    answer: str
    outcome: Outcome
    citations: list[CitationObject]
    unverified: list[str] = Field(description="Sentences that their cited passage does not support.")
    searched_for: str
    follow_ups: list[str]
    answered_by: str
    conversation_id: str
    turn_id: str
    timings_ms: dict[str, float]


class VerifyResponse(BaseModel):
    """Whether a sentence is supported, and by what."""

    model_config = _example(**examples.VERIFIED)

    supported: bool
    score: float = Field(description="0 to 1.")
    missing: list[str] = Field(description="Figures, names and words that the best passage does not bear out.")
    citations: list[CitationObject] = Field(description="What supports it; none for passages that were sent.")


class HitObject(BaseModel):
    """A passage that a search found."""

    model_config = _example(**examples.HIT)

    passage_id: str
    source_id: str
    external_id: str
    title: str
    place: str
    url: str
    text: str
    score: float = Field(description="0 to 1, comparable within one search only.")
    ranks: dict[str, int] = Field(description="1-based rank in each list that held it.")


class SearchResponse(BaseModel):
    """What a search found, best first."""

    model_config = _example(**examples.FOUND)

    searched_for: str
    hits: list[HitObject]


class SourceObject(BaseModel):
    """One source of the library."""

    model_config = _example(**examples.SOURCE)

    source_id: str
    title: str
    kind: str
    topic: str
    summary: str
    publisher: str
    as_of: str
    review_by: str
    url: str
    uri: str
    external_id: str
    passages: int
    added_at: str
    visible_to: Literal["everybody", "you", "one conversation"] = Field(
        description="Who finds it: everybody who may ask, you alone, or you in one conversation."
    )


class SourcesResponse(BaseModel):
    """What is in the library."""

    model_config = _example(sources=[examples.SOURCE])

    sources: list[SourceObject]


class BroughtIn(BaseModel):
    """What came of bringing a document in."""

    model_config = _example(**examples.BROUGHT_IN)

    report: str = Field(description="`1 new, 0 changed, 0 removed, 0 unchanged, 0 failed`.")
    partly: list[str] = Field(description="What of it could not be read, such as scanned pages.")
    sources: list[SourceObject]


class ConversationSummary(BaseModel):
    """One of your conversations."""

    conversation_id: str
    title: str = Field(description="Its first question.")
    turns: int
    began: str
    latest: str


class ConversationsResponse(BaseModel):
    """Your conversations, the latest first."""

    model_config = _example(**examples.CONVERSATIONS)

    conversations: list[ConversationSummary]


class TurnObject(BaseModel):
    """A question and its answer."""

    question: str
    answer: AnswerObject
    at: str = Field(description="When it was answered: UTC, ISO 8601.")


class ConversationResponse(BaseModel):
    """A conversation, oldest turn first."""

    model_config = _example(**examples.CONVERSATION)

    conversation_id: str
    turns: list[TurnObject]


class FeedbackResponse(BaseModel):
    """What was kept of a rating."""

    model_config = _example(turn_id="77e1", rating="down")

    turn_id: str
    rating: Rating


class NeighbourObject(BaseModel):
    """A passage that stands before or after another."""

    passage_id: str
    place: str
    text: str


class PassageResponse(NeighbourObject):
    """A passage with its place, its source and its neighbours."""

    model_config = _example(**examples.PASSAGE)

    headings: list[str]
    page: int | None
    source: SourceObject
    before: NeighbourObject | None
    after: NeighbourObject | None


class StateResponse(BaseModel):
    """Whether the server is alive, or ready."""

    model_config = _example(status="ok")

    status: Literal["ok"]


class Failing(BaseModel):
    """What went wrong and what to do next."""

    type: str
    message: str
    hint: str
    request_id: str


class ErrorResponse(BaseModel):
    """The one shape of every error."""

    model_config = _example(error=examples.FAILURE)

    error: Failing
