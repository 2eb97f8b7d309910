"""Passages: whole statements, verbatim, within the window of the packaged model."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.embed import SentenceTransformerEmbedder
from ingest.passages import LONGEST, sentences, split
from ingest.types import Block, Document, Passage, Reference

WINDOW = 256

WORDS = st.lists(
    st.text(alphabet="abcDEF019é汉щ$%.-", min_size=1, max_size=9).filter(str.strip), min_size=1, max_size=60
).map(" ".join)
TEXT = st.one_of(
    WORDS,
    st.sampled_from(
        ["Engineers earn $1.5 million in the U.S. today. Is it much? Yes!", "年収は高い。増えた。", "e.g. this"]
    ),
    st.integers(1, 60).map(lambda count: "The pay of machine learning engineers rose once more. " * count),
)
BLOCKS = st.one_of(
    st.builds(lambda text, level: Block("heading", text[:90], level), TEXT, st.integers(1, 6)),
    st.builds(lambda text, page: Block("paragraph", text, page=page), TEXT, st.sampled_from([None, 1, 2])),
    st.builds(
        lambda text, level, marker: Block("item", text, level, marker=marker),
        TEXT,
        st.integers(0, 3),
        st.sampled_from(["", "12.", "a)"]),
    ),
    st.builds(lambda text, caption: Block("row", text, caption=caption), TEXT, st.sampled_from(["", "Pay"])),
)
DOCUMENTS = st.builds(
    lambda title, blocks: Document(title, tuple(blocks), "text"), st.sampled_from(["", "A handbook", "x" * 900]),
    st.lists(BLOCKS, max_size=14),
)  # fmt: skip


def passages(document: Document) -> list[Passage]:
    return split(document, "s", lambda texts: [len(text.split()) + 2 for text in texts], 40)


def words(text: str) -> str:
    return "".join(text.split())


@given(DOCUMENTS)
def test_statements_joined_are_the_documents_words(document: Document) -> None:
    told = [statement.text for passage in passages(document) for statement in passage.statements]
    assert words("".join(told)) == words("".join(one.text for one in document.blocks if one.kind != "heading"))


@given(DOCUMENTS)
def test_statements_stand_verbatim_where_they_say_and_items_and_rows_are_whole(document: Document) -> None:
    whole = {" ".join(one.text.split()) for one in document.blocks if one.kind in ("item", "row")}
    for passage in passages(document):
        end = 0
        for statement in passage.statements:
            assert passage.text[statement.start : statement.start + len(statement.text)] == statement.text
            assert statement.start >= end
            end = statement.start + len(statement.text)
            if statement.kind != "sentence":
                assert statement.text in whole


@given(DOCUMENTS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_passage_is_longer_than_the_window_but_one_statement_that_is(
    embedder: SentenceTransformerEmbedder, document: Document
) -> None:
    made = split(document, "s", embedder.count_tokens, WINDOW)
    counts = embedder.count_tokens([one.embedded_text(document.title) for one in made]) if made else []
    for passage, count in zip(made, counts, strict=True):
        assert count <= WINDOW or len(passage.statements) == 1


@given(DOCUMENTS)
def test_passages_are_numbered_and_named_without_a_double(document: Document) -> None:
    made = passages(document)
    assert [one.ordinal for one in made] == list(range(len(made)))
    assert len({one.id for one in made}) == len(made)
    assert made == passages(document)


@given(st.text(max_size=3000))
def test_sentences_lose_nothing(text: str) -> None:
    assert words("".join(sentences(text))) == words(text)


@given(st.text(alphabet="ab ,;.", min_size=LONGEST, max_size=4000))
def test_nothing_that_can_be_divided_calls_itself_a_sentence_for_ever(text: str) -> None:
    assert all(len(one) <= LONGEST for one in sentences(text))


def test_sentences_end_in_any_script() -> None:
    assert sentences("Зарплата выросла. Насколько? На 5 %.") == ["Зарплата выросла.", "Насколько?", "На 5 %."]
    assert sentences("年収は高い。去年も増えた！") == ["年収は高い。", "去年も増えた！"]
    assert sentences("ارتفعت الأجور. كم؟ خمسة.") == ["ارتفعت الأجور.", "كم؟", "خمسة."]
    assert sentences("Версия 2.0 вышла. она лучше.") == ["Версия 2.0 вышла. она лучше."]


def test_what_is_too_long_for_a_sentence_is_divided_between_its_clauses() -> None:
    said = sentences("; ".join(f"the salary in city {number} is good" for number in range(100)))
    assert len(said) > 2
    assert all(one.endswith(";") for one in said[:-1])


def test_a_passage_ends_with_its_page_so_that_each_statement_has_its_own() -> None:
    blocks = (Block("heading", "Pay", 1, 1), Block("paragraph", "One.", page=1), Block("paragraph", "Two.", page=2))
    assert [(one.text, one.page, one.place) for one in passages(Document("", blocks, "pdf"))] == [
        ("One.", 1, "p. 1, Pay"),
        ("Two.", 2, "p. 2, Pay"),
    ]


def test_statements_carry_the_way_to_them() -> None:
    blocks = (
        Block("heading", "Skills", 1),
        Block("paragraph", "You need the following:"),
        Block("item", "Languages: two at least", 0),
        Block("item", "Python", 1),
        Block("row", "Entry: $1", caption="Pay"),
    )
    (passage,) = passages(Document("Handbook", blocks, "text"))
    assert passage.headings == ("Skills",)
    assert [one.way for one in passage.statements] == [
        (), ("You need the following",), ("You need the following", "Languages"), ("Pay",)
    ]  # fmt: skip


def test_a_statement_names_the_source_that_its_block_names() -> None:
    board = Reference(publisher="A board", as_of="2024")
    document = Document(
        "", (Block("paragraph", "Pay rose.", reference="b"), Block("paragraph", "It fell.")), "markdown"
    )
    document = replace(document, references={"b": board}, origin=Reference(publisher="Us"))
    (passage,) = passages(document)
    assert [one.reference.publisher for one in passage.statements] == ["A board", "Us"]
