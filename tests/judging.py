"""The support check with the packaged model, loaded at first use, once for all tests that judge sentences."""

from __future__ import annotations

from assistant.support import SupportCheck
from ingest.embed import load_embedder

check = SupportCheck(load_embedder().embed_passages)
