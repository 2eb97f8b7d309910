"""Retrieval on sets of others: `python -m evals.retrieval [SET]...`; `--help` names what else can be said.

From `CAREER_BENCH_DATA`: SciFact (BEIR; 5,183 abstracts, 809 claims), SQuAD 2.0 (320 paragraphs of 8 articles, 2,917
questions) and MTRAG FiQA (10,390 passages, 180 conversations, asked in three ways: the last turn, our rewriting of the
turns, an expert's standalone question). Each is brought into a library of its own, as a user would, and asked through
`Library.search`; beside it, from the same library in the same run, vectors alone, BM25 alone and reciprocal-rank fusion
(Cormack and others, 2009, k = 60). A document counts at the place of its first passage. `--cache` keeps the libraries.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from assistant.build import LibraryRewriter, open_library
from assistant.types import Turn
from evals.metrics import bootstrap, ndcg_at, percentile, recall_at
from ingest.catalog import Catalog
from ingest.dense import exact
from ingest.embed import NO_WORDS, Embedded
from ingest.fusion import fuse
from ingest.late import Matched, matched
from ingest.library import Library
from ingest.ranking import CANDIDATES, PAIR, Listed, Words, late_scores, ranked, weighed, worded
from ingest.settings import load_settings
from ingest.words import stems

DEEP = 100
"""Passages that the baselines rank."""
RRF = 60


class Asked(NamedTuple):
    """One query with what is relevant to it."""

    turns: tuple[str, ...]
    """What was said, the query last."""
    rewritten: str
    """An expert's standalone question; empty where there is none."""
    relevant: Mapping[str, float]
    """Gain by document id."""
    part: str = ""
    """Which part of the set it belongs to, where its figures are told apart as well."""


class Collection(NamedTuple):
    """A set: the documents' file and the queries."""

    name: str
    corpus: Path
    queries: tuple[Asked, ...]


Rank = Callable[[str], Sequence[str]]
"""From a query to document ids, best first."""


def collections(folder: Path) -> dict[str, Callable[[], Collection]]:
    """The sets, read when asked for."""
    return {
        "scifact": lambda: _judged("scifact", folder / "scifact", lambda row: ((row["text"],), "")),
        "squad2": lambda: _paragraphs(folder / "squad2"),
        "mtrag-fiqa": lambda: _judged(
            "mtrag-fiqa", folder / "mtrag-fiqa", lambda row: (tuple(row["turns"]), row["human_rewrite"])
        ),
    }


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _judged(name: str, folder: Path, read: Callable[[dict[str, Any]], tuple[tuple[str, ...], str]]) -> Collection:
    """A set in the form of BEIR: corpus, queries, and a table of relevance."""
    relevant: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, gain = line.split("\t")
        relevant.setdefault(query, {})[document] = float(gain)
    queries = [(*read(row), relevant[row["_id"]]) for row in _rows(folder / "queries.jsonl") if row["_id"] in relevant]
    return Collection(name, folder / "corpus.jsonl", tuple(Asked(*one) for one in queries))


def _paragraphs(folder: Path) -> Collection:
    parts = {True: "answered", False: "unanswerable"}
    queries = (
        Asked((row["question"],), "", {row["gold"]: 1.0}, parts[row["answerable"]])
        for row in _rows(folder / "questions.jsonl")
    )
    return Collection("squad2", folder / "paragraphs.jsonl", tuple(queries))


class Finder:
    """The ways to rank one library's documents."""

    def __init__(self, library: Library) -> None:
        """Read its vectors once."""
        self.library = library
        self._numbers, self._vectors = library.catalog.vectors()
        self._vocabulary = library.vocabulary()
        self._read: dict[str, Embedded] = {}
        self._ids: dict[int, str] = {}
        for start in range(0, len(self._numbers), 1_000):
            held = library.catalog.passages([int(number) for number in self._numbers[start : start + 1_000]])
            self._ids.update({number: source.external_id for number, (source, _) in held.items()})

    def ours(self, query: str) -> Sequence[str]:
        """What the library finds."""
        return list(dict.fromkeys(hit.source.external_id for hit in self.library.search(query, k=30)))

    def vectors(self, query: str) -> Sequence[str]:
        """Cosine alone, exactly."""
        return self._documents(self._near(query, DEEP))

    def whole(self, corpus: Path) -> Rank:
        """Cosine over whole documents behind their titles, cut off at the model's window, as models are published."""
        rows = list(_rows(corpus))
        vectors = self.library.embedder.embed_passages([f"{row['title']}\n{row['text']}".strip() for row in rows])
        numbers = np.arange(len(rows))

        def rank(query: str) -> Sequence[str]:
            return [str(rows[at]["_id"]) for at, _ in exact(numbers, vectors, self._asked(query).vector, DEEP)]

        return rank

    def bm25(self, query: str) -> Sequence[str]:
        """BM25 alone."""
        return self._documents(self.library.catalog.full_text(stems(query), DEEP))

    def rrf(self, query: str) -> Sequence[str]:
        """Both by reciprocal-rank fusion."""
        scores: dict[int, float] = {}
        for listed in (self._near(query, DEEP), self.library.catalog.full_text(stems(query), DEEP)):
            for rank, (number, _) in enumerate(listed, 1):
                scores[number] = scores.get(number, 0.0) + 1 / (RRF + rank)
        return self._documents(sorted(scores.items(), key=lambda one: -one[1]))

    def without(self, part: str, query: str) -> Sequence[str]:
        """Our ranking without one of its parts: `pairs`, `late`, `kind`, `beside`, `telling`, `bm25` or `vectors`."""
        asked = self._asked(query)
        if part == "kind":
            asked = asked._replace(asking=NO_WORDS)
        near = self._near(query, CANDIDATES)
        by_words: Listed = (
            []
            if part == "bm25"
            else worded(
                self.library.catalog,
                query,
                self._vocabulary.frequency,
                self._vocabulary.passages,
                pair=0.0 if part == "pairs" else PAIR,
                also=[] if part == "vectors" else [number for number, _ in near],
            )
        )
        similarities = dict(near if part != "vectors" else [])
        lacking = [number for number, _ in by_words if number not in similarities]
        where = np.searchsorted(self._numbers, lacking)
        if part != "vectors":
            similarities.update(zip(lacking, map(float, self._vectors[where] @ asked.vector), strict=True))
        mean = float((self._vectors @ asked.vector).mean())
        if part == "late":
            return self._documents([(one.number, one.score) for one in fuse(similarities, dict(by_words), mean)])
        words = weighed(query, asked, self._vocabulary.rarity, self._vocabulary.passages, self.library.catalog.spread)
        late = partial(self._alone if part == "beside" else late_scores, self.library.catalog, asked, words)
        found, _ = ranked(by_words, similarities, mean, late, 0.0 if part == "telling" else words.telling)
        return self._documents([(one.number, one.score) for one in found])

    @staticmethod
    def _alone(catalog: Catalog, asked: Embedded, words: Words, numbers: Sequence[int]) -> dict[int, Matched]:
        """`late_scores` that look at nothing beside a passage."""
        held = catalog.words_of(numbers)
        return matched(asked.vector, asked.words.vectors, words.weights, asked.asking.vectors, held, {})

    def _near(self, query: str, limit: int) -> Listed:
        return exact(self._numbers, self._vectors, self._asked(query).vector, limit)

    def _asked(self, query: str) -> Embedded:
        """A query as the model reads it, once for all ways to rank."""
        if query not in self._read:
            self._read[query] = self.library.embedder.embed_words([query])[0]
        return self._read[query]

    def _documents(self, listed: Listed) -> Sequence[str]:
        return list(dict.fromkeys(self._ids[number] for number, _ in listed))


def line(name: str, rankings: Sequence[Sequence[str]], relevant: Sequence[Mapping[str, float]]) -> str:
    """One row of figures: Recall at 1, 5, 10 and nDCG at 5, 10, each with its 95 % bootstrap interval."""
    cells = []
    for k, ndcg in ((1, False), (5, False), (10, False), (5, True), (10, True)):
        scores = [
            ndcg_at(k, found, dict(wanted)) if ndcg else recall_at(k, found, wanted)
            for found, wanted in zip(rankings, relevant, strict=True)
        ]
        interval = bootstrap([score for score in scores if score is not None], rounds=500)
        if interval is not None:
            cells.append(f"{interval.mean:.3f} ({interval.low:.3f}-{interval.high:.3f})")
    return f"  {name:22} " + "  ".join(cells)


def measure(found: Collection, library: Library, *, ablation: bool, whole: bool, cost: bool) -> str:
    """All rows of one set."""
    finder = Finder(library)
    ways = [*([("whole documents", finder.whole(found.corpus))] if whole else []), *_ways(finder, ablation)]
    columns = "  ".join(f"{name:19}" for name in ("R@1", "R@5", "R@10", "nDCG@5", "nDCG@10"))
    told = [
        f"{found.name}: {len(found.queries)} queries, {library.vocabulary().passages} passages",
        f"{'':25}{columns}",
    ]
    relevant = [one.relevant for one in found.queries]
    for suffix, queries in _ways_of_asking(found, LibraryRewriter(library)):
        for name, rank in ways:
            rankings = [rank(query) for query in queries]
            told.append(line(name + suffix, rankings, relevant))
            for part in sorted({one.part for one in found.queries if one.part}):
                inside = [one.part == part for one in found.queries]
                of_part = list(itertools.compress(rankings, inside))
                told.append(line(f"  {part}", of_part, list(itertools.compress(relevant, inside))))
    return "\n".join((*told, *([_cost(found, library)] if cost else [])))


def _ways_of_asking(
    found: Collection, rewrite: Callable[[str, Sequence[Turn]], str]
) -> Iterator[tuple[str, list[str]]]:
    """Each way to ask a set's queries: its name, and the queries."""
    if not any(one.rewritten for one in found.queries):
        yield "", [one.turns[-1] for one in found.queries]
        return
    yield ", last turn", [one.turns[-1] for one in found.queries]
    yield ", rewritten", [rewrite(one.turns[-1], [Turn(turn) for turn in one.turns[:-1]]) for one in found.queries]
    yield ", human", [one.rewritten for one in found.queries]


def _ways(finder: Finder, ablation: bool) -> Iterator[tuple[str, Rank]]:
    yield from (("vectors", finder.vectors), ("BM25", finder.bm25), ("RRF", finder.rrf), ("ours", finder.ours))
    if ablation:
        for part in ("pairs", "late", "kind", "beside", "telling", "bm25", "vectors"):
            yield f"- {part}", partial(finder.without, part)


def _cost(found: Collection, library: Library) -> str:
    """Milliseconds of a bare query embedding and of a search, and what the library takes on the disk."""
    queries = [one.turns[-1] for one in found.queries[:200]]
    bare, whole = [], []
    for query in queries:
        bare.append(_timed(lambda: library.embedder.embed_words([query])))  # noqa: B023
        whole.append(_timed(lambda: library.search(query)))  # noqa: B023
    size = sum(path.stat().st_size for path in library.folder.rglob("*") if path.is_file()) / 1e6
    words = sum(
        len(pack) for pack in library.catalog.words_of([int(one) for one in library.catalog.numbers()]).values()
    )
    return (
        f"  embedding a query: p50 {percentile(bare, 0.5):.1f} ms; search: p50 {percentile(whole, 0.5):.1f} ms, "
        f"p95 {percentile(whole, 0.95):.1f} ms; on disk {size:.0f} MB, {words / 1e6:.1f} MB of it word vectors"
    )


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1_000


def beginning(found: Collection, documents: int, folder: Path) -> Collection:
    """The first documents of a set, in a file below the folder, and the queries that something among them answers."""
    with found.corpus.open(encoding="utf-8") as lines:
        taken = list(itertools.islice(lines, documents))
    held = {str(json.loads(line)["_id"]) for line in taken}
    corpus = folder / f"{found.name}-{documents}.jsonl"
    corpus.write_text("".join(taken), encoding="utf-8")
    relevant = (
        one._replace(relevant={key: gain for key, gain in one.relevant.items() if key in held}) for one in found.queries
    )
    return Collection(corpus.stem, corpus, tuple(one for one in relevant if one.relevant))


def open_collection(found: Collection, cache: Path) -> Library:
    """The set's library below a folder, brought in unless it is there already."""
    library = open_library(load_settings(data_dir=str(cache / found.name)))
    if library.is_empty():
        library.sync([str(found.corpus)])
    return library


def main(folder: Path, only: str = "", cache: Path | None = None, *, ablation: bool = False, whole: bool = False,
         cost: bool = True, every: int = 1, documents: int = 0) -> str:  # fmt: skip
    """Measure the sets at hand, or one of them.

    With `every` above 1 only each so-many-th query, with `documents` above 0 only so many documents of the set.
    """
    told = []
    with tempfile.TemporaryDirectory() as thrown_away:
        for name, read in collections(folder).items():
            if only in ("", name) and (folder / name).is_dir():
                collection, place = read(), cache or Path(thrown_away)
                part = beginning(collection, documents, place) if documents else collection
                found = part._replace(queries=part.queries[::every])
                library = open_collection(found, place)
                told.append(measure(found, library, ablation=ablation, whole=whole, cost=cost))
                library.close()
    return "\n\n".join(told)


SETS: dict[str, Callable[[Path], str]] = {name: partial(main, only=name) for name in collections(Path())}
"""Each set's measurement by its name."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Retrieval on sets that other people made.")
    parser.add_argument("sets", nargs="*", help="scifact, squad2, mtrag-fiqa; all when none is named")
    parser.add_argument("--cache", type=Path, help="keep the libraries in this folder, and use those that are there")
    parser.add_argument("--ablation", action="store_true", help="also our ranking without each of its parts")
    parser.add_argument("--whole", action="store_true", help="also vectors of whole documents, as models are published")
    parser.add_argument("--cost", action="store_true", help="also milliseconds and megabytes")
    parser.add_argument("--documents", type=int, default=0, metavar="N", help="the first N documents of a set only")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask each N-th query only")
    given = parser.parse_args()
    where = os.environ.get("CAREER_BENCH_DATA", "")
    if not where:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    for one in given.sets or [""]:
        told = main(
            Path(where), one, given.cache, ablation=given.ablation, whole=given.whole, cost=given.cost,
            every=given.every, documents=given.documents,
        )  # fmt: skip
        print(told, flush=True)
