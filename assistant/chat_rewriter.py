"""Follow-ups rewritten by a chat model, under a time limit; without it where it fails, which the log says.

What was searched for is shown with every answer, whoever wrote it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerInTime
from typing import TYPE_CHECKING

from assistant.types import Turn

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

SECONDS = 4.0
"""How long a model may take."""
LONGEST = 400
"""Characters of a standalone question at most; more is no question."""
TURNS = 4
"""Turns before the question that a model is given at most."""

RULES = """\
Rewrite the last question so that it can be understood without the conversation before it. Put names in the place of
pronouns, add what it leaves out, and change nothing else. If it stands alone already, repeat it as it is. Do not answer
it. Write only the question, on one line."""

_log = logging.getLogger(__name__)


class ChatModelRewriter:
    """Asks a chat model for the standalone question of a follow-up; first questions never go to it."""

    def __init__(
        self,
        model: BaseChatModel,
        fallback: Callable[[str, Sequence[Turn], Sequence[str]], str],
        seconds: float = SECONDS,
    ) -> None:
        """Take the model, who rewrites when it fails, and the seconds that it has."""
        self._model = model
        self._fallback = fallback
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="rewrite")

    def __call__(self, question: str, history: Sequence[Turn], owners: Sequence[str] = ()) -> str:
        """The standalone question."""

        def without(reason: str) -> str:
            _log.warning("The chat model %s; the follow-up is rewritten without it.", reason)
            return self._fallback(question, history, owners)

        if not history:
            return self._fallback(question, history, owners)
        try:
            said = self._threads.submit(self._ask, question, history).result(self._seconds)
        except NoAnswerInTime:
            return without(f"did not answer within {self._seconds:g} s")
        except Exception as error:
            # Each vendor has errors of its own.
            return without(f"failed ({type(error).__name__})")
        lines = said.strip().splitlines()
        if len(lines) != 1 or not 0 < len(lines[0]) <= LONGEST:
            return without("wrote no question")
        return lines[0].strip(' "')

    def _ask(self, question: str, history: Sequence[Turn]) -> str:
        from langchain_core.messages import HumanMessage, SystemMessage

        talk = "\n".join(f"Question: {turn.question}\nAnswer: {turn.answer[:LONGEST]}" for turn in history[-TURNS:])
        asked = f"{talk}\nLast question: {question}"
        return str(self._model.invoke([SystemMessage(RULES), HumanMessage(asked)]).text)
