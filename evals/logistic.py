"""Logistic regression small enough to read, for the models that the answering rooms hold as tables of coefficients.

Fitted by Newton's method with an L2 penalty; folds keep groups together, so that two cases of one document are never on
both sides.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Rows = Sequence[Mapping[str, float]]
"""One mapping from feature to value a case; all of the same features."""


def fit(
    rows: Rows, labels: Sequence[bool], weights: Sequence[float] | None = None, penalty: float = 1.0
) -> dict[str, float]:
    """Coefficients by feature, with `bias`, that make the labels likeliest.

    Args:
        rows: The features of each case.
        labels: Whether each case is positive.
        weights: How much each case counts; all the same when left out.
        penalty: Strength of the L2 penalty, above 0; the bias is not penalised.

    >>> found = fit([{"x": 0.0}, {"x": 1.0}, {"x": 2.0}, {"x": 3.0}], [False, False, True, True])
    >>> found["x"] > 0 and probability(found, {"x": 3.0}) > 0.5 > probability(found, {"x": 0.0})
    True
    """
    features = list(rows[0])
    table = np.array([[*(row[name] for name in features), 1.0] for row in rows])
    wanted = np.array(labels, dtype=float)
    counted = np.ones(len(rows)) if weights is None else np.array(weights, dtype=float)
    shrink = np.diag([penalty] * len(features) + [1e-9])
    found = np.zeros(table.shape[1])
    for _ in range(30):
        likely = 1 / (1 + np.exp(-np.clip(table @ found, -30, 30)))
        slope = table.T @ (counted * (wanted - likely)) - shrink @ found
        curve = (table * (counted * likely * (1 - likely) + 1e-9)[:, None]).T @ table + shrink
        step = np.linalg.solve(curve, slope)
        found += step
        if float(np.abs(step).max()) < 1e-6:
            break
    return dict(zip([*features, "bias"], (round(float(one), 3) for one in found), strict=True))


def probability(coefficients: Mapping[str, float], row: Mapping[str, float]) -> float:
    """How likely a case is positive, 0 to 1."""
    total = coefficients["bias"] + sum(coefficients[name] * value for name, value in row.items())
    return float(1 / (1 + np.exp(-min(30.0, max(-30.0, total)))))


def folds(groups: Sequence[str], count: int = 5, seed: int = 0) -> list[int]:
    """The fold of each case, 0 to count - 1; cases of one group share theirs.

    >>> found = folds(["a", "b", "a", "c"], 2)
    >>> found[0] == found[2], set(found) <= {0, 1}
    (True, True)
    """
    drawn = sorted(set(groups))
    random.Random(seed).shuffle(drawn)
    place = {group: index % count for index, group in enumerate(drawn)}
    return [place[group] for group in groups]


def fit_choice(cases: Sequence[tuple[Numbers, Numbers]], towards: Numbers, penalty: float) -> Numbers:
    """The weights under which a right one is likeliest chosen among the candidates of each case.

    Conditional logit (McFadden, 1974), with an L2 penalty on what the weights differ by from others.

    Args:
        cases: The signs of the candidates, shape (candidates, signs), and 1 for each that is right, else 0; one is.
        towards: Weights to which the fit is drawn, shape (signs,), and where it begins.
        penalty: Strength of the pull, above 0.

    >>> one = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1.0, 0.0])
    >>> found = fit_choice([one] * 9, np.zeros(2), 0.1)
    >>> bool(found[0] > 1 > -1 > found[1])
    True
    """
    from scipy.optimize import minimize

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        apart = weights - towards
        total, slope = penalty * float(apart @ apart), 2 * penalty * apart
        for signs, right in cases:
            scores = signs @ weights
            chosen = np.exp(scores - scores.max())
            chosen /= chosen.sum()
            likely = float(chosen @ right)
            total -= float(np.log(likely + 1e-12))
            slope = slope + signs.T @ (chosen - chosen * right / (likely + 1e-12))
        return total, slope

    found: Numbers = minimize(loss, towards, jac=True, method="L-BFGS-B").x
    return found


def held_out(
    rows: Rows,
    labels: Sequence[bool],
    groups: Sequence[str],
    weights: Sequence[float] | None = None,
    penalty: float = 1.0,
    fitter: Callable[..., dict[str, float]] = fit,
) -> list[float]:
    """The probability of each case by a model that never saw its group."""
    place = folds(groups)
    found = [0.0] * len(rows)
    for fold in sorted(set(place)):
        inside = [index for index, one in enumerate(place) if one != fold]
        counted = [weights[index] for index in inside] if weights is not None else None
        model = fitter([rows[index] for index in inside], [labels[index] for index in inside], counted, penalty)
        for index, one in enumerate(place):
            if one == fold:
                found[index] = probability(model, rows[index])
    return found


def macro_f1(said: Sequence[bool], labels: Sequence[bool]) -> float:
    """Mean of the F1 of both classes.

    >>> macro_f1([True, False], [True, False]), macro_f1([True, True], [True, False])
    (1.0, 0.3333333333333333)
    """
    scores = []
    for positive in (True, False):
        hit = sum(bool(one) is positive and bool(other) is positive for one, other in zip(said, labels, strict=True))
        total = sum(bool(one) is positive for one in (*said, *labels))
        scores.append(2 * hit / total if total else 0.0)
    return sum(scores) / 2


def balanced_accuracy(said: Sequence[bool], labels: Sequence[bool]) -> float:
    """Mean of the shares that are right among positive and among negative cases; 0.5 for who always says the same."""
    right = [
        [bool(one) is bool(other) for one, other in zip(said, labels, strict=True) if bool(other) is positive]
        for positive in (True, False)
    ]  # fmt: skip
    return sum(sum(of) / len(of) if of else 0.0 for of in right) / 2
