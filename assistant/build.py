"""The composition root: the only place that chooses classes by settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assistant.assistant import Assistant, Rewriter
from assistant.conversation import Conversations
from assistant.extractive import ExtractiveAnswerer, WordCounts
from assistant.labels import Labels, read_labels
from assistant.places import with_capitals
from assistant.remarks import begins_anew, without_and, without_remarks
from assistant.rewrite import standalone
from assistant.spelling import Speller
from assistant.support import SupportCheck
from assistant.types import Answerer, Turn
from ingest.embed import load_embedder
from ingest.library import Library
from ingest.rerank import Reranker
from ingest.settings import Settings
from ingest.upkeep import Upkeep
from ingest.words import words


def open_library(settings: Settings) -> Library:
    """The library in the settings' data folder, created when there is none.

    Raises:
        LibraryError: It cannot be opened.
    """
    reranker = Reranker(settings.reranker) if settings.reranker else None
    return Library.open(settings.data_dir, load_embedder(settings.embedding_model), settings.chroma_url, reranker)


def upkeep(settings: Settings) -> Upkeep:
    """Looks after the library in the settings' data folder, whatever state that is in."""
    return Upkeep(settings.data_dir, load_embedder(settings.embedding_model), settings.chroma_url)


def build_assistant(
    settings: Settings, *, library: Library | None = None, conversations: Path | None = None
) -> Assistant:
    """An assistant over the settings' library, answering with the settings' model.

    Another library may be given, and another file for its conversations.

    Raises:
        LibraryError: The library cannot be opened.
        SettingsError: The chat model cannot be built.
    """
    library = library or open_library(settings)
    support = SupportCheck(library.embedder.embed_passages)
    extractive = ExtractiveAnswerer(library.embedder.embed_passages, CountWords(library), support)
    return Assistant(
        library,
        _rewriter(settings, LibraryRewriter(library)),
        _answerer(settings, extractive, support),
        Conversations(conversations or settings.data_dir / "conversations.db"),
        support,
    )


def _rewriter(settings: Settings, rewriter: LibraryRewriter) -> Rewriter:
    if settings.model == "extractive":
        return rewriter
    from assistant.chat_model import build_chat_model
    from assistant.chat_rewriter import ChatModelRewriter

    return ChatModelRewriter(build_chat_model(settings.model, settings.model_base_url), rewriter)


def _answerer(settings: Settings, extractive: ExtractiveAnswerer, support: SupportCheck) -> Answerer:
    if settings.model == "extractive":
        return extractive
    from assistant.chat_model import ChatModelAnswerer, build_chat_model

    model = build_chat_model(settings.model, settings.model_base_url)
    return ChatModelAnswerer(model, name=settings.model, fallback=extractive, support=support)


class CountWords:
    """The library's word counts, as they are now."""

    def __init__(self, library: Library) -> None:
        """Count the words of this library."""
        self._library = library

    def __call__(self, owners: Sequence[str] = ()) -> WordCounts:
        """The counts of the library's newest state, and of what belongs to these owners alone."""
        vocabulary = self._library.vocabulary(owners)
        return WordCounts(vocabulary.frequency, vocabulary.passages)


class LibraryRewriter:
    """Rewrites follow-ups and mends typos by what a library holds; reads it anew when it has changed."""

    def __init__(self, library: Library) -> None:
        """Rewrite by the words and labels of this library."""
        self._library = library
        self._generation = -1
        self._labels = Labels()
        self._speller: Speller | None = None

    def __call__(self, question: str, history: Sequence[Turn], owners: Sequence[str] = ()) -> str:
        """The standalone question with its typos mended; words of the owners' own documents stay as they are."""
        speller, labels, known = self._refreshed(), self._labels, frozenset[str]()
        if owners and not self._library.catalog.is_empty(owners):
            labels = labels.joined(read_labels(self._library.own_passages(owners)))
            known = frozenset(self._library.catalog.vocabulary(owners)[0])
        heard = () if begins_anew(question) else history
        # A turn that a caller tells, not this assistant, comes as it was typed.
        before = [
            turn if turn.searched_for else replace(turn, question=with_capitals(speller.mend(turn.question, known)))
            for turn in heard
        ]
        said = frozenset(words(" ".join(turn.question for turn in before)))
        mended = without_remarks(speller.mend(without_remarks(question), known, said))
        asked = standalone(with_capitals(mended), before, labels, self._similar)
        # A part of a question keeps the "and" that tells it from the part before.
        return without_and(asked) if before and not before[-1].unanswered else asked

    def _refreshed(self) -> Speller:
        generation = self._library.generation()
        if self._speller is None or generation != self._generation:
            self._labels = read_labels(self._library.passages())
            self._speller = Speller(self._library.vocabulary(), self._labels)
            self._generation = generation
        return self._speller

    def _similar(self, text: str, others: Sequence[str]) -> Sequence[float]:
        vectors = self._library.embedder.embed_passages([text, *others])
        return [float(vectors[0] @ vector) for vector in vectors[1:]]
