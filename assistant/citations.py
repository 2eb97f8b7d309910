"""From what a chat model writes to text fit to show: `[n]` becomes a citation of a statement, the rest is made inert.

Pure. A model's `[3]` names the third passage it was given. What a reader sees is another number: that of the one
statement of this passage which holds what the sentence says, numbered by first use. A sentence that its passage does
not support is marked; a title, link or date never comes from the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.support import Support
from assistant.types import Citation
from ingest.passages import is_abbreviation
from ingest.types import Hit, Statement
from ingest.words import STOPWORDS, words

Judge = Callable[[str, str], Support]
"""Sentence, passage -> verdict."""

NOT_CONFIRMED = "(not confirmed by its source)"
"""What stands behind a sentence that its passage does not support."""

_MARK = r"(?:\[|【)\s*(?:(?:passages?|sources?)\s*)?\^?\d+(?:†[^】\]]*)?(?:\s*[,;–-]\s*\^?\d+)*\s*(?:\]|】)"
_MARKS = re.compile(rf"\s*{_MARK}(?!\()", re.IGNORECASE)
_SENTENCE_END = re.compile(
    rf"(?P<stop>[.!?…]+)[\"'”’)*_]*(?P<marks>(?:\s*{_MARK})*[.]?)(?P<gap>[^\S\n]+)(?=[^\s\[【])|\n+",
    re.IGNORECASE,
)
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THINKING = re.compile(
    r"\s*<(?:[a-z]{0,9}|(?:think|thinking|reasoning)>(?!.*</(?:think|thinking|reasoning)>).*)\Z", re.S | re.I
)
"""A beginning that is, or may yet become, thinking aloud."""
_LINK = re.compile(r"!?\[([^\]\n]*)\]\(\s*<?[^)\n]*\)")
_ADDRESS = re.compile(r"<?\b(?:https?|ftp|data|javascript|file|mailto):[^\s>)]+>?|\bwww\.[^\s>)]+", re.IGNORECASE)
_TAG = re.compile(r"<(?:!--.*?-->|/?[A-Za-z][^<>]*>)", re.DOTALL)
_STYLE = re.compile(r"\*\*|__|^\s{0,3}#{1,6}\s+|^\s*>\s?", re.MULTILINE)
_NUMBERED = re.compile(r"\s*\d{1,2}")
"""What stands before the full stop of "1. First item"."""
_SPACES = re.compile(r"[^\S\n]{2,}(?=\S)")
_LEAST_WORDS = 3
"""Content words that a sentence without figures needs before it counts as a claim."""


@dataclass(frozen=True)
class Sentence:
    """One finished sentence, fit to show."""

    text: str
    """Its words with the reader's marks; a trailing space or newline as the model wrote it."""
    citations: tuple[Citation, ...]
    """Those that appear in it for the first time."""
    supported: bool
    """False where it claims something that no passage it names supports."""


def finished(text: str, last: bool = False) -> tuple[list[str], str]:
    """Cut a text behind each finished sentence and line; what may still grow comes second.

    Marks behind a full stop belong to the sentence before them. Joined, the parts are the text.

    >>> finished("It pays $1.5 million. [1] More is")
    (['It pays $1.5 million. [1] '], 'More is')
    """
    cut, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        before = text[start : match.start()]
        if (
            match["stop"]
            and not match["marks"]
            and (is_abbreviation(before, match["stop"]) or _NUMBERED.fullmatch(before))
        ):
            continue
        if text[start : match.end()].strip():
            cut.append(text[start : match.end()])
            start = match.end()
    rest = text[start:]
    return ([*cut, rest], "") if last and rest.strip() else (cut, rest)


def without_thoughts(text: str) -> str:
    """The text without the thinking aloud that some models put in front.

    >>> without_thoughts("<think>hm</think>Yes."), without_thoughts("<think>still")
    ('Yes.', '')
    """
    return _THOUGHT.sub("", text)


def inert(text: str) -> str:
    """The text without links, images, HTML and bold type: nothing in it leads anywhere or is obeyed by a page.

    >>> inert("See **[the guide](https://x.example)** at https://y.example/z <b>now</b>.")
    'See the guide at now.'
    """
    text = _LINK.sub(lambda link: "" if link[1].isdigit() else link[1], text)
    for pattern in (_TAG, _ADDRESS, _STYLE):
        text = pattern.sub("", text)
    return _SPACES.sub(" ", text) if text.strip() else ""


def named(text: str) -> tuple[int, ...]:
    """The numbers that the marks of a text name, in order; a range names its ends and all between.

    >>> named("A [1, 3]. B 【2†x】 [4-6]")
    (1, 3, 2, 4, 5, 6)
    """
    found: list[int] = []
    for mark in _MARKS.finditer(text):
        inner = re.sub(r"†[^】\]]*", "", mark.group())
        for first, second in re.findall(r"(\d+)(?:\s*[–-]\s*\^?(\d+))?", inner):
            upto = int(second) if second and int(second) - int(first) < 10 else int(first)
            found += range(int(first), upto + 1)
    return tuple(dict.fromkeys(found))


class Citing:
    """Resolves the sentences of one answer, in order."""

    def __init__(self, hits: Sequence[Hit], judge: Judge) -> None:
        """Take the passages as the model was given them, the first being `[1]`, and what judges support."""
        self._hits = hits
        self._judge = judge
        self.citations: list[Citation] = []
        self._numbers: dict[tuple[str, int], int] = {}

    def resolve(self, raw: str) -> Sentence:
        """One sentence as the model wrote it -> as a reader sees it.

        A sentence that claims something and names no passage is held against all of them; the one that supports it
        is cited.
        """
        words_only = inert(_MARKS.sub("", raw))
        plain = words_only.strip()
        cited = [self._hits[number - 1] for number in named(raw) if 0 < number <= len(self._hits)]
        if not plain:
            return Sentence(words_only, (), True)
        if not cited and claims(plain):
            cited = self._supporting(plain)
            if not cited:
                return Sentence(_behind(words_only, NOT_CONFIRMED), (), False)
        known = len(self.citations)
        marks, supported = self._cited(plain, cited)
        text = _behind(words_only, " ".join(filter(None, (marks, "" if supported else NOT_CONFIRMED))))
        return Sentence(text, tuple(self.citations[known:]), supported)

    def _cited(self, plain: str, cited: Sequence[Hit]) -> tuple[str, bool]:
        """The reader's marks for these passages, and whether together they support the sentence."""
        if not cited:
            return "", True
        numbers = list(dict.fromkeys(self._number(plain, hit) for hit in cited))
        verdict = self._judge(plain, "\n".join(_whole(hit) for hit in cited))
        return "".join(f"[{number}]" for number in numbers), verdict.supported

    def _supporting(self, plain: str) -> list[Hit]:
        judged = [(self._judge(plain, _whole(hit)), hit) for hit in self._hits]
        best = max(judged, key=lambda pair: (pair[0].supported, pair[0].score), default=None)
        return [best[1]] if best and best[0].supported else []

    def _number(self, plain: str, hit: Hit) -> int:
        statement, score = max(
            ((one, self._judge(plain, _said(hit, one)).score) for one in hit.passage.statements),
            key=lambda pair: pair[1],
        )
        key = (hit.passage.id, statement.start)
        if key not in self._numbers:
            self._numbers[key] = len(self.citations) + 1
            self.citations.append(citation(self._numbers[key], hit, statement, score))
        return self._numbers[key]


def citation(number: int, hit: Hit, statement: Statement, support: float) -> Citation:
    """A numbered citation of one statement; all of it comes from the catalog."""
    source, reference = hit.source, statement.reference
    return Citation(
        number=number,
        source_id=source.id,
        title=source.title,
        place=statement.place or hit.passage.place,
        url=reference.url or source.origin.url,
        publisher=reference.publisher or source.origin.publisher,
        as_of=reference.as_of or source.origin.as_of,
        quote=statement.text,
        passage_id=hit.passage.id,
        support=support,
    )


def claims(sentence: str) -> bool:
    """Whether a sentence states something that needs a source: not a question, not the opening of a list.

    >>> claims("Here is what the library says:"), claims("Data engineers build pipelines."), claims("It is 34%.")
    (False, True, True)
    """
    if sentence.endswith((":", "?")):
        return False
    content = [word for word in words(sentence) if word not in STOPWORDS]
    return len(content) >= _LEAST_WORDS or any(word[0].isdigit() for word in content)


def _whole(hit: Hit) -> str:
    """All that a passage says, with the way to it and where its statements come from."""
    dates = dict.fromkeys(f"{one.reference.publisher} {one.reference.as_of}" for one in hit.passage.statements)
    return "\n".join((hit.source.title, *hit.passage.headings, hit.passage.text, *dates, hit.source.origin.as_of))


def _said(hit: Hit, statement: Statement) -> str:
    return "\n".join((hit.source.title, *hit.passage.headings, *statement.way, statement.text))


def _behind(text: str, addition: str) -> str:
    r"""A text with something put behind its last word, in front of its trailing space.

    >>> _behind("It pays well.\n", "[1]")
    'It pays well. [1]\n'
    """
    bare = text.rstrip()
    return f"{bare} {addition}{text[len(bare) :]}" if addition else text


def pieces(chunks: Iterable[str]) -> Iterator[tuple[list[str], str]]:
    """Finished sentences as a text comes in chunks, each time with what may still grow; what is left is the caller's.

    >>> list(pieces(["It is", " so. And", " more"]))
    [([], 'It is'), (['It is so. '], 'And'), ([], 'And more')]
    """
    held = ""
    for chunk in chunks:
        held += chunk
        if _THINKING.match(held):
            yield [], held
            continue
        done, held = finished(without_thoughts(held))
        yield done, held
