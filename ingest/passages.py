"""Documents to passages: runs of whole statements under one heading that fit the embedding model's window. Pure.

A statement is a sentence, a list item or a table row; it is never cut. A passage never reaches over a page's end, so
that its page is that of each statement. A statement keeps the way to it: the headings (its passage's), and below them
its parent items, the sentence that opens its list, or its table's caption.

A statement that is longer than the window by itself is a passage of its own: full text sees all of it, the embedding
its beginning. What calls itself a sentence and is longer than `LONGEST` letters is none (a list without marks, code);
that is divided between its clauses.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.types import Block, Document, Passage, Statement, StatementKind, embedded_way

CountTokens = Callable[[Sequence[str]], list[int]]

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st vs etc e.g i.e cf al inc ltd co corp dept est approx no nos vol pp fig eq sec ch ed "
    "eds u.s u.k u.n e.u d.c a.m p.m ph.d m.sc b.sc m.a b.a m.s b.s jan feb mar apr jun jul aug sep sept oct nov dec "
    "gen col sgt lt rev hon gov sen rep bros min max avg incl".split()
)
_STOP = re.compile(
    r"(?<![.!?…؟۔।])[.!?…؟۔।]++[\"'”’»)\]]*(?=(\s)[\"'“‘«(\[¿¡]*(\S))|(?<![。！？])[。！？]++[」』”’）]*(?=(\s?)\S)"
)
"""Marks that may end a sentence, with the space behind them; Chinese and Japanese write none.

A run of marks is tried once, from its beginning: a page of exclamation marks would else be read for minutes."""
LONGEST = 1200
"""Letters of a sentence at most."""
_CLAUSE_ENDS = ("; ", ": ", " – ", " — ", ", ", "；", "，", "、", " ")
"""Where what is too long for a sentence is divided: at the first of these that it holds."""
_LAST_WORD = re.compile(r"(?<![\w.])([\w.]++)$")
_LONGEST_WORD = 40
"""Letters before a full stop that are looked at: no abbreviation is longer."""


@dataclass(frozen=True)
class _Unit:
    """A statement on its way into a passage."""

    text: str
    kind: StatementKind
    way: tuple[str, ...]
    reference: str
    page: int | None
    lead: str
    """What stands in front of it in the passage's text: a bullet with its indent, or nothing."""
    joint: str
    """What joins it to the one before it in a passage: a new line; a space or nothing within a paragraph."""


@dataclass(frozen=True)
class _Section:
    """The statements under one way of headings."""

    headings: tuple[str, ...]
    page: int | None
    units: tuple[_Unit, ...]


def split(document: Document, source_id: str, count_tokens: CountTokens, max_tokens: int = 256) -> list[Passage]:
    """The passages of a document in reading order; none for a document without text.

    Args:
        document: What a reader made.
        source_id: Goes into the passages and their ids.
        count_tokens: Tokens of each of some texts, the model's two end marks included.
        max_tokens: The model's window. Only a statement that is longer by itself exceeds it.
    """
    passages: list[Passage] = []
    seen: Counter[str] = Counter()
    for section in _sections(document):
        way, *counts = count_tokens(
            [embedded_way(document.title, section.headings), *(one.lead + one.text for one in section.units)]
        )
        # The two end marks are counted with the way; in a longer text they are not there again.
        for units in _filled(section.units, [count - 2 for count in counts], max_tokens - way):
            passages.append(_passage(document, source_id, len(passages), section, units, seen))
    return passages


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, whole, in order.

    Joined by a space they are the text, where its script has spaces between sentences.

    >>> sentences("Dr. Lee earns $1.5 million in the U.S. today. Is it much? Yes.")
    ['Dr. Lee earns $1.5 million in the U.S. today.', 'Is it much?', 'Yes.']
    """
    return [said for _, said in _sentences(text)]


def _sentences(text: str) -> list[tuple[str, str]]:
    """What stands before each sentence (a space or nothing), and the sentence.

    >>> _sentences("年収は高い。増えた。")
    [('', '年収は高い。'), ('', '増えた。')]
    """
    text = " ".join(text.split())
    found, start = [], 0
    for match in _STOP.finditer(text):
        following = match.group(2)
        if match.end() <= start or (following and not _begins(following)):
            continue
        if is_abbreviation(text[max(start, match.start() - _LONGEST_WORD) : match.start()], match.group()):
            continue
        found.append(text[start : match.end()])
        start = match.end()
    clauses = [clause for one in (*found, text[start:]) for clause in _clauses(one)]
    return [(" " if one[:1] == " " else "", one.strip(" ")) for one in clauses if one.strip(" ")]


def _begins(letter: str) -> bool:
    """Whether a sentence may begin with a letter: no small one, and no mark but a currency's."""
    return letter in "$€£¥₹" or (letter.isalnum() and not letter.islower())


def _clauses(text: str) -> list[str]:
    """A sentence, or what is too long for one in parts; joined by nothing they are the text."""
    found, start = [], 0
    while len(text) - start > LONGEST:
        last = start + LONGEST
        ends = (at + len(end.rstrip()) for end in _CLAUSE_ENDS if (at := text.rfind(end, start + 1, last)) > 0)
        cut = next(ends, last)
        found.append(text[start:cut])
        start = cut
    return [*found, text[start:]]


def is_abbreviation(before: str, stop: str) -> bool:
    """Whether a full stop belongs to the word before it: "Dr.", "e.g.", an initial."""
    if stop != ".":
        return False
    last = _LAST_WORD.search(before)
    word = last.group(1) if last else ""
    initial = len(word) == 1 and word.isalpha() and word.isupper() and word != "I"
    return initial or word.lower() in _ABBREVIATIONS


def _sections(document: Document) -> Iterator[_Section]:
    """Runs of blocks under one way of headings on one page."""
    headings: list[tuple[int, str]] = []
    run: list[Block] = []
    for block in document.blocks:
        paged = run and document.page_label != "row" and block.page != run[-1].page
        if (block.kind == "heading" or paged) and run:
            yield _section(headings, run)
            run = []
        if block.kind == "heading":
            headings = [one for one in headings if one[0] < block.level]
            # The title is no step of the way; a sheet stays one, whatever its workbook is called.
            if headings or block.text != document.title or document.page_label == "row":
                headings.append((block.level, block.text))
        else:
            run.append(block)
    if run:
        yield _section(headings, run)


def _section(headings: Iterable[tuple[int, str]], run: Sequence[Block]) -> _Section:
    return _Section(tuple(text for _, text in headings), run[0].page, tuple(_units(run)))


def _units(run: Sequence[Block]) -> Iterator[_Unit]:
    """The statements of a run of blocks with the way to each."""
    opener = ""
    parents: list[str] = []
    for block in run:
        if block.kind == "paragraph":
            parents = []
            said = _sentences(block.text)
            for index, (joint, sentence) in enumerate(said):
                if not index:
                    joint = " " if block.continues else "\n"
                yield _Unit(sentence, "sentence", (), block.reference, block.page, "", joint)
            opener = said[-1][1].rstrip(": ") if said and said[-1][1].endswith(":") else ""
        elif block.kind == "item":
            parents = parents[: block.level]
            way = tuple(part for part in (opener, *(one.rstrip(": ") for one in parents)) if part)
            text = " ".join(block.text.split())
            lead = f"{'  ' * block.level}{block.marker or '-'} "
            if text:
                yield _Unit(text, "item", way, block.reference, block.page, lead, "\n")
            parents += [""] * (block.level - len(parents)) + [_label(text)]
        else:
            way = tuple(part for part in (block.caption or opener,) if part)
            text = " ".join(block.text.split())
            if text:
                yield _Unit(text, "row", way, block.reference, block.page, "", "\n")


def _label(text: str) -> str:
    """What an item is called as the parent of others: its words up to a colon or its end.

    >>> _label("Programming languages: Python and R")
    'Programming languages'
    """
    return text.partition(":")[0]


def _filled(units: Sequence[_Unit], counts: Sequence[int], room: int) -> Iterator[list[_Unit]]:
    """Runs of units that fit into the room, in order, as full as they go."""
    run: list[_Unit] = []
    held = 0
    for unit, count in zip(units, counts, strict=True):
        if run and held + count > room:
            yield run
            run, held = [], 0
        run.append(unit)
        held += count
    if run:
        yield run


def _passage(
    document: Document,
    source_id: str,
    ordinal: int,
    section: _Section,
    units: Sequence[_Unit],
    seen: Counter[str],
) -> Passage:
    text = ""
    statements = []
    pages = [unit.page for unit in units if unit.page is not None]
    place = _place(section.headings, (pages[0], pages[-1]) if pages else None, document.page_label)
    for unit in units:
        text += (unit.joint if text else "") + unit.lead
        reference = document.references.get(unit.reference, document.origin)
        own = _place(section.headings, (unit.page, unit.page), document.page_label) if unit.page is not None else place
        statements.append(Statement(unit.text, len(text), unit.kind, unit.way, reference, own if own != place else ""))
        text += unit.text
    key = f"{source_id}\n{place}\n{text}"
    seen[key] += 1
    passage_id = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:16]
    return Passage(passage_id, source_id, ordinal, section.headings, units[0].page, place, text, tuple(statements))


def _place(headings: Sequence[str], pages: tuple[int, int] | None, page_label: str) -> str:
    """What a person would say; `pages` are the first and the last, of which pages and slides tell the first.

    >>> _place(("Pay", "Seattle"), (3, 4), "p.")
    'p. 3, Pay > Seattle'
    >>> _place(("Pay",), (7, 7), "row"), _place((), (7, 12), "row")
    ('Sheet Pay, row 7', 'rows 7–12')
    """
    way = " > ".join(headings)
    if page_label == "row":
        first, last = pages or (0, 0)
        rows = f"row {first}" if first == last else f"rows {first}–{last}"
        return ", ".join(part for part in (f"Sheet {way}" if way else "", rows if pages else "") if part)
    return ", ".join(part for part in (f"{page_label} {pages[0]}" if pages else "", way) if part)
