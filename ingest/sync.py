"""Bringing documents in, on one screen: discover -> diff -> read -> split -> embed -> commit -> report.

A source is committed whole, in one transaction, or not at all; what was committed before an interruption stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog
from ingest.discover import READING, Found, diff, discover
from ingest.embed import Embedder
from ingest.errors import SourceError
from ingest.late import packed
from ingest.passages import split
from ingest.readers import suffixes
from ingest.readers.markdown import safe_url
from ingest.sandbox import Sandbox
from ingest.types import Document, Failure, Passage, Progress, Report, Source, opening
from ingest.web import Web

Vectors = NDArray[np.float32]

_TOGETHER = 128
"""Passages that are embedded together: enough for small files to fill the model's batches, few enough for the progress
bar to move."""


@dataclass(frozen=True)
class _Read:
    """A document read and split, ready to be embedded."""

    source: Source
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class _File:
    """A file read to its end."""

    found: Found
    source_ids: frozenset[str]


def bring_in(
    catalog: Catalog,
    embedder: Embedder,
    targets: Sequence[str],
    *,
    dry_run: bool,
    prune: bool,
    progress: Callable[[Progress], None],
) -> Report:
    """Do what the difference between targets and catalog asks for, and report it.

    Raises:
        SourceError: A target does not exist.
        LibraryError: The catalog cannot be written.
    """
    with Web() as web, Sandbox() as sandbox:
        walk = discover(targets, suffixes(), web, lambda root, url: _remembered(catalog, root, url))
        plan = diff(walk, catalog.files(walk.roots), prune)
        failed = list(walk.failed)
        embedded = 0
        if not dry_run:
            todo = [*plan.new, *plan.changed]
            _move(catalog, plan.moved)
            done = 0
            for batch in _batches(_read_all(todo, sandbox, catalog, embedder, failed)):
                progress(Progress(done, len(todo), _label(batch)))
                embedded += _commit(catalog, embedder, batch)
                done += sum(isinstance(one, _File) for one in batch)
            progress(Progress(len(todo), len(todo), ""))
            _remove(catalog, plan.gone)
    refused = {failure.uri for failure in failed}
    return Report(
        new=tuple(one.uri for one in plan.new if one.uri not in refused),
        changed=(*(one.uri for one in plan.changed if one.uri not in refused), *(one.uri for _, one in plan.moved)),
        removed=tuple(uri for _, uri in plan.gone),
        unchanged=tuple(one.uri for one in plan.same),
        failed=tuple(failed),
        embedded=embedded,
    )


def _remembered(catalog: Catalog, root: str, url: str) -> Mapping[str, str]:
    """What is known of a page from the web: `etag`, `last_modified` and `hash`; nothing unless it is in the catalog."""
    known: dict[str, str] = json.loads(catalog.meta(f"web {url}", "{}"))
    held = known and known["reading"] == READING and catalog.files((root,)).get((root, url)) == known["hash"]
    return known if held else {}


def _move(catalog: Catalog, moved: Sequence[tuple[str, Found]]) -> None:
    if moved:
        with catalog.transaction() as connection:
            for old, found in moved:
                catalog.move_file(connection, found.root, old, found.uri)


def _label(batch: Sequence[_Read | _File]) -> str:
    """The document that a batch begins with."""
    return next((one.source.uri for one in batch if isinstance(one, _Read)), "")


def _read_all(
    files: Sequence[Found], sandbox: Sandbox, catalog: Catalog, embedder: Embedder, failed: list[Failure]
) -> Iterator[_Read | _File]:
    """Every document of the files, split; behind a file's documents the file itself, unless it could not be read."""
    for file in files:
        source_ids: set[str] = set()
        try:
            for document in sandbox.read(file.path):
                made = _split(file, document, catalog, embedder)
                source_ids.add(made.source.id)
                yield made
            if not source_ids:
                raise SourceError(f"{file.uri} holds nothing that can be read.", "Check that it is the right file.")
        except SourceError as error:
            failed.append(Failure(file.uri, str(error)))
        else:
            yield _File(file, frozenset(source_ids))


def _split(file: Found, document: Document, catalog: Catalog, embedder: Embedder) -> _Read:
    """A document as source and passages.

    Raises:
        SourceError: It holds no text.
    """
    uri = f"{file.uri}#{document.external_id}" if document.external_id else file.uri
    source_id = catalog.identity(file.root, uri)
    address = safe_url(file.uri) if "://" in file.uri else ""
    passages = split(document, source_id, embedder.count_tokens, embedder.max_tokens)
    if not passages:
        raise SourceError(f"{uri} holds no text.", "Check that it is the right file; a scan needs its text recognised.")
    source = Source(
        id=source_id,
        uri=uri,
        root=file.root,
        title=document.title or (opening(passages[0].text) if document.external_id else file.path.stem),
        kind=document.kind,
        topic=document.topic,
        summary=document.summary,
        origin=replace(document.origin, url=document.origin.url or address),
        external_id=document.external_id,
        content_hash=file.content_hash,
        passages=len(passages),
        added_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return _Read(source, tuple(passages))


def _batches(read_on: Iterator[_Read | _File]) -> Iterator[list[_Read | _File]]:
    """The same in groups of about as many passages as are embedded together."""
    batch: list[_Read | _File] = []
    held = 0
    for one in read_on:
        batch.append(one)
        held += len(one.passages) if isinstance(one, _Read) else 0
        if held >= _TOGETHER:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _commit(catalog: Catalog, embedder: Embedder, batch: Sequence[_Read | _File]) -> int:
    """Embed what is not embedded yet, commit the batch, and say how many passages were embedded."""
    documents = [one for one in batch if isinstance(one, _Read)]
    known: dict[str, tuple[Vectors, bytes]] = {}
    for one in documents:
        known.update(catalog.embedded(one.source.id))
    texts = {
        _hash(text): (text, passage)
        for one in documents
        for passage in one.passages
        for text in (passage.embedded_text(one.source.title),)
    }
    missing = [key for key in texts if key not in known]
    if missing:
        read = embedder.embed_words([texts[key][0] for key in missing])
        for key, made in zip(missing, read, strict=True):
            text, passage = texts[key]
            ahead = len(text) - len(passage.text)
            known[key] = made.vector, packed(made.words, [ahead + one.start for one in passage.statements])
    with catalog.transaction() as connection:
        for item in batch:
            if isinstance(item, _File):
                catalog.put_file(connection, item.found.root, item.found.uri, item.found.content_hash, item.source_ids)
                if "://" in item.found.uri:
                    etag, modified = item.found.marks
                    marks = dict(etag=etag, last_modified=modified, hash=item.found.content_hash, reading=READING)
                    catalog.remember(connection, f"web {item.found.uri}", json.dumps(marks))
                continue
            keys = [_hash(passage.embedded_text(item.source.title)) for passage in item.passages]
            file = item.source.uri.removesuffix(f"#{item.source.external_id}")
            parts = [(passage, key, *known[key]) for passage, key in zip(item.passages, keys, strict=True)]
            catalog.put(connection, item.source, file, parts)
    return len(missing)


def _remove(catalog: Catalog, gone: Sequence[tuple[str, str]]) -> None:
    if gone:
        with catalog.transaction() as connection:
            for root, uri in gone:
                catalog.remove_file(connection, root, uri)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
