"""Text made to keep a server busy: no request costs more than seconds, however it is put."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import hostile


def test_no_text_keeps_any_route_busy() -> None:
    command = [sys.executable, str(Path(hostile.__file__))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"busy for over {hostile.SECONDS} s, or broken: {done.stderr.splitlines()[-20:]}"
    told = json.loads(done.stdout)
    # Read, refused as too long or meaningless, or not there; never broken, never too much to take.
    assert set(told["statuses"]) <= {"200", "400", "404", "413", "422"}
    assert sum(told["statuses"].values()) > 250 and told["statuses"]["200"] > 50
    assert told["brought"] == 201
