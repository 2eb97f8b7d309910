"""What a search costs as a library grows: `python -m evals.search_cost --cache DIR [--sizes 1000 10000 30000]`.

From the libraries that `python -m evals.retrieval --cache DIR` keeps, libraries of so many passages are made, with the
vectors that are there already: where the texts do not suffice, each is taken again under another name. Each library is
searched in a process of its own, so that its memory is its own, with the questions of the sets.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from evals.metrics import percentile
from evals.retrieval import collections
from ingest.catalog import Catalog
from ingest.embed import NO_WORDS, Embedded, SentenceTransformerEmbedder, load_embedder
from ingest.late import WordVectors, content_spans, unpacked
from ingest.library import Library

SIZES = (1_000, 10_000, 30_000)
QUERIES = 300


class Remembering(SentenceTransformerEmbedder):
    """The packaged model, which looks passages up in libraries where they have been embedded before."""

    def __init__(self, catalogs: Sequence[Path]) -> None:
        """Read what these catalogs hold."""
        super().__init__()
        self._held: dict[str, Embedded] = {}
        for path in catalogs:
            with closing(Catalog(path)) as catalog:
                numbers, vectors = catalog.vectors()
                for number, vector in zip(numbers.tolist(), vectors, strict=True):
                    source, passage = catalog.passages([number])[number]
                    text = passage.embedded_text(source.title)
                    words = _words(text, catalog.words_of([number])[number], len(vector))
                    # An earlier version took words apart at their accents: such a text is embedded anew.
                    if len(words.spans) == len(words.vectors):
                        self._held[text] = Embedded(vector, words, NO_WORDS)

    def embed_words(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text as it is remembered; what is not is embedded."""
        missing = [text for text in texts if text not in self._held]
        made = dict(zip(missing, super().embed_words(missing), strict=True)) if missing else {}
        return [made.get(text) or self._held[text] for text in texts]


def _words(text: str, pack: bytes, dimension: int) -> WordVectors:
    """A text's words with the signs of their vectors, which pack to the same bytes again."""
    signs = unpacked(pack, dimension)
    return WordVectors(tuple(content_spans(text)[: len(signs)]), signs)


def texts(folder: Path) -> Iterator[dict[str, str]]:
    """The documents of the sets, then the same again under other names, without end."""
    for again in itertools.count():
        for collection in (read() for read in collections(folder).values()):
            with collection.corpus.open(encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    yield {**row, "_id": f"{collection.name}-{row['_id']}-{again}"}


def grow(folder: Path, cache: Path, sizes: Sequence[int], into: Path) -> dict[int, Path]:
    """A library for each size, each with all documents of the smaller ones."""
    embedder = Remembering(sorted(cache.glob("*/catalog.db")))
    made = {}
    for size in sizes:
        library = Library.open(into / str(size), embedder)
        rows = texts(folder)
        for part in itertools.count():
            lacking = size - library.catalog.count()
            if lacking <= 0:
                break
            file = into / f"{size}-{part}.jsonl"
            file.write_text("\n".join(json.dumps(row) for row in itertools.islice(rows, max(1, lacking * 2 // 3))))
            library.sync([str(file)])
        library.close()
        made[size] = into / str(size)
    return made


def timed(data: Path, folder: Path) -> str:
    """One row: a library's passages, milliseconds of a bare query embedding and of a search, megabytes."""
    library, bare_embedder = Library.open(data, load_embedder()), load_embedder()
    questions = [one.turns[-1] for read in collections(folder).values() for one in read().queries]
    questions = questions[:: max(1, len(questions) // QUERIES)]
    for question in questions[:5]:
        library.search(question)
    memory = _peak_memory()
    bare_embedder.embed_query(questions[0])
    bare, whole = [], []
    for question in questions:
        # An embedder of its own: what the library's has read once is remembered, and the search would not embed at all.
        bare.append(_milliseconds(lambda: bare_embedder.embed_query(question)))  # noqa: B023
        whole.append(_milliseconds(lambda: library.search(question)))  # noqa: B023
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) / 1e6
    passages = library.vocabulary().passages
    library.close()
    return (
        f"{passages:>9,} {np.median(bare):>12.1f} {np.median(whole):>12.1f} {percentile(whole, 0.95):>11.1f} "
        f"{np.median(whole) / np.median(bare):>8.1f} {memory:>11.0f} {size:>9.0f}"
    )


def _peak_memory() -> float:
    """Megabytes that this process held at most, as Linux counts them; those of whoever started it do not count."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition("VmHWM:")[2].split()[0]) / 1e3


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000


def main(folder: Path, cache: Path, sizes: Sequence[int]) -> str:
    """The table of all sizes."""
    told = [" passages  embedding ms  search p50  search p95   times   memory MB  disk MB"]
    with tempfile.TemporaryDirectory() as thrown_away:
        for data in grow(folder, cache, sizes, Path(thrown_away)).values():
            command = [sys.executable, "-m", "evals.search_cost", "--timed", str(data)]
            told.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip())
    return "\n".join(told)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What a search costs as a library grows.")
    parser.add_argument("--cache", type=Path, help="the folder of libraries that evals.retrieval keeps")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="passages of each library")
    parser.add_argument("--timed", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    where = os.environ.get("CAREER_BENCH_DATA", "")
    if not where or not (given.cache or given.timed):
        sys.exit("Set CAREER_BENCH_DATA to the folder of third-party evaluation sets, and give --cache.")
    told = timed(given.timed, Path(where)) if given.timed else main(Path(where), given.cache, given.sizes)
    print(told)
