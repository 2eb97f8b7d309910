"""Two questions in one sentence about one thing, of which the library holds the first alone or both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from own_library import assistant_over

from assistant.assistant import Assistant
from ingest.embed import SentenceTransformerEmbedder

ADS = {
    "bank": "# Hill Bank: junior data scientist\n\n## Pay\nHill Bank pays junior data scientists $91,500 a year.\n",
    "mill": "# Sample Mill: trainee\n\n## Pay\nSample Mill pays trainees $64,200 a year.\n\n"
    "## How to apply\nYou can apply until 3 March 2027.\n",
    "ward": "# River Ward: data analyst\n\n## Pay\nRiver Ward pays data analysts $72,300 a year.\n\n"
    "## How to apply\nApplications are open until 14 May 2027. Send them to the office in York.\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder) -> Iterator[Assistant]:
    with assistant_over(tmp_path_factory.mktemp("library"), embedder, ADS) as assistant:
        yield assistant


@pytest.mark.parametrize("when", ["until when can I apply", "by when must I apply", "how long can I apply"])
def test_a_date_of_another_document_answers_nothing(assistant: Assistant, when: str) -> None:
    answer = assistant.ask(f"What does Hill Bank pay and {when}?")
    assert answer.outcome == "partial" and "$91,500" in answer.answer
    assert "2027" not in answer.answer and {one.title for one in answer.citations} == {
        "Hill Bank: junior data scientist"
    }


@pytest.mark.parametrize(
    ("question", "held"),
    [("What does Sample Mill pay and until when can I apply?", ("$64,200", "3 March 2027")),
     ("What does River Ward pay and by when must I apply?", ("$72,300", "14 May 2027")),
     ("What does River Ward pay, and where do I send my application?", ("$72,300", "York"))],
)  # fmt: skip
def test_the_second_question_is_about_what_the_first_one_names(
    assistant: Assistant, question: str, held: tuple[str, ...]
) -> None:
    answer = assistant.ask(question)
    assert answer.outcome == "answered" and all(one in answer.answer for one in held)
