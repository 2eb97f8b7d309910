"""Sources that disagree, figures that somebody heard, and several questions at once, over a small library of crafts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from own_library import assistant_over

from assistant.assistant import Assistant
from ingest.embed import SentenceTransformerEmbedder

CRAFTS = {
    "welder": "# Welder\n\nA welder joins metal.\n\n## Pay\n\nWelders earn a median of $51,000 a year (2024).\n\n"
    "| Welders by country | Pay a year, 2024 |\n|---|---|\n| Norway | $58,200 |\n| Spain | $31,900 |\n\n"
    "## What the sources say about pay\n\nTwo figures for the pay of welders differ because they count different "
    "things: $51,000 is the median of payrolls, $63,400 an average of what union members told (2024).\n",
    "mason": "# Stonemason\n\nA stonemason cuts and lays stone.\n\n## Pay\n\nStonemasons earn a median of $44,700 "
    "a year (2024).\n\n## Outlook\n\nEmployment of stonemasons is projected to fall by 4% from 2024 to 2034.\n",
    "glazier": "# Glazier\n\nA glazier fits glass.\n\n## Pay\n\nGlaziers earn a median of $49,800 a year (2024).\n\n"
    "## Outlook\n\nEmployment of glaziers is projected to grow by 3% from 2024 to 2034.\n",
    "permit": "# The T-2B permit for craftspeople\n\n## How many\n\nThere are 7,500 T-2B permits a year (2025).\n\n"
    "## How long\n\nA T-2B permit lasts two years (2025).\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder) -> Iterator[Assistant]:
    with assistant_over(tmp_path_factory.mktemp("library"), embedder, CRAFTS) as assistant:
        yield assistant


@pytest.mark.parametrize(
    "question",
    [
        "Do welders earn $51,000 or $63,400?",
        "My cousin says welders make 63k, another site says 51k. Who is right?",
        "One page gives 51000 for welder pay and another 63400, how can both be true?",
        "Why do the figures for the pay of welders differ?",
    ],
)
def test_two_figures_are_answered_by_what_holds_both(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.outcome == "answered" and "$51,000" in answer.answer and "$63,400" in answer.answer
    assert "does not bear that out" not in answer.answer


def test_a_figure_that_was_heard_and_stands_nowhere_is_not_borne_out(assistant: Assistant) -> None:
    answer = assistant.ask("Somebody told me that glaziers earn $90,000, is that right?").answer
    assert answer.startswith("The library does not bear that out.") and "$49,800" in answer


def test_a_rise_that_was_heard_is_not_borne_out_by_a_fall(assistant: Assistant) -> None:
    answer = assistant.ask("I read that jobs for stonemasons will grow by 4%, is that true?").answer
    assert answer.startswith("The library does not bear that out.") and "fall by 4%" in answer


def test_each_side_of_a_comparison_keeps_the_kind_of_its_figure(assistant: Assistant) -> None:
    answer = assistant.ask("Do glaziers make more than stonemasons?").answer
    assert answer.startswith("More, by these figures: glaziers, $49,800 against $44,700.")


def test_each_of_several_questions_may_compare(assistant: Assistant) -> None:
    answer = assistant.ask("Compare the pay and the outlook of glaziers and stonemasons.")
    assert answer.outcome == "answered"
    assert all(figure in answer.answer for figure in ("$49,800", "$44,700", "3%", "4%"))


def test_a_third_place_that_the_library_lacks_is_named(assistant: Assistant) -> None:
    answer = assistant.ask("What do welders earn in Norway and in Spain and in Peru?")
    assert answer.outcome == "partial" and "$58,200" in answer.answer and "$31,900" in answer.answer
    assert 'does not hold an answer for "Peru"' in answer.answer


def test_the_digit_of_a_name_counts_nothing(assistant: Assistant) -> None:
    answer = assistant.ask("How many T-2B permits are there, and for how long is one valid?").answer
    assert "7,500" in answer and "two years" in answer


def test_a_later_part_asks_the_same_of_another_thing(assistant: Assistant) -> None:
    answer = assistant.ask("What do stonemasons earn and is that more than glaziers?").answer
    assert "$44,700" in answer and "$49,800" in answer


def test_what_only_announces_a_question_is_no_part_of_it(assistant: Assistant) -> None:
    answer = assistant.ask("My son wants to know what a glazier earns and how fast the job grows.")
    assert answer.outcome == "answered" and "$49,800" in answer.answer and "3%" in answer.answer
