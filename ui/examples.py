"""Examples of what the routes take and give, as `/docs` and the OpenAPI document show them. Data only."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from assistant.types import Answer, Citation

QUESTION = "What does an entry-level machine learning engineer earn?"
CITED = Citation(
    number=1,
    source_id="5f1c",
    title="What machine learning engineers earn",
    place="Pay > Machine learning engineer",
    url="https://example.org/pay",
    publisher="A statistics office",
    as_of="2024",
    quote="Entry level: $105,418",
    passage_id="5f1c-3",
    support=0.97,
    review_by="2027-01-31",
)
ANSWERED = Answer(
    answer="Entry-level machine learning engineers earn $105,418 a year. [1]",
    outcome="answered",
    citations=(CITED,),
    unverified=(),
    searched_for="entry-level machine learning engineer salary",
    follow_ups=("What does a senior machine learning engineer earn?",),
    answered_by="extractive",
    conversation_id="b0c9",
    turn_id="77e1",
    timings_ms={"rewrite": 0.4, "search": 6.1, "answer": 3.0, "total": 9.8},
)
ASKED_AT = "2026-11-25T09:30:00+00:00"


def _wire(value: Any) -> dict[str, Any]:
    """A dataclass as it comes out of JSON."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(value)))
    return told


CITATION = _wire(CITED)
ANSWER = _wire(ANSWERED)
HIT: dict[str, Any] = {
    "passage_id": "5f1c-3",
    "source_id": "5f1c",
    "external_id": "",
    "title": "What machine learning engineers earn",
    "place": "Pay > Machine learning engineer",
    "url": "https://example.org/pay",
    "text": "Entry level: $105,418. Senior: $183,000.",
    "score": 0.91,
    "ranks": {"vector": 1, "bm25": 2},
}
FOUND: dict[str, Any] = {"searched_for": "entry-level machine learning engineer salary", "hits": [HIT]}
VERIFIED: dict[str, Any] = {"supported": True, "score": 0.97, "missing": [], "citations": [CITATION]}
SOURCE: dict[str, Any] = {
    "source_id": "5f1c",
    "title": "What machine learning engineers earn",
    "kind": "markdown",
    "topic": "pay",
    "summary": "Pay by level and place.",
    "publisher": "A statistics office",
    "as_of": "2024",
    "review_by": "2027-01-31",
    "url": "https://example.org/pay",
    "uri": "pay.md",
    "external_id": "",
    "passages": 7,
    "added_at": ASKED_AT,
    "visible_to": "everybody",
}
PASSAGE: dict[str, Any] = {
    "passage_id": "5f1c-3",
    "place": "Pay > Machine learning engineer",
    "text": "Entry level: $105,418. Senior: $183,000.",
    "headings": ["Pay", "Machine learning engineer"],
    "page": 3,
    "source": SOURCE,
    "before": {"passage_id": "5f1c-2", "place": "Pay > Data scientist", "text": "Entry level: $92,000."},
    "after": {"passage_id": "5f1c-4", "place": "Pay > Research scientist", "text": "Entry level: $121,000."},
}
BROUGHT_IN: dict[str, Any] = {
    "report": "1 new, 0 changed, 0 removed, 0 unchanged, 0 failed",
    "partly": [],
    "sources": [SOURCE | {"visible_to": "you", "as_of": "2026-11"}],
}
CONVERSATION: dict[str, Any] = {
    "conversation_id": "b0c9",
    "turns": [{"question": QUESTION, "answer": ANSWER, "at": ASKED_AT}],
}
CONVERSATIONS: dict[str, Any] = {
    "conversations": [{"conversation_id": "b0c9", "title": QUESTION, "turns": 1, "began": ASKED_AT, "latest": ASKED_AT}]
}
EXPORTED = f"""## {QUESTION}

Entry-level machine learning engineers earn $105,418 a year. [1]

[1]: What machine learning engineers earn, Pay > Machine learning engineer, A statistics office, 2024 \
<https://example.org/pay>: "Entry level: $105,418"

*{ASKED_AT}*
"""
FAILURE: dict[str, Any] = {
    "type": "question_error",
    "message": "The question is empty.",
    "hint": "Type a question, such as: What does a data scientist earn?",
    "request_id": "9f3a",
}
COUNTS = """# HELP career_answers_total Answers given.
# TYPE career_answers_total counter
career_answers_total{answered_by="extractive",outcome="answered"} 41.0
"""
FORM: dict[str, Any] = {"file": "pay.pdf", "conversation_id": "b0c9"}


def streamed(*events: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    r"""The content of a response that comes as server-sent events, for the OpenAPI document.

    >>> streamed(("delta", {"text": "a"}))["text/event-stream"]["example"]
    'event: delta\ndata: {"text": "a"}\n\n'
    """
    text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
    return {"text/event-stream": {"example": text}}


ASK_STREAM = streamed(
    ("searching", {"searched_for": ANSWERED.searched_for}),
    ("delta", {"text": "Entry-level machine learning engineers earn $105,418 a year. "}),
    ("citation", CITATION),
    ("delta", {"text": "[1]"}),
    ("done", ANSWER),
)
