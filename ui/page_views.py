"""The views that the page opens over itself, as HTML: the library, the evaluation runs, a page as it was printed.

Everything that a document or a file says is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ingest.types import Source
from ui.overview import Tested, Voice
from ui.page import table_html, when

_MOST_MISSES = 60


def view_html(title: str, inside: str) -> str:
    """A view with its title; `page.js` shows it in a dialog."""
    return f'<div class="view" data-title="{escape(title)}">{inside}</div>'


def library_html(library: Sequence[Source], said: Sequence[Voice], by_year: Mapping[str, int], today: str) -> str:
    """What is in the library, how fresh it is, and who says what."""
    past = sum(source.origin.overdue(today) for source in library)
    passages = sum(source.passages for source in library)
    statements = sum(one.statements for one in said)
    tiles = _tiles(
        (f"{len(library):,}", "documents"),
        (f"{passages:,}", "passages"),
        (f"{statements:,}", "statements with a publisher"),
        (f"{len(said):,}", "publishers"),
        (f"{past:,}", "past their day of review"),
    )
    return view_html(
        "The library",
        f"{tiles}<h3>How fresh</h3>{_years(by_year)}<h3>Documents</h3>"
        '<input type="search" class="sift" placeholder="Search titles and publishers" '
        f'aria-label="Search the library">{_documents(library, today)}<h3>Who says what</h3>{_voices(said)}',
    )


def _tiles(*pairs: tuple[str, str]) -> str:
    return f'<dl class="tiles">{"".join(f"<div><dt>{name}</dt><dd>{figure}</dd></div>" for figure, name in pairs)}</dl>'


def _years(by_year: Mapping[str, int]) -> str:
    """Statements by the year of their figures, as bars."""
    if not by_year:
        return '<p class="none">No statement names a date.</p>'
    most = max(by_year.values())
    rows = "".join(
        f'<tr><th scope="row">{escape(year)}</th><td>'
        f'<span class="share" style="width:{count / most * 100:.1f}%"></span></td><td>{count:,}</td></tr>'
        for year, count in list(by_year.items())[:12]
    )
    return (
        '<table class="years"><caption class="unseen">Statements by the year of their figures</caption>'
        '<thead class="unseen"><tr><th scope="col">Year</th><th scope="col">Share</th>'
        '<th scope="col">Statements</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _documents(library: Sequence[Source], today: str) -> str:
    rows = "".join(
        f'<tr><td>{escape(one.title)}<span class="sub">{escape(one.summary)}</span></td>'
        f"<td>{escape(one.topic)}</td><td>{escape(when(one.origin.as_of))}</td><td>{_review(one, today)}</td>"
        f'<td class="count">{one.passages}</td></tr>'
        for one in sorted(library, key=lambda one: (one.topic, one.title))
    )
    return table_html(("Document", "Topic", "As of", "Next review", "Passages"), rows, "sifted")


def _review(source: Source, today: str) -> str:
    day = escape(when(source.origin.review_by))
    return f'<span class="stale">{day}, past</span>' if source.origin.overdue(today) else day


def _voices(said: Sequence[Voice]) -> str:
    rows = "".join(
        f'<tr><td>{escape(one.publisher)}</td><td class="count">{one.statements:,}</td>'
        f'<td class="count">{one.sources:,}</td><td>{escape(when(one.newest))}</td></tr>'
        for one in said
    )
    return table_html(("Publisher", "Statements", "Documents", "Newest"), rows, "sifted")


def evaluation_html(runs: Sequence[Tested], labels: Mapping[str, tuple[str, str]]) -> str:
    """The last evaluation runs: figures side by side, then what each got wrong.

    Args:
        runs: The latest first.
        labels: Of each metric its name and what it means.
    """
    names = [name for name in labels if any(name in run.means for run in runs)]
    heads = [f'{escape(run.name)}<span class="sub">{escape(_day(run.at))}</span>' for run in runs]
    cases = "".join(f'<td class="count">{run.cases:,}</td>' for run in runs)
    rows = f'<tr><th scope="row">Questions asked</th>{cases}</tr>' + "".join(
        f'<tr><th scope="row">{escape(labels[name][0])}<span class="sub">{escape(labels[name][1])}</span></th>'
        + "".join(f'<td class="count">{_mean(run, name)}</td>' for run in runs)
        + "</tr>"
        for name in names
    )
    missed = "".join(_missed(run) for run in runs)
    return view_html(
        "Evaluation",
        "<p>Each run asks the question sets and checks every answer, its citations and its refusals. "
        "<code>career-assistant eval</code> makes a new one.</p>"
        f"{table_html(('Figure', *heads), rows)}<h3>What went wrong</h3>{missed}",
    )


def _day(at: str) -> str:
    return when(at[:10])


def _mean(run: Tested, name: str) -> str:
    return f"{run.means[name]:.3f}".replace("0.", ".", 1) if name in run.means else ""


def _missed(run: Tested) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.question)}</td><td>{escape(one.expected)}</td><td>{escape(one.got)}</td></tr>"
        for one in run.misses[:_MOST_MISSES]
    )
    more = len(run.misses) - _MOST_MISSES
    rest = f"<p>{more} more stand in the run's report.</p>" if more > 0 else ""
    apart = f"<p>{run.held_out_misses} of the questions held out were not wholly right; they are not shown.</p>"
    table = table_html(("Question", "Outcome expected", "Outcome given"), rows)
    return (
        f"<details><summary>{escape(run.name)}: {len(run.misses)} not wholly right</summary>"
        f"{table}{rest}{apart if run.held_out_misses else ''}</details>"
    )


def picture_html(title: str, page: int, image: str, marks: Sequence[tuple[float, float, float, float]]) -> str:
    """A page as it was printed, with the quoted words marked.

    Args:
        title: Of its document.
        page: Its number, from 1.
        image: A `data:` address of ours.
        marks: Left, top, width and height of each mark, as shares of the page.
    """
    marked = "".join(
        f'<span class="marked" style="left:{left:.2%};top:{top:.2%};width:{width:.2%};height:{height:.2%}"></span>'
        for left, top, width, height in marks
    )
    said = "" if marks else '<p class="note">The quoted words were not found on the page as it is printed.</p>'
    return view_html(
        f"{title}, page {page}",
        f'{said}<div class="printed"><img src="{escape(image)}" alt="Page {page} of {escape(title)}, the quoted words '
        f'marked">{marked}</div>',
    )


def failure_html(sentence: str) -> str:
    """Why there is nothing to see."""
    return f'<p class="failure" role="alert">{escape(sentence)}</p>'
