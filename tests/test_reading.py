"""How a question is read: what narrows it, what was told in front of it, which parts it has, which texts can answer."""

from __future__ import annotations

import pytest

from assistant.forms import fits, in_form, says_lacking
from assistant.parts import parts
from assistant.qualifiers import places, qualifiers, unmet
from assistant.question import read_question


@pytest.mark.parametrize(
    ("text", "values"),
    [("the best paid ten percent of welders", ["highest 10"]), ("the highest tenth", ["highest 10"]),
     ("the bottom 10% of cooks", ["lowest 10"]), ("the 75th percentile wage", ["highest 25"]),
     ("the middle half of cooks", ["lowest 25", "highest 25"]), ("junior cooks", ["entry"]),
     ("What would he earn at the start?", ["entry"]), ("a mid-career cook", ["mid"]), ("a senior cook", ["senior"]),
     ("pay per hour in 2019", ["hour", "2019"]), ("What do cooks earn in New Orleans?", ["new orleans"]),
     ("the top 5 firms", []), ("What do cooks earn?", [])],
)  # fmt: skip
def test_what_narrows_a_question_is_read_however_it_is_said(text: str, values: list[str]) -> None:
    assert [one.value for one in qualifiers(text)] == values


def test_a_statement_of_another_level_year_or_place_does_not_meet_the_question() -> None:
    asked = qualifiers("What do junior cooks earn in Boston in 2019?")
    held = frozenset(one.value for one in qualifiers("Entry level, 2019: $9"))
    lacking = unmet(asked, held, "Entry level, 2019: $9", frozenset(("cook", "entri", "level")))
    assert [one.said for one in lacking] == ["Boston"]
    assert {one.value for one in unmet(asked, frozenset(("late",)), "Late career, 2024: $19")} == {
        "entry", "2019", "boston"}  # fmt: skip


def test_a_sentence_end_ends_a_place() -> None:
    assert places("I live in Ohio. Which degree do I need?") == ("Ohio",)


@pytest.mark.parametrize(
    ("kind", "asked", "text", "meets"),
    [("count", "How many firms use robots?", "67% use robots.", True),
     ("count", "How many jobs are there for cooks?", "34% more", False),
     ("count", "How many lessons has it?", "It has nine lessons.", True),
     ("time", "How long does it take?", "in May 2024", False),
     ("time", "How long does it take?", "two to four weeks", True),
     ("time", "When did it begin?", "in May 2024", True), ("time", "What is the average age?", "for 30 years", False),
     ("money", "How much does the course cost?", "The course is free.", True),
     ("money", "What is the bonus?", "10% to 20% of base pay", True),
     ("reason", "Why do they differ?", "They differ because they count otherwise.", True),
     ("reason", "Why do they differ?", "They differ.", False)],
)  # fmt: skip
def test_a_text_has_the_form_that_a_kind_of_question_wants(kind: str, asked: str, text: str, meets: bool) -> None:
    assert in_form(kind, asked, text) is meets  # type: ignore[arg-type]


def test_that_there_is_no_figure_is_told_from_a_figure() -> None:
    assert says_lacking("money", "The guide gives no late-career figure for cooks.")
    assert says_lacking("percent", "No official forecast counts cooks.")
    assert not says_lacking("money", "Cooks earn $9.") and not says_lacking("list", "No figure is given.")


@pytest.mark.parametrize(
    ("kind", "asked", "text", "does"),
    [("advice", "How do I begin?", "Learn to weld first.", True), ("advice", "How do I begin?", "Welders weld.", False),
     ("name", "Which city pays best?", "Pay is highest in Rome.", True),
     ("other", "Where does the 75% come from?", "The figure traces back to a survey.", True),
     ("count", "How many interviews are there?", "There are four interviews.", True),
     ("count", "How many interviews are there?", "There are four cooks.", False)],
)  # fmt: skip
def test_a_text_in_the_manner_of_the_question_is_known(kind: str, asked: str, text: str, does: bool) -> None:
    assert fits(kind, asked, text) is does  # type: ignore[arg-type]


def test_what_a_person_tells_is_kept_apart_from_what_is_asked() -> None:
    asked = read_question("I am 45 and a nurse, which degree do I need for welding jobs?")
    assert asked.personal and asked.terms == ("weld", "job") and asked.told == {"nurs"}


def test_a_question_that_points_to_what_was_told_is_read_with_it() -> None:
    asked = read_question("They offered me $95,000 as a welder. What is usual?")
    assert asked.kind == "money" and asked.terms == ("welder",) and asked.claim == "$95,000"


@pytest.mark.parametrize(
    "question",
    ["What does a welder earn, by every source you have?", "How much do welders earn? Give all figures.",
     "What do the sources say about welder pay?", "What does a welder earn according to the different sources?"],
)  # fmt: skip
def test_the_figures_of_every_source_can_be_asked_for(question: str) -> None:
    asked = read_question(question)
    assert asked.every_source and asked.terms == ("welder",) and asked.kind == "money"


@pytest.mark.parametrize(
    ("question", "texts"),
    [("What is the pay and the outlook of cooks?", ["What is the pay of cooks?", "What is the outlook of cooks?"]),
     ("What's the ladder of a welder and of a cook?", ["What's the ladder of welder?", "What's the ladder of cook?"]),
     ("Welder or Pastry Cook: which is cheaper?", ["Welder is cheaper?", "Pastry Cook is cheaper?"]),
     ("Does Sweden pay welders better than France?", ["Sweden pay welders?", "France pay welders?"]),
     ("Why do welders earn less than cooks?", ["welders earn?", "cooks earn?"]),
     ("Why do Oslo and Rome disagree on pay?", ["Why do Oslo and Rome disagree on pay?"]),
     ("What do welders earn, and do sources agree?", ["What do welders earn, and do sources agree?"]),
     ("Which grows faster, welders or cooks?", ["grows faster welders?", "grows faster cooks?"])],
)  # fmt: skip
def test_a_question_is_taken_apart_into_questions(question: str, texts: list[str]) -> None:
    assert [part.text for part in parts(question).parts] == texts


@pytest.mark.parametrize(
    ("question", "texts"),
    [("What does Hill Bank pay and until when can I apply?",
      ["What does Hill Bank pay?", "until when can I apply for Hill Bank?"]),
     ("What do welders earn, and which degree do I need?",
      ["What do welders earn?", "which degree do I need for welders?"]),
     ("How do I build a hut and where do I buy?", ["How do I build a hut?", "where do I buy?"]),
     ("What does Hill Bank pay and where is the mill?", ["What does Hill Bank pay?", "where is the mill?"]),
     ("How long is the course, and how do I learn Python?", ["How long is the course?", "how do I learn Python?"])],
)  # fmt: skip
def test_what_the_asker_can_do_is_asked_of_the_subject_before_it(question: str, texts: list[str]) -> None:
    assert [part.text for part in parts(question).parts] == texts


def test_a_title_that_joins_two_things_stays_whole_unless_they_are_set_beside_each_other() -> None:
    names = ["Cooks and Head Bakers"]
    assert parts("What do cooks and head bakers earn?", names).how == "one"
    assert parts("Which degree do I need to become one of the cooks and head bakers?", names).how == "one"
    assert parts("What is the difference between cooks and head bakers?", names).how == "sides"
    beside = parts("Who earns more, cooks and head bakers or welders?", names)
    assert [part.about for part in beside.parts] == ["cooks and head bakers", "welders"]


@pytest.mark.parametrize(
    ("kind", "text", "does"),
    [("time", "It pays $51,000 a year, or $24.52 an hour.", False), ("time", "It takes 3 full years.", True),
     ("percent", "Change, 2024–34 Percent: 0", False), ("percent", "A rise of 34 percent: that is much.", True),
     ("percent", "It grew 34 percent.", True)],
)  # fmt: skip
def test_a_unit_of_something_else_answers_no_question(kind: str, text: str, does: bool) -> None:
    assert in_form(kind, "How long?", text) is does  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "kind"),
    [("What education do cost estimators need?", "education"), ("What does it cost welders?", "money"),
     ("How many compensation and benefits managers are there?", "count"), ("What do cost estimators earn?", "money"),
     ("How many compensation, benefits, and job analysis specialists are there?", "count")],
)  # fmt: skip
def test_who_deals_with_money_is_not_asked_for_money(question: str, kind: str) -> None:
    assert read_question(question).kind == kind


def test_employers_are_not_the_employment_that_grows() -> None:
    asked = read_question("How fast is employment of welders expected to grow?")
    assert asked.kind == "percent" and asked.terms == ("welder",)
    assert "employ" in read_question("What share of employers of welders use robots?").terms
