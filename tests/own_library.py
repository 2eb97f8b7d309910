"""An assistant over documents that a test brings along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from assistant.assistant import Assistant
from assistant.build import build_assistant
from ingest.embed import SentenceTransformerEmbedder
from ingest.library import Library
from ingest.settings import load_settings


@contextmanager
def assistant_over(
    folder: Path, embedder: SentenceTransformerEmbedder, texts: Mapping[str, str]
) -> Iterator[Assistant]:
    """Bring Markdown texts in by their names, below an empty folder, and nothing else."""
    documents, data = folder / "documents", folder / "data"
    documents.mkdir()
    for name, text in texts.items():
        (documents / f"{name}.md").write_text(text, encoding="utf-8")
    with closing(Library.open(data, embedder)) as library:
        library.sync([str(documents)])
        yield build_assistant(load_settings(data_dir=str(data), env={}), library=library)
