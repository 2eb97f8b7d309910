"""Question sets, their scores, and the figures that are reported of them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG
from rouge_score.rouge_scorer import RougeScorer

from assistant.build import build_assistant
from evals import bls, cast
from evals.metrics import (
    bootstrap,
    facts_found,
    holds,
    marks_in_order,
    ndcg_at,
    paired_bootstrap,
    percentile,
    recall_at,
    reciprocal_rank,
    rouge_l,
    token_f1,
)
from evals.questions import QuestionSetError, load, load_sets
from ingest.settings import load_settings

IDS = [f"s{number}" for number in range(12)]
ROUGE = RougeScorer(["rougeL"])
CORPUS = Path(__file__).resolve().parent.parent / "corpus"


def test_the_bundled_sets_cover_what_they_should() -> None:
    cases = load_sets()
    assert len(cases) >= 300
    assert {one.parent.name for one in CORPUS.glob("*/*.md")} <= {
        word.removeprefix("library-") for case in cases for word in (case.set, *case.tags)
    }
    assert all(case.facts for case in cases if case.answerable)
    for kind in ("typos", "injection", "compare", "yesno", "why", "conflicts", "premises", "several", "personal"):
        assert sum(kind in (case.set, *case.tags) for case in cases) >= 7, kind
    for outcome, least in (("not_found", 25), ("unclear", 10), ("declined", 12), ("partial", 4), ("smalltalk", 5)):
        assert sum(case.outcome == outcome for case in cases) >= least, outcome
    assert {len(case.history) for case in cases} >= {0, 1, 2, 3, 4, 5}
    held = sum(case.held_out for case in cases)
    assert 0.15 * len(cases) <= held <= 0.25 * len(cases)


def test_every_fact_stands_in_a_document_that_its_case_names() -> None:
    texts = {path.relative_to(CORPUS).as_posix(): path.read_text("utf-8") for path in CORPUS.glob("*/*.md")}
    for case in load_sets():
        told = "\n".join(texts[name] for name in case.reference_context_ids or texts)
        assert facts_found(told, case.facts) in (None, 1.0), case.id


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
     ('{"id": "a", "user_input": "x", "facts": [[3]]}', "an alternative of a fact is no text"),
     ('{"id": "a", "user_input": "x", "tags": "pay"}', "its tags is no list"),
     ('{"id": "a", "user_input": "x", "accept": ["perhaps"]}', "it accepts an outcome that is unknown"),
     ('{"id": "a", "user_input": "x", "reference": 3}', "its reference is no text"),
     ('{"id": "a", "user_input": "x", "outcome": "unclear", "answerable": true}', "contradict each other"),
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
    told = ir_measures.calc_aggregate([nDCG @ k, R @ k, RR], qrels, run)
    assert ndcg_at(k, ranked, {one: float(gain) for one, gain in gains.items()}) == pytest.approx(told[nDCG @ k])
    assert recall_at(k, ranked, list(gains)) == pytest.approx(told[R @ k])
    assert reciprocal_rank(ranked, list(gains)) == pytest.approx(told[RR])


WORDS = st.lists(st.sampled_from(["The", "cat", "sat", "on", "a", "mat.", "$1,200", "it's", "café"]), max_size=12)


@given(WORDS, WORDS)
def test_rouge_agrees_with_rouge_score(made: list[str], wanted: list[str]) -> None:
    ours, text, reference = rouge_l(" ".join(made), " ".join(wanted)), " ".join(made), " ".join(wanted)
    if ours is None:
        assert not wanted
    else:
        assert ours == pytest.approx(ROUGE.score(reference, text)["rougeL"].fmeasure)


@given(WORDS, WORDS)
def test_token_f1_is_one_for_the_same_words_and_knows_no_sides(made: list[str], wanted: list[str]) -> None:
    text, reference = " ".join(made), " ".join(wanted)
    there, back = token_f1(text, reference), token_f1(reference, text)
    assert there is None or back is None or there == pytest.approx(back)
    assert token_f1(text, text) in (None, 1.0)


def test_token_f1_is_squads() -> None:
    # Hand-worked by the normalisation of the SQuAD evaluation: "cat sat on mat" against "cat sat".
    assert token_f1("The cat sat on a mat. [1]", "A cat sat!") == pytest.approx(2 * (2 / 4) * (2 / 2) / (2 / 4 + 2 / 2))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_a_paired_change_turns_around_with_its_sides(pairs: list[tuple[float, float]]) -> None:
    before, after = [one for one, _ in pairs], [other for _, other in pairs]
    there, back = paired_bootstrap(before, after, 200), paired_bootstrap(after, before, 200)
    assert there is not None and back is not None
    assert there.mean == pytest.approx(-back.mean) and there.low <= there.high
    same = paired_bootstrap(before, before, 200)
    assert same is not None and not same.significant


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
