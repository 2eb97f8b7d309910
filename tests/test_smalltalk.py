"""Smalltalk is answered as smalltalk, and nothing else is."""

from __future__ import annotations

import pytest

from assistant.smalltalk import reply_to


@pytest.mark.parametrize(
    "message", ["hi", "Hello there!", "thanks a lot", "Who are you?", "hey, how are you?", "ok great, thank you", "bye"]
)
def test_smalltalk_gets_a_reply(message: str) -> None:
    assert reply_to(message)


@pytest.mark.parametrize(
    "message",
    [
        "Hi, what does a data scientist earn?",
        "what are transformers",
        "help me become a data engineer",
        "What do you need to become a data scientist?",
        "good salary for a beginner",
        "thanks, and in Seattle?",
    ],
)
def test_a_question_is_no_smalltalk(message: str) -> None:
    assert reply_to(message) == ""
