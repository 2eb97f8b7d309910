"""All measurements on third-party sets in one run: `python -m evals.bench`, part of `make bench`.

A set that is not at hand is named and passed over.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from evals import answerability, attribution, bls, cast, ingest_speed, injection, readers, retrieval

SETS: tuple[tuple[str, Callable[[Path], str]], ...] = (
    ("documents", readers.main),
    ("bls-ooh", bls.main),
    ("cast", cast.main),
    *retrieval.SETS.items(),
    ("attribution", attribution.main),
    ("injection", injection.main),
    ("squad2", answerability.squad_main),
    ("mtrag-fiqa", answerability.mtrag_main),
)
"""What is measured, each behind the name of its folder."""


def main() -> None:
    """Measure every set at hand and print the figures."""
    given = os.environ.get("CAREER_BENCH_DATA", "")
    for name, measure in SETS:
        if given and (Path(given) / name).is_dir():
            print(f"\n{measure(Path(given))}", flush=True)
        else:
            where = f"there is no {name} in {given}" if given else "CAREER_BENCH_DATA is not set"
            print(f"\n{name}: not measured, because {where}.")
    print(f"\n{ingest_speed.main(Path(given) if given else None)}", flush=True)


if __name__ == "__main__":
    main()
