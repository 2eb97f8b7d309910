"""Printing to a terminal or a pipe: widths, progress, errors. What is printed is made in `render`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from ingest.errors import CareerError
from ingest.types import Progress
from ui.render import safe

_WIDEST = 100
"""Columns of running text at most: longer lines are hard to read."""
_BAR = "{n_fmt}/{total_fmt} {bar:30} {desc}"


def width() -> int:
    """Columns for running text."""
    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)


def say_error(error: CareerError) -> None:
    """What went wrong, and the next step on a line of its own, on standard error."""
    click.secho(safe(error.message), fg="red", err=True)
    if error.hint:
        click.echo(safe(error.hint), err=True)


EMBEDDING = "embedding what is left"
"""What goes on after the last file of an ingest is read."""


def say_json(value: object) -> None:
    """A value for a program, readable for a person too."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def progress(last: str = "") -> Iterator[Callable[[Progress], None]]:
    """Show how far something has come, on standard error: a bar on a terminal, else about twenty lines.

    `last` is what is still going on when all steps are begun.
    """
    if not sys.stderr.isatty():
        yield lambda step: _line(step, last)
        return
    from tqdm import tqdm

    with tqdm(leave=False, dynamic_ncols=True, bar_format=_BAR) as bar:
        yield lambda step: _drawn(bar, step, last)


def _line(step: Progress, last: str) -> None:
    if step.label:
        # A log of a thousand lines helps nobody: about twenty lines, however much there is to do.
        if step.done % max(1, step.total // 20) == 0:
            click.echo(f"{step.done + 1}/{step.total} {safe(step.label)}", err=True)
    elif last and step.total:
        click.echo(last, err=True)


def _drawn(bar: Any, step: Progress, last: str) -> None:
    bar.total, bar.n = step.total, step.done
    bar.set_description_str(safe(step.label) or last, refresh=False)
    bar.refresh()
