"""Bringing documents in, on one screen: discover -> diff -> read -> split -> embed -> commit -> report.

A source is committed whole, in one transaction, or not at all; what was committed before an interruption stays.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog, web_key
from ingest.discover import READING, Found, diff, discover, place_of
from ingest.embed import Embedded, Embedder
from ingest.errors import SourceError
from ingest.folder import fingerprint
from ingest.late import packed
from ingest.passages import split
from ingest.readers import suffixes
from ingest.readers.markdown import safe_url
from ingest.sandbox import Sandbox
from ingest.types import Document, Failure, Passage, Progress, Report, Source, opening
from ingest.web import Web

Made = tuple[NDArray[np.float32], bytes]
"""What is kept of a passage as the model read it: its vector, and its words packed for late interaction."""

_TOGETHER = 1_024
"""Passages that are embedded and committed together: enough that texts of one length meet, few enough for memory."""
_AT_ONCE = 128
"""Passages between two moves of the progress bar."""


@dataclass(frozen=True)
class _Read:
    """A document read and split, ready to be embedded."""

    file: Found
    source: Source
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class _File:
    """A file read to its end."""

    file: Found
    source_ids: frozenset[str]


@dataclass
class _Work:
    """What is to be read, and how far it has come."""

    files: Sequence[Found]
    owner: str
    held: frozenset[tuple[str, str]]
    """Those of which an earlier version is in the library."""
    tell: Callable[[Progress], None]
    failures: list[Failure]
    partly: list[Failure] = field(default_factory=list)
    lost: set[tuple[str, str]] = field(default_factory=set)
    """Root and path of files that could not be read."""
    done: int = 0
    """Files."""
    bytes_done: int = 0
    """Of files read to their end, or given up."""
    streamed: int = 0
    """Letters taken from the file at hand."""
    embedded: int = 0
    """Passages."""

    def fail(self, file: Found, error: SourceError) -> None:
        """Give a file up."""
        self.lost.add((file.root, file.uri))
        kept = " What was brought in from it before is kept." if (file.root, file.uri) in self.held else ""
        self.failures.append(Failure(file.uri, f"{error}{kept}"))

    def told(self, done: int, label: str, share: float) -> None:
        """Say how far it has come."""
        self.tell(Progress(done, len(self.files), label, share, self.embedded))

    def share(self) -> float:
        """The part of the work that is done, 0 to 1, by bytes."""
        return min(1.0, (self.bytes_done + self.streamed) / max(1, sum(one.size for one in self.files)))

    def take(self, item: _Read | _File) -> None:
        """Count something as done."""
        if isinstance(item, _File):
            self.done += 1
            self.bytes_done, self.streamed = self.bytes_done + item.file.size, 0
        else:
            self.streamed = min(item.file.size, self.streamed + sum(len(one.text) for one in item.passages))


def bring_in(
    catalog: Catalog,
    embedder: Embedder,
    targets: Sequence[str],
    *,
    dry_run: bool,
    prune: bool,
    progress: Callable[[Progress], None],
    web: Web | None = None,
    owner: str = "",
) -> Report:
    """Do what the difference between targets and an owner's part of the catalog asks for, and report it.

    `web` is who fetches pages; the open internet when left out. What is shared has an owner without a name.

    Raises:
        SourceError: A target does not exist.
        LibraryError: The catalog cannot be written.
    """
    with web or Web() as fetching, Sandbox() as sandbox:
        known = catalog.files(owner)
        hashes = {place_of(*key): content for key, content in known.items()}
        walk = discover(
            targets, suffixes(), fetching, known, lambda url: _remembered(catalog, hashes, url, owner), prune
        )
        plan = diff(walk, known, prune)
        # A file's name may be its title, so a file with another name is read again.
        renamed = [file for (_, old), file in plan.moved if old.rpartition("/")[2] != file.uri.rpartition("/")[2]]
        work = _Work((*plan.new, *plan.changed, *renamed), owner, frozenset(known), progress, list(walk.failed))
        if not dry_run:
            _move(catalog, plan.moved, owner)
            for batch in _batches(_read_all(work, sandbox, catalog, embedder)):
                _commit(catalog, embedder, batch, work)
            work.told(len(work.files), "", 1.0)
            _remove(catalog, plan.gone, owner)
            _remember(catalog, plan.same, owner)

    def brought(files: Sequence[Found]) -> tuple[str, ...]:
        return tuple(one.uri for one in files if (one.root, one.uri) not in work.lost)

    return Report(
        new=brought(plan.new),
        changed=(*brought(plan.changed), *brought([file for _, file in plan.moved])),
        removed=tuple(uri for _, uri in plan.gone),
        unchanged=brought(plan.same),
        failed=tuple(work.failures),
        partly=tuple(one for one in work.partly if one.uri not in {failed.uri for failed in work.failures}),
        embedded=work.embedded,
    )


def _remembered(catalog: Catalog, hashes: Mapping[str, str], url: str, owner: str) -> Mapping[str, str]:
    """What is known of a page from the web: `etag`, `last_modified` and `hash`; nothing unless it is in the catalog."""
    known: dict[str, str] = json.loads(catalog.meta(web_key(url, owner), "{}"))
    return known if known and known["reading"] == READING and hashes.get(url) == known["hash"] else {}


def _remember(catalog: Catalog, same: Sequence[Found], owner: str) -> None:
    """Remember the marks of pages whose words are as they were, under new marks."""
    for file in same:
        key = web_key(file.uri, owner)
        if "://" in file.uri and (marks := _marks(file)) != catalog.meta(key):
            catalog.set_meta(key, marks)


def _marks(page: Found) -> str:
    etag, modified = page.marks
    return json.dumps(dict(etag=etag, last_modified=modified, hash=page.content_hash, reading=READING))


def _move(catalog: Catalog, moved: Sequence[tuple[tuple[str, str], Found]], owner: str) -> None:
    if moved:
        with catalog.transaction(owner) as connection:
            for old, found in moved:
                catalog.move_file(connection, old, (found.root, found.uri), owner)


def _read_all(work: _Work, sandbox: Sandbox, catalog: Catalog, embedder: Embedder) -> Iterator[_Read | _File]:
    """Every document of the files, split; behind a file's documents the file itself, unless it could not be read."""
    paths = [file.path for file in work.files]
    for number, file in enumerate(work.files, 1):
        source_ids: set[str] = set()
        waiting: _Read | None = None
        try:
            for document in sandbox.read(file.path, paths[number : number + 16]):
                made = _split(file, document, catalog, embedder, work.owner)
                source_ids.add(made.source.id)
                if document.unread:
                    work.partly.append(Failure(made.source.uri, f"{document.unread}. The rest is in."))
                # The last one waits until the file has been read to its end, and was left alone meanwhile.
                if waiting is not None:
                    yield waiting
                waiting = made
            if waiting is None:
                raise SourceError(f"{file.uri} holds nothing that can be read.", "Check that it is the right file.")
            _left_alone(file)
        except SourceError as error:
            work.fail(file, error)
        else:
            yield waiting
            yield _File(file, frozenset(source_ids))


def _left_alone(file: Found) -> None:
    """Make sure that what was read is what was hashed.

    Raises:
        SourceError: Somebody has written to the file since.
    """
    try:
        touched = file.stamp and fingerprint(file.path) != file.stamp
    except OSError:
        touched = True
    if touched:
        raise SourceError(f"{file.uri} was changed while it was read.", "Ingest it again when it is done.")


def _split(file: Found, document: Document, catalog: Catalog, embedder: Embedder, owner: str) -> _Read:
    """A document as source and passages.

    Raises:
        SourceError: It holds no text.
    """
    uri = f"{file.uri}#{document.external_id}" if document.external_id else file.uri
    source_id = catalog.identity(file.root, uri, owner)
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
        owner=owner,
    )
    return _Read(file, source, tuple(passages))


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


def _commit(catalog: Catalog, embedder: Embedder, batch: Sequence[_Read | _File], work: _Work) -> None:
    """Embed what is not embedded yet, and commit the batch."""
    documents = [one for one in batch if isinstance(one, _Read)]
    texts = {
        _hash(text): (text, passage)
        for one in documents
        for passage in one.passages
        for text in (passage.embedded_text(one.source.title),)
    }
    known: dict[str, Made] = {}
    for one in documents:
        known.update(catalog.embedded(one.source.id))
    label, before, files = documents[0].source.uri if documents else "", work.share(), work.done
    for item in batch:
        work.take(item)
    missing = {key: text for key, text in texts.items() if key not in known}
    done = 0
    for made in _embedded(embedder, missing):
        known.update(made)
        done += len(made)
        work.embedded += len(made)
        work.told(files, label, before + (work.share() - before) * done / len(missing))
    with catalog.transaction(work.owner) as connection:
        for item in batch:
            if isinstance(item, _File):
                _put_file(catalog, connection, item, work.owner)
                continue
            keys = [_hash(passage.embedded_text(item.source.title)) for passage in item.passages]
            parts = [(passage, key, *known[key]) for passage, key in zip(item.passages, keys, strict=True)]
            catalog.put(connection, item.source, item.file.uri, parts)


def _embedded(embedder: Embedder, texts: Mapping[str, tuple[str, Passage]]) -> Iterator[dict[str, Made]]:
    """The vectors of texts by their keys, a part at a time.

    Texts of one length go together: the model fills up a batch to the length of its longest.
    """
    keys = sorted(texts, key=lambda key: -len(texts[key][0]))
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        read = embedder.embed_words([texts[key][0] for key in part])
        yield {key: _made(one, *texts[key]) for key, one in zip(part, read, strict=True)}


def _made(embedded: Embedded, text: str, passage: Passage) -> Made:
    """What is kept of a passage."""
    ahead = len(text) - len(passage.text)
    return embedded.vector, packed(embedded.words, [ahead + one.start for one in passage.statements])


def _put_file(catalog: Catalog, connection: sqlite3.Connection, item: _File, owner: str) -> None:
    file = item.file
    catalog.put_file(connection, file.root, file.uri, file.content_hash, item.source_ids, owner)
    if "://" in file.uri:
        catalog.remember(connection, web_key(file.uri, owner), _marks(file))


def _remove(catalog: Catalog, gone: Sequence[tuple[str, str]], owner: str) -> None:
    if gone:
        with catalog.transaction(owner) as connection:
            for root, uri in gone:
                catalog.remove_file(connection, root, uri, owner)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
