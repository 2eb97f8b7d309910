"""The support check against claims that people judged: `python -m evals.attribution`.

Takes `attribution/dev.jsonl` (AttributionBench: claim, references, whether they support it) from `CAREER_BENCH_DATA`.
Five folds, claims of one question never on both sides; the floor is a threshold on the share of the claim's words that
the references hold, fitted on the same folds. `--fit` prints the coefficients fitted on all claims, for
`assistant/support.py`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.support import COEFFICIENTS, SUPPORTED, Embed, SupportCheck, features, nearest
from evals.logistic import fit, folds, held_out, macro_f1
from ingest.embed import Vectors, load_embedder

_MARK = re.compile(r"\s*\[\d+\]")


def main(folder: Path) -> str:
    """Measure, and say how it went.

    Raises:
        FileNotFoundError: The folder does not hold the set.
    """
    lines = (folder / "attribution" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    claims = [(_MARK.sub("", case["claim"]), "\n".join(case["refs"])) for case in cases]
    labels = [case["y"] == 1 for case in cases]
    groups = [case["question"] for case in cases]
    embed = _embedded(claims)
    rows = [features(claim, text, embed) for claim, text in claims]
    rows = [{name: row[name] for name in row if name in COEFFICIENTS or "--fit" in sys.argv} for row in rows]
    likely = held_out(rows, labels, groups, penalty=0.3)
    model = macro_f1([one >= SUPPORTED for one in likely], labels)
    check = SupportCheck(embed)
    as_used = macro_f1([check(claim, text).supported for claim, text in claims], labels)
    floor = macro_f1(_floor([row["words"] for row in rows], labels, groups), labels)
    said = [
        f"Claims and their references, {len(cases)} (AttributionBench, dev), macro-F1:",
        f"word overlap, threshold fitted on four folds of five   {floor:.3f}",
        f"the model, fitted on four folds of five               {model:.3f}",
        f"the check as it ships (model fitted on all of it)     {as_used:.3f}",
    ]
    if "--fit" in sys.argv:
        said.append(json.dumps(fit(rows, labels, penalty=0.3), indent=4))
    return "\n".join(said)


def _embedded(claims: Sequence[tuple[str, str]]) -> Embed:
    """An embedding function that looks up what the claims need, embedded in one go, and embeds what is new."""
    embedder = load_embedder()
    texts = sorted({text for claim, passage in claims for text in (claim, *nearest(claim, passage))})
    table = dict(zip(texts, embedder.embed_passages(texts), strict=True))

    def look_up(wanted: Sequence[str]) -> Vectors:
        return np.array([table[one] if one in table else embedder.embed_query(one) for one in wanted])

    return look_up


def _floor(overlap: Sequence[float], labels: Sequence[bool], groups: Sequence[str]) -> list[bool]:
    """Verdicts by the threshold on word overlap that does best on the other folds."""
    place = folds(groups)
    said = [False] * len(labels)
    for fold in set(place):
        inside = [index for index, one in enumerate(place) if one != fold]
        of = [labels[index] for index in inside]
        best = max((step / 50 for step in range(5, 51)),
                   key=lambda least: macro_f1([overlap[index] >= least for index in inside], of))  # fmt: skip
        for index, one in enumerate(place):
            if one == fold:
                said[index] = overlap[index] >= best
    return said


if __name__ == "__main__":
    found = os.environ.get("CAREER_BENCH_DATA", "")
    if not found:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(found)))
