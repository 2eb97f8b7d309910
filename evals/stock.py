"""Our assistant beside stock pipelines, on the same questions: `python -m evals.stock PYTHON`, run by `make baselines`.

PYTHON is the interpreter of the venv that holds LangChain and LlamaIndex as they come. Each stock pipeline has the same
documents and the same embedding model, and answers with the passages it found, as they are: none of the three uses a
language model. The table goes into docs/evaluation.md between its marks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from evals.figures import interval, latency, refusals
from evals.metrics import Interval, bootstrap, facts_found
from evals.questions import fields_of, load_sets
from evals.run import Result, Run, run_cases
from evals.targets import Recorded, in_process
from ingest.settings import load_settings

HOME = Path(__file__).resolve().parent.parent
PAGE = HOME / "docs" / "evaluation.md"
SCRIPTS = {"LangChain, stock RAG chain": "langchain_rag.py", "LlamaIndex, stock engine": "llamaindex_engine.py"}
OURS = "career-assistant"
FIRST = 4
"""Passages compared beside the answers, the same number for all."""

_HEAD = ("", "facts found, single questions", "facts found, follow-ups", "words to read",
         f"facts in the first {FIRST} passages", "recall@5", "nDCG@10", "refused rightly", "refused wrongly",
         "ms, median")  # fmt: skip
_MARKED = re.compile(r"(<!-- stock -->\n).*?(<!-- /stock -->)", re.DOTALL)


def table(runs: dict[str, Run]) -> str:
    """The Markdown table, a row a pipeline."""
    rows = [_row(name, run.results) for name, run in runs.items()]
    lines = [f"| {' | '.join(row)} |" for row in (_HEAD, ["---", *["---:"] * (len(_HEAD) - 1)], *rows)]
    return "\n".join(lines) + "\n"


def _row(name: str, results: Sequence[Result]) -> list[str]:
    counted, timed = refusals(results), latency(results)
    single = [one for one in results if not one.case.history]
    followed = [one for one in results if one.case.history]
    must = [one for one in results if one.case.must_answer]
    return [
        name,
        _said(interval(single, "facts")),
        _said(interval(followed, "facts")),
        _said(interval(must, "words"), 0),
        _said(first_facts(results)),
        _said(interval(results, "recall@5")),
        _said(interval(results, "ndcg@10")),
        f"{counted.right} of {counted.right + counted.missed}",
        f"{counted.wrong} of {len(must)}",
        f"{timed.p50:.0f}" if timed else "-",
    ]


def first_facts(results: Sequence[Result]) -> Interval | None:
    """Share of the facts that stand in the first passages found: what an answerer had to choose from."""
    shares = [
        facts_found("\n".join(hit.text for hit in (one.reply.found or ())[:FIRST]), one.case.facts)
        for one in results
        if one.case.answerable
    ]
    return bootstrap([share for share in shares if share is not None])


def _said(found: Interval | None, digits: int = 2) -> str:
    """A mean with its interval, or without one where it counts words."""
    if found is None:
        return "-"
    spread = f" ({found.low:.{digits}f} to {found.high:.{digits}f})" if digits else ""
    return f"{found.mean:.{digits}f}{spread}"


def main(python: str) -> str:
    """Ask all three, put the table into the page, and give it back."""
    cases = load_sets()
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "cases.jsonl"
        asked.write_text("".join(json.dumps(fields_of(case)) + "\n" for case in cases), encoding="utf-8")
        target = in_process(load_settings(data_dir=folder))
        target.library.sync(())
        runs[OURS] = run_cases(target, cases)
        for name, script in SCRIPTS.items():
            answers = Path(folder) / f"{script}.jsonl"
            command = [
                python,
                str(HOME / "evals" / "baselines" / script),
                str(HOME / "corpus"),
                str(asked),
                str(answers),
            ]
            subprocess.run(command, check=True)
            runs[name] = run_cases(Recorded(answers), cases)
    made = table(runs)
    PAGE.write_text(_MARKED.sub(lambda found: found[1] + made + found[2], PAGE.read_text("utf-8")), encoding="utf-8")
    return made


if __name__ == "__main__":
    print(main(sys.argv[1]))
