"""Texts become unit vectors that do not depend on what they are embedded with."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.embed import BATCH, SentenceTransformerEmbedder, load_embedder

TEXTS = ["Pay", "Nurses earn $93,600 a year. " * 9, "", "caf\u00e9 \U0001f4bc", "What does a data engineer do?", "Pay"]


def test_vectors_are_of_unit_length_and_in_the_order_of_the_texts(embedder: SentenceTransformerEmbedder) -> None:
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), 384) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(vectors[0], vectors[-1])
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert np.abs(embedder.embed_query(text) - vector).max() < 1e-5


def test_a_vector_is_what_the_model_itself_makes_of_the_text(embedder: SentenceTransformerEmbedder) -> None:
    texts = [f"{'word ' * (number % 7)}{number}" for number in range(BATCH + 9)]
    assert np.abs(load_embedder().embed_passages(texts) - embedder.bare(texts)).max() < 1e-5


def test_no_texts_make_no_vectors(embedder: SentenceTransformerEmbedder) -> None:
    assert len(embedder.embed_passages([])) == 0
    assert embedder.count_tokens([]) == []


def test_tokens_are_counted_with_the_marks_at_the_ends_and_beyond_the_window(
    embedder: SentenceTransformerEmbedder,
) -> None:
    assert embedder.count_tokens(["", "pay", "pay " * 400]) == [2, 3, 402]
    assert embedder.max_tokens == 256


def test_the_packaged_weights_are_those_that_were_published() -> None:
    load_embedder().verify()  # type: ignore[union-attr]
