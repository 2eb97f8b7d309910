"""Puts cases to a target, several at a time, and scores each reply. What could not be scored is None, never zero.

Replies are written down as they come, so that a run that was cut short goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.grounding import Judge, support_judge
from evals.questions import Case, case_from, fields_of
from evals.reply import Reply, reply_from
from evals.scores import Scores, score
from evals.targets import Target, TargetError
from ingest.types import Progress

PARTIAL = "partial.jsonl"
"""Name of the file of replies so far, in the folder of a run that is not done."""
_HOPELESS = 3
"""Cases that fail, before any has been answered, until the target is given up."""


@dataclass(frozen=True)
class Result:
    """One case with its reply and scores."""

    case: Case
    reply: Reply
    scores: Scores
    unsupported: tuple[str, ...] = ()
    """Sentences that their citations do not support."""
    judged: str = ""
    """What a chat model says of the answer; empty when none was asked."""

    @property
    def right(self) -> bool:
        """Whether it is wholly right; False as well when there is no answer."""
        return self.scores.get("right") == 1.0


@dataclass(frozen=True)
class Run:
    """All results of one run."""

    results: tuple[Result, ...]
    at: str
    """When it began: UTC, ISO 8601."""
    target: str
    """What was asked."""
    answered_by: str
    seconds: float
    """How long asking and scoring took."""
    resumed: int = 0
    """Replies that an earlier run, cut short, had already got."""


def run_cases(
    target: Target,
    cases: Sequence[Case],
    progress: Callable[[Progress], None] = lambda step: None,
    *,
    folder: Path | None = None,
    workers: int | None = None,
    judge: Judge | None = None,
) -> Run:
    """Ask every case and score it, in the order of the cases.

    Args:
        target: Whom to ask.
        cases: What to ask.
        progress: Told how far it has come.
        folder: Where replies are kept until the run is done, to go on from; nowhere without.
        workers: Questions asked at the same time; as many as the target bears without.
        judge: What says whether evidence supports a sentence; the project's own check without.

    Raises:
        TargetError: The first cases all failed: the target cannot be asked.
        LibraryEmpty: There is no library to ask.
    """
    at, begun = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    kept = _Kept(folder, fingerprint(target.name, cases))
    judge = judge or support_judge()
    found = {case.id: _result(case, kept.replies[case.id], judge) for case in cases if case.id in kept.replies}
    left = [case for case in cases if case.id not in found]
    progress(Progress(len(found), len(cases), left[0].id if left else ""))
    for result in _asked(target, left, workers or target.workers, judge):
        found[result.case.id] = result
        kept.add(result.case.id, result.reply)
        if len(found) >= _HOPELESS and all(one.reply.error for one in found.values()):
            raise TargetError(result.reply.error, "Nothing was answered. Mend that, and run it again.")
        progress(Progress(len(found), len(cases), result.case.id if len(found) < len(cases) else ""))
    results = tuple(found[case.id] for case in cases)
    kept.done()
    names = sorted({one.reply.answered_by for one in results if one.reply.answered_by})
    seconds = round(time.perf_counter() - begun, 1)
    return Run(results, at, target.name, ", ".join(names), seconds, len(kept.replies))


def _asked(target: Target, cases: Sequence[Case], workers: int, judge: Judge) -> Iterable[Result]:
    """Results as they come. Only a few questions wait in line, so that Ctrl-C ends it soon."""
    line = iter(cases)
    with ThreadPoolExecutor(workers) as pool:
        waiting: set[Future[Result]] = set()
        while True:
            for case in line:
                waiting.add(pool.submit(lambda one: _result(one, _reply(target, one), judge), case))
                if len(waiting) >= workers:
                    break
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def _reply(target: Target, case: Case) -> Reply:
    try:
        return target.ask(case)
    except TargetError as error:
        return Reply("", error=str(error))


def _result(case: Case, reply: Reply, judge: Judge) -> Result:
    scores, grounds = score(case, reply, judge)
    return Result(case, reply, scores, grounds.unsupported)


def fingerprint(target: str, cases: Sequence[Case]) -> str:
    """What a run is about, as a short word: the same target, cases and order give the same one."""
    told = json.dumps([target, [fields_of(case) for case in cases]], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


class _Kept:
    """The replies of a run so far, in a file: its first line says what the run is about."""

    def __init__(self, folder: Path | None, about: str) -> None:
        self._path = folder / PARTIAL if folder else None
        self.replies: dict[str, Reply] = {}
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = self._path.read_text(encoding="utf-8").split("\n") if self._path.is_file() else []
        if lines and lines[0] == json.dumps({"run": about}):
            self.replies = dict(_complete(lines[1:]))
        else:
            self._path.write_text(json.dumps({"run": about}) + "\n", encoding="utf-8")

    def add(self, case_id: str, reply: Reply) -> None:
        if self._path is not None and not reply.error:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"id": case_id, **asdict(reply)}, ensure_ascii=False) + "\n")

    def done(self) -> None:
        if self._path is not None:
            self._path.unlink()


def _complete(lines: Iterable[str]) -> Iterable[tuple[str, Reply]]:
    """The replies of whole lines; the last may have been cut short."""
    for line in lines:
        try:
            given = json.loads(line)
        except json.JSONDecodeError:
            continue
        yield str(given["id"]), reply_from(given)


# A run in a file.


def run_to_json(run: Run) -> dict[str, Any]:
    """The whole run as an object. What is held out is marked, so that a comparison by hand can pass it over."""
    results = [
        {"case": {"set": one.case.set, **fields_of(one.case)}, "held_out": one.case.held_out,
         "reply": asdict(one.reply), "scores": dict(one.scores), "unsupported": list(one.unsupported),
         "judged": one.judged}
        for one in run.results
    ]  # fmt: skip
    return {**asdict(replace(run, results=())), "results": results}


def run_from_json(given: dict[str, Any]) -> Run:
    """A run out of its object."""
    results = tuple(
        Result(
            case_from(
                {name: value for name, value in one["case"].items() if name != "set"}, one["case"]["set"], "A case"
            ),
            reply_from(one["reply"]),
            one["scores"],
            tuple(one["unsupported"]),
            one.get("judged", ""),
        )
        for one in given["results"]
    )
    return Run(**{**given, "results": results})
