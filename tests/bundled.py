"""The bundled library in a data folder, brought in once for all tests that ask it. Read it; copy it to write."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.settings import load_settings
from ui.serve import bring_bundled


@pytest.fixture(scope="session")
def bundled_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundled")
    bring_bundled(load_settings(data_dir=str(folder), env={}))
    return folder


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Copies a data folder, so that a test may write to it."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "copied", ignore=shutil.ignore_patterns("conversations.db*")))

    return copy
