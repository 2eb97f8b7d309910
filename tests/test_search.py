"""Search: three opinions fused, words weighed in context, filters, near-duplicates, a reranker by setting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.build import open_library
from evals.retrieval import main as measured
from ingest.embed import NO_WORDS, Embedded, SentenceTransformerEmbedder
from ingest.errors import ModelUnavailable
from ingest.fusion import folded, fuse
from ingest.late import Matched, WordVectors, interrogative_spans, matched, packed, unpacked
from ingest.library import Library
from ingest.ranking import worded
from ingest.rerank import Reranker
from ingest.settings import load_settings
from ingest.types import Filters, Hit

PAGES = {
    "scientist.md": "---\ntitle: Data scientist\ntopic: roles\nas_of: 2024-05\n---\n\n"
    "Data scientists earn $112,590 a year. They build models from data.\n\n## Skills\n\nPython and statistics matter.",
    "nurse.md": "---\ntitle: Nurse\ntopic: care\nas_of: 2020\n---\n\n"
    "Nurses earn $93,600 a year. They care for patients at night and by day.",
    "engineer.md": "---\ntitle: Engineer\ntopic: roles\nas_of: 2022\n---\n\n"
    "Engineers earn $105,000 a year. They keep machine learning models running.",
}


@pytest.fixture
def filled(library: Library, tmp_path: Path) -> Library:
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, text in PAGES.items():
        (folder / name).write_text(text)
    library.sync([str(folder)])
    return library


def titles(hits: Sequence[Hit]) -> list[str]:
    return [hit.source.title for hit in hits]


def test_a_hit_says_why_it_was_found(filled: Library) -> None:
    best = filled.search("What do data scientists earn?")[0]
    assert best.source.title == "Data scientist"
    assert best.ranks == {"vector": 1, "bm25": 1, "statement": 1}
    assert best.score == 1.0


def test_the_passage_whose_statement_answers_comes_first(filled: Library) -> None:
    assert titles(filled.search("Who works at night?"))[0] == "Nurse"
    assert titles(filled.search("Who keeps models running?"))[0] == "Engineer"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(topics=("care",)), {"Nurse"}),
        (Filters(since="2022"), {"Data scientist", "Engineer"}),
        (Filters(topics=("roles",), since="2024"), {"Data scientist"}),
    ],
)
def test_filters_hold_for_every_ranking(filled: Library, filters: Filters, expected: set[str]) -> None:
    found = filled.search("What do nurses, engineers and data scientists earn a year?", filters=filters)
    assert set(titles(found)) == expected
    assert all({"vector", "bm25"} <= set(hit.ranks) for hit in found if "earn" in hit.passage.text)


def test_bm25_is_told_as_a_part_of_what_the_question_could_come_to(filled: Library) -> None:
    words = filled.vocabulary()
    (alone,) = worded(filled.catalog, "patients", words.frequency, words.passages)
    (partly,) = worded(filled.catalog, "patients unicorns", words.frequency, words.passages)
    assert alone[0] == partly[0]
    assert 1 < alone[1] < 4
    assert 0 < partly[1] < alone[1] / 2
    assert worded(filled.catalog, "what is it?", words.frequency, words.passages) == []


def test_a_passage_that_vectors_put_forward_has_its_words_counted_however_many_others_hold_them(
    library: Library, tmp_path: Path
) -> None:
    pages = "\n\n".join(
        f"## Week {n}\n\nThe bank keeps the ledger of week {n}, and{' some' * (n % 7)} clerks." for n in range(90)
    )
    (tmp_path / "weeks.md").write_text(f"# Weeks\n\n{pages}\n\n## Other\n\nNothing of the kind is written here.")
    library.sync([str(tmp_path / "weeks.md")])
    words, every = library.vocabulary(), library.catalog.full_text(["ledger"], -1)
    last = every[-1][0]
    alone = dict(worded(library.catalog, "bank ledger", words.frequency, words.passages))
    asked = dict(worded(library.catalog, "bank ledger", words.frequency, words.passages, also=[last]))
    assert len(every) == 90
    assert last not in alone
    assert asked == {**alone, last: asked[last]}
    assert 0 < asked[last] <= min(alone.values())
    assert library.catalog.full_text(["ledger"], 2, also=[last]) == [*every[:2], every[-1]]


def test_every_hit_says_why_it_was_found_however_many_passages_hold_the_words(library: Library, tmp_path: Path) -> None:
    kinds = ("bank ledger {} of the {} office", "ledger {}, and the bank of the {} office", "the bank, {}; a {} ledger")
    names = ("oak", "elm", "ash", "yew", "fir", "bay", "fig", "box", "may", "sorb")
    pages = "\n\n".join(
        f"## Shelf {n} {kind % 3}\n\nThere lies the " + kinds[kind].format(f"{names[n % 10]} {n}", names[n // 10]) + "."
        for n in range(100)
        for kind in range(3)
    )
    (tmp_path / "shelves.md").write_text(f"# Shelves\n\n{pages}")
    library.sync([str(tmp_path / "shelves.md")])
    found = library.search("Where does the bank ledger of the oak office lie?", k=200)
    assert len(found) > 20
    assert all(hit.ranks for hit in found)


def test_a_rare_name_finds_the_pages_that_hold_it(library: Library, tmp_path: Path) -> None:
    for name in ("Quellmark", "Foundry", "Harbour"):
        pages = (f"## Shift {n}\n\nThe {name} shift {n} begins early and the crew of {n} works late." for n in range(6))
        (tmp_path / f"{name}.md").write_text(f"# {name} plan\n\n" + "\n\n".join(pages))
    library.sync([str(tmp_path / f"{name}.md") for name in ("Quellmark", "Foundry", "Harbour")])
    found = titles(library.search("Quellmark", k=6))
    assert found == ["Quellmark plan"] * 6


@pytest.mark.parametrize("asked", ["Zurich", "Zürich", "ZÜRICH", "Zu\u0308rich"])
def test_names_are_found_with_and_without_their_accents(library: Library, tmp_path: Path, asked: str) -> None:
    for number, place in enumerate(("Zürich", "Genève", "Lausanne", "Łódź")):
        (tmp_path / f"{number}.md").write_text(f"# Office {number}\n\nThe office in {place} opened in 2019.")
    library.sync([str(tmp_path)])
    best = library.search(f"Which office is in {asked}?")[0]
    assert (best.source.title, best.ranks["bm25"]) == ("Office 0", 1)


def test_a_filter_by_source_finds_only_that_source(filled: Library) -> None:
    nurse = next(source for source in filled.sources() if source.title == "Nurse")
    assert set(titles(filled.search("data scientist", filters=Filters(source_ids=(nurse.id,))))) == {"Nurse"}


def test_word_vectors_come_and_go_with_their_source(filled: Library, tmp_path: Path) -> None:
    numbers = list(filled.catalog.numbers())
    assert set(filled.catalog.words_of(numbers)) == set(numbers)
    (tmp_path / "pages" / "nurse.md").unlink()
    filled.sync([str(tmp_path / "pages")], prune=True)
    left = filled.catalog.numbers()
    assert set(filled.catalog.words_of(numbers)) == left < set(numbers)


def test_a_page_that_repeats_another_is_found_once(library: Library, tmp_path: Path) -> None:
    text = "Apprentices learn from masters and are paid while they learn. The trade takes four years to learn well."
    (tmp_path / "first.txt").write_text(text)
    (tmp_path / "second.txt").write_text(text.replace("well", "WELL"))
    (tmp_path / "third.txt").write_text(text.replace("four", "5"))
    library.sync([str(tmp_path / f"{name}.txt") for name in ("first", "second", "third")])
    found = [hit.passage.text for hit in library.search("apprentices")]
    assert len(found) == 2
    assert sum("5 years" in one for one in found) == 1


class WholeOnly(SentenceTransformerEmbedder):
    """A model that tells nothing of single words, as those of providers do."""

    def embed_words(self, texts: Sequence[str]) -> list[Embedded]:
        return [Embedded(vector, NO_WORDS, NO_WORDS) for vector in self.embed_passages(texts)]


def test_a_model_without_word_vectors_searches_by_the_two_other_opinions(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "data", WholeOnly())
    (tmp_path / "nurse.md").write_text(PAGES["nurse.md"])
    (tmp_path / "engineer.md").write_text(PAGES["engineer.md"])
    library.sync([str(tmp_path / "nurse.md"), str(tmp_path / "engineer.md")])
    best = library.search("What do nurses earn?")[0]
    assert (best.source.title, dict(best.ranks)) == ("Nurse", {"vector": 1, "bm25": 1})
    library.close()


def test_untitled_lines_are_called_by_their_first_words(library: Library, tmp_path: Path) -> None:
    row = {"_id": "x-1", "title": "", "text": "Bonds pay a fixed coupon until they mature, and stocks do not."}
    (tmp_path / "posts.jsonl").write_text(json.dumps(row))
    library.sync([str(tmp_path / "posts.jsonl")])
    (hit,) = library.search("posts about bonds")
    assert (hit.source.title, hit.source.external_id) == ("“Bonds pay a fixed coupon until they mature…”", "x-1")


# The pure parts

ALIKE, NEARER = Matched(0.2, 0.2, 0.2, 0.0), Matched(0.5, 0.5, 0.5, 0.0)


def test_late_interaction_moves_what_the_other_opinions_leave_equal() -> None:
    assert [one.number for one in fuse({1: 0.5, 2: 0.5}, {}, 0.1, {1: ALIKE, 2: NEARER})] == [2, 1]
    answering = {1: Matched(0.2, 0.2, 0.2, 0.1), 2: Matched(0.2, 0.2, 0.2, 0.4)}
    assert [one.number for one in fuse({1: 0.5, 2: 0.5}, {}, 0.1, answering)] == [2, 1]
    (alone,) = fuse({1: 0.5}, {1: 2.0}, 0.1, {1: ALIKE})
    assert alone.score == 1.0


def test_the_best_of_poor_matches_is_still_a_poor_match() -> None:
    assert [one.number for one in fuse({1: 0.8, 2: 0.6}, {2: 0.2}, 0.1)] == [1, 2]
    assert [one.number for one in fuse({1: 0.8, 2: 0.6}, {2: 1.2}, 0.1)] == [2, 1]


def test_what_late_interaction_did_not_judge_comes_behind() -> None:
    found = fuse({1: 0.9, 2: 0.3, 3: 0.2}, {}, 0.1, {2: ALIKE, 3: NEARER})
    assert [one.number for one in found] == [3, 2, 1]
    assert found[0].score == 1.0
    assert found[1].score >= found[2].score >= 0


def test_different_figures_are_never_folded() -> None:
    said = "The median pay of software developers in the state was {} dollars in the last year that was counted."
    assert folded([(1, said.format(1)), (2, said.format(2)), (3, said.format(1).upper())]) == [1, 2]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 6), st.integers(3, 40))
def test_packed_words_score_as_their_signs_do(seed: int, words: int, asked: int, dimension: int) -> None:
    drawn = np.random.default_rng(seed)
    vectors = drawn.normal(size=(words, dimension)).astype(np.float32)
    question = drawn.normal(size=(asked, dimension)).astype(np.float32)
    weights = drawn.uniform(0.1, 3, asked)
    starts = sorted({int(one) for one in drawn.integers(0, words * 10, 3)})
    spans = tuple((index * 10, index * 10 + 5) for index in range(words))
    pack = packed(WordVectors(spans, vectors), starts)
    assert (unpacked(pack, dimension) == np.where(vectors > 0, 1, -1)).all()
    whole = drawn.normal(size=dimension).astype(np.float32)
    asking = drawn.normal(size=(2, dimension)).astype(np.float32)
    found = matched(whole, question, list(weights), asking, {7: pack}, {})[7]
    owners = [sum(start <= begin for start in starts) for begin, _ in spans]
    cosines = question @ np.where(vectors > 0, 1, -1).T / np.sqrt(2 / np.pi * dimension)
    statements = [[index for index in range(words) if owners[index] == owner] for owner in sorted(set(owners))]
    shares = weights / weights.sum()
    best = max(float(shares @ cosines[:, statement].max(axis=1)) for statement in statements)
    assert found.statement == pytest.approx(best, abs=1e-4)
    assert found.passage == pytest.approx(float(shares @ cosines.max(axis=1)), abs=1e-4)
    means = [np.where(vectors[statement] > 0, 1, -1).sum(axis=0) for statement in statements]
    nearest = max(float(whole @ mean) / max(1e-6, float(np.linalg.norm(mean))) for mean in means)
    assert found.meaning == pytest.approx(nearest, abs=1e-3)
    kinds = asking @ np.where(vectors > 0, 1, -1).T / np.sqrt(2 / np.pi * dimension)
    assert found.kind == pytest.approx(float(kinds.max(axis=1).mean()), abs=1e-4)


def test_what_stands_beside_a_passage_counts_half() -> None:
    one, other, third = np.eye(3, 8, dtype=np.float32) - 0.5
    packs = {n: packed(WordVectors(((0, 3),), at[None]), [0]) for n, at in enumerate((one, other, third))}
    question, nothing = np.stack((one, other)), np.zeros((0, 8), np.float32)
    alone = matched(one, question, [1, 1], nothing, packs, {})
    beside = matched(one, question, [1, 1], nothing, packs, {0: [1, 9], 9: [0]})
    both = matched(one, question, [1, 1], nothing, {0: packed(WordVectors(((0, 3), (4, 7)), question), [0])}, {})
    assert alone[0].passage < beside[0].passage < both[0].passage
    assert beside[0].passage == pytest.approx((alone[0].passage + both[0].passage) / 2)
    assert {number: beside[number] for number in (1, 2)} == {number: alone[number] for number in (1, 2)}
    assert {found.kind for found in alone.values()} == {0}


def test_a_passage_knows_which_others_stand_beside_it_in_its_source(library: Library, tmp_path: Path) -> None:
    long = "\n\n".join(f"## Part {part}\n\n" + f"The {part} part tells of trades. " * 40 for part in range(3))
    (tmp_path / "long.md").write_text(f"# Trades\n\n{long}")
    (tmp_path / "other.md").write_text("# Smith\n\nA smith forges iron.")
    library.sync([str(tmp_path / "long.md"), str(tmp_path / "other.md")])
    placed = {(source.title, passage.ordinal) for source, passage in library.passages()}
    numbers = sorted(library.catalog.numbers())
    at = {number: (source.title, passage.ordinal) for number, (source, passage) in
          library.catalog.passages(numbers).items()}  # fmt: skip
    told = {at[one]: {at[other] for other in others} for one, others in library.catalog.beside(numbers).items()}
    assert told == {
        (title, place): near
        for title, place in placed
        if (near := {(title, place + step) for step in (-1, 1)} & placed)
    }
    assert len(told) >= 3
    first = next(number for number, place in at.items() if place == ("Trades", 0))
    assert library.catalog.beside([first]) == {}


@pytest.mark.parametrize(
    ("question", "expected"),
    [("Who's paid, and how?", [(0, 3), (16, 19)]), ("WHO pays?", [(0, 3)]), ("Whoever pays", []), ("the pay", [])],
)
def test_interrogatives_stand_for_the_answer(question: str, expected: list[tuple[int, int]]) -> None:
    assert interrogative_spans(question) == expected


def test_rare_words_count_more_than_words_that_hundreds_of_passages_hold() -> None:
    near, late = {1: 0.8, 2: 0.4}, {1: Matched(0.3, 0.3, 0.3, 0.0), 2: Matched(0.5, 0.5, 0.3, 0.0)}
    assert [one.number for one in fuse(near, {}, 0.1, late, 0.0)] == [1, 2]
    assert [one.number for one in fuse(near, {}, 0.1, late, 1.0)] == [2, 1]


# The reranker


@pytest.fixture(scope="session")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder) -> Path:
    """A tiny cross-encoder with random weights, in a folder as people download them."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("cross-encoder")
    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=1,
        initializer_range=1.0,
    )  # fmt: skip
    torch.manual_seed(3)
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast.from_pretrained(str(embedder._folder)).save_pretrained(folder)
    assert CrossEncoder(str(folder), device="cpu").predict([("a", "b")]).shape == (1,)
    return folder


def test_a_reranker_has_the_last_word(
    filled: Library, cross_encoder: Path, embedder: SentenceTransformerEmbedder
) -> None:
    reranker = Reranker(str(cross_encoder))
    judged = Library.open(filled.folder, embedder, reranker=reranker)
    hits = judged.search("What do nurses earn?")
    judged.close()
    texts = [hit.passage.embedded_text(hit.source.title) for hit in hits]
    assert [hit.score for hit in hits] == pytest.approx(reranker.judge("What do nurses earn?", texts), abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert [hit.ranks["reranker"] for hit in hits] == list(range(1, len(hits) + 1))


def test_the_setting_names_the_reranker(filled: Library, cross_encoder: Path) -> None:
    chosen = {"CAREER_RERANKER": str(cross_encoder)}
    opened = open_library(load_settings(data_dir=str(filled.folder), env=chosen))
    assert all("reranker" in hit.ranks for hit in opened.search("nurses"))
    opened.close()


def test_a_reranker_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        Reranker(str(tmp_path / "empty")).judge("a", ["b"])


# The measuring


def test_retrieval_is_measured_beside_plain_baselines(tmp_path: Path) -> None:
    folder = tmp_path / "scifact"
    folder.mkdir()
    rows = [{"_id": name, "title": name, "text": text.rpartition("---")[2]} for name, text in PAGES.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = [{"_id": "q1", "text": "Who works at night?"}, {"_id": "q2", "text": "Nobody judged this one."}]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tnurse.md\t1\n")
    told = measured(tmp_path, ablation=True)
    assert "scifact: 1 queries" in told
    for name in ("vectors", "BM25", "RRF", "ours", "- late"):
        (row,) = (line for line in told.splitlines() if line.strip().startswith(name))
        assert row.count("1.000 (1.000-1.000)") == 5
    assert "word vectors" in told
