"""Typos and initials of a question, mended by the words and labels of a library."""

from __future__ import annotations

import pytest

from assistant.labels import Labels, key
from assistant.spelling import Speller
from ingest.library import Vocabulary
from ingest.words import stems

TITLES = frozenset(map(key, ("Machine learning engineer", "Data scientist", "Robotics engineer", "AI engineer")))
LABELS = Labels({title: frozenset({"topic roles"}) for title in TITLES}, TITLES)


def test_names_are_not_mended_into_other_words() -> None:
    speller = Speller(Vocabulary({"diagram": 3, "kubernet": 9}, {"diagram": 3, "kubernetes": 9}, 10), LABELS)
    assert speller.mend("What did the Milgram study show?") == "What did the Milgram study show?"
    assert speller.mend("What is Kuberntees for?") == "What is kubernetes for?"
    assert speller.mend("draw a diagramm") == "draw a diagram"


def test_names_that_the_library_lacks_are_not_mended_towards_what_stands_near_by_chance() -> None:
    words = {"thing": 9, "ship": 4, "palo": 1, "stock": 1, "python": 8}
    speller = Speller(Vocabulary(words, words, 10), LABELS)
    for question in ("Tell me more about Ching Shih.", "What is paleo?"):
        assert speller.mend(question) == question
    assert speller.mend("is Pythn hard, and what are stok options?") == "is python hard, and what are stock options?"


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("how do i become an ML engineer?", "how do i become a machine learning engineer?"),
        ("do ml engineers weld?", "do machine learning engineers weld?"),
        ("What does an AI/ML engineer do?", "What does an AI/ML engineer do?"),
        ("Is ML hard?", "Is ML hard?"),
    ],
)
def test_initials_that_begin_a_title_are_written_out_before_the_rest_of_it(asked: str, written: str) -> None:
    words = {"machine": 9, "learning": 9, "engineer": 9, "ml": 5, "ai": 9, "weld": 2}
    speller = Speller(Vocabulary({**{stem: n for word, n in words.items() for stem in stems(word)}}, words, 10), LABELS)
    assert speller.mend(asked) == written


def test_typos_are_mended_towards_words_that_were_said() -> None:
    words = {"land": 9, "loan": 2, "whatsa": 2, "what": 9}
    speller = Speller(Vocabulary(words, words, 10), LABELS)
    assert speller.mend("who pays the loand") == "who pays the land"
    assert speller.mend("who pays the loand", said={"loan"}) == "who pays the loan"
    assert speller.mend("whata ship") == "what ship"
