"""The seal beside the catalog: what its last writer left, so that damage from outside is seen.

SQLite undoes torn writes, but takes an empty file for a new catalog, a lost write-ahead file for nothing to do, and a
flipped byte for what was written. The seal holds how far the catalog has come and, while nobody writes, the SHA-256 of
its file. It is rewritten after each commit, so it is never ahead of the catalog.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Seal:
    """The state of a catalog after its last commit."""

    generation: int
    sources: int
    passages: int
    embedder: str
    sha256: str = ""
    """Of the catalog's file; empty while somebody writes, and after a writer was killed."""

    @classmethod
    def of(cls, catalog: Path) -> Seal | None:
        """The seal of a catalog file; None where there is none that can be read."""
        try:
            return cls(**json.loads(_beside(catalog).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            # A new library, one of version 0.1.0, or a power cut while the seal was written.
            return None

    def put(self, catalog: Path) -> None:
        """Lay the seal beside a catalog file, in one step.

        Raises:
            OSError: The folder is not writable or the disk is full.
        """
        aside = _beside(catalog).with_suffix(".seal-new")
        aside.write_text(json.dumps(asdict(self)), encoding="utf-8")
        os.replace(aside, _beside(catalog))

    def holds(self, catalog: Path) -> bool:
        """Whether the catalog's file is, byte for byte, the one that was sealed."""
        log = catalog.with_name(f"{catalog.name}-wal")
        try:
            return (
                bool(self.sha256) and not (log.exists() and log.stat().st_size) and fingerprint(catalog) == self.sha256
            )
        except OSError:
            return False


def loosen(catalog: Path) -> None:
    """Take the fingerprint out of a seal before the catalog is written to."""
    seal = Seal.of(catalog)
    if seal is not None and seal.sha256:
        replace(seal, sha256="").put(catalog)


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; more than a gigabyte a second.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(catalog: Path) -> Path:
    return catalog.with_suffix(".seal")
