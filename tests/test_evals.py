"""Question sets, their scores, and the figures that are reported of them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import ir_measures
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import Qrel, R, ScoredDoc, nDCG

from assistant.build import build_assistant
from evals import bls, cast
from evals.metrics import bootstrap, facts_found, holds, marks_in_order, ndcg_at, percentile, recall_at
from evals.questions import QuestionSetError, load, load_sets
from evals.report import summary
from evals.run import run_cases
from ingest.settings import load_settings
from ui.cli import cli

IDS = [f"s{number}" for number in range(12)]


def test_the_bundled_sets_cover_what_they_should() -> None:
    cases = load_sets()
    assert len(cases) >= 60
    assert sum(case.outcome == "not_found" for case in cases) >= 10
    assert sum(bool(case.history) for case in cases) >= 10
    assert {case.set for case in cases} >= {"pay", "roles", "skills", "growth", "typos", "unanswerable", "followups"}
    assert all(case.facts for case in cases if case.answerable)


def test_every_document_that_a_case_names_is_in_the_library(bundled_data_dir: Path) -> None:
    assistant = build_assistant(load_settings(data_dir=str(bundled_data_dir), env={}))
    held = {source.uri for source in assistant.library.sources()}
    named = {one for case in load_sets() for one in case.reference_context_ids}
    assert named and named <= held


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "Line 2 of cases.jsonl is not JSON"), ("[]", "Line 2 of cases.jsonl is no object"),
     ('{"id": "a"}', "it has no user_input"), ('{"user_input": "x"}', "it has no id"),
     ('{"id": "a", "user_input": "x", "fact": []}', "unknown field 'fact'"),
     ('{"id": "a", "user_input": "x", "facts": ["y"]}', "a fact is no list"),
     ('{"id": "a", "user_input": "x", "outcome": "perhaps"}', "its outcome is unknown"),
     ('{"id": "a", "user_input": "x", "history": [{"answer": "y"}]}', "has no question"),
     ('{"id": "ok", "user_input": "x"}', "Two cases have the id 'ok'")],
)  # fmt: skip
def test_a_line_that_is_no_case_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "ok", "user_input": "What?"}\n' + line)
    with pytest.raises(QuestionSetError, match=re.escape(said)) as caught:
        load_sets([str(path)])
    assert caught.value.hint


def test_other_tools_names_of_fields_are_read(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('\ufeff{"id": 1, "question": "What?", "ground_truth": "That.", "answerable": false}\n\n')
    (case,) = load(path)
    assert (case.id, case.user_input, case.reference, case.outcome) == ("1", "What?", "That.", "not_found")


@given(
    st.lists(st.sampled_from(IDS), unique=True, min_size=1),
    st.dictionaries(st.sampled_from(IDS), st.integers(1, 3), min_size=1),
    st.integers(1, 10),
)
def test_ranking_scores_agree_with_trec_eval(ranked: list[str], gains: dict[str, int], k: int) -> None:
    qrels = [Qrel("q", one, gain) for one, gain in gains.items()]
    run = [ScoredDoc("q", one, float(-rank)) for rank, one in enumerate(ranked)]
    told = ir_measures.calc_aggregate([nDCG @ k, R @ k], qrels, run)
    assert ndcg_at(k, ranked, {one: float(gain) for one, gain in gains.items()}) == pytest.approx(told[nDCG @ k])
    assert recall_at(k, ranked, list(gains)) == pytest.approx(told[R @ k])


def test_what_cannot_be_scored_is_not_zero() -> None:
    assert recall_at(5, ["a"], []) is None
    assert ndcg_at(5, ["a"], {}) is None
    assert facts_found("text", []) is None
    assert bootstrap([]) is None


@pytest.mark.parametrize(
    ("text", "fact", "found"),
    [("$1,105,418 a year", "$105,418", False), ("$105,418.50", "$105,418", False), 
     ("It is $105,418.", "$105418", True),
     ("34 percent", "34%", True), ("134%", "34%", False), ("2023–2033", "2023-2033", True),
     ("Pythonic", "Python", False),
     ("in PYTHON, R", "Python", True), ("between 10 and 20", "20", True), ("1.20", "20", False)],
)  # fmt: skip
def test_facts_are_found_as_whole_words_and_figures(text: str, fact: str, found: bool) -> None:
    assert holds(text, fact) is found


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_an_interval_holds_its_mean_and_comes_out_the_same_twice(values: list[float]) -> None:
    interval = bootstrap(values, rounds=200)
    assert interval is not None and interval == bootstrap(values, rounds=200)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9
    assert percentile(values, 1.0) == max(values)


def test_marks_have_to_come_in_order_with_their_citations() -> None:
    assert marks_in_order("A. [1] B. [2] C. [1]", [1, 2])
    assert not marks_in_order("A. [2] B. [1]", [1, 2])
    assert not marks_in_order("A. [1]", [1, 2])
    assert not marks_in_order("A.", [1])


def test_a_run_over_the_bundled_library_scores_what_it_should(
    bundled_data_dir: Path, copied: Callable[[Path], Path]
) -> None:
    assistant = build_assistant(load_settings(data_dir=str(copied(bundled_data_dir)), env={}))
    ran = run_cases(assistant, load_sets(["pay", "unanswerable"]), lambda step: None)
    answerable = [one.facts for one in ran.results if one.case.answerable]
    assert sum(fact or 0.0 for fact in answerable) / len(answerable) >= 0.8
    refused = [one.refused for one in ran.results if one.case.outcome == "not_found"]
    assert sum(refused) >= len(refused) - 1
    assert all(one.marks_in_order and one.quotes_verbatim is not False for one in ran.results)
    assert all(one.recall_at_5 is None or one.recall_at_5 > 0 for one in ran.results)
    shown = summary(ran)
    assert "facts found:" in shown and "95% interval" in shown and "p50 ms" in shown


def test_the_command_prints_scores_and_writes_them(
    bundled_data_dir: Path, copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    data = str(copied(bundled_data_dir))
    done = CliRunner().invoke(cli, ["eval", "smalltalk", "--data", data, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    written = json.loads((tmp_path / "out" / "run.json").read_text())
    assert len(written["results"]) == len(load_sets(["smalltalk"]))
    refused = CliRunner().invoke(cli, ["eval", "nosuch", "--data", data])
    assert refused.exit_code == 1 and "There is no question set 'nosuch'." in refused.output


def test_rewriting_is_scored_by_content_words() -> None:
    cases = [(["What is throat cancer?", "Is it treatable?"], "Is throat cancer treatable?")]
    shown = cast.summary(cases, lambda question, history: "Is throat cancer treatable?")
    ours = next(line for line in shown.splitlines() if line.startswith("ours"))
    last = next(line for line in shown.splitlines() if line.startswith("last turn"))
    assert "F1 1.000" in ours and "F1 0.500" in last


@pytest.mark.skipif(not os.environ.get("CAREER_BENCH_DATA"), reason="CAREER_BENCH_DATA is not set")
def test_pages_that_nobody_here_wrote_are_answered_from() -> None:
    shown = bls.main(Path(os.environ["CAREER_BENCH_DATA"]))
    share = re.search(r"^all +\d+ of +\d+ +([\d.]+)$", shown, re.MULTILINE)
    assert share and float(share[1]) >= 0.9, shown
