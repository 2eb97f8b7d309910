"""Running cases: targets of every kind, several at a time, going on after an interruption; what is written."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from live import serving as served

from assistant.build import build_assistant
from assistant.support import Support
from assistant.types import Turn
from evals import page, report
from evals.compare import compare, load_baseline
from evals.composed import Composed
from evals.figures import average_precision, confusion, refusal_curve, refusals, usage
from evals.gate import Verdict
from evals.grounding import grounding
from evals.judge import JudgeError, agreement, judged, verdict
from evals.questions import Case, load_sets
from evals.remote import OpenAIServer, OurServer
from evals.reply import Found, Reply, Shown
from evals.run import PARTIAL, run_cases, run_from_json, run_to_json
from evals.targets import InProcess, Recorded, TargetError, target_from
from ingest.settings import load_settings
from ui.api import create_app
from ui.cli import cli

CASES = [
    Case("one", "s", "What do they earn?", facts=(("$5",),), reference_context_ids=("pay.md",), reference="It is $5.",
         tags=("pay",)),
    Case("two", "s", "Which union?", outcome="not_found", tags=("pay", "unanswerable")),
    Case("three", "t", "<script>alert(1)</script> & why?", facts=(("<b>because</b>",),), tags=("</script>",)),
    Case("held", "t", "A secret question?", facts=(("yes",),), tags=("holdout",)),
]  # fmt: skip


@dataclass
class Scripted:
    """A target that says what it is told to."""

    replies: dict[str, Reply]
    name: str = "scripted"
    workers: int = 2
    asked: list[str] = field(default_factory=list)

    def ask(self, case: Case) -> Reply:
        self.asked.append(case.id)
        if case.id not in self.replies:
            raise TargetError("The line is dead.", "Try again.")
        return self.replies[case.id]


GOOD = Reply("They earn $5. [1]", citations=(Shown(1, "They earn $5.", verbatim=True),),
             found=(Found("other.md", "x", similarity=0.2), Found("pay.md", "$5", similarity=0.8, ranks={"bm25": 1})),
             milliseconds=12.0, tokens=(100, 10))  # fmt: skip
REFUSED = Reply("I do not know.", "not_found", citations=(), found=(Found("a.md", "y", similarity=0.1),))
BAD = Reply("<img src=x onerror=alert(2)> no", citations=(), found=(Found("<i>a.md</i>", "<u>z</u>"),))
REPLIES = {"one": GOOD, "two": REFUSED, "three": BAD, "held": replace(BAD, answer="A secret answer.")}


def test_scores_say_what_was_and_what_could_not_be_scored() -> None:
    one, two, three, _ = run_cases(Scripted(REPLIES), CASES).results
    assert one.right and two.right and not three.right
    assert (one.scores["mrr"], one.scores["recall@5"], one.scores["citation_recall"]) == (0.5, 1.0, 1.0)
    assert one.scores["refused"] is None and two.scores["refused"] == 1.0 and two.scores["facts"] is None
    assert two.scores["citation_recall"] is None and three.scores["recall@5"] is None
    assert one.scores["token_f1"] is not None and two.scores["token_f1"] is None


def test_a_case_that_fails_is_not_scored_and_a_dead_target_is_given_up() -> None:
    run = run_cases(Scripted({"two": REFUSED, "three": BAD, "held": BAD}), CASES, workers=1)
    assert run.results[0].reply.error and set(run.results[0].scores.values()) == {None}
    assert refusals(run.results).recall == 1.0
    with pytest.raises(TargetError, match="The line is dead"):
        run_cases(Scripted({}), CASES)


def test_a_run_goes_on_where_it_was_cut_short(tmp_path: Path) -> None:
    class Cut(Scripted):
        def ask(self, case: Case) -> Reply:
            if len(self.asked) == 2:
                raise KeyboardInterrupt
            return super().ask(case)

    with pytest.raises(KeyboardInterrupt):
        run_cases(Cut(REPLIES), CASES, folder=tmp_path, workers=1)
    with (tmp_path / PARTIAL).open("a") as file:
        file.write('{"id": "three", "ans')  # the power went while this line was written
    again = Scripted(REPLIES)
    run = run_cases(again, CASES, folder=tmp_path)
    assert sorted(again.asked) == ["held", "three"] and run.resumed == 2
    assert [one.reply for one in run.results] == list(REPLIES.values())
    assert not (tmp_path / PARTIAL).exists()
    other = Scripted(REPLIES)
    (tmp_path / PARTIAL).write_text('{"run": "of something else"}\n')
    run_cases(other, CASES, folder=tmp_path)
    assert len(other.asked) == len(CASES)


def test_a_run_survives_its_file() -> None:
    run = run_cases(Scripted(REPLIES), CASES)
    written = json.loads(json.dumps(run_to_json(run)))
    assert run_from_json(written) == run
    assert [one["case"]["id"] for one in written["results"] if one["held_out"]] == ["held"]
    for one in written["results"]:
        del one["held_out"]
    assert run_from_json(written) == run, "a run that was written before the mark is read, too"


def test_citation_scores_are_alces() -> None:
    def judge(sentence: str, evidence: str) -> Support:
        return Support(sentence.split()[0] in evidence, 1.0, ())

    shown = (Shown(1, "Alpha"), Shown(2, "Beta"), Shown(3, "Gamma"))
    reply = Reply(
        "Alpha engineers build pipelines. [1][2] Beta teams run models. [3] Gamma firms hire people.", citations=shown
    )
    found = grounding(reply, judge)
    # Of three sentences the first is supported; of its two citations the second is not needed, and the third supports
    # nothing; everything together supports all.
    assert (found.recall, found.precision, found.groundedness) == (pytest.approx(1 / 3), pytest.approx(1 / 3), 1.0)
    assert len(found.unsupported) == 2
    assert grounding(replace(reply, outcome="not_found"), judge).recall is None
    assert grounding(replace(reply, citations=None), judge).precision is None


def test_the_refusal_curve_counts_from_the_least_similar() -> None:
    results = run_cases(Scripted(REPLIES), CASES).results
    curve = refusal_curve(results)
    assert [(point.precision, point.recall) for point in curve] == [(1.0, 1.0), (0.5, 1.0)]
    assert average_precision(curve) == 1.0
    assert confusion(results)[("answered", "answered")] == 3
    used = usage(results, (1.0, 2.0))
    assert used is not None and used.dollars == pytest.approx((100 + 20) / 1_000_000)
    unpriced = usage(results)
    assert unpriced is not None and unpriced.dollars is None


def test_a_judge_is_asked_once_and_reported_with_its_agreement(tmp_path: Path) -> None:
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "RIGHT" if "$5" in prompt else "Wrong."

    run = run_cases(Scripted(REPLIES), CASES)
    once = judged(run, ask, "m", tmp_path / "judged.jsonl")
    assert judged(run, ask, "m", tmp_path / "judged.jsonl") == once and len(prompts) == len(CASES)
    told = agreement(once)
    assert told is not None and (told.same, told.cases) == (3, 4)
    assert "kappa 0.50" in report.summary(once) and agreement(run) is None
    with pytest.raises(JudgeError):
        verdict("Perhaps.")


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and whether anything leads outside."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "onerror", "onclick")]


def test_the_page_escapes_everything_needs_nothing_and_hides_what_is_held_out(tmp_path: Path) -> None:
    run = run_cases(Scripted(REPLIES), CASES)
    before = replace(run, results=tuple(replace(one, scores={**one.scores, "right": 1.0}) for one in run.results))
    (tmp_path / "scores.json").write_text(report.scores_json(before))
    comparison = compare(run, load_baseline(tmp_path))
    text = page.html(run, comparison, [Verdict("<rule>", False, "<said>")])
    seen = Page()
    seen.feed(text)
    assert not seen.outside and not {"img", "link", "b>", "u", "i"} & set(seen.tags)
    assert seen.tags.count("script") == 1 and seen.tags.count("svg") >= 5
    assert "&lt;img src=x onerror=alert(2)&gt;" in text and "A secret answer." not in text
    assert 'data-verdict="wrong worse"' in text.replace("wrong weak worse", "wrong worse")


def test_junit_shows_red_only_what_is_new(tmp_path: Path) -> None:
    run = run_cases(Scripted(REPLIES), CASES)
    (tmp_path / "scores.json").write_text(report.scores_json(run))
    fresh = ElementTree.fromstring(report.junit(run))
    known = ElementTree.fromstring(report.junit(run, compare(run, load_baseline(tmp_path)), [Verdict("r", False, "s")]))
    assert [one.get("name") for one in fresh.iterfind(".//failure/..")] == ["three", "held"]
    assert [one.get("name") for one in known.iterfind(".//failure/..")] == ["r"]
    assert [one.get("name") for one in known.iterfind(".//skipped/..")] == ["three", "held"]
    assert "secret" not in "".join(fresh.itertext())


def test_markdown_says_gate_scores_and_failures() -> None:
    text = report.markdown(run_cases(Scripted(REPLIES), CASES), verdicts=[Verdict("r", False, "s")])
    assert text.startswith("# Evaluation\n\n**Gate: failed.**") and "| all | 4 | 0.50 |" in text
    assert "- three:" in text and "- held:" not in text


# Targets


@contextmanager
def serving(answer: Callable[[str, dict[str, Any]], tuple[int, Any]]) -> Iterator[str]:
    """A server on loopback that answers each path and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or "{}")
            status, said = answer(self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode() if isinstance(said, str) else json.dumps(said).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_an_openai_compatible_server_is_asked_with_its_history() -> None:
    bodies: list[dict[str, Any]] = []

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/v1/models":
            return 200, {"data": [{"id": "m1"}]}
        bodies.append(body)
        return 200, {"choices": [{"message": {"content": "They earn $5. [1]"}}], "model": "m1",
                     "usage": {"prompt_tokens": 7, "completion_tokens": 3},
                     "search_results": [{"title": "Pay", "url": "pay.md", "snippet": "They earn $5."}]}  # fmt: skip

    case = replace(CASES[0], history=(Turn("Before?", "Yes."), Turn("And?")))
    with serving(answer) as address:
        target = target_from(f"{address}/v1", load_settings(env={}))
        assert isinstance(target, OpenAIServer)
        (one,) = run_cases(target, [case]).results
        assert target_from(f"{address}/v1#m2", load_settings(env={})).name == f"m2 at {address}/v1"
    assert [turn["content"] for turn in bodies[0]["messages"]] == ["Before?", "Yes.", "And?", "What do they earn?"]
    assert one.right and one.reply.tokens == (7, 3) and one.scores["citation_recall"] == 1.0
    assert one.reply.milliseconds is not None and one.scores["recall@5"] == 1.0


@pytest.mark.parametrize(
    ("status", "body", "said"), [(401, "no key", "answered 401: no key"), (200, "<html>", "cannot be asked"),
                                 (200, {"choices": []}, "without a message")],
)  # fmt: skip
def test_a_server_that_does_not_answer_is_named(status: int, body: Any, said: str) -> None:
    with serving(lambda path, _: (status, body)) as address:
        with pytest.raises(TargetError, match=re.escape(said)) as caught:
            OpenAIServer(f"{address}/v1", "m").ask(CASES[0])
    assert caught.value.hint


def test_any_runnable_is_asked_by_what_its_input_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bots_for_test.py").write_text(
        "from langchain_core.runnables import RunnableLambda\n"
        "from langchain_core.documents import Document\n"
        "from typing_extensions import TypedDict\n"
        "Asked = TypedDict('Asked', {'input': str, 'chat_history': list})\n"
        "def answer(given: Asked) -> dict:\n"
        "    documents = [Document('They earn $5.', metadata={'source': 'pay.md'})]\n"
        "    return {'answer': f\"{given['input']} {len(given['chat_history'])} $5\", 'context': documents}\n"
        "full = RunnableLambda(answer)\n"
        "def broken(text: str) -> str:\n    raise ValueError('no luck')\n"
        "bad = RunnableLambda(broken)\nnothing = 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    target = target_from("bots_for_test:full", load_settings(env={}))
    reply = target.ask(replace(CASES[0], history=(Turn("Before?", "Yes."),)))
    assert (reply.answer, reply.sources) == ("What do they earn? 2 $5", ("pay.md",))
    with pytest.raises(TargetError, match="no luck"):
        Composed("bots_for_test:bad").ask(CASES[0])
    for path, said in (("bots_for_test:nothing", "has no `invoke`"), ("no_such_module:x", "cannot be imported")):
        with pytest.raises(TargetError, match=said):
            Composed(path)
    with pytest.raises(TargetError, match="is no target"):
        target_from("nonsense", load_settings(env={}))


def test_text_and_messages_are_answers_too() -> None:
    from evals.composed import reply_given

    said = AIMessage("I don't know.", usage_metadata={"input_tokens": 3, "output_tokens": 4, "total_tokens": 7})
    reply = reply_given(RunnableLambda(lambda _: said).invoke(""))
    assert (reply.outcome, reply.tokens, reply.citations) == ("not_found", (3, 4), None)


def test_recorded_answers_are_a_target(tmp_path: Path) -> None:
    path = tmp_path / "old-bot.jsonl"
    path.write_text('{"id": "one", "answer": "$5", "found": [{"source": "pay.md", "text": "t", "more": 1}]}\n')
    target = Recorded(path)
    assert target.name == "old-bot" and target.ask(CASES[0]).sources == ("pay.md",)
    with pytest.raises(TargetError, match="No answer was recorded for the case 'two'"):
        target.ask(CASES[1])
    path.write_text('{"id": "one"}\n{}\n')
    with pytest.raises(TargetError, match="Line 2 of old-bot.jsonl"):
        Recorded(path)


def test_our_assistant_says_the_same_in_process_and_over_http(
    bundled_data_dir: Path, copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    settings = load_settings(data_dir=str(copied(bundled_data_dir)), env={})
    assistant = build_assistant(settings, conversations=tmp_path / "turns.db")
    cases = [*load_sets(["pay"])[:2], *load_sets(["followups"])[1:3], load_sets(["unanswerable"])[0]]
    here = run_cases(InProcess(assistant), cases)
    with served(create_app(assistant, settings)) as address:
        target = target_from(address, settings)
        assert isinstance(target, OurServer)
        there = run_cases(target, cases)
    assert [one.reply.answer for one in there.results] == [one.reply.answer for one in here.results]
    assert [one.reply.sources for one in there.results] == [one.reply.sources for one in here.results]
    assert all(one.right and one.scores["quotes"] in (None, 1.0) for one in here.results)
    assert not assistant.conversations.listed("somebody")


def test_the_command_writes_compares_and_closes_the_gate(
    bundled_data_dir: Path, copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    data, out = str(copied(bundled_data_dir)), tmp_path / "out"
    rules = tmp_path / "gate.toml"
    rules.write_text('baseline = "accepted.json"\n[fall]\nright = 0\n[least]\nright = 0.99\n')

    def ran(*words: str) -> Any:
        return CliRunner().invoke(cli, ["eval", *words, "--data", data])

    first = ran("smalltalk", "--out", str(out))
    assert first.exit_code == 0, first.output
    names = {one.name for one in out.iterdir()}
    assert names == {"report.html", "summary.md", "junit.xml", "scores.json", "run.json"}
    assert CliRunner().invoke(cli, ["eval", "accept", str(out), "--to", str(tmp_path / "accepted.json")]).exit_code == 0
    again = ran("smalltalk", "--out", str(out), "--baseline", str(out), "--gate", str(rules))
    assert again.exit_code == 0 and "nothing changed" in again.output and "gate ok" in again.output, again.output
    answers = tmp_path / "answers.jsonl"
    lines = [json.dumps({"id": case.id, "answer": "No.", "outcome": "not_found"}) for case in load_sets(["smalltalk"])]
    answers.write_text("\n".join(lines))
    closed = ran("smalltalk", "--target", str(answers), "--out", str(out), "--gate", str(rules))
    assert closed.exit_code == 1 and "gate FAILED wholly right does not fall" in closed.output, closed.output
    refused = ran("nosuch")
    assert refused.exit_code == 1 and "There is no question set 'nosuch'." in refused.output
    assert not (Path(data) / "conversations.db").exists()
