"""The best passages judged once more by a cross-encoder, which reads question and passage together.

Off unless `CAREER_RERANKER` names a sentence-transformers CrossEncoder. Nothing is loaded before the first search.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ModelUnavailable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

DEPTH = 30
"""Passages that are judged once more."""


class Reranker:
    """A sentence-transformers CrossEncoder by name or folder."""

    def __init__(self, model: str) -> None:
        """Remember which model; it loads at first use, once, whichever thread comes first."""
        self.name = model
        self._lock = threading.Lock()

    def judge(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question, 0 to 1, in the order of the texts.

        Raises:
            ModelUnavailable: The model cannot be loaded, or does not give one score a pair.
        """
        import torch

        with self._lock:
            scores = self._model.predict(
                [(question, text) for text in texts], activation_fn=torch.nn.Sigmoid(), show_progress_bar=False
            )
        if len(scores.shape) != 1:
            raise ModelUnavailable(
                f"The reranker {self.name!r} gives {scores.shape[1]} scores where one is needed.",
                "Set CAREER_RERANKER to a cross-encoder for ranking, or leave it unset.",
            )
        return [float(score) for score in scores]

    @cached_property
    def _model(self) -> CrossEncoder:
        from sentence_transformers import CrossEncoder

        if Path(self.name).expanduser().is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            loaded: CrossEncoder = CrossEncoder(
                str(Path(self.name).expanduser()), trust_remote_code=False, device="cpu"
            )
            return loaded
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The reranker {self.name!r} cannot be loaded.",
                "Set CAREER_RERANKER to a sentence-transformers CrossEncoder by name or folder, or leave it unset.",
            ) from error
