"""The bundled library in a data folder, brought in once for all tests that ask it. Read it; copy it to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.settings import load_settings
from ui.serve import bring_bundled


@pytest.fixture(scope="session")
def bundled_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundled")
    bring_bundled(load_settings(data_dir=str(folder), env={}))
    return folder
