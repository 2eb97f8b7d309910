"""What went wrong in life becomes draft cases, without personal words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Conversations
from assistant.types import Answer
from evals.harvest import harvest, without_personal
from evals.questions import load
from ui.cli import cli

USED = {"python", "google", "seattle", "data", "machine", "learning", "engineer", "earn", "aws"}


def known(word: str) -> bool:
    return word.lower() in USED


@pytest.mark.parametrize(
    ("text", "clean"),
    [("I'm Maria Lopez, what do I earn?", "I'm [name], what do I earn?"),
     ("my name is anna, is Python enough?", "my name is [name], is Python enough?"),
     ("Write to ann.lee+x@mail.example.org now", "Write to [e-mail address] now"),
     ("Call +49 170 1234567 or 030-123-4567", "Call [number] or [number]"),
     ("My customer number is 12345678", "My customer number is [number]"),
     ("Is $105,418 or 120000 $ fair for 2024?", "Is $105,418 or [number] $ fair for 2024?"),
     ("See https://me.example/cv?x=1 please", "See [link] please"),
     ("I live at 12 Baker Street in Munich", "I live at [address] in Munich"),
     ("Does Dr. Jones teach Python at Google?", "Does Dr. [name] teach Python at Google?"),
     ("Born 03/04/1990, can I start in May?", "Born [date], can I start in May?"),
     ("What does an engineer earn in Seattle?", "What does an engineer earn in Seattle?"),
     ("Dear all, what do data engineers earn?", "Dear all, what do data engineers earn?")],
)  # fmt: skip
def test_personal_words_are_taken_out_and_nothing_else(text: str, clean: str) -> None:
    cleaned = without_personal(text, known)
    assert cleaned.text == clean
    assert bool(cleaned.removed) is (text != clean)


@given(st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}@[a-z]{1,8}\.(com|org)", fullmatch=True), st.text(max_size=20))
def test_no_address_is_left_whatever_stands_around_it(address: str, around: str) -> None:
    assert address not in without_personal(f"{around} {address} {around}", known).text


def answer(turn: str, outcome: str = "answered", unverified: tuple[str, ...] = ()) -> Answer:
    return Answer(f"Said {turn}.", outcome, (), unverified, "", (), "extractive", "talk", turn)  # type: ignore[arg-type]


def test_only_what_went_wrong_becomes_a_draft(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "conversations.db")
    kept.keep("What does Zoe Quill earn?", answer("t1"))
    kept.keep("And in Seattle?", answer("t2", "not_found"))
    kept.keep("And data?", answer("t3"))
    kept.keep("And machine?", answer("t4", unverified=("x",)))
    assert kept.rate("t3", "down", "Wrong, ask bob@x.org")
    drafts = harvest(kept.every_turn(), known)
    assert [one.why for one in drafts] == [("not_found",), ("disliked",), ("unverified",)]
    assert drafts[0].case.outcome == "not_found"
    assert [turn.question for turn in drafts[0].case.history] == ["What does [name] earn?"]
    assert drafts[1].comment == "Wrong, ask [e-mail address]"
    assert "Quill" not in json.dumps([one.fields() for one in drafts])
    assert set(drafts[1].removed) == {"name", "e-mail address"}


def test_the_same_question_is_drafted_once(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "conversations.db")
    for number in range(3):
        kept.keep("Which union?", replace(answer(f"t{number}", "not_found"), conversation_id=f"talk{number}"))
    assert len(harvest(kept.every_turn(), known)) == 1


def test_a_rating_is_its_owners_and_the_last_word_counts(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "conversations.db")
    kept.keep("What?", answer("t1"), owner="ann")
    assert not kept.rate("t1", "down", owner="bob")
    assert not kept.rate("absent", "down", owner="ann")
    assert kept.rate("t1", "up", owner="ann") and kept.rate("t1", "down", "no", owner="ann")
    (turn,) = kept.every_turn()
    assert (turn.rating, turn.comment) == ("down", "no")


def test_the_command_writes_drafts_that_load_as_a_set_and_adds_only_new_ones(
    bundled_data_dir: Path, copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    data, out = copied(bundled_data_dir), tmp_path / "drafts.jsonl"
    Conversations(data / "conversations.db").keep("Which union do AI engineers join?", answer("t1", "not_found"))
    for new in (1, 0):
        done = CliRunner().invoke(cli, ["eval", "harvest", "--data", str(data), "--out", str(out)])
        assert done.exit_code == 0 and f"{new} new drafts of 1 turns" in done.output, done.output
    (case,) = load(out)
    assert (case.user_input, case.tags) == ("Which union do AI engineers join?", ("harvested", "not_found"))
