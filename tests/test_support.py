"""What counts as support of a sentence by a passage."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from judging import check

PASSAGE = "Robotics engineer: average base pay is $96,013 a year (2024). Entry level: $76,453."


def test_a_verbatim_sentence_is_fully_supported() -> None:
    assert check("Entry level: $76,453. [1]", PASSAGE).score == 1.0


def test_a_figure_that_stands_nowhere_is_never_supported() -> None:
    verdict = check("Robotics engineers earn $200,000 a year on average base pay.", PASSAGE)
    assert not verdict.supported
    assert "200,000" in verdict.missing


def test_a_figure_is_compared_as_a_whole() -> None:
    assert not check("Entry level: $6,453.", PASSAGE).supported


def test_a_paraphrase_with_the_same_words_is_supported() -> None:
    assert check("The average base pay of a robotics engineer is $96,013 a year.", PASSAGE).supported


def test_a_name_that_the_passage_does_not_hold_is_missing() -> None:
    assert "Berlin" in check("The average base pay in Berlin is $96,013.", PASSAGE).missing


def test_a_denied_statement_is_supported_less() -> None:
    said = check("Average base pay is $96,013 a year for robotics engineer roles.", PASSAGE)
    denied = check("Average base pay is not $96,013 a year for robotics engineer roles.", PASSAGE)
    assert denied.score < said.score


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_gets_a_score_between_none_and_all(sentence: str, passage: str) -> None:
    verdict = check(sentence, passage)
    assert 0.0 <= verdict.score <= 1.0
