"""Printing to a terminal or a pipe: widths, progress, errors. What is printed is made in `render`."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from ingest.errors import CareerError
from ingest.types import Progress
from ui.render import safe

_WIDEST = 100
"""Columns of running text at most: longer lines are hard to read."""
_BAR = "{percentage:3.0f}% {bar:30} {desc}"
_LINES = 20
"""Lines of a log that show a progress: a thousand help nobody."""


def width() -> int:
    """Columns for running text."""
    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)


def say_error(error: CareerError) -> None:
    """What went wrong, and the next step on a line of its own, on standard error."""
    click.secho(safe(error.message), fg="red", err=True)
    if error.hint:
        click.echo(safe(error.hint), err=True)


INDEXING = "building the search index"
"""What goes on after the last file of an ingest is in."""


def say_json(value: object) -> None:
    """A value for a program, readable for a person too."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def progress(last: str = "") -> Iterator[Callable[[Progress], None]]:
    """Show how far something has come, on standard error: a bar on a terminal, else about twenty lines.

    `last` is what is still going on when all steps are done.
    """
    began = time.monotonic()
    if not sys.stderr.isatty():
        lines = _Lines(began, last)
        yield lines.tell
        return
    from tqdm import tqdm

    with tqdm(total=100, leave=False, dynamic_ncols=True, bar_format=_BAR) as bar:
        yield lambda step: _drawn(bar, step, last, time.monotonic() - began)


def _share(step: Progress) -> float:
    return step.share if step.share is not None else step.done / step.total if step.total else 0.0


def pace(step: Progress, seconds: float) -> str:
    """How fast it goes and how long it still takes, so far as that can be said.

    >>> pace(Progress(3, 12, "nurses.md", share=0.25, passages=400), 40.0)
    ', 10 passages/s, 2:00 left'
    >>> pace(Progress(0, 12, "nurses.md"), 40.0)
    ''
    """
    share = _share(step)
    if not 0 < share < 1 or seconds <= 0:
        return ""
    minutes, left = divmod(round(seconds * (1 - share) / share), 60)
    rate = f", {step.passages / seconds:,.0f} passages/s" if step.passages else ""
    return f"{rate}, {minutes}:{left:02d} left"


class _Lines:
    """Tells a progress in lines."""

    def __init__(self, began: float, last: str) -> None:
        self._began, self._last, self._shown = began, last, -1

    def tell(self, step: Progress) -> None:
        if step.label:
            part = int(_share(step) * _LINES)
            if part > self._shown:
                self._shown = part
                click.echo(f"{_counted(step)}{pace(step, time.monotonic() - self._began)}", err=True)
        elif self._last and step.total:
            click.echo(self._last, err=True)


def _counted(step: Progress) -> str:
    return f"{min(step.done + 1, step.total)}/{step.total} {safe(step.label)}"


def _drawn(bar: Any, step: Progress, last: str, seconds: float) -> None:
    bar.n = round(100 * _share(step))
    bar.set_description_str(f"{_counted(step)}{pace(step, seconds)}" if step.label else last, refresh=False)
    bar.refresh()
