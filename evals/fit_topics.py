"""Fits the weights of `assistant/topics.py`: `python -m evals.fit_topics`.

From TREC CAsT 2019 (`cast/2019.jsonl` in `CAREER_BENCH_DATA`): the mention that, put into a turn, brings it nearest to
the human's question is the one that was meant; a turn that no mention brings nearer leaves nothing out. Prints both
sets of weights, and, from folds over whole conversations, the probability at which no complete question is changed.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.labels import Labels
from assistant.pronouns import pronoun_in
from assistant.rewrite import put
from assistant.topics import Pronoun, Talk, omission_signs, signs_of
from evals.cast import overlap
from evals.logistic import fit_choice
from ingest.words import stems

Signs = Mapping[str, float]
_FOLDS = 8
_FROM_LIBRARY = ("title", "attribute")
"""Signs that conversations without a library cannot teach; their weights are set by hand."""


class Example(NamedTuple):
    """One follow-up with the signs of every mention before it."""

    conversation: str
    pronoun: Pronoun | None
    complete: bool
    """Whether the human left it as it was."""
    base: float
    """Content-word F1 of the turn as it is."""
    gains: tuple[float, ...]
    """The same with each mention put in."""
    signs: tuple[Signs, ...]
    omission: Signs

    @property
    def needs(self) -> bool:
        """Whether some mention brings it nearer."""
        return max(self.gains, default=0.0) > self.base + 1e-9


def examples(lines: Sequence[Mapping[str, Any]]) -> Iterator[Example]:
    """Every follow-up, conversation by conversation."""
    conversations: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        conversations[str(line["_id"]).rpartition("_")[0]].append(line)
    for name, follow_ups in conversations.items():
        human = {len(one["turns"]) - 1: one["human_rewrite"] for one in follow_ups}
        talk = Talk()
        for number, turn in enumerate(follow_ups[-1]["turns"]):
            wanted = human.get(number, turn)
            found = _example(name, turn, wanted, talk)
            if number in human and talk.mentions:
                yield found
            best = int(np.argmax(found.gains)) if found.needs else -1
            topic = talk.mentions[best].key if best >= 0 else talk.topic
            talk = talk.heard(turn, wanted, topic, float(best >= 0 or found.pronoun is not None))


def _example(name: str, turn: str, wanted: str, talk: Talk) -> Example:
    pronoun = pronoun_in(turn)
    asked = frozenset(stems(turn))
    return Example(
        name,
        pronoun,
        turn.strip() == wanted.strip(),
        overlap(turn, wanted).f1,
        tuple(overlap(put(turn, pronoun, one.text), wanted).f1 for one in talk.mentions),
        tuple(signs_of(one, asked, pronoun, talk, Labels()) for one in talk.mentions),
        omission_signs(turn, talk),
    )


def matrix(signs: Sequence[Signs], names: Sequence[str]) -> NDArray[np.float64]:
    """Signs as rows, shape (n, names)."""
    return np.array([[one[name] for name in names] for one in signs], dtype=np.float64)


def fit_mention(cases: Sequence[Example], names: Sequence[str], penalty: float = 0.01) -> NDArray[np.float64]:
    """Weights of the signs of a mention: those under which the best mentions are likeliest chosen."""
    data = [
        (matrix(one.signs, names), (np.array(one.gains) >= max(one.gains) - 1e-9).astype(float))
        for one in cases
        if one.needs
    ]
    return fit_choice(data, np.zeros(len(names)), penalty * len(data))


def fit_omission(cases: Sequence[Example], chosen: Sequence[int], names: Sequence[str]) -> NDArray[np.float64]:
    """Weights of the signs of an omission: logistic regression, each case weighed by what is at stake."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    gain = np.array([one.gains[pick] - one.base for one, pick in zip(cases, chosen, strict=True)])
    model = LogisticRegression(fit_intercept=False, max_iter=1_000)
    model.fit(matrix([one.omission for one in cases], names), gain > 0, sample_weight=np.abs(gain) + 0.02)
    return np.asarray(model.coef_[0])


def main(folder: Path) -> str:
    """Fit, cross-validate and tell."""
    lines = (folder / "cast" / "2019.jsonl").read_text(encoding="utf-8").splitlines()
    cases = list(examples([json.loads(line) for line in lines]))
    names = [name for name in cases[0].signs[0] if name not in _FROM_LIBRARY]
    gaps = list(cases[0].omission)
    held_out = sorted({one.conversation for one in cases})
    scores, likely, chosen = np.zeros(len(cases)), np.zeros(len(cases)), np.zeros(len(cases), dtype=int)
    for fold in range(_FOLDS):
        tested = [index for index, one in enumerate(cases) if one.conversation in held_out[fold::_FOLDS]]
        rest = [one for one in cases if one.conversation not in held_out[fold::_FOLDS]]
        weights = fit_mention(rest, names)
        bare = [one for one in rest if one.pronoun is None]
        gap_weights = fit_omission(bare, [int((matrix(one.signs, names) @ weights).argmax()) for one in bare], gaps)
        for index in tested:
            one = cases[index]
            chosen[index] = int((matrix(one.signs, names) @ weights).argmax())
            likely[index] = 1 / (1 + np.exp(-(matrix([one.omission], gaps) @ gap_weights)[0]))
    told = []
    for least in (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9):
        put_in = [one.pronoun is not None or likely[index] >= least for index, one in enumerate(cases)]
        scores = np.array([
            one.gains[chosen[index]] if put_in[index] else one.base for index, one in enumerate(cases)
        ])  # fmt: skip
        harmed = sum(one.complete and put_in[index] for index, one in enumerate(cases))
        told.append(f"from {least:.2f}: F1 {scores.mean():.3f}, complete questions changed {harmed}")
    weights = fit_mention(cases, names)
    bare = [one for one in cases if one.pronoun is None]
    gap_weights = fit_omission(bare, [int((matrix(one.signs, names) @ weights).argmax()) for one in bare], gaps)
    for title, keys, values in (("WEIGHTS", names, weights), ("OMISSION", gaps, gap_weights)):
        told.append(
            f"{title} = "
            + json.dumps({key: round(float(value), 2) for key, value in zip(keys, values, strict=True)}, indent=4)
        )
    return "\n".join(told)


if __name__ == "__main__":
    found = os.environ.get("CAREER_BENCH_DATA", "")
    if not found:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(found)))
