"""Does an answer rest on its sources? Citation recall and precision as ALCE defines them, and groundedness. Pure.

Gao et al. (2023), "Enabling Large Language Models to Generate Text with Citations". A sentence that claims something
is recalled when what it cites supports it, taken together. A citation is precise when its sentence is recalled and it
is needed: it supports the sentence by itself, or the others do not without it. Where ALCE asks a language-inference
model, a judge is asked here: `assistant.support` unless another is given. What is judged is what a citation shows
its reader (quote, title, place, publisher, date), which is less than the whole passage, and so stricter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from assistant.citations import claims, finished, named
from assistant.support import Support, SupportCheck
from evals.reply import Reply, says_missing
from ingest.embed import load_embedder

Judge = Callable[[str, str], Support]
"""Sentence, evidence -> verdict."""

_ASIDE_ENDS = re.compile(r"(\)\s*(?:\[\d+\])+)\s+(?=[^\s\[])")
"""The mark of an aside: "(Aipathly) [1] It grows" is two sentences, though no full stop says so."""


def support_judge() -> Judge:
    """The project's own check with the packaged model, whatever model the assistant that is judged has."""
    return SupportCheck(load_embedder().embed_passages)


class Grounding(NamedTuple):
    """Shares from 0 to 1; None where there is nothing to judge."""

    precision: float | None
    """Of the citations, those that are precise."""
    recall: float | None
    """Of the sentences that claim something, those that their citations support."""
    groundedness: float | None
    """Of the same sentences, those that all that was cited or found supports together."""
    unsupported: tuple[str, ...]
    """The sentences that their citations do not support."""


NOTHING = Grounding(None, None, None, ())


def grounding(reply: Reply, judge: Judge) -> Grounding:
    """Judge every sentence of an answer; refusals and smalltalk claim nothing."""
    if reply.outcome not in ("answered", "partial"):
        return NOTHING
    claimed = [one for one in sentences(reply.answer) if claims(_bare(one)) and not says_missing(_bare(one))]
    if not claimed:
        return NOTHING
    shown = {one.number: one.text for one in reply.citations or ()}
    everything = [*shown.values(), *(f"{one.title}\n{one.place}\n{one.text}" for one in reply.found or ())]
    grounded = _share([judge(_bare(one), "\n".join(everything)).supported for one in claimed]) if everything else None
    if reply.citations is None:
        return Grounding(None, None, grounded, ())
    recalled = [_supported(one, _cited(one, shown), judge) for one in claimed]
    precise = [
        right
        for one, whole in zip(claimed, recalled, strict=True)
        for right in _precise(one, _cited(one, shown), whole, judge)
    ]
    unsupported = tuple(one for one, whole in zip(claimed, recalled, strict=True) if not whole)
    return Grounding(_share(precise), _share(recalled), grounded, unsupported)


def sentences(answer: str) -> list[str]:
    """The sentences of an answer with their marks; an aside in brackets belongs to the sentence before it.

    >>> sentences("It pays $9 (2024). (Aipathly) [1] It grows. [2]")
    ['It pays $9 (2024). (Aipathly) [1]', 'It grows. [2]']
    """
    found: list[str] = []
    for one in finished(_ASIDE_ENDS.sub(r"\1\n", answer), last=True)[0]:
        said = _bare(one)
        if found and said.startswith("(") and said.rstrip(".").endswith(")"):
            found[-1] += f" {one.strip()}"
        else:
            found.append(one.strip())
    return found


def _cited(sentence: str, shown: Mapping[int, str]) -> list[str]:
    return [shown.get(number, "") for number in named(sentence)]


def _supported(sentence: str, evidence: Sequence[str], judge: Judge) -> bool:
    return bool(evidence) and judge(_bare(sentence), "\n".join(evidence)).supported


def _precise(sentence: str, evidence: Sequence[str], recalled: bool, judge: Judge) -> list[bool]:
    """Which of a sentence's citations are precise."""
    if not recalled or len(evidence) < 2:
        return [recalled] * len(evidence)
    verdicts = []
    for index, one in enumerate(evidence):
        others = [other for place, other in enumerate(evidence) if place != index]
        verdicts.append(_supported(sentence, [one], judge) or not _supported(sentence, others, judge))
    return verdicts


def _bare(sentence: str) -> str:
    """A sentence without its marks and its bullet.

    >>> _bare("- It pays $9. [1][2]")
    'It pays $9.'
    """
    for number in named(sentence):
        sentence = sentence.replace(f"[{number}]", "")
    return sentence.strip().removeprefix("- ").strip()


def _share(verdicts: Sequence[bool]) -> float | None:
    return sum(verdicts) / len(verdicts) if verdicts else None
