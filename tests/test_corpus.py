"""The bundled library: complete, dated, sourced, and in words of its own.

`data/seed_facts.json` lists, for each fact that the library has to carry, its document, its figures and the stems of
the words that it is told with; `data/seed_figures.json` every figure of the guide that the library began with;
`data/official_figures.json` the official figures of occupations near AI: median pay a year and an hour, jobs in 2024
and 2034, growth and change.
"""

from __future__ import annotations

import csv
import json
import os
import re
import statistics
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from evals.library_report import FIGURE, lix, main, overdue, readability, told
from evals.metrics import holds
from ingest.discover import bundled_folder
from ingest.embed import load_embedder
from ingest.passages import split
from ingest.readers import read
from ingest.types import Document, Passage, Statement
from ingest.words import stems

DATA = Path(__file__).parent / "data"
CORPUS = bundled_folder()
PATHS = sorted(path for path in CORPUS.rglob("*.md") if path != CORPUS / "README.md")
FACTS: dict[str, Any] = json.loads((DATA / "seed_facts.json").read_text(encoding="utf-8"))
OFFICIAL: dict[str, list[str]] = json.loads((DATA / "official_figures.json").read_text(encoding="utf-8"))
FIGURES: list[str] = json.loads((DATA / "seed_figures.json").read_text(encoding="utf-8"))

CONFLICTS = {
    "C01": ("roles/data-scientist.md", "$129,640 $112,590 $63,650 $194,410 $107,150"),
    "C02": ("pay/what-the-sources-say.md", "$126,397 $151,945 $133,080 $166,000 $272,000"),
    "C03": ("roles/ai-research-scientist.md", "$108,932 $134,231 $140,910"),
    "C04": ("roles/ai-engineer.md", "$100,324 $98,824 $122,066"),
    "C05": ("pay/by-city.md", "$179,061 $184,982"),
    "C06": ("market/demand.md", "8.5% 56,018 60,784 26% 69% 2019"),
    "C07": ("market/adoption.md", "85% 2019 1,388 25% 67%"),
    "C08": ("market/adoption.md", "75% 2025 77%"),
    "C09": ("market/outlook.md", "2027 2023 2030 39%"),
    "C10": ("roles/robotics-engineer.md", "$96,013 $96,980 2018"),
    "C11": ("pay/ai-premium.md", "25% 56% 62% 57% 28% 43% 18% 6% 19%"),
    "C12": ("market/pwc-barometer.md", "69% 9%"),
    "C13": ("market/projection-editions.md", "23% 26% 20%"),
    "C14": ("market/projection-editions.md", "36% 35% 34%"),
    "C15": ("market/beginners.md", "20% 13% 2022 2024"),
    "C16": ("market/seniority.md", "71% 13%"),
    "C17": ("roles/prompt-engineer.md", "144 20 2023 2025"),
    "C18": ("market/women-in-ai.md", "22% 30%"),
    "C19": ("market/developers-and-ai-tools.md", "46% 33% 29% 43% 40%"),
    "C20": ("education/courses-and-certifications.md", "$125 $135"),
    "C21": ("regulation/eu-ai-act.md", "2026 2027 2028"),
    "C22": ("regulation/us-h1b-visa.md", "26 27 $100,000"),
    "C23": ("regulation/uk-skilled-worker-visa.md", "38,700 41,700 2025"),
    "C24": ("market/linkedin-jobs-on-the-rise.md", "2022 2024 2025"),
    "C25": ("market/programming-languages.md", "2025"),
    "C26": ("practice/data-preparation-time.md", "45% 80%"),
    "C27": ("hiring/odds.md", "18.83% 10% 20% 2019"),
}
"""Where sources disagree: the document that tells both sides, and figures of both."""


@cache
def document_of(path: Path) -> Document:
    (document,) = read(path)
    return document


@cache
def passages_of(path: Path) -> tuple[Passage, ...]:
    embedder = load_embedder()
    return tuple(split(document_of(path), path.name, embedder.count_tokens, embedder.max_tokens))


def statements(path: Path) -> list[tuple[str, Statement]]:
    """Statements of a document, each with the way to it in front."""
    return [
        (" ".join((document_of(path).title, *passage.headings, *one.way, one.text)), one)
        for passage in passages_of(path)
        for one in passage.statements
    ]


def sourced(path: Path, statement: Statement) -> bool:
    origin = document_of(path).origin
    reference = statement.reference
    return bool(reference.publisher or origin.publisher) and bool(reference.as_of or origin.as_of)


def name_of(path: Path) -> str:
    return path.relative_to(CORPUS).as_posix()


def test_there_are_enough_documents_with_titles_of_their_own() -> None:
    assert len(PATHS) >= 80
    titles = [document_of(path).title for path in PATHS]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("fact", FACTS)
def test_the_library_carries_every_fact_of_the_guide(fact: str) -> None:
    wanted = FACTS[fact]
    path = CORPUS / wanted["document"]
    told = [text for text, _ in statements(path)]
    held = {stem for text in told for stem in stems(text)}
    assert set(wanted["words"]) <= held
    for figure in wanted["figures"]:
        assert any(holds(text, figure) and sourced(path, one) for text, one in statements(path)), figure


def test_all_facts_are_listed() -> None:
    assert list(FACTS) == [f"S{number:03}" for number in range(1, 133)]
    assert sum(len(one["words"]) for one in FACTS.values()) > 900


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_of_the_guide_stands_in_a_statement_with_date_and_source(figure: str) -> None:
    assert any(
        holds(one.text, figure) and sourced(path, one) and one.reference.publisher
        for path in PATHS
        for _, one in statements(path)
    )


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_where_sources_disagree_the_document_says_both(conflict: str) -> None:
    name, figures = CONFLICTS[conflict]
    told = statements(CORPUS / name)
    for figure in figures.split():
        assert any(holds(text, figure) and sourced(CORPUS / name, one) for text, one in told), figure


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_front_matter_is_complete_and_every_mark_has_its_source(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    assert {"title", "topic", "as_of", "review_by", "summary", "sources"} <= front.keys()
    assert front["topic"] == path.parent.name
    assert front["as_of"] == max(str(source["date"]) for source in front["sources"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", front["review_by"]) and front["review_by"] > front["as_of"]
    for source in front["sources"]:
        assert source["key"] and source["publisher"] and source["title"] and re.match(r"\d{4}", str(source["date"]))
    keys = {source["key"] for source in front["sources"]}
    body = text.split("---\n", 2)[2]
    used = set(re.findall(r"\[\^([\w-]+)\](?!:)", body))
    defined = set(re.findall(r"^\[\^([\w-]+)\]:", body, re.MULTILINE))
    assert used == keys == defined


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_every_statement_names_its_source_and_every_figure_its_date(path: Path) -> None:
    for text, one in statements(path):
        assert one.reference.publisher or document_of(path).origin.publisher, text
        assert not FIGURE.search(one.text) or sourced(path, one), text


@pytest.mark.parametrize("occupation", OFFICIAL)
def test_official_figures_stand_beside_the_name_of_the_occupation(occupation: str) -> None:
    told_of = [
        one.text
        for name in ("pay/official-pay.md", "market/official-outlook.md")
        for _, one in statements(CORPUS / name)
        if one.text.startswith(occupation) and one.reference.title.startswith("Occupational Outlook Handbook")
    ]
    for figure in OFFICIAL[occupation]:
        assert any(holds(text, figure) for text in told_of), figure


@pytest.mark.skipif(not os.environ.get("CAREER_BENCH_DATA"), reason="CAREER_BENCH_DATA is not set")
def test_official_figures_are_those_of_the_handbook() -> None:
    with (Path(os.environ["CAREER_BENCH_DATA"]) / "bls-ooh" / "occupations.csv").open(encoding="utf-8") as file:
        rows = {row["title"]: row for row in csv.DictReader(file)}
    for occupation, listed in OFFICIAL.items():
        columns = ("median_pay_annual", "median_pay_hourly", "num_jobs_2024", "projected_employment_2034",
                   "outlook_pct", "employment_change")  # fmt: skip
        plain = [abs(float(figure.strip("$%").replace(",", ""))) for figure in listed]
        assert plain == [abs(float(rows[occupation][column])) for column in columns], occupation
        entry = [one.text for _, one in statements(CORPUS / "education/official-entry-education.md")]
        degree = rows[occupation]["entry_education"].lower().replace("see how to become one", "differs by job")
        assert any(text.startswith(occupation) and degree in text.lower() for text in entry), occupation


ROLE_HEADINGS = ("What they do", "A day at work", "Skills", "Career ladder", "How to get in", "Neighbouring roles")
"""What every page on a role is asked about; education, pay and outlook may stand under longer headings."""


def test_roles_are_told_under_the_same_headings() -> None:
    whole = [
        path
        for path in sorted((CORPUS / "roles").glob("*.md"))
        if all(f"\n## {heading}\n" in path.read_text(encoding="utf-8") for heading in ROLE_HEADINGS)
        and all(re.search(rf"^## .*{word}", path.read_text(encoding="utf-8"), re.M) for word in ("Education", "Pay"))
        and re.search(r"^## .*outlook", path.read_text(encoding="utf-8"), re.M)
    ]
    assert len(whole) >= 16


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_documents_can_be_read_by_people_outside_the_field(path: Path) -> None:
    document = document_of(path)
    assert readability(document) <= 66
    assert all(len(one.text.split()) <= 45 for one in told(document))


def test_most_documents_read_like_a_newspaper() -> None:
    assert statistics.median(readability(document_of(path)) for path in PATHS) <= 45
    assert lix(["Multidimensional probabilistic heterogeneous representations."]) > 66


def test_the_report_counts_documents_and_names_those_past_their_review(tmp_path: Path) -> None:
    (tmp_path / "pay").mkdir()
    (tmp_path / "pay" / "old.md").write_text(
        '---\ntitle: Old\nas_of: "2024"\nreview_by: "2025-01-31"\nsources:\n  - key: a\n    publisher: A\n'
        '    title: T\n    date: "2024"\n---\n\n# Old\n\nIt is 5%. [^a]\n\n[^a]: A.\n',
        encoding="utf-8",
    )
    told_of = main(tmp_path, "2026-01-01")
    assert "| pay | 1 | 1 | 1 | 1 | 1.00 | 1.00 |" in told_of
    assert "past their day of review on 2026-01-01: pay/old.md" in told_of


def test_pages_past_their_review_are_found_by_the_day() -> None:
    held = [(name_of(path), document_of(path)) for path in PATHS]
    assert overdue(held, "2026-07-31") == []
    assert overdue(held, "2026-10-01") == ["regulation/us-h1b-visa.md"]
    assert len(overdue(held, "2099-01-01")) == len(PATHS)


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).is_file(), target


@pytest.mark.skipif(not os.environ.get("CAREER_FACTS_DIR"), reason="CAREER_FACTS_DIR is not set")
def test_no_eight_words_in_a_row_are_those_of_a_source() -> None:
    folder = Path(os.environ["CAREER_FACTS_DIR"])
    taken = set()
    for path in folder.iterdir():
        taken |= runs(path.read_text(encoding="utf-8"))
    for path in PATHS:
        body = path.read_text(encoding="utf-8").split("---\n", 2)[2]
        shared = {run for line in body.splitlines() if not line.startswith("[^") for run in runs(line)} & taken
        assert not shared, (name_of(path), sorted(shared)[:3])


def runs(text: str) -> set[tuple[str, ...]]:
    """Runs of eight words without a figure or a name among them."""
    found = re.findall(r"[A-Za-z][A-Za-z'’-]*|\d\S*|[.;:|]", text)
    listed = [tuple(found[start : start + 8]) for start in range(len(found) - 7)]
    return {run for run in listed if all(word.isalpha() and word.islower() for word in run)}
