"""What `evals.torture` does its harm to: documents in versions, libraries of them, and how to see what is wrong."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.embed import Embedded, Embedder, load_embedder
from ingest.late import Span, WordVectors, content_spans, interrogative_spans
from ingest.library import Library
from ingest.types import Progress
from ingest.words import stems

FILES, PARTS = 24, 60
"""Documents of a library at its beginning, and passages of each: enough to pass Chroma's 1,000 records."""
MARK = re.compile(r"\b[a-z]+\d+v\d+p\d+\b")
"""The word that stands in one passage of one version of one document, and nowhere else."""
_WORDS = [f"{a}{b}{c}" for a in ("ba", "do", "fe", "ki", "lu", "mo") for b in ("ran", "sil", "tor") for c in "aeiou"]

Vectors = NDArray[np.float32]
State = dict[str, str]
"""Version of each document, by its name."""
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["evals.torture", "chromadb"])


class HashingEmbedder:
    """Bags of words, hashed to 128 numbers: the same words always come to the same vector, at once."""

    name = "hashing-128"
    max_tokens = 256

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, 128)."""
        made = np.zeros((len(texts), 128), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
                made[row, number % 128] += 1 if number & 1024 else -1
        unit: Vectors = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9).astype(np.float32)
        return unit

    def embed_query(self, text: str) -> Vectors:
        """A unit vector, shape (128,)."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector

    def embed_words(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text's vector and those of its words, which know no context."""
        return [
            Embedded(vector, self._words(text, content_spans(text)), self._words(text, interrogative_spans(text)))
            for text, vector in zip(texts, self.embed_passages(texts), strict=True)
        ]

    def _words(self, text: str, spans: Sequence[Span]) -> WordVectors:
        return WordVectors(tuple(spans), self.embed_passages([text[start:end] for start, end in spans]))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words of each text."""
        return [len(text.split()) for text in texts]


def embedder(real: bool) -> Embedder:
    """The packaged model, or the hashing one."""
    return load_embedder() if real else HashingEmbedder()


# Documents


def text_of(name: str, version: str, parts: int = PARTS) -> str:
    """One version of a document: every part under a heading, with a word of its own."""
    chosen = random.Random(f"{name} {version}")
    lines = [f"# Report {name}"]
    for part in range(parts):
        filling = " ".join(chosen.choices(_WORDS, k=14))
        lines.append(f"\n## Part {part}\n\nThe figure {name}v{version}p{part} says {filling}.")
    return "\n".join(lines)


def write(documents: Path, state: State, parts: int = PARTS) -> None:
    """Make a folder hold these versions and nothing else."""
    documents.mkdir(exist_ok=True)
    for old in documents.iterdir():
        if old.stem not in state:
            old.unlink()
    for name, version in state.items():
        (documents / f"{name}.md").write_text(text_of(name, version, parts))


def changed(state: State, chosen: random.Random) -> State:
    """The next state of a folder: a third of it changed, some documents new, one gone."""
    following = dict(state)
    for name in chosen.sample(sorted(state), len(state) // 3):
        following[name] = str(int(state[name]) + 1)
    if len(state) > FILES // 2:
        del following[chosen.choice(sorted(state))]
    while len(following) < FILES:
        following[f"doc{chosen.randrange(10**6)}"] = "1"
    return following


# What runs apart


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """What work comes to in a process of its own; a `RuntimeError` with its exit code when that dies."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_answering, args=(theirs, work, arguments))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"{work.__name__} died with exit code {process.exitcode}") from None
    finally:
        process.join()


def _answering(answer: Connection, work: Callable[..., Any], arguments: Sequence[Any]) -> None:
    answer.send(work(*arguments))


def ingest(data: Path, documents: Path, shown: Path, real: bool) -> None:
    """Bring a folder in; what readers are shown on the way is noted, line by line."""
    with closing(Library.open(data, embedder(real))) as library, shown.open("a") as told:

        def note(_: Progress | None = None) -> None:
            told.write(json.dumps(versions(library)) + "\n")
            told.flush()

        library.sync([str(documents)], prune=True, progress=note)
        note()


def versions(library: Library) -> State:
    """The version of each document, by its first passage."""
    found = {}
    for source in library.sources():
        held = library.catalog.passage_at(source.id, 0)
        if held is not None:
            found[Path(source.uri).stem] = _version(held[1].text)
    return found


def _version(text: str) -> str:
    """The version that the first mark of a text names."""
    (mark, *_) = MARK.findall(text)
    return str(mark.rpartition("v")[2].partition("p")[0])


def answers(data: Path, names: Sequence[str]) -> list[tuple[str, float]]:
    """What a library finds first, and how near, when it is asked for a passage of each document by its own words."""
    found = []
    with closing(Library.open(data, HashingEmbedder())) as library:
        for number, name in enumerate(names):
            lines = text_of(name, "1").splitlines()
            part = next(place for place, line in enumerate(lines) if line == f"## Part {number}")
            hit, *_ = library.search(f"Report {name} > Part {number} {lines[part + 2]}", k=3)
            found.append((hit.passage.id, round(hit.similarity, 2)))
    return found


def look(data: Path, allowed: dict[str, list[str]], sample: int, real: bool) -> tuple[State, list[str]]:
    """Open a library as anyone would; the versions found, and everything that is wrong with it.

    Args:
        data: Its data folder.
        allowed: The versions that each document may be in; an empty one stands for absent.
        sample: Passages that must be found by their words.
        real: Whether the packaged model embeds.
    """
    chosen = random.Random(str(data))
    with closing(Library.open(data, embedder(real))) as library:
        found, problems = _read(library, allowed)
        numbers, vectors = library.catalog.vectors()
        held = library.catalog.passages(numbers.tolist())
        again = library.embedder.embed_passages([one.embedded_text(source.title) for source, one in held.values()])
        stored = {int(number): vector for number, vector in zip(numbers, vectors, strict=True)}
        if not all(np.allclose(stored[number], vector, atol=1e-4) for number, vector in zip(held, again, strict=True)):
            problems.append("a vector is not its passage's")
        problems += [fault for fault in (library.catalog.vocabulary_fault(), library.view_fault(sample)) if fault]
        for number in chosen.sample(sorted(held), min(sample, len(held))):
            passage = held[number][1]
            (mark,) = MARK.findall(passage.text)
            if [one for one, _ in library.catalog.full_text(stems(mark), 5)] != [number]:
                problems.append(f"full text does not find {mark}")
            hits = library.search(passage.text, k=3)
            if not hits or hits[0].passage.id != passage.id:
                problems.append(f"search does not find {mark}")
    return found, problems


def _read(library: Library, allowed: dict[str, list[str]]) -> tuple[State, list[str]]:
    """The version of each document, and which are lost or half in."""
    marks: dict[str, list[str]] = {}
    for source, passage in library.passages():
        marks.setdefault(Path(source.uri).stem, []).extend(MARK.findall(passage.text))
    found: State = {}
    problems = []
    for name in {*marks, *allowed}:
        held = sorted(marks.get(name, []))
        version = _version(held[0]) if held else ""
        found[name] = version
        if version not in allowed.get(name, [""]):
            problems.append(f"{name} is in version {version or 'none'} where {allowed.get(name)} may be")
        if held and held != sorted(MARK.findall(text_of(name, version))):
            problems.append(f"{name} is half in")
    return {name: version for name, version in found.items() if version}, problems
