"""What a model writes becomes cited, checked, inert text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import check

from assistant.citations import NOT_CONFIRMED, Citing, finished, inert, named, pieces, without_thoughts
from ingest.types import Hit, Passage, Reference, Source, Statement


def hit(title: str, *statements: str) -> Hit:
    """A hit on a passage of these sentences."""
    text = " ".join(statements)
    starts = [text.index(one) for one in statements]
    reference = Reference(publisher="A board", as_of="2024", url="https://board.example/pay")
    passage = Passage(
        f"p-{title}", f"s-{title}", 0, ("Pay",), None, "Pay", text,
        tuple(Statement(one, start, "sentence", (), reference) for one, start in zip(statements, starts, strict=True)),
    )  # fmt: skip
    source = Source(f"s-{title}", f"{title}.md", "bundled", title, "markdown", "pay", "", Reference(), "", "h", 1, "")
    return Hit(passage, source, 0.9, {"vector": 1}, 0.8)


HITS = [
    hit("Nurses", "Nurses earn $93,600 a year.", "Nurses work in hospitals."),
    hit("Welders", "Welders earn $51,000 a year."),
]


def citing() -> Citing:
    return Citing(HITS, check)


def test_marks_are_numbered_by_first_use_and_quote_the_statement_that_says_so() -> None:
    answer = citing()
    first = answer.resolve("Welders earn $51,000 a year [2]. ")
    second = answer.resolve("Nurses work in hospitals. [1]")
    assert (first.text, second.text) == ("Welders earn $51,000 a year. [1] ", "Nurses work in hospitals. [2]")
    assert [one.quote for one in answer.citations] == ["Welders earn $51,000 a year.", "Nurses work in hospitals."]
    assert answer.citations[0].title == "Welders"
    assert (answer.citations[0].publisher, answer.citations[0].url) == ("A board", "https://board.example/pay")


def test_one_passage_cited_for_two_statements_has_a_number_for_each() -> None:
    answer = citing()
    texts = [answer.resolve(f"{one} [1]").text for one in ("Nurses earn $93,600.", "Nurses work in hospitals.")]
    texts.append(answer.resolve("A nurse earns $93,600 a year. [1]").text)
    assert [text[-3:] for text in texts] == ["[1]", "[2]", "[1]"]


@pytest.mark.parametrize(
    "sentence",
    ["Nurses earn $39,600 a year. [1]", "Nurses earn $51,000 a year. [1]", "Astronauts fly rockets to orbit. [2]"],
)
def test_a_sentence_its_passage_does_not_support_is_marked(sentence: str) -> None:
    resolved = citing().resolve(sentence)
    assert not resolved.supported
    assert resolved.text.endswith(NOT_CONFIRMED)


def test_marks_of_passages_that_were_not_given_are_dropped() -> None:
    answer = citing()
    assert answer.resolve("Nurses earn $93,600 a year. [1][7]").text == "Nurses earn $93,600 a year. [1]"
    assert answer.resolve("Rockets fly to the moon and back. [9]").text.endswith(NOT_CONFIRMED)
    assert len(answer.citations) == 1


def test_an_uncited_claim_gets_the_passage_that_supports_it_or_none() -> None:
    answer = citing()
    assert answer.resolve("Welders earn $51,000 a year.").text == "Welders earn $51,000 a year. [1]"
    assert not answer.resolve("Pilots earn $198,000 a year.").supported
    assert answer.resolve("Here is what I found:").text == "Here is what I found:"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("[1]", (1,)), ("[1][2]", (1, 2)),
     ("[1, 2]", (1, 2)), ("【3†source】", (3,)), ("[^2]", (2,)), ("[Passage 2]", (2,)),
     ("[2-4]", (2, 3, 4)), ("[see 4]", ()), ("[1](http://x)", ()), ("[2024]", (2024,)), ("[1-99999]", (1,))],
)  # fmt: skip
def test_marks_in_all_their_forms(text: str, numbers: tuple[int, ...]) -> None:
    assert named(text) == numbers


@pytest.mark.parametrize(
    "text",
    ["[pay](https://evil.example)", "![x](https://evil.example/p.png)", "<img src=https://evil.example>",
     "https://evil.example/a", "<https://evil.example>", "<script>alert(1)</script>", "[x](javascript:alert(1))",
     "javascript:alert(1)", "www.evil.example", "[1](https://evil.example)", "<!-- x -->"],
)  # fmt: skip
def test_nothing_that_a_model_writes_leads_anywhere(text: str) -> None:
    shown = citing().resolve(f"Nurses earn $93,600 {text} a year. [1]").text
    assert "evil" not in shown
    assert not re.search(r"[<>]|\]\(|javascript", shown)


def test_sentences_are_finished_behind_their_marks() -> None:
    done, rest = finished("Dr. Lee earns $1.5 million. [1][2] In the U.S. it is less [3].\n- One\n1. Two is")
    assert done == ["Dr. Lee earns $1.5 million. [1][2] ", "In the U.S. it is less [3].\n", "- One\n"]
    assert rest == "1. Two is"


def test_thinking_aloud_is_left_out_however_it_is_cut() -> None:
    text = "<think>They ask. About pay.</think>Nurses earn much. Yes."
    for size in (1, 3, 50):
        chunks = [text[start : start + size] for start in range(0, len(text), size)]
        done = [sentence for sentences, _ in pieces(chunks) for sentence in sentences]
        assert done == ["Nurses earn much. "]
    assert without_thoughts("<think>never ends") == ""


@given(st.text(alphabet="ab .?!\n[]1,2<>/", max_size=80), st.integers(1, 7))
def test_cutting_into_chunks_changes_nothing_and_loses_nothing(text: str, size: int) -> None:
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    cut = list(pieces(chunks))
    done = [sentence for sentences, _ in cut for sentence in sentences]
    assert "".join(done) + (cut[-1][1] if cut else "") == text
    assert [one for one in done if not one.strip()] == []


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=200))
def test_whatever_a_model_writes_marks_and_citations_agree(text: str) -> None:
    answer = citing()
    done, _ = finished(text, last=True)
    shown = "".join(answer.resolve(one).text for one in done)
    used = {int(number) for number in re.findall(r"\[(\d+)\]", shown)}
    assert {one.number for one in answer.citations} <= used
    assert [one.number for one in answer.citations] == list(range(1, len(answer.citations) + 1))


def test_inert_text_keeps_its_words() -> None:
    assert inert("# Pay\n- **C++** costs < $5 and > $3, x_y, 2*3*4") == "Pay\n- C++ costs < $5 and > $3, x_y, 2*3*4"
