"""The gate: fails a run that fell behind an earlier one beyond chance, or below what must always hold.

A fall counts when the whole 95 % interval of the change, by paired bootstrap over the same cases, lies below what the
rules tolerate: one unlucky case does not close the gate, and a fault that touches several does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from evals.compare import Comparison, compare, load_baseline
from evals.figures import interval
from evals.run import Run
from evals.scores import BY_NAME
from ingest.errors import CareerError

RULES = Path(__file__).parent / "gate.toml"
"""The rules that travel with the package."""


class GateError(CareerError):
    """The rules cannot be read."""


@dataclass(frozen=True)
class Rules:
    """What a run has to keep."""

    baseline: Path
    fall: Mapping[str, float]
    """By metric, how far its mean may fall, beyond chance."""
    least: Mapping[str, float]
    """By metric, the least mean."""


class Verdict(NamedTuple):
    """One rule and whether it holds."""

    rule: str
    holds: bool
    said: str
    """What was found, in words."""


def load_rules(path: Path = RULES) -> Rules:
    """The rules of a TOML file; a baseline named there lies beside it.

    Raises:
        GateError: The file is missing, is no TOML, or names a metric that does not exist.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = Rules(path.parent / given["baseline"], given.get("fall", {}), given.get("least", {}))
    except OSError as error:
        raise GateError(f"There is no gate {path}.", "Name a TOML file, or put the sets before --gate.") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise GateError(f"{path} holds no rules: {error}.", "Compare it with evals/gate.toml.") from error
    unknown = sorted((set(rules.fall) | set(rules.least)) - set(BY_NAME))
    if unknown:
        raise GateError(f"{path} names an unknown metric {unknown[0]!r}.", f"Known are: {', '.join(BY_NAME)}.")
    wrong = [name for name in rules.fall if not BY_NAME[name].higher_is_better]
    if wrong:
        raise GateError(f"{path} guards {wrong[0]!r} against a fall, which is no loss.", "Take it out.")
    return rules


def check_gate(run: Run, rules: Rules, comparison: Comparison | None = None, seed: int = 0) -> list[Verdict]:
    """All verdicts, in the order of the rules; the run is compared with the rules' own baseline unless told otherwise.

    Raises:
        BaselineError: The baseline cannot be read, or has no case in common with the run.
    """
    held = comparison or compare(run, load_baseline(rules.baseline), seed)
    failed = [one for one in run.results if one.reply.error]
    answered = Verdict("every case is answered", not failed, f"{len(failed)} of {len(run.results)} failed")
    falls = [_fall(name, tolerated, held) for name, tolerated in rules.fall.items()]
    return [answered, *falls, *(_least(name, least, run, seed) for name, least in rules.least.items())]


def _fall(name: str, tolerated: float, comparison: Comparison) -> Verdict:
    rule = f"{BY_NAME[name].label} does not fall" + (f" by more than {tolerated:g}" if tolerated else "")
    change = comparison.differences.get(name)
    if change is None:
        return Verdict(rule, True, "not scored in both runs")
    said = f"{change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f}, {change.cases} cases)"
    return Verdict(rule, change.high >= -tolerated, said)


def _least(name: str, least: float, run: Run, seed: int) -> Verdict:
    rule = f"{BY_NAME[name].label} is at least {least:g}"
    found = interval(run.results, name, seed)
    if found is None:
        return Verdict(rule, True, "not scored")
    return Verdict(rule, found.mean >= least - 1e-9, f"{found.mean:.3f} ({found.cases} cases)")


def passed(verdicts: Sequence[Verdict]) -> bool:
    """Whether every rule holds."""
    return all(one.holds for one in verdicts)


def with_baseline(rules: Rules, path: Path) -> Rules:
    """The same rules, held against another earlier run."""
    return replace(rules, baseline=path)
