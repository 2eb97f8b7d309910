"""Does the library, or do some passages, support a sentence? What `verify` answers on the command line and over HTTP.

Each sentence is held against one passage at a time: words that stand far apart in the library support nothing together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.citations import Judge, citation, passage_text, statement_words
from assistant.support import Support, overlap
from assistant.types import Citation, Verdict
from ingest.errors import QuestionError
from ingest.passages import sentences
from ingest.types import Hit

PASSAGES = 20
"""Passages of the library that a sentence is held against, those that a search for it finds first."""
LONGEST = 4_000
"""Characters of what is verified at most."""
SENTENCES = 20
"""Sentences of it at most: each is compared with the meaning of dozens of others."""
LONGEST_PASSAGES = 100_000
"""Characters of all the passages that a caller gives at most."""
_JUDGED = 6
"""Passages of the library whose meaning is compared with a sentence's: those that share most words with it."""


def asked(text: str) -> list[str]:
    """The sentences of a text to verify.

    Raises:
        QuestionError: It is empty or too long.
    """
    text = " ".join(text.split())
    if not any(character.isalnum() for character in text):
        raise QuestionError("There is no sentence to verify.", "Give one, such as: Data scientists earn $112,590.")
    if len(text) > LONGEST:
        raise QuestionError(f"At most {LONGEST:,} characters can be verified at once.", "Verify it in pieces.")
    found = sentences(text)
    if len(found) > SENTENCES:
        raise QuestionError(f"At most {SENTENCES} sentences can be verified at once.", "Verify it in pieces.")
    return found


def against_passages(text: str, passages: Sequence[str], judge: Judge) -> Verdict:
    """Whether these passages support a text, each sentence by one of them.

    Raises:
        QuestionError: The text is empty, or it or the passages are too long.
    """
    said = asked(text)
    if sum(map(len, passages)) > LONGEST_PASSAGES:
        raise QuestionError(f"The passages have over {LONGEST_PASSAGES:,} characters.", "Send fewer or shorter ones.")
    found = [max((judge(one, passage) for passage in passages), key=_rank) for one in said]
    return _together([(one, None) for one in found])


def against_hits(hits_of: Sequence[tuple[str, Sequence[Hit]]], judge: Judge) -> Verdict:
    """Whether the passages that a search found for each sentence support it."""
    return _together([_best(sentence, hits, judge) for sentence, hits in hits_of])


def _best(sentence: str, hits: Sequence[Hit], judge: Judge) -> tuple[Support, Citation | None]:
    """The best verdict over the hits, with the statement that says so where there is support."""
    likely = sorted(hits, key=lambda hit: -overlap(sentence, passage_text(hit)))[:_JUDGED]
    judged = [(judge(sentence, passage_text(hit)), hit) for hit in likely]
    if not judged:
        return Support(False, 0.0, (sentence,)), None
    verdict, hit = max(judged, key=lambda pair: _rank(pair[0]))
    if not verdict.supported:
        return verdict, None
    statement = max(hit.passage.statements, key=lambda one: judge(sentence, statement_words(hit, one)).score)
    return verdict, citation(0, hit, statement, verdict.score)


def _rank(verdict: Support) -> tuple[bool, int, float]:
    """Supported first, then what lacks least: so that what is missing is told by the passage that is about it."""
    return verdict.supported, 0 if verdict.supported else -len(verdict.missing), verdict.score


def _together(found: Sequence[tuple[Support, Citation | None]]) -> Verdict:
    """One verdict of those on the sentences; each statement is cited once."""
    cited = {(one.passage_id, one.quote): one for _, one in found if one is not None}
    return Verdict(
        supported=all(verdict.supported for verdict, _ in found),
        score=min(verdict.score for verdict, _ in found),
        missing=tuple(dict.fromkeys(word for verdict, _ in found for word in verdict.missing)),
        citations=tuple(replace(one, number=number) for number, one in enumerate(cited.values(), 1)),
    )
