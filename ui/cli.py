"""The command line: parses, calls, prints. One command, one function.

Nothing heavy is imported before a command runs, so that `--help` answers at once. Printing is in `terminal`, wording in
`render`, serving in `serve`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ingest.errors import CareerError, LibraryEmpty
from ui import terminal
from ui.evaluate import evaluate

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from ingest.library import Library
    from ingest.settings import Settings
    from ingest.upkeep import Upkeep

Command = TypeVar("Command", bound=Callable[..., Any])

_INTERRUPTED = 130
"""What shells report for a program that Ctrl-C ended."""


class _Commands(click.Group):
    """The outermost edge: an error for a person becomes two lines and an exit code, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CareerError as error:
            terminal.say_error(error)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(_INTERRUPTED)


def _remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(dict)["data"] = value


def with_data(command: Command) -> Command:
    """The option that every command takes, before its name or after it; the latter wins."""
    option: Callable[[Command], Command] = click.option(
        "--data",
        metavar="DIR",
        callback=_remember,
        expose_value=False,
        help="Where the library and the conversations live; else CAREER_DATA_DIR, else your data folder.",
    )
    return option(command)


as_json = click.option("--json", "as_json", is_flag=True, help="Print an object for programs.")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "obj": None})
@click.version_option(package_name="career-assistant")
@with_data
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Ask about careers in AI and machine learning; every statement of an answer names its source."""
    ctx.ensure_object(dict)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond this machine, CAREER_API_KEYS is needed.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free one.")
@with_data
@click.pass_context
def serve(ctx: click.Context, host: str, port: int) -> None:
    """Serve the chat page at /, the API under /v1, its description at /docs.

    Brings the bundled library in first when the data folder holds no library yet.
    """
    from ui.serve import serve

    serve(_settings(ctx), host, port)


@cli.command()
@click.argument("question")
@as_json
@click.option("--conversation", metavar="ID", default="", help="Go on with a conversation.")
@with_data
@click.pass_context
def ask(ctx: click.Context, question: str, as_json: bool, conversation: str) -> None:
    """Answer one QUESTION, with numbered sources."""
    answer = _assistant(ctx).ask(question, conversation_id=conversation)
    if as_json:
        terminal.say_json(asdict(answer))
        return
    from ui import render

    click.echo(render.plain(answer, terminal.width()))


@cli.command()
@with_data
@click.pass_context
def chat(ctx: click.Context) -> None:
    """Hold a conversation in the terminal; /quit or Ctrl-D ends it."""
    from ui.talk import talk

    talk(_assistant(ctx))


@cli.command()
@click.argument("query")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 100), help="Hits at most.")
@as_json
@with_data
@click.pass_context
def search(ctx: click.Context, query: str, k: int, as_json: bool) -> None:
    """Show what retrieval finds for a QUERY, with scores and why."""
    from ui import render

    searched_for, hits = _assistant(ctx).search(query, k=k)
    if as_json:
        terminal.say_json(render.found(searched_for, hits))
        return
    if searched_for != query:
        click.echo(f"Searched for: {render.safe(searched_for)}")
    for number, hit in enumerate(hits, 1):
        click.echo(render.hit_lines(hit, number, terminal.width()))
    if not hits:
        click.echo("Nothing found.")


@cli.command()
@click.argument("targets", nargs=-1, metavar="[PATH or URL]...")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--prune", is_flag=True, help="Remove what these folders and sites no longer hold.")
@as_json
@with_data
@click.pass_context
def ingest(ctx: click.Context, targets: tuple[str, ...], dry_run: bool, prune: bool, as_json: bool) -> None:
    """Bring documents in: files, folders, pages and sitemaps, or without any the bundled library."""
    from ui import render

    library = _library(ctx)
    with terminal.progress(terminal.INDEXING) as told:
        report = library.sync(targets, dry_run=dry_run, prune=prune, progress=told)
    if as_json:
        terminal.say_json(render.report(report))
    else:
        click.echo(f"{'Would be: ' if dry_run else ''}{report}")
        for line in render.plan(report) if dry_run else ():
            click.echo(line, err=True)
    for failure in (*report.failed, *report.partly):
        click.echo(render.safe(f"{failure.uri}: {failure.reason}"), err=True)
    ctx.exit(1 if report.failed else 0)


@cli.command()
@click.argument("sentence")
@click.option("--passage", "passages", multiple=True, metavar="TEXT", help="Hold it against this instead; repeatable.")
@as_json
@with_data
@click.pass_context
def verify(ctx: click.Context, sentence: str, passages: tuple[str, ...], as_json: bool) -> None:
    """Say whether the library, or some passages, support a SENTENCE, and what is missing."""
    found = _assistant(ctx).verify(sentence, passages)
    if as_json:
        terminal.say_json(asdict(found))
        return
    from ui import render

    click.echo(render.verdict(found, terminal.width()))


@cli.command()
@as_json
@with_data
@click.pass_context
def sources(ctx: click.Context, as_json: bool) -> None:
    """List what is in the library."""
    from ui import render

    held = _library(ctx).sources()
    if as_json:
        terminal.say_json([render.source(source) for source in held])
        return
    if not held:
        raise LibraryEmpty("The library is empty.", "Bring the bundled documents in with `career-assistant ingest`.")
    day = datetime.now(UTC).date().isoformat()
    rows = [
        (one.title, one.kind, str(one.passages), one.origin.as_of, render.review_day(one, day), one.added_at)
        for one in held
    ]
    click.echo(render.table(("title", "kind", "passages", "as of", "review by", "brought in"), rows))


@cli.command()
@click.option("--repair", is_flag=True, help="Rebuild what can be rebuilt.")
@with_data
@click.pass_context
def check(ctx: click.Context, repair: bool) -> None:
    """Say whether the library is whole; exit 1 when it is not."""
    found = _upkeep(ctx).check(repair=repair)
    for line in found.lines:
        click.echo(line)
    ctx.exit(0 if found.ok else 1)


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_data
@click.pass_context
def backup(ctx: click.Context, file: Path) -> None:
    """Write the library and the conversations to one FILE, also while others read and write."""
    made = _upkeep(ctx).backup(file)
    click.echo(f"Written to {file} and read again: {made.sources} sources, {made.passages} passages.")


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_data
@click.pass_context
def restore(ctx: click.Context, file: Path) -> None:
    """Put the backup in FILE in the place of the library and the conversations that are here."""
    made = _upkeep(ctx).restore(file)
    click.echo(f"Restored as of {made.made_at}: {made.sources} sources, {made.passages} passages.")


@cli.command()
@with_data
@click.pass_context
def slack(ctx: click.Context) -> None:
    """Answer in Slack, over Socket Mode: SLACK_BOT_TOKEN and SLACK_APP_TOKEN are needed; see docs/slack.md."""
    from ui.serve import serve_slack

    serve_slack(_settings(ctx))


@cli.command()
@with_data
@click.pass_context
def settings(ctx: click.Context) -> None:
    """Show every setting, its value and where it came from; secrets are masked."""
    from ingest.settings import describe
    from ui import render

    click.echo(render.table(("setting", "value", "from"), describe(_settings(ctx))))


for _command in (evaluate, *evaluate.commands.values()):
    with_data(_command)
cli.add_command(evaluate)


def _settings(ctx: click.Context) -> Settings:
    from ingest.settings import load_settings

    return load_settings(data_dir=ctx.obj.get("data"))


def _library(ctx: click.Context) -> Library:
    from assistant.build import open_library

    return open_library(_settings(ctx))


def _upkeep(ctx: click.Context) -> Upkeep:
    from assistant.build import upkeep

    return upkeep(_settings(ctx))


def _assistant(ctx: click.Context) -> Assistant:
    from assistant.build import build_assistant

    return build_assistant(_settings(ctx))


def main() -> None:
    """What the installed command runs."""
    for stream in (sys.stdout, sys.stderr):
        # An old locale cannot hold every character of every document; a question mark beats a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    cli()


if __name__ == "__main__":
    main()
