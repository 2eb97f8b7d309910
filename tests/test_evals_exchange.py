"""Question sets go out to other tools and come back the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.types import Turn
from evals.exchange import FORMATS, Format, read, write
from evals.questions import Case, QuestionSetError, load, load_sets
from ui.cli import cli


@pytest.mark.parametrize("form", FORMATS)
def test_every_bundled_case_comes_back_from_every_format(form: Format) -> None:
    cases = load_sets()
    back = read(write(cases, form), form, "back")
    assert [replace(one, set="") for one in back] == [replace(one, set="") for one in cases]


@pytest.mark.parametrize("form", FORMATS)
def test_awkward_words_survive(form: Format) -> None:
    case = Case("a", "s", 'Why "x", and\\ny; z?\u2028', (Turn("b, c", '[d]\n"e"'),), "{f}", (('g"', "h,i"),),
                tags=("t u",), accept=("partial",), forbidden=("j;k",))  # fmt: skip
    assert read(write([case], form), form, "s") == [case]


def test_what_other_tools_write_is_read() -> None:
    (case,) = read('{"question": "Q?", "answer": "said", "contexts": ["c"], "ground_truth": "G"}', "ragas", "old")
    assert (case.id, case.user_input, case.reference) == ("old-01", "Q?", "G")
    turns = '[{"type": "human", "content": "A?"}, {"type": "ai", "content": "B"}, {"type": "human", "content": "C?"}]'
    (case,) = read(f'{{"user_input": {turns}, "reference": "R"}}', "ragas", "many")
    assert (case.user_input, case.history) == ("C?", (Turn("A?", "B"),))
    (case,) = read('{"inputs": {"input": "Q?"}, "outputs": {"output": "G"}, "split": "test"}', "langsmith", "ls")
    assert (case.user_input, case.reference, case.tags) == ("Q?", "G", ("test",))
    goldens = '[{"input": "Q?", "actual_output": null, "expected_output": "G", "context": ["c"], "name": "n"}]'
    (case,) = read(goldens, "deepeval", "de")
    assert (case.id, case.user_input, case.reference) == ("n", "Q?", "G")
    (case,) = read("input,expected_output\nQ?,G\n", "deepeval", "csv")
    assert (case.user_input, case.reference) == ("Q?", "G")


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [("{", "ragas", "Line 1 of x is not JSON"), ("[1]", "deepeval", "Entry 1 of x is no object"),
     ("[{]", "deepeval", "Line 1 of x is not JSON"), ('[{"input": ""}]', "deepeval", "Entry 1 of x is no case"),
     ("user_input\na,b\n", "csv", "Line 2 of x has more cells"),
     ('id,user_input,facts\n1,a,"[[""b"""\n', "csv", "Line 2 of x, facts: this is not JSON")],
)  # fmt: skip
def test_a_line_that_is_no_case_is_named(text: str, form: Format, said: str) -> None:
    with pytest.raises(QuestionSetError) as caught:
        read(text, form, "x")
    assert str(caught.value).startswith(said) and caught.value.hint


def test_a_set_may_be_csv(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,question,target,tags,answerable\n1,Q?,G,a;b,false\n")
    (case,) = load(path)
    assert (case.set, case.reference, case.tags, case.outcome) == ("mine", "G", ("a", "b"), "not_found")


def test_the_commands_write_and_read_files(tmp_path: Path) -> None:
    out, back = tmp_path / "set.json", tmp_path / "back.jsonl"
    went = CliRunner().invoke(cli, ["eval", "export", "why", "--to", "deepeval", "--out", str(out)])
    came = CliRunner().invoke(cli, ["eval", "import", str(out), "--from", "deepeval", "--out", str(back)])
    assert (went.exit_code, came.exit_code) == (0, 0), went.output + came.output
    assert [one.id for one in load(back)] == [one.id for one in load_sets(["why"])]
    assert json.loads(out.read_text())[0]["additional_metadata"]["outcome"] == "answered"
