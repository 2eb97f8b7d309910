"""Whom the questions are put to: our assistant in this process, recorded answers, or what `remote` and `composed` ask.

A target gives a `Reply` for a case and a name that says what it is. What it does not tell stays None.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.types import Answer, Citation
from evals.questions import Case
from evals.reply import Found, Reply, reply_from, shown_from
from ingest.errors import CareerError
from ingest.types import Hit

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from ingest.settings import Settings

DEPTH = 10
"""Passages looked at for the retrieval scores."""


class TargetError(CareerError):
    """A target cannot be reached, or does not say what it should."""


class Target(Protocol):
    """Answers cases. Implementations are here, in `remote` and in `composed`."""

    @property
    def name(self) -> str:
        """What is asked, as reports show it."""
        ...

    @property
    def workers(self) -> int:
        """Questions that may be asked at the same time."""
        ...

    def ask(self, case: Case) -> Reply:
        """The reply to one case.

        Raises:
            TargetError: There is no answer.
        """
        ...


def target_from(spec: str, settings: Settings) -> Target:
    """The target that a word on the command line names.

    Args:
        spec: Nothing for our assistant in this process; `http://host:port` for ours over HTTP; an address that ends in
            `/v1`, with `#model` behind it if wanted, for an OpenAI-compatible server; `module:name` for a LangChain
            Runnable; a `.jsonl` file of recorded answers.
        settings: Where the library is and which keys there are.

    Raises:
        TargetError: The word names nothing that can be asked.
    """
    if not spec:
        return in_process(settings)
    if spec.startswith(("http://", "https://")):
        from evals.remote import server_at

        return server_at(spec, settings)
    if spec.endswith(".jsonl"):
        return Recorded(Path(spec))
    from evals.composed import Composed

    return Composed(spec)


def in_process(settings: Settings) -> InProcess:
    """Our assistant, which forgets what it was asked here: nothing lands among the conversations of people.

    Raises:
        LibraryError: The library cannot be opened.
    """
    from assistant.build import build_assistant

    folder = tempfile.mkdtemp(prefix="career-eval-")
    assistant = build_assistant(settings, conversations=Path(folder) / "conversations.db")
    target = InProcess(assistant, has_model=settings.model != "extractive")
    weakref.finalize(target, shutil.rmtree, folder, ignore_errors=True)
    return target


class InProcess:
    """Our assistant in this process."""

    workers = 2

    def __init__(self, assistant: Assistant, *, has_model: bool = False) -> None:
        """Ask this assistant; with a model, its tokens are counted."""
        self._assistant = assistant
        self._has_model = has_model
        self.library = assistant.library
        # The model loads with the first question otherwise, and its latency would be counted as the answer's.
        self.library.embedder.embed_query("warm")

    @property
    def name(self) -> str:
        """Where it is and how much it holds."""
        return f"in process, {len(self.library.sources())} sources"

    def ask(self, case: Case) -> Reply:
        """The reply to one case, with what was found for it.

        Raises:
            LibraryEmpty: There is no library to ask.
        """
        answer, tokens = self._answer(case)
        _, hits = self._assistant.search(case.user_input, history=case.history, k=DEPTH)
        reply = reply_of(asdict(answer), [found_of(hit) for hit in hits])
        shown = tuple(
            replace(one, verbatim=self._verbatim(answer.citations[index]))
            for index, one in enumerate(reply.citations or ())
        )
        return replace(reply, citations=shown, tokens=tokens)

    def _answer(self, case: Case) -> tuple[Answer, tuple[int, int] | None]:
        """The answer, and the tokens that a model read and wrote for it."""
        if not self._has_model:
            return self._assistant.ask(case.user_input, history=case.history), None
        from langchain_core.callbacks import get_usage_metadata_callback

        with get_usage_metadata_callback() as used:
            answer = self._assistant.ask(case.user_input, history=case.history)
        read = sum(one["input_tokens"] for one in used.usage_metadata.values())
        written = sum(one["output_tokens"] for one in used.usage_metadata.values())
        return answer, (read, written) if read or written else None

    def _verbatim(self, citation: Citation) -> bool:
        found = self._assistant.library.passage(citation.passage_id)
        return found is not None and citation.quote in found.passage.text


def found_of(hit: Hit) -> Found:
    """A hit as reports show it."""
    return Found(
        hit.source.uri, hit.passage.text, hit.source.title, hit.passage.place, hit.score, hit.similarity, hit.ranks
    )


def reply_of(answer: Mapping[str, object], found: Sequence[Found] | None) -> Reply:
    """A reply out of the contract's answer object."""
    timings = answer.get("timings_ms")
    citations = answer.get("citations")
    reply = reply_from({**answer, "citations": None, "found": None})
    return replace(
        reply,
        citations=tuple(shown_from(one) for one in citations) if isinstance(citations, Sequence) else None,
        found=None if found is None else tuple(found),
        milliseconds=timings.get("total") if isinstance(timings, Mapping) else None,
    )


class Recorded:
    """Answers that were given before, in a file of JSON Lines: `{"id": ..., "answer": ..., "found": [...], ...}`."""

    workers = 1

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            TargetError: It is missing, or a line is no answer.
        """
        self.name = path.stem
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise TargetError(
                f"{path} cannot be read: {error.strerror}.", "Name a file of recorded answers."
            ) from error
        self._replies = dict(
            _recorded(line, f"Line {number} of {path.name}") for number, line in enumerate(lines, 1) if line.strip()
        )

    def ask(self, case: Case) -> Reply:
        """The recorded reply.

        Raises:
            TargetError: None was recorded for this case.
        """
        if case.id not in self._replies:
            raise TargetError(f"No answer was recorded for the case {case.id!r}.", "Record the answers again.")
        return self._replies[case.id]


def _recorded(line: str, where: str) -> tuple[str, Reply]:
    try:
        given = json.loads(line)
        return str(given["id"]), reply_from(given)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TargetError(f"{where} is no recorded answer ({error}).", 'Write {"id": ..., "answer": ...}.') from error


def timed(begun: float) -> float:
    """Milliseconds since a reading of `time.perf_counter`."""
    return round((time.perf_counter() - begun) * 1000, 1)
