"""In whose place a phrase stands: "in Seattle" for another city, "data scientists" for another work. Pure.

Which words are alike is read off the library (`labels`) and, where the library does not know them, off the embedding
model (`similar`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.carrying import only_named
from assistant.labels import Key, Labels, key
from assistant.phrases import only_attributes
from assistant.spans import PREPOSITION, Span, article, is_name, only_name, spans
from assistant.spelling import is_english
from assistant.topics import is_plural, names_people

Similar = Callable[[str, Sequence[str]], Sequence[float]]
"""Cosine similarity, -1 to 1, of a text to each of some others."""

ALIKE, KINDS = 0.7, 0.45
"""Least similarity at which a phrase may take another's place when the library does not know both, and at which two
plurals may, which name kinds of a thing: "nurses", "teachers"."""
_ARTICLE = re.compile(r"^(?:the|a|an|some|any)\b\s*", re.IGNORECASE)
_ONES = re.compile(r"(?<=\w) ones?$", re.IGNORECASE)
"""What stands for the thing itself behind what is said of it: "the junior ones"."""
_AN = re.compile(r"\b(a|an)( (?:(?!(?:for|in|of|at|to|with|as|from)\b)[\w-]+ ){0,3})$", re.IGNORECASE)
"""An article that goes with what comes next, with words of its own between."""
_OF_NAMES = frozenset(("at", "in", "near"))
"""In front of a name's place, a name."""
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def put_in_place(fragment: str, before: str, labels: Labels, similar: Similar, led: bool) -> str:
    """The question before, with the fragment in the place of its like; a place or time that has none goes behind it.

    Empty where the fragment neither replaces anything nor can be added. `led`: whether an "and" or "what about" leads;
    a fragment without it begins anew unless the library knows its like.
    """
    new, old = _YEAR.findall(fragment), list(_YEAR.finditer(before))
    if led and len(new) == len(old) == 1:
        return f"{before[: old[0].start()]}{new[0]}{before[old[0].end() :]}"
    preposition = PREPOSITION.match(fragment)
    lead = preposition.group().strip().lower() if preposition else ""
    whole = fragment[preposition.end() :] if preposition else fragment
    name = _ONES.sub("", _ARTICLE.sub("", whole))
    target = _like(name, lead, spans(before), labels, similar if led else None)
    same_thing = _ONES.search(whole) or (whole.lower().startswith("the ") and is_name(name))
    if target is None and led and same_thing and (is_name(name) or not is_english(name)):
        # "The CAIP one", "the CAIP" for "the AIGP exam": the name is another, the thing the same.
        target = only_name([one for one in spans(before) if is_name(one.text)])
    if target is None and led and not lead and (named := only_named(fragment, before)):
        target = Span(before[named.start : named.stop], named.start, named.stop)
    if target is not None:
        if target.start and is_name(target.text) and name.islower() and (lead in _OF_NAMES or _ONES.search(whole)):
            # Typed in small letters, it is a name like the one whose place it takes: "and at meta?".
            name = whole = name.title()
        indefinite = re.match(r"an? ", whole, re.IGNORECASE) and lead and not _AN.search(before[: target.start])
        return _put_name(whole if indefinite else name, before[: target.start], before[target.end :])
    return f"{before.rstrip(' ?.!')} {fragment}?" if lead and lead != "for" else ""


def _put_name(name: str, ahead: str, behind: str) -> str:
    """A name between two parts of a question, with its article and number put right.

    >>> _put_name("late career", "What does an ", " nurse earn?"), _put_name("nurses", "What does a senior ", " earn?")
    ('What does a late career nurse earn?', 'What does a senior nurse earn?')
    """
    typed = _AN.search(ahead)
    if typed:
        if name.endswith("s") and not name.endswith("ss"):
            name = name[:-1]
        first = (typed.group(2).split() or [name])[0]
        ahead = ahead[: typed.start(1)] + article(first) + typed.group(2)
    return ahead + name + behind


def _like(name: str, lead: str, candidates: Sequence[Span], labels: Labels, similar: Similar | None) -> Span | None:
    """The span of the question before that a new name replaces; by the library alone without `similar`."""
    label = _known(key(name), labels)
    for span in candidates:
        if labels.siblings(label, _known(key(span.text), labels)):
            return span
    if any(label == key(span.text) for span in candidates):
        return None
    if lead:
        same = [one for one in candidates if one.preposition == lead and one.text.isdigit() == name.isdigit()]
        if lead == "for" and not same and names_people(name):
            same = [one for one in candidates if one.preposition == "of" and names_people(one.text)]
        if same:
            # "In Rome earn" is a run of words, too.
            return next((one for one in same if is_name(one.text)), same[0])
        if lead in {"in", "at", "near", "around"}:
            return None
    return _nearest(name, candidates, labels, similar) if similar else None


def _nearest(name: str, candidates: Sequence[Span], labels: Labels, similar: Similar) -> Span | None:
    """The candidate nearest in meaning, when near enough; the topic of the question before a mere word of it."""
    # Behind "to" stands what is to be done, not a thing: "to pay income tax".
    named = [one for one in candidates if one.preposition != "to"]
    usable = [one for one in named if key(one.text) in labels.titles or not only_attributes(one.text, labels)]
    if not usable:
        return None
    if is_name(name) and (only := only_name(usable)):
        return only
    people = [one for one in usable if names_people(one.text) and is_plural(one.text)]
    if people and names_people(name) and is_plural(name):
        return people[0] if all(one.end == people[0].end for one in people) else None
    scores = similar(name, [span.text for span in usable])
    least = [KINDS if is_plural(name) and is_plural(span.text) else ALIKE for span in usable]
    best = max(range(len(usable)), key=lambda index: scores[index] - least[index])
    return usable[best] if scores[best] >= least[best] else None


def _known(label: Key, labels: Labels) -> Key:
    """The library's label for these words: themselves, or the only title that they end or begin."""
    if label in labels.groups:
        return label
    longer = [title for title in labels.titles if label and label in (title[: len(label)], title[-len(label) :])]
    return longer[0] if len(longer) == 1 else label
