"""Other ways to read a follow-up for which nothing was found as it was rewritten. Pure.

What a turn leaves out is not always told by its form ("is that the same for a startup?", "really? I heard 80%"). Where
the library answers nothing as the turn was read, it is read as it was typed, where that could stand alone, and then
behind the question before it. Whether such a reading is answered is for the answerer to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from assistant.phrases import QUESTION_WORD
from assistant.pronouns import pronoun_in
from assistant.question import read_question
from assistant.remarks import without_and

_ENOUGH = 2
"""Words that name something, from which a turn may stand by itself."""


def other_readings(question: str, searched_for: str, before: str) -> Iterator[str]:
    """The other readings of a follow-up, the likelier first.

    Args:
        question: The turn as it was typed, typos mended.
        searched_for: As it was read.
        before: The question before it, standing alone.

    >>> list(other_readings("is it the same for a startup?", "is fine the same for a startup?", "What is the fine?"))
    ['What is the fine: is it the same for a startup?']
    >>> next(other_readings("Do most welders own a house?", "Do most welders own a house of drift?", "What is drift?"))
    'Do most welders own a house?'
    """
    # A condition ("If I live in Rome?") does not stand alone.
    bare = without_and(question)
    asks = QUESTION_WORD.match(bare) or bare.lower().startswith("any ")
    stands = asks and pronoun_in(question) is None and len(read_question(question).subject) >= _ENOUGH
    if stands and question != searched_for:
        yield question
    behind = f"{before.rstrip(' ?.!')}: {question}"
    if behind.rstrip("?") != searched_for.rstrip("?"):
        yield behind
