"""Pages that tell of several occupations at once, in part in words and in part in tables: the asked figure is found.

The pages are made up, figures and all, in the form in which a handbook of occupations prints them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from assistant.assistant import Assistant
from assistant.build import build_assistant
from evals import bls
from ingest.embed import SentenceTransformerEmbedder
from ingest.library import Library
from ingest.settings import load_settings

PAGE = """<!DOCTYPE html><html lang="en"><head><title>{title} : Handbook of Work</title></head><body><main>
<h1>{title}</h1><h2>Summary</h2><table><thead><tr><th colspan="2">Quick Facts: {title}</th></tr></thead>
<tbody>{quick}</tbody></table>
<h3>Pay</h3><p>{wage}</p>
<h2>Work Environment</h2><p>{name} held about {about} jobs in 2024.</p><p>The largest employers of {low} were as
follows:</p><table><tr><th>Manufacturing</th><td>12%</td></tr><tr><th>Government</th><td>9</td></tr></table>
<p>Employment in the detailed occupations that make up {low} was distributed as follows:</p><table>{staff}</table>
<h2>How to Become One</h2><p>{become}</p>
<h2>Pay</h2><p>{wage} The lowest 10 percent earned less than $31,300.</p>
<p>Median wages for {low} in May 2024 were as follows:</p><table>{wages}</table>
<h2>Job Outlook</h2><p>Overall employment of {low} {growth} from 2024 to 2034.</p><p>About 9,100 openings for {low} are
projected each year, on average.</p><table><caption>Employment projections data for {low}, 2024–34</caption><thead><tr>
<th>Occupational Title</th><th>Employment, 2024</th><th>Change, 2024–34 Percent</th></tr></thead><tbody>
<tr><th>{name}</th><td>{jobs}</td><td>{percent}</td></tr></tbody></table></main></body></html>"""


def row(title: str, annual: str, hourly: str, education: str, jobs: str, percent: str) -> dict[str, str]:
    slug = title.lower().replace(",", "").replace(" ", "-")
    return dict(title=title, slug=slug, median_pay_annual=annual, median_pay_hourly=hourly,
                entry_education=education, num_jobs_2024=jobs, outlook_pct=percent)  # fmt: skip


OCCUPATIONS = {
    "At first, stone setters and helpers learn on the job, and there are no formal rules for their schooling.": row(
        "Stone Setters and Helpers", "47220", "22.70", "No formal educational credential", "1651300", "8"),
    "Bell ringers must hold a ringing diploma of a guild and a degree in music is welcome.": row(
        "Bell Ringers", "", "22.41", "Some college, no degree", "57300", "-1"),
    "Healers, herbalists, and masseurs typically need a B.H. or an M.H. degree of a school for healing.": row(
        "Healers, Herbalists, and Masseurs", "149700", "71.97", "Doctoral or professional degree", "1075400", "-9"),
    "Lift keepers typically need a high school diploma or equivalent.": row(
        "Lift Keepers", "39180", "18.84", "High school diploma or equivalent", "531200", "0"),
}  # fmt: skip


def table(cells: Mapping[str, str]) -> str:
    return "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in cells.items())


def page(become: str, of: Mapping[str, str]) -> str:
    low, percent, jobs = of["title"].lower(), int(of["outlook_pct"]), f"{int(of['num_jobs_2024']):,}"
    annual = f"${int(of['median_pay_annual'] or 0):,}"
    pay = f"{annual} per year, " if of["median_pay_annual"] else ""
    quick = {"2024 Median Pay": f"{pay}${of['median_pay_hourly']} per hour",
             "Typical Entry-Level Education": of["entry_education"], "Number of Jobs, 2024": jobs,
             "Job Outlook, 2024–34": f"{percent}% (as such)", "Employment Change, 2024–34": "1,200"}  # fmt: skip
    parts = [part.removeprefix("and ").capitalize() for part in low.replace(" and ", ", ").split(", ") if part]
    several = parts if len(parts) > 1 else ["Assistants"]
    unit, sum_ = ("annual", annual) if pay else ("hourly", f"${of['median_pay_hourly']}")
    return PAGE.format(
        title=of["title"], low=low, name=low.capitalize(), become=become, quick=table(quick), jobs=jobs,
        percent=percent, wage=f"The median {unit} wage for {low} was {sum_} in May 2024.",
        about=f"{int(of['num_jobs_2024']) / 1e6:.1f} million" if len(jobs) > 7 else jobs,
        staff=table({part: f"{20 + at},400" for at, part in enumerate(several)}),
        wages=table({part: f"${41 + at},010" for at, part in enumerate(several)}),
        growth=f"is projected to grow {percent} percent" if percent > 1
        else f"is projected to decline {-percent} percent" if percent < -1 else "is projected to show little change",
    )  # fmt: skip


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder) -> Iterator[Assistant]:
    pages, data = tmp_path_factory.mktemp("pages"), tmp_path_factory.mktemp("data")
    for become, of in OCCUPATIONS.items():
        (pages / f"{of['slug']}.html").write_text(page(become, of), encoding="utf-8")
    with closing(Library.open(data, embedder)) as library:
        library.sync([str(pages)])
        yield build_assistant(load_settings(data_dir=str(data), env={}), library=library)


def test_what_a_handbook_says_of_an_occupation_is_found_in_words_and_tables(assistant: Assistant) -> None:
    asked = list(bls.questions(OCCUPATIONS.values()))
    wrong = [(one.asked.question, one.answer.answer) for one in bls.run(assistant, asked) if not one.right]
    assert len(asked) == 44 and wrong == []


def test_a_part_of_what_a_page_tells_of_can_be_asked_for(assistant: Assistant) -> None:
    answer = assistant.ask("What do herbalists earn?").answer
    assert "$42,010" in answer and "$149,700" not in answer.split("[1]")[0]


def test_a_page_without_the_figure_is_not_answered_with_another_occupations(assistant: Assistant) -> None:
    answer = assistant.ask("How many tax clerks are there?")
    assert answer.outcome == "not_found" and not answer.citations
