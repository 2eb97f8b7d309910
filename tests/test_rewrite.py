"""Follow-ups become questions that stand alone, by what the library calls things."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from assistant.chat_rewriter import ChatModelRewriter
from assistant.labels import read_labels
from assistant.phrases import phrase_of
from assistant.pronouns import pronoun_in
from assistant.replacing import Similar
from assistant.rewrite import standalone
from assistant.types import NOT_HELD, Turn
from ingest.types import Passage, Reference, Source, Statement
from ingest.words import stems


def _source(title: str, topic: str) -> Source:
    return Source(title, f"{title}.md", "root", title, "markdown", topic, "", Reference(), "", "", 1, "")


def _passage(title: str, headings: tuple[str, ...], rows: Sequence[str]) -> Passage:
    statements = tuple(Statement(row, 0, "row") for row in rows)
    return Passage(f"{title}/{headings}", title, 0, headings, None, "", "\n".join(rows), statements)


LEVELS = ("Entry level: $100", "Early career: $110", "Late career (10+ years): $140")
CITIES = ("San Francisco: $179", "New York City: $184", "Seattle: $173")
LABELS = read_labels(
    [
        (_source("Machine learning engineer", "roles"), _passage("Machine learning engineer", ("Pay",), LEVELS)),
        (_source("Data scientist", "roles"), _passage("Data scientist", ("Pay",), LEVELS)),
        (_source("Data scientist", "roles"), _passage("Data scientist", ("Skills",), ())),
        (_source("Robotics engineer", "roles"), _passage("Robotics engineer", ("Pay",), LEVELS)),
        (_source("Pay by city", "pay"), _passage("Pay by city", ("Machine learning engineer",), CITIES)),
        (_source("AI engineer", "roles"), _passage("AI engineer", ("Skills",), ())),
        (_source("Skills", "skills"), _passage("Skills", ("Skills",), ())),
    ]
)


def _like(similarity: float) -> Similar:
    """Everything as much alike."""
    return lambda _, others: [similarity for _ in others]


def _ask(*turns: str) -> str:
    return standalone(turns[-1], [Turn(turn) for turn in turns[:-1]], LABELS, _like(0.0))


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (("Data scientist vs AI engineer", "who earns more?"), "who earns more, Data scientist or AI engineer?"),
        (
            ("What is the difference between a baker and a cook?", "Which is better paid?", "And which is easier?"),
            "And which is easier, baker or cook?",
        ),
        (("Is a bootcamp or a degree better?", "which one is cheaper?"), "which one is cheaper, bootcamp or degree?"),
        (("What do cooks earn?", "Which cities pay best?"), "Which cities pay best of cooks?"),
        (("Can I switch to AI at 50?", "How long would it take?"), "How long would it take to switch to AI at 50?"),
        (("Do I need a PhD to be a chemist?", "how long does that take?"), "how long does that take to be a chemist?"),
        (("Do I need a PhD to be a chemist?", "What do they earn?"), "What do chemists earn?"),
        (("How do I ask for a raise?", "And if they say no?"), "How do I ask for a raise: And if they say no?"),
        (("What does an AI engineer earn?", "Why so much?"), "What does an AI engineer earn: Why so much?"),
        (("Can I switch at 50?", "Is that realistic with kids?"), "Is that realistic to switch at 50 with kids?"),
        (("How do I ask for a raise?", "What if taxes rise?"), "What if taxes rise?"),
        (("What does an AI engineer do?", "vs data scientist"), "What does an AI engineer do vs data scientist?"),
        (("What do ML engineers make in Berlin?", "What about London?"), "What do ML engineers make in London?"),
        (("What does Acme pay?", "How long does hiring take there?"), "How long does hiring take at Acme?"),
        (("How many cooks smoke?", "and among those in Rome?"), "How many cooks smoke among those in Rome?"),
        (("How do I ask for a raise?", "does that really help?"), "does that really help to ask for a raise?"),
        (("What does a smith earn?", "is that more than a baker gets?"), "What does a baker earn?"),
        (("What does a smith earn?", "so is it more or less than a baker earns?"), "What does a baker earn?"),
        (("What does a smith earn?", "cats versus dogs?"), "What is the difference between cats and dogs?"),
        (("Can I switch at 50?", "cats vs big dogs pay"), "cats vs big dogs pay"),
        (("Do bakers use robots?", "Do they trust them?"), "Do bakers trust robots?"),
        (
            ("What does a licence cost?", "Do I have to pass a test for that one?"),
            "Do I have to pass a test for licence?",
        ),
    ],
)
def test_the_form_of_a_follow_up_says_what_it_takes_along(turns: tuple[str, ...], expected: str) -> None:
    like = "What about London?" in turns
    history = [Turn(turn) for turn in turns[:-1]]
    assert standalone(turns[-1], history, LABELS, _like(0.4) if like else _like(0.0)) == expected


def test_what_was_put_right_is_no_longer_what_the_talk_is_about() -> None:
    history = [Turn("What does a data scientist do?"), Turn("no, I meant a smith")]
    asked = standalone("and what do they earn?", history, LABELS, _like(0.8))
    assert "smith" in asked and "data scientist" not in asked
    assert _ask("How do I get in as a nurse?", "sorry, as a teacher") == "How do I get in as a teacher?"
    assert _ask("Is the H-1B visa rare?", "and the L-1?") == "Is the L-1 visa rare?"


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (
            ("What does an entry-level machine learning engineer earn?", "And late career?"),
            "What does a late career machine learning engineer earn?",
        ),
        (
            ("What do machine learning engineers earn in San Francisco?", "And in Seattle?"),
            "What do machine learning engineers earn in Seattle?",
        ),
        (
            (
                "What do machine learning engineers earn in San Francisco?",
                "And in Seattle?",
                "What about New York City?",
            ),
            "What do machine learning engineers earn in New York City?",
        ),
        (
            ("What does an entry-level machine learning engineer earn?", "what about data scientists?"),
            "What does an entry-level data scientist earn?",
        ),
        (
            ("What does a robotics engineer earn?", "And in Berlin?"),
            "What does a robotics engineer earn in Berlin?",
        ),
        (("What does a data scientist do?", "And skills?"), "Skills of data scientist?"),
        (("What does a data scientist do?", "How much do they earn?"), "How much do data scientists earn?"),
        (("What does a data scientist do?", "Why?"), "What does a data scientist do: Why?"),
    ],
)
def test_a_follow_up_takes_over_what_it_leaves_out(turns: tuple[str, ...], expected: str) -> None:
    assert _ask(*turns) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What is the career ladder of an AI product manager?",
        "How do I build a portfolio?",
        "Which certifications are worth the money?",
        "Is it 56 or 28 percent that AI skills pay more?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(question: str) -> None:
    assert _ask("What does a robotics engineer earn?", question) == question
    assert _ask(question) == question


def test_the_second_one_is_the_second_item_of_the_answer() -> None:
    answer = "Three cities lead:\n- San Francisco: $179 [1]\n- Seattle: $173 [2]"
    found = standalone("How much is the second one?", [Turn("Which cities pay best?", answer)], LABELS, _like(0.0))
    assert found == "How much is Seattle?"


def test_what_a_turn_searched_for_is_what_the_next_one_follows() -> None:
    turn = Turn("and there?", "", "What do robotics engineers earn in Seattle?")
    assert standalone("And in San Francisco?", [turn], LABELS, _like(0.0)) == (
        "What do robotics engineers earn in San Francisco?"
    )


def test_rewriting_comes_nearer_to_what_people_write_than_the_last_turn_alone() -> None:
    folder = os.environ.get("CAREER_BENCH_DATA")
    if not folder:
        pytest.skip("CAREER_BENCH_DATA is unset: no third-party conversations at hand")
    rows = [json.loads(line) for line in (Path(folder) / "cast" / "2019.jsonl").read_text().splitlines()]
    ours = [_overlap(_ask(*row["turns"]), row["human_rewrite"]) for row in rows]
    last = [_overlap(row["turns"][-1], row["human_rewrite"]) for row in rows]
    assert sum(ours) / len(rows) > sum(last) / len(rows) + 0.03


def _overlap(text: str, wanted: str) -> float:
    """F1 of the sets of content stems."""
    mine, theirs = set(stems(text)), set(stems(wanted))
    both = len(mine & theirs)
    return 2 * both / (len(mine) + len(theirs)) if both else 0.0


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (("Tell me about welding.", "What is the pay for it?"), "What is the pay for welding?"),
        (("Who was Grace Hopper?", "What was she famous for?"), "What was Grace Hopper famous for?"),
        (
            ("What is quantum computing?", "How does it work?", "Who invented it?"),
            "Who invented quantum computing?",
        ),
        (
            ("Tell me about coral reefs.", "Are they endangered?", "What are the main types?"),
            "What are the main types of coral reefs?",
        ),
        (("Are US-based companies taxed twice?", "Where do they pay?"), "Where do US-based companies pay?"),
        (("What are solar panels?", "What is their price?"), "What is solar panels' price?"),
        (("What do economists earn?", "What education do they need?"), "What education do economists need?"),
        (("What does a piano tuner do?", "What is their pay?"), "What is piano tuner's pay?"),
        (("How long did the Roman republic last?", "Who founded it?"), "Who founded Roman republic?"),
    ],
)
def test_what_points_back_is_named_whatever_the_library_knows(turns: tuple[str, ...], expected: str) -> None:
    assert _ask(*turns) == expected


@pytest.mark.parametrize(
    ("cosine", "before", "named", "expected"),
    [
        (0.5, "What do weavers earn?", "spinners", "What do spinners earn?"),
        (0.5, "Is a lemon a fruit?", "a walnut", "What about a walnut?"),
        (0.8, "Is a lemon a fruit?", "a walnut", "Is a walnut a fruit?"),
    ],
)
def test_only_plurals_take_the_place_of_what_is_somewhat_alike(
    cosine: float, before: str, named: str, expected: str
) -> None:
    def alike(text: str, others: Sequence[str]) -> Sequence[float]:
        return [cosine if other in ("weavers", "lemon") else 0.0 for other in others]

    assert standalone(f"What about {named}?", [Turn(before)], LABELS, alike) == expected


@pytest.mark.parametrize(
    "question",
    ["What is Kubernetes?", "Tell me about the Hoover Dam.", "How do glaciers form?"],
)
def test_a_change_of_subject_carries_nothing(question: str) -> None:
    assert _ask("Tell me about coral reefs.", "Are they endangered?", question) == question


@pytest.mark.parametrize("question", ["Which skills do employers want most?", "Which jobs pay most?"])
def test_what_nothing_was_held_of_is_not_carried_into_a_question_with_a_subject(question: str) -> None:
    before = "What is the best pizza in Rome of qwer zxcv?"
    assert standalone(question, [Turn(before, NOT_HELD)], LABELS, _like(0.0)) == question
    pointing = standalone("Who sells it?", [Turn(before, NOT_HELD)], LABELS, _like(0.0))
    assert pointing != "Who sells it?"


@pytest.mark.parametrize("told", ["If I live in Spain?", "I am 45 and a nurse", "Sorry, I work in Chile."])
def test_what_a_person_tells_alone_is_taken_with_the_question_before(told: str) -> None:
    assert _ask("What does a data scientist earn?", told) == f"What does a data scientist earn: {told.rstrip('?.')}?"
    assert _ask("What does a data scientist earn?", "I am 45, can I weld?") == "I am 45, can I weld?"


def test_what_a_person_tells_first_is_taken_with_the_question_that_comes_next() -> None:
    turns = ("I am a web developer.", "How would I get to AI engineer?")
    assert _ask(*turns) == "I am a web developer. How would I get to AI engineer?"
    assert _ask(*turns, "what first?").endswith("How would I get to AI engineer: what first?")
    assert _ask("I am a web developer.", "What is MLOps?") == "What is MLOps?"


def test_what_a_person_tells_goes_with_later_questions_that_name_nothing() -> None:
    turns = ("I am a nurse.", "How do I become a data scientist?", "and what would I show them?")
    assert _ask(*turns) == "I am a nurse. and what would I show them?"
    assert _ask(*turns[:2], "What does a data scientist earn?") == "What does a data scientist earn?"


def test_they_are_those_whom_the_talk_is_about_though_the_last_turn_named_a_place() -> None:
    assert _ask("Are women rare in welding?", "what about Germany", "and do they stay") == "and do women stay"


def test_of_several_the_other_thing_is_named_too() -> None:
    turns = ("How many developers trust robots?", "how many of them use it?")
    assert _ask(*turns) == "how many of developers use robots?"


def test_one_is_what_was_named_with_an_article() -> None:
    assert _ask("Can I weld without a licence?", "how many ads want one") == "how many ads want a licence?"


def test_a_country_whose_initials_are_a_pronoun_is_named() -> None:
    turns = ("Which country wants robots most?", "and the US?")
    assert _ask(*turns) == "Which country wants robots most in the United States?"


def test_one_thing_named_with_an_article_takes_the_place_of_another() -> None:
    assert _ask("What does an underwater welder earn?", "And a plumber?") == "What does a plumber earn?"
    assert _ask("What does a plumber earn?", "And an underwater welder?") == "What does an underwater welder earn?"
    phrase = "A union card – What does a plumber earn: a union card?"
    assert _ask("What does a plumber earn?", "a union card") == phrase


def test_a_role_is_what_a_talk_is_about_though_headings_hold_its_words() -> None:
    asked = _ask("What does a data scientist earn?", "How do I become one?")
    assert asked == "How do I become a data scientist?"


def test_what_a_sentence_brings_in_itself_is_not_looked_for_before_it() -> None:
    question = "If my sister pays with her card, who owns the house?"
    assert _ask("Tell me about coral reefs.", question) == question


def test_there_is_the_place_that_the_turn_names_itself() -> None:
    question = "Tell me about Hill Bank. Can I open an account there?"
    assert _ask("What is money?", question) == question


def test_a_clause_that_hangs_on_a_bare_word_points_nowhere() -> None:
    assert pronoun_in("Is there one that pays more than the others?") is None
    assert pronoun_in("Is that one better?") is not None


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (("Which welding licences are there?", "And the Dallas one?", "Which of them is free?"),
         "Which of welding licences is free?"),
        (("Is adoption of robots growing?", "What do banks use robots for?"), "What do banks use robots for?"),
    ],
)  # fmt: skip
def test_several_are_meant_by_them_and_a_whole_question_stays_whole(turns: tuple[str, ...], expected: str) -> None:
    *before, last = turns
    assert (
        standalone(last, [Turn(one) for one in before], LABELS, lambda text, others: [0.0 for _ in others]) == expected
    )


def test_greetings_and_thanks_name_nothing() -> None:
    assert _ask("Tell me about welding.", "Thanks a lot!", "What is the pay for it?") == "What is the pay for welding?"
    question = "What is the difference between debit and credit cards?"
    assert _ask("hi", question) == question
    assert _ask("Tell me about welding.", "hello", "Is it dangerous?") == "Is welding dangerous?"


class _Slow(FakeListChatModel):
    """A model that thinks for longer than it is given."""

    def _call(self, *given: object, **options: object) -> str:
        time.sleep(0.5)
        return "Too late?"


def _plain(question: str, history: Sequence[Turn], owners: Sequence[str]) -> str:
    return f"plain: {question}"


def test_a_chat_model_writes_the_standalone_question() -> None:
    rewriter = ChatModelRewriter(FakeListChatModel(responses=["What do nurses earn in Seattle?\n"]), _plain)
    assert rewriter("And in Seattle?", [Turn("What do nurses earn?")]) == "What do nurses earn in Seattle?"
    assert rewriter("What do nurses earn?", []) == "plain: What do nurses earn?"


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (_Slow(responses=["x"]), "did not answer within"),
        (FakeListChatModel(responses=[]), "failed"),
        (FakeListChatModel(responses=["Well.\n\nNurses earn much."]), "wrote no question"),
    ],
)
def test_a_chat_model_that_fails_is_done_without_and_the_log_says_so(
    model: FakeListChatModel, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    rewriter = ChatModelRewriter(model, _plain, seconds=0.2)
    assert rewriter("And in Seattle?", [Turn("What do nurses earn?")]) == "plain: And in Seattle?"
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (("What do bakers in Rome earn?", "sorry, in Milan"), "What do bakers in Milan earn?"),
        (("Do teachers smoke?", "no, engineers"), "Do engineers smoke?"),
        (("Do bakers smoke?", "not bakers, I mean welders"), "Do welders smoke?"),
        (("Are there grants for teeth?", "I meant for a child"), "Are there grants for a child?"),
        (("How long is the AIGP exam?", "actually the CAIP one"), "How long is the CAIP exam?"),
        (("What did cooks earn in 2025?", "no the newer figure, 2026"), "What did cooks earn in 2026?"),
        (("What do bakers earn?", "no wait, what is a smith?"), "what is a smith?"),
        (("Can I become a judge before I am old?", "no."), "no."),
    ],
)
def test_a_turn_that_puts_the_one_before_right_is_read_with_it(turns: tuple[str, ...], expected: str) -> None:
    assert _ask(*turns) == expected


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (("What do teachers earn?", "and engineers?", "which of the two pays better?"), "teachers or engineers?"),
        (("What does a smith do?", "And a cook?", "which one is harder?"), "smith or cook?"),
        (("Is the H-1B visa rare?", "and the L-1?", "which is faster"), "H-1B or L-1?"),
    ],
)
def test_a_choice_is_between_the_two_things_that_were_asked_about_in_turn(
    turns: tuple[str, ...], expected: str
) -> None:
    history = [Turn(turn) for turn in turns[:-1]]
    assert standalone(turns[-1], history, LABELS, _like(0.4)).endswith(f", {expected}")


def test_what_is_asked_of_a_place_is_asked_of_another_and_of_a_year_of_another_year() -> None:
    assert _ask("How many cooks left in 2023 in Rome?", "and in Milan or Bari") == (
        "How many cooks left in 2023 in Milan or Bari?"
    )
    assert _ask("How many cooks left in Rome in 2023?", "in 2022?") == "How many cooks left in Rome in 2022?"
    assert _ask("Who gets in at Google?", "and at meta?") == "Who gets in at Meta?"
    assert _ask("How many ads are there in Rome?", "more than Milan or less?") == "How many ads are there in Milan?"
    assert _ask("What do cooks earn in Germany?", "Poland then") == "What do cooks earn in Poland?"


def test_a_bare_phrase_that_no_label_holds_is_searched_for_with_what_led_to_it() -> None:
    asked = _ask("How do I pay less tax?", "assets")
    assert asked == "Assets – How do I pay less tax: assets?"
    assert phrase_of(asked) == "Assets"
    # What the library has a name for, and what sets two things side by side, is asked by itself.
    assert _ask("How do I pay less tax?", "late career") == "late career"
    assert _ask("How do I pay less tax?", "renting or buying") == "renting or buying"


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (
            ("What is the difference between Grit and NUV?", "market value", "How is it found?"),
            "How is market value found?",
        ),
        (
            ("How old is a smith or a cook?", "What are the factors to consider when baking?"),
            "What are the factors to consider when baking?",
        ),
        (
            (
                "How do people begin to run a small bakery?",
                "What could be the reason that most small bakeries fail along the way?",
            ),
            "What could be the reason that most small bakeries fail along the way?",
        ),
        (
            ("What makes a good manager?", "What are the costs that a firm has with its staff besides their pay?"),
            "What are the costs that a firm has with its staff besides their pay?",
        ),
        (("Has Chad a strong army?", "Why does it keep doing this?"), "Why does Chad keep doing this?"),
        (("What does a smith do?", "how's that different from a cook?"), "how's smith different from a cook?"),
        (
            ("I'm a nurse, can I weld?", "What does a smith earn?", "what should I learn first?"),
            "I'm a nurse. what should I learn first?",
        ),
        (("I'm a nurse, can I weld?", "Can I put all bonds in my plan?"), "Can I put all bonds in my plan?"),
    ],
)
def test_only_what_points_back_is_looked_for_in_the_turns_before(turns: tuple[str, ...], expected: str) -> None:
    assert _ask(*turns) == expected


def test_a_title_made_of_a_text_s_first_words_is_no_name() -> None:
    made = _source("“Sell the house…”", "notes")
    labels = read_labels([(made, _passage(made.title, (), ("Sell the house and rent.",)))])
    assert not labels.titles
