"""What the signs of a statement count: the fit finds what tells right statements from wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.evidence import WEIGHTS
from evals.leads import Choice, fitted, share_right

SIGNS = list(WEIGHTS)


def choice(right: dict[str, float], wrong: dict[str, float], group: str) -> Choice:
    """Two candidates of a question: the first is right."""
    signs = np.array([[one.get(sign, 0.0) for sign in SIGNS] for one in (wrong, right)])
    return Choice("made", group, signs, np.array([0.0, 1.0]))


@pytest.mark.parametrize("telling", SIGNS)
def test_a_sign_that_tells_right_from_wrong_comes_to_count(telling: str) -> None:
    misled = {"similarity": 0.3, "own": 0.3} if telling not in ("similarity", "own") else {"coverage": 0.6}
    cases = [choice({telling: 1.0}, misled, str(at)) for at in range(40)]
    weights = fitted(cases, pull=1.0)
    assert weights[SIGNS.index(telling)] > WEIGHTS[telling]
    assert share_right(cases, [weights] * len(cases)) == {"made": 1.0}


def test_what_tells_nothing_keeps_the_weights_in_use() -> None:
    alike = {"similarity": 0.5, "coverage": 0.5}
    weights = fitted([choice(alike, alike, str(at)) for at in range(10)])
    assert weights == pytest.approx(list(WEIGHTS.values()), abs=1e-6)


def test_the_signs_that_speak_for_a_statement_add_up_to_one() -> None:
    assert sum(value for sign, value in WEIGHTS.items() if value > 0 and sign not in ("told", "fits")) == pytest.approx(
        1
    )
