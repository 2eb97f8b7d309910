"""The `eval` command: runs question sets, and what belongs to them. Without a command of its own behind it, it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ingest.errors import CareerError
from ui import terminal

if TYPE_CHECKING:
    from evals.run import Run
    from ingest.settings import Settings

LATEST = "runs/latest"
_DEFAULT_GATE = "\0"
"""What --gate says without a file behind it: the rules that travel with the package."""
_FORMATS = click.Choice(["jsonl", "csv", "ragas", "langsmith", "deepeval"])


class EvalCommands(click.Group):
    """A group that runs sets when the first word is none of its commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` in front of everything else; --data may stand before a command."""
        first = 2 if args[:1] == ["--data"] else 0
        if not args[first:] or args[first] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("eval", cls=EvalCommands, subcommand_metavar="[SET]...", short_help="Run question sets, write a report.")
def evaluate() -> None:
    """Run question sets."""


@evaluate.command(
    epilog="Also: eval accept RUN, eval import FILE, eval export [SET]..., eval harvest; each has --help."
)
@click.argument("sets", nargs=-1, metavar="[SET]...")
@click.option("--target", metavar="URL", default="", help="Ask this instead: http://host:port of ours, an address that "
              "ends in /v1 (#model), module:name of a Runnable, or a .jsonl file of answers.")  # fmt: skip
@click.option("--baseline", metavar="RUN", type=click.Path(path_type=Path), help="Compare with an earlier run.")
@click.option("--gate", "gate_file", metavar="[FILE]", is_flag=False, flag_value=_DEFAULT_GATE,
              help="Exit 1 when a rule is broken; evals/gate.toml without a file. Put it behind the sets.")  # fmt: skip
@click.option("--out", metavar="DIR", default=LATEST, show_default=True, type=click.Path(path_type=Path),
              help="Write report.html, summary.md, junit.xml, scores.json and run.json here.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Of every random draw: the bootstraps.")
@click.option("--workers", type=click.IntRange(1, 64), help="Questions asked at the same time.")
@click.option("--tag", "tags", multiple=True, help="Only cases with this tag; several times for any of them.")
@click.option("--judge", "judge_model", metavar="PROVIDER:MODEL", default="", help="Let a chat model judge, too.")
@click.option("--price", "prices", nargs=2, type=float, metavar="READ WRITTEN", help="US dollars a million tokens.")
@click.pass_context
def run(
    ctx: click.Context, sets: tuple[str, ...], target: str, baseline: Path | None, gate_file: str | None, out: Path,
    seed: int, workers: int | None, tags: tuple[str, ...], judge_model: str, prices: tuple[float, float] | None,
) -> None:  # fmt: skip
    """Run question sets: names of bundled sets or paths of files, or without any all bundled ones.

    Prints scores and writes a report. A run that was cut short goes on where it stopped when it is started again.
    """
    from evals import compare, gate, questions, report
    from evals.run import run_cases
    from evals.targets import target_from

    settings = _settings(ctx)
    cases = [one for one in questions.load_sets(sets) if not tags or set(tags) & set(one.tags)]
    rules = gate.load_rules(gate.RULES if gate_file == _DEFAULT_GATE else Path(gate_file)) if gate_file else None
    # Read before the run is written: the earlier run may lie in the same folder.
    held = compare.load_baseline(baseline or rules.baseline) if rules or baseline else None  # type: ignore[union-attr]
    with terminal.progress() as told:
        done = run_cases(target_from(target, settings), cases, told, folder=out, workers=workers)
    if judge_model:
        done = _judged(done, judge_model, settings)
    comparison = compare.compare(done, held, seed) if held else None
    verdicts = gate.check_gate(done, rules, comparison, seed) if rules and comparison else []
    report.write(done, out, comparison, verdicts, prices)
    click.echo(report.summary(done, comparison, verdicts, prices))
    click.echo(f"\nWritten to {out}: open {out / 'report.html'}")
    failed = any(one.reply.error for one in done.results)
    ctx.exit(0 if gate.passed(verdicts) and not failed else 1)


def _judged(done: Run, model: str, settings: Settings) -> Run:
    from evals import judge

    return judge.judged(done, judge.chat_model(model, settings), model, settings.data_dir / "judged.jsonl")


@evaluate.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--to", "file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Where the gate's baseline lies; the one that evals/gate.toml names without.")  # fmt: skip
def accept(run_folder: Path, file: Path | None) -> None:
    """Make a RUN's scores what the gate compares with from now on."""
    from evals import compare, gate

    compare.load_baseline(run_folder)
    file = file or gate.load_rules().baseline
    held = run_folder / compare.SCORES if run_folder.is_dir() else run_folder
    _write(file, held.read_text(encoding="utf-8"))
    click.echo(f"{file} now holds the scores of {run_folder}.")


@evaluate.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "form", type=_FORMATS, default="jsonl", show_default=True, help="Whose format it is.")
@click.option("--out", metavar="FILE", required=True, type=click.Path(dir_okay=False, path_type=Path))
def import_(file: Path, form: str, out: Path) -> None:
    """Make a question set of a FILE of another tool, checking every case."""
    from evals import exchange

    text = file.read_text(encoding="utf-8-sig")
    cases = exchange.read(text, form, file.stem)  # type: ignore[arg-type]
    _write(out, exchange.write(cases, "jsonl"))
    click.echo(f"{len(cases)} cases written to {out}.")


@evaluate.command()
@click.argument("sets", nargs=-1, metavar="[SET]...")
@click.option("--to", "form", type=_FORMATS, default="csv", show_default=True, help="Whose format to write.")
@click.option("--out", metavar="FILE", required=True, type=click.Path(dir_okay=False, path_type=Path))
def export(sets: tuple[str, ...], form: str, out: Path) -> None:
    """Write question sets in the format of another tool."""
    from evals import exchange, questions

    cases = questions.load_sets(sets)
    _write(out, exchange.write(cases, form))  # type: ignore[arg-type]
    click.echo(f"{len(cases)} cases written to {out}.")


@evaluate.command()
@click.option("--out", metavar="FILE", default="drafts.jsonl", show_default=True,
              type=click.Path(dir_okay=False, path_type=Path))  # fmt: skip
@click.pass_context
def harvest(ctx: click.Context, out: Path) -> None:
    """Make draft cases of answers that were disliked, not verified or not found, without personal words.

    A person reads each draft, adds what a right answer holds, and moves it into a question set.
    """
    from assistant.build import open_library
    from assistant.conversation import Conversations
    from evals.harvest import harvest
    from ingest.words import stem

    settings = _settings(ctx)
    vocabulary = open_library(settings).vocabulary()
    kept = Conversations(settings.data_dir / "conversations.db").every_turn()
    drafts = harvest(kept, lambda word: vocabulary.frequency(stem(word.lower())) > 0)
    known = {json.loads(line)["id"] for line in _lines(out)}
    fresh = [one for one in drafts if one.case.id not in known]
    with out.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(one.fields(), ensure_ascii=False) + "\n" for one in fresh)
    click.echo(f"{len(fresh)} new drafts of {len(kept)} turns written to {out}: {_counted(fresh, 'why')}.")
    click.echo(f"Taken out: {_counted(fresh, 'removed')}. Read each draft and add what a right answer holds.")


def _counted(drafts: list[Any], what: str) -> str:
    from collections import Counter

    counts = Counter(word for one in drafts for word in getattr(one, what))
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in sorted(counts.items())) or "nothing"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CareerError(f"{path} cannot be written: {error.strerror}.", "Choose another place with --out.") from error


def _settings(ctx: click.Context) -> Settings:
    from ingest.settings import load_settings

    return load_settings(data_dir=(ctx.find_root().obj or {}).get("data"))
