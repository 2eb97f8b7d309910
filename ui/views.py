"""The views of the page, gathered when they are opened, and the files that can be taken from it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.conversation import Kept
from ingest.errors import CareerError
from ui import overview, page_views, render
from ui.exchange import Exchange
from ui.page_frame import parcel_html

if TYPE_CHECKING:
    from assistant.assistant import Assistant


class Views:
    """What opens over the conversation."""

    def __init__(self, assistant: Assistant, runs: Path) -> None:
        """Take the library's keeper and the folder of evaluation runs."""
        self._assistant = assistant
        self._runs = runs
        self._said: tuple[int, list[overview.Voice], dict[str, int]] | None = None

    def shown(self, name: str, exchange: Exchange | None, number: object) -> str:
        """A view by its name.

        Raises:
            CareerError: It cannot be shown.
        """
        if name == "library":
            return _fresh(self._library())
        return _fresh(self._evaluation() if name == "evaluation" else self._picture(exchange, number))

    def failed(self, error: CareerError) -> str:
        """What went wrong, in place of a view."""
        return _fresh(page_views.view_html("That did not work", page_views.failure_html(str(error))))

    def _evaluation(self) -> str:
        from evals.scores import BY_NAME

        labels = {one: (BY_NAME[one].label, BY_NAME[one].meaning) for one in overview.SHOWN}
        return page_views.evaluation_html(overview.tested(self._runs), labels)

    def _library(self) -> str:
        library, today = self._assistant.library, datetime.now(UTC).date().isoformat()
        generation = library.generation()
        if self._said is None or self._said[0] != generation:
            passages = list(library.passages())
            self._said = generation, overview.voices(passages), overview.years(passages)
        return page_views.library_html(library.sources(), self._said[1], self._said[2], today)

    def _picture(self, exchange: Exchange | None, number: object) -> str:
        from ingest.pictures import picture_of

        wanted = int(number) if isinstance(number, int | str) and str(number).isdecimal() else 0
        placed = exchange.cited.get(wanted) if exchange else None
        if placed is None or placed.around is None or not placed.around.passage.page:
            return page_views.view_html("This cannot be shown", "")
        page = placed.around.passage.page
        picture = picture_of(placed.around.source, page, placed.citation.quote)
        return page_views.picture_html(placed.citation.title, page, picture.image, picture.marks)

    def parcel(self, conversation_id: str, turns: Sequence[Kept], form: str) -> str:
        """A conversation as a file: Markdown with its sources, or JSON."""
        if form == "json":
            whole: dict[str, Any] = {"conversation_id": conversation_id, "turns": [turn._asdict() for turn in turns]}
            return _fresh(parcel_html("conversation.json", json.dumps(whole, ensure_ascii=False, indent=1)))
        return _fresh(parcel_html("conversation.md", render.conversation_markdown(turns)))


def _fresh(inside: str) -> str:
    """What was asked for, told apart from the same asked for before, which would not change the page."""
    return f'<div data-at="{time.monotonic_ns()}">{inside}</div>'
