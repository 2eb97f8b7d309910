"""Files that nobody here made: `python -m evals.readers` says how many of their words and headings the readers keep.

It reads every file of the folder `documents` in `CAREER_BENCH_DATA`, each in the sandbox, as `ingest` does. Beside some
stands `FILE.expected.md`: what another reader made of it, as Markdown. Of those it gives, by kind (the file's ending):

- word recall: the share of the expected words that our text holds, a word that stands there twice counted twice. Our
  text is the document's title, its headings, the texts of its blocks with their list marks, and each table caption. The
  expected words are those of the Markdown without its markup: no table pipes, rulers and emphasis, no link targets, no
  comments such as `<!-- image -->`, no names of LaTeX commands. A word is a run of letters and digits, without case,
  in Unicode's compatibility form (NFKC). Given as the mean over files, each file alike, and over all words together.
- headings: the share of the expected headings whose words are one of our headings or the title, numbers in front of
  them aside.

A file that was refused counts as none of its words kept. Everything that was refused is listed with its reason.
"""

from __future__ import annotations

import html
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import SourceError
from ingest.sandbox import Sandbox
from ingest.types import Document

_EXPECTED = ".expected.md"
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[((?:\\.|[^\]\\])*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_AUTOLINK = re.compile(r"<(https?://[^>\s]+)>")
_LATEX = re.compile(r"\\[A-Za-z]+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Reading:
    """How one file was read."""

    path: Path
    kind: str
    """The file's ending without its dot."""
    refused: str = ""
    """Why it could not be read; empty when it was."""
    kept: int = 0
    """Expected words that our text holds."""
    words: int = 0
    """Expected words; 0 where nothing is expected."""
    headings_kept: int = 0
    headings: int = 0
    missing: tuple[str, ...] = ()
    """Some of the expected words that are missing, most frequent first."""

    @property
    def recall(self) -> float:
        """Share of the expected words, 0 to 1."""
        return self.kept / self.words


def words(text: str) -> list[str]:
    """The words of a text as they are compared.

    >>> words("Pay: $105,418 for ﬁve_years")
    ['pay', '105', '418', 'for', 'five', 'years']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def unmarked(markdown: str) -> str:
    r"""Markdown without what is no word of the document.

    >>> unmarked("[Pay](https://a.b/c_(d)) &amp; **more** <!-- image --> \\frac{1}{2} \\_x").split()
    ['Pay', '&', 'more', '{1}{2}', '\\_x']
    """
    text = _AUTOLINK.sub(r"\1", _COMMENT.sub(" ", markdown))
    while (plainer := _LINK.sub(r"\1", text)) != text:
        text = plainer
    # Tags go before entities are read: what an entity writes ("&lt;m:f&gt;") was words of the document.
    return html.unescape(_LATEX.sub(" ", _TAG.sub(" ", text))).replace("**", "").replace("~~", "")


def compared(path: Path, documents: Sequence[Document], expected: str) -> Reading:
    """How much of the expected Markdown the documents of a file hold."""
    wanted = Counter(words(unmarked(expected)))
    held = Counter(words("\n".join(line for document in documents for line in _lines(document))))
    missing = wanted - held
    ours = {_bare(line) for document in documents for line in _headings(document)}
    headings = [_bare(unmarked(one)) for one in _HEADING.findall(_COMMENT.sub("", expected))]
    headings = [one for one in headings if one]
    return Reading(
        path,
        _kind(path),
        kept=(wanted & held).total(),
        words=wanted.total(),
        headings_kept=sum(one in ours for one in headings),
        headings=len(headings),
        missing=tuple(word for word, _ in missing.most_common(12)),
    )


def _lines(document: Document) -> Iterator[str]:
    yield document.title
    caption = ""
    for block in document.blocks:
        if block.caption != caption:
            yield block.caption
        caption = block.caption
        yield f"{block.marker} {block.text}"


def _headings(document: Document) -> Iterator[str]:
    yield document.title
    yield from (block.text for block in document.blocks if block.kind == "heading")


def _bare(heading: str) -> tuple[str, ...]:
    """A heading's words without the number in front of them."""
    found = words(heading)
    while len(found) > 1 and found[0].isdigit():
        found = found[1:]
    return tuple(found)


def _kind(path: Path) -> str:
    return path.suffix.lower().lstrip(".")


def measure(folder: Path) -> list[Reading]:
    """Read every file below a folder that is not itself an expectation, in sorted order."""
    readings = []
    with Sandbox() as sandbox:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.endswith((_EXPECTED, "README.md")):
                readings.append(_measured(path, sandbox))
    return readings


def _measured(path: Path, sandbox: Sandbox) -> Reading:
    beside = path.with_name(path.name + _EXPECTED)
    expected = beside.read_text(encoding="utf-8", errors="replace") if beside.exists() else ""
    try:
        documents = list(sandbox.read(path))
    except SourceError as error:
        return Reading(path, _kind(path), refused=str(error), words=len(words(unmarked(expected))))
    return compared(path, documents, expected)


def summary(readings: Sequence[Reading]) -> str:
    """By kind: files, word recall, headings; then the files below .95 and those refused."""
    lines = ["kind      files  refused  recall: mean  all words  headings"]
    for kind in sorted({one.kind for one in readings}):
        of_kind = [one for one in readings if one.kind == kind]
        judged = [one for one in of_kind if one.words]
        mean = f"{sum(one.recall for one in judged) / len(judged):.3f}" if judged else "-"
        pooled = _share(sum(one.kept for one in judged), sum(one.words for one in judged))
        headings = _share(sum(one.headings_kept for one in judged), sum(one.headings for one in judged))
        refused = sum(bool(one.refused) for one in of_kind)
        lines.append(f"{kind:10}{len(of_kind):5}{refused:9}{mean:>14}{pooled:>11}{headings:>10}")
    for one in readings:
        if one.words and not one.refused and one.recall < 0.95:
            lines.append(f"- {one.path.name}: {one.recall:.3f}, missing {' '.join(one.missing)}")
    lines += [f"- {one.path.name} refused: {one.refused}" for one in readings if one.refused]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def main(folder: Path) -> str:
    """Measure the files and say how it went."""
    readings = measure(folder / "documents")
    return f"Readers, {len(readings)} files of other people:\n{summary(readings)}"


if __name__ == "__main__":
    found = os.environ.get("CAREER_BENCH_DATA", "")
    if not found:
        sys.exit("CAREER_BENCH_DATA is not set. Set it to the folder of third-party evaluation sets.")
    print(main(Path(found)))
