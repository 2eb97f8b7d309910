"""Two questions in one sentence about one thing, of which the library holds the first alone or both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from assistant.assistant import Assistant
from assistant.build import build_assistant
from ingest.embed import SentenceTransformerEmbedder
from ingest.library import Library
from ingest.settings import load_settings

ADS = {
    "bank": "# Hill Bank: junior data scientist\n\n## Pay\nHill Bank pays junior data scientists $91,500 a year.\n",
    "mill": "# Sample Mill: trainee\n\n## Pay\nSample Mill pays trainees $64,200 a year.\n\n"
    "## How to apply\nYou can apply until 3 March 2027.\n",
    "ward": "# River Ward: data analyst\n\n## Pay\nRiver Ward pays data analysts $72,300 a year.\n\n"
    "## How to apply\nApplications are open until 14 May 2027. Send them to the office in York.\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder) -> Iterator[Assistant]:
    ads, data = tmp_path_factory.mktemp("ads"), tmp_path_factory.mktemp("data")
    for name, text in ADS.items():
        (ads / f"{name}.md").write_text(text, encoding="utf-8")
    with closing(Library.open(data, embedder)) as library:
        library.sync([str(ads)])
        yield build_assistant(load_settings(data_dir=str(data), env={}), library=library)


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
