"""The bundled library: complete, dated, sourced, and in words of its own.

`data/seed_facts.json` lists, for each fact that the library has to carry, its document, its figures and the stems of
the words that it is told with; `data/seed_figures.json` every figure of the guide that the library began with.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

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
    assert len(PATHS) >= 20
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
    assert {"title", "topic", "as_of", "summary", "sources"} <= front.keys()
    assert front["topic"] == path.parent.name
    for source in front["sources"]:
        assert source["key"] and source["publisher"] and source["title"] and re.match(r"\d{4}", str(source["date"]))
    keys = {source["key"] for source in front["sources"]}
    body = text.split("---\n", 2)[2]
    used = set(re.findall(r"\[\^([\w-]+)\](?!:)", body))
    defined = set(re.findall(r"^\[\^([\w-]+)\]:", body, re.MULTILINE))
    assert used == keys == defined


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_every_figure_has_a_date_and_a_source(path: Path) -> None:
    figures = [(text, one) for text, one in statements(path) if re.search(r"[$€£]\s?\d|\d\s?%|\d,\d{3}", one.text)]
    assert all(sourced(path, one) and one.reference.publisher for _, one in figures)


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
