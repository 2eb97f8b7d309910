"""What tells a statement that answers from one that only speaks of the same things."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answerable import COEFFICIENTS, likelihood
from assistant.assistant import Assistant
from assistant.build import build_assistant
from assistant.opposites import opposed
from ingest.library import Library
from ingest.settings import load_settings

WORDS = st.lists(
    st.sampled_from("first second high low unable able before after pay job most least nonpublic public".split()),
    max_size=6,
).map(" ".join)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "told", "words"),
    [("What does the second minister do?", "The first minister leads.", ["second"]),
     ("Who is unable to vote?", "Members are able to vote.", ["unable"]),
     ("What was decided before the war?", "After the war a treaty was signed.", ["before"]),
     ("Which job pays most?", "It is the job that pays least.", ["most"]),
     ("Who opened it in March?", "It was opened in July.", ["march"])],
)  # fmt: skip
def test_words_that_exclude_each_other_are_told(asked: str, told: str, words: list[str]) -> None:
    assert opposed(asked, told) == words


@pytest.mark.parametrize(
    ("asked", "told"),
    [("What is the first step?", "The first step is planning, the second is training."),
     ("What do data scientists earn?", "Data scientists earn $112,590 a year."),
     ("Is income high?", "People come to high income by work.")],
)  # fmt: skip
def test_words_that_stand_in_both_exclude_nothing(asked: str, told: str) -> None:
    assert opposed(asked, told) == []


@given(WORDS, WORDS)
def test_exclusion_does_not_depend_on_which_text_comes_first(one: str, other: str) -> None:
    assert bool(opposed(one, other)) == bool(opposed(other, one))


@given(st.text(max_size=80))
def test_nothing_excludes_itself(text: str) -> None:
    assert opposed(text, text) == []


@given(st.fixed_dictionaries({name: st.floats(0, 1) for name in COEFFICIENTS if name != "bias"}))
def test_any_evidence_has_a_likelihood(evidence: dict[str, float]) -> None:
    assert 0.0 < likelihood(evidence) < 1.0


@pytest.fixture
def assistant(tmp_path: Path, library: Library) -> Assistant:
    (tmp_path / "research-scientists.md").write_text(
        "# Research scientists\n\nResearch scientists earned a median of $140,910 in 2024.\n", encoding="utf-8"
    )
    (tmp_path / "council.md").write_text(
        "# The council\n\nElected members are able to vote on the budget.\n", encoding="utf-8"
    )
    library.sync([str(tmp_path)])
    return build_assistant(load_settings(data_dir=str(library.folder), env={}), library=library)


@pytest.mark.parametrize(
    ("asked", "refused"),
    [("What is the median pay of research scientists?", "What is the median pay of data scientists?"),
     ("Who is able to vote on the budget?", "Who is not able to vote on the budget?")],
)  # fmt: skip
def test_a_question_that_swaps_one_thing_is_refused(assistant: Assistant, asked: str, refused: str) -> None:
    assert assistant.ask(asked).outcome == "answered"
    assert assistant.ask(refused).outcome == "not_found"


def test_a_question_that_asks_back_denies_nothing(assistant: Assistant) -> None:
    assert assistant.ask("Aren't elected members able to vote on the budget?").outcome == "answered"


def test_a_sentence_that_asks_the_same_answers_nothing(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "ballots.md").write_text(
        "# Ballots\n\nIs voting by post safe? Every ballot is sealed twice and counted before two witnesses.\n",
        encoding="utf-8",
    )
    assistant.library.sync([str(tmp_path)])
    assert "safe?" not in assistant.ask("Is voting by post safe?").answer


def test_what_holds_anywhere_is_told_of_a_place_that_is_not_held_but_no_law_and_no_figure(
    assistant: Assistant, tmp_path: Path
) -> None:
    (tmp_path / "bakers.md").write_text(
        "# Bakers\n\nBakers knead dough before dawn and sell bread in the morning. Bakers need a permit to sell bread. "
        "Bakers earned a median of $36,650 in 2024.\n\n# Madrid\n\nMadrid has 900 bakers.\n",
        encoding="utf-8",
    )
    assistant.library.sync([str(tmp_path)])
    answer = assistant.ask("What do bakers knead before dawn in Madrid?")
    assert answer.outcome == "partial"
    assert "does not say that of Madrid" in answer.answer
    assert "knead dough" in answer.answer
    assert assistant.ask("What do bakers knead before dawn?").outcome == "answered"
    assert assistant.ask("Which permit do bakers need to sell bread in Madrid?").outcome == "not_found"
    assert "36,650" not in assistant.ask("What do bakers earn in Madrid?").answer
