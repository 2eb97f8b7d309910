"""What a question asks for, how statements are said, and what the extractive answerer makes of them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.build import build_assistant
from assistant.conversation import Conversations
from assistant.question import read_question
from assistant.types import Answer, Cited, Delta, Done, Searching, Turn
from assistant.wording import in_words
from evals.metrics import marks_in_order
from ingest.errors import LibraryEmpty, QuestionError
from ingest.library import Library
from ingest.settings import load_settings
from ingest.types import Hit, Passage, Reference, Source, Statement


@pytest.fixture(scope="module")
def assistant(bundled_data_dir: Path) -> Assistant:
    return build_assistant(load_settings(data_dir=str(bundled_data_dir), env={}))


@pytest.mark.parametrize(
    ("question", "kind"),
    [("What do welders earn?", "money"), ("How much is the exam?", "money"), ("how much does a nurse make", "money"),
     ("How many jobs are there for nurses?", "count"), ("How fast is nursing growing?", "percent"),
     ("Are nurses in demand?", "percent"), ("What degree do nurses need?", "education"),
     ("How do I become a nurse without a degree?", "advice"), ("When did nursing begin?", "time"),
     ("How do nurses and doctors differ?", "difference"), ("What is nursing?", "definition"),
     ("Which tools do nurses use?", "list"), ("Why nursing?", "reason")],
)  # fmt: skip
def test_a_question_is_read_for_the_kind_of_its_answer(question: str, kind: str) -> None:
    assert read_question(question).kind == kind


@pytest.mark.parametrize(
    ("question", "text", "meets"),
    [("What do welders earn?", "Median pay: $51,000", True), ("What do welders earn?", "Welders weld.", False),
     ("What do welders earn?", "The exam costs $200.", False),
     ("What does the exam cost?", "The exam costs $200.", True),
     ("What does the exam cost?", "Those who pass it earn $90,000.", False),
     ("How many welders are there?", "457,300", True), ("How many welders are there?", "in 2024", False),
     ("How many jobs are remote?", "12% of the jobs are remote", True),
     ("How many jobs are remote?", "They grew by 12%.", False), ("How many jobs are there?", "12% of jobs", False),
     ("How many openings are there?", "There were 1,200 ads.", True),
     ("How many jobs are there?", "A record (2025-26).", False),
     ("How fast is it growing?", "34 percent", True), ("What degree is needed?", "A bachelor's degree", True)],
)  # fmt: skip
def test_a_figure_has_to_be_of_the_kind_that_is_asked_for(question: str, text: str, meets: bool) -> None:
    assert read_question(question).answered_in_kind(text) is meets


def hit(title: str, headings: tuple[str, ...], statement: Statement) -> Hit:
    passage = Passage("p", "s", 0, headings, None, " > ".join(headings), statement.text, (statement,))
    source = Source("s", "a.md", "bundled", title, "markdown", "", "", Reference(), "", "", 1, "")
    return Hit(passage, source, 1.0, {}, 0.5)


BOARD = Reference("A board", "", "2024")


@pytest.mark.parametrize(
    ("title", "headings", "statement", "said"),
    [
        ("Welder", ("Pay of a welder, Texas, 2024",), Statement("Entry - Base pay, 2024: $40,000", 0, "row", (), BOARD),
         "Welder – Entry: $40,000 (Base pay, 2024; Texas; A board)"),
        ("Welder", ("Pay",), Statement("Entry level: $40,000", 0, "item", (), BOARD),
         "Welder – Entry level: $40,000 (Pay; A board; 2024)"),
        ("Welder", (), Statement("Welders earn $51,000.", 0, "sentence", (), BOARD),
         "Welders earn $51,000. (A board, 2024)"),
        ("Welder", (), Statement("It pays well.", 0, "sentence", (), BOARD), "Welder: It pays well."),
        ("Welder", ("Pay",), Statement("Texas - Low: $1; High: $2", 0, "row", (), BOARD),
         "Welder – Texas – Low: $1; High: $2 (Pay; A board; 2024)"),
        ("All the many tables of what people are paid", ("Pay by firm",), Statement("Acme: $9", 0, "row", (), BOARD),
         "Acme: $9 (Pay by firm; A board; 2024)"),
    ],
)  # fmt: skip
def test_a_statement_is_said_with_the_way_to_it(
    title: str, headings: tuple[str, ...], statement: Statement, said: str
) -> None:
    assert in_words(hit(title, headings, statement), statement).text == said


QUESTIONS = (
    "What does an entry-level machine learning engineer earn?",
    "Which skills do AI job postings ask for most?",
    "How do machine learning engineers and data scientists differ?",
    "What challenges do AI projects meet?",
    "WHAT DO DATA SCIENTISTS EARN???",
    "what is the carer ladder of a robotics enginer",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_statement_of_an_answer_is_cited_and_every_quote_verbatim(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.outcome in ("answered", "partial")
    assert marks_in_order(answer.answer, [one.number for one in answer.citations])
    for citation in answer.citations:
        found = assistant.library.passage(citation.passage_id)
        assert found is not None and citation.quote in found.passage.text
        assert citation.title == found.source.title and citation.place == found.passage.place
    for sentence in re.split(r"(?<=\])\s", answer.answer):
        assert re.search(r"\[\d+\]$", sentence) or sentence.endswith(":"), sentence
    figures = re.findall(r"\$\d[\d,]*\d|\d+%", answer.answer)
    assert all(any(figure in one.quote for one in answer.citations) for figure in figures)


@pytest.mark.parametrize(
    "question",
    ["What is the salary of a dentist in Berlin?", "How do I bake bread?", "Who won the 1998 World Cup?",
     "What does Zorblax Corp pay machine learning engineers?", "asdkjh qwe zzzkk"],
)  # fmt: skip
def test_what_the_library_does_not_hold_is_refused_with_the_nearest_topics(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert (answer.outcome, answer.citations) == ("not_found", ())
    assert "does not hold" in answer.answer and "[1]" not in answer.answer


def test_the_stream_is_the_answer_in_pieces(assistant: Assistant) -> None:
    events = list(assistant.stream(QUESTIONS[0]))
    assert isinstance(events[0], Searching) and isinstance(events[-1], Done)
    answer = events[-1].answer
    assert "".join(one.text for one in events if isinstance(one, Delta)) == answer.answer
    assert tuple(one.citation for one in events if isinstance(one, Cited)) == answer.citations
    assert set(answer.timings_ms) == {"rewrite", "search", "answer", "total"}
    assert answer.timings_ms["total"] >= answer.timings_ms["search"] > 0


def test_smalltalk_needs_no_library(library: Library, tmp_path: Path) -> None:
    empty = build_assistant(load_settings(data_dir=str(tmp_path / "data"), env={}))
    assert empty.ask("hello").outcome == "smalltalk"
    with pytest.raises(LibraryEmpty, match="ingest"):
        empty.ask("What do welders earn?")


@pytest.mark.parametrize("question", ["", "  \n", "?!", "x" * 4_001])
def test_what_is_no_question_is_refused_before_anything_is_looked_up(assistant: Assistant, question: str) -> None:
    with pytest.raises(QuestionError) as caught:
        assistant.ask(question)
    assert caught.value.hint


def test_a_history_of_the_callers_own_is_used_instead_of_the_conversation(assistant: Assistant) -> None:
    answer = assistant.ask(
        "And late career?", history=[Turn("What does an entry-level machine learning engineer earn?")]
    )
    assert "$135,388 to $208,931" in answer.answer


def test_a_phrase_that_the_library_does_not_know_is_not_answered_by_what_led_to_it(assistant: Assistant) -> None:
    history = [Turn("What do ML engineers earn in Seattle?")]
    events = list(assistant.stream("marzipan", history=history))
    searched = [one.searched_for for one in events if isinstance(one, Searching)]
    assert searched[0].startswith("Marzipan – ") and searched[-1] == "marzipan"
    assert isinstance(events[-1], Done) and events[-1].answer.outcome == "not_found"
    assert events[-1].answer.searched_for == "marzipan"


def test_a_history_of_the_callers_own_is_read_with_its_typos_and_small_letters(assistant: Assistant) -> None:
    history = [Turn("how much does an ml engneer make in germany")]
    answer = assistant.ask("what about japan", history=history)
    assert answer.searched_for == "how much does an ml engineer make in Japan"
    assert "$78,693" in answer.answer


def answer_of(conversation_id: str, text: str = "It is so. [1]") -> Answer:
    return Answer(text, "answered", (), (), "searched", (), "extractive", conversation_id, f"t-{text}", {})


def test_conversations_belong_to_their_owner(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "conversations.db")
    kept.keep("Why?", answer_of("c1"), "me")
    assert [turn.question for turn in kept.turns("c1", "me")] == ["Why?"]
    assert kept.turns("c1", "you") == [] and kept.owned_by_other("c1", "you")
    assert not kept.owned_by_other("c1", "me") and not kept.owned_by_other("unknown", "you")


def test_conversations_outlive_the_process_and_take_many_threads(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "conversations.db")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: kept.keep(f"Q{number}", answer_of("c1", f"A{number}"), "me"), range(40)))
    again = Conversations(tmp_path / "conversations.db")
    assert sorted(turn.question for turn in again.turns("c1", "me")) == sorted(f"Q{number}" for number in range(40))
    with sqlite3.connect(tmp_path / "conversations.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_somebody_elses_conversation_is_not_continued(bundled_data_dir: Path, copied: Callable[[Path], Path]) -> None:
    own = build_assistant(load_settings(data_dir=str(copied(bundled_data_dir)), env={}))
    mine = own.ask("What does an entry-level machine learning engineer earn?", owner="me")
    theirs = own.ask("And late career?", owner="you", conversation_id=mine.conversation_id)
    assert theirs.conversation_id != mine.conversation_id
    assert "machine learning" not in theirs.searched_for
