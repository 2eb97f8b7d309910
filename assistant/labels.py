"""What a library calls things: its titles, headings, row and item labels, and which of them are of one kind.

"Entry level" and "Late career" label rows of one table, "San Francisco" and "Seattle" items of one list, "Data
scientist" and "Robotics engineer" documents of one topic: whatever stands side by side in the library may take
each other's place in a question. Nothing here is written down by hand; it is read off the passages.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingest.types import Passage, Source, given_title
from ingest.words import stems

Key = tuple[str, ...]
"""A label as stems, so that singular and plural, upper and lower case meet."""

LONGEST = 6
"""Stems in a label at most; longer ones are sentences, not names."""

_ASIDE = re.compile(r"\([^)]*\)|[:|].*$| - .*$|,.*$")


def key(label: str) -> Key:
    """The stems of a label without brackets or what follows a colon, a dash or a comma.

    >>> key("Late career (10+ years) - Base pay: $135,388")
    ('late', 'career')
    """
    return tuple(stems(_ASIDE.sub(" ", label)))


@dataclass(frozen=True)
class Labels:
    """The labels of a library and the groups in which they stand side by side."""

    groups: Mapping[Key, frozenset[str]] = field(default_factory=dict)
    """Label -> names of the lists, tables, headings or topics that hold it among others."""
    titles: frozenset[Key] = frozenset()
    """Labels that name a whole document or a first-level section: what a conversation is about."""
    names: frozenset[Key] = frozenset()
    """Labels of which every word has a capital, as in "San Francisco"."""
    attributes: frozenset[str] = frozenset()
    """Stems of headings that recur across documents ("skills", "pay"): what is asked about a thing."""
    words: frozenset[str] = frozenset()
    """Stems of all labels."""

    def siblings(self, one: Key, other: Key) -> bool:
        """Whether two different labels stand side by side somewhere.

        >>> labels = Labels({("late", "career"): frozenset({"t"}), ("entri", "level"): frozenset({"t"})})
        >>> labels.siblings(("late", "career"), ("entri", "level"))
        True
        """
        return one != other and bool(self.groups.get(one, frozenset()) & self.groups.get(other, frozenset()))

    def joined(self, other: Labels) -> Labels:
        """The labels of both; what recurs in the first is what is asked about in both."""
        groups = dict(self.groups)
        for label, names in other.groups.items():
            groups[label] = groups.get(label, frozenset()) | names
        named = self.titles | other.titles, self.names | other.names
        return Labels(groups, *named, self.attributes, self.words | other.words)


def read_labels(passages: Iterable[tuple[Source, Passage]]) -> Labels:
    """Collect the labels of a library from its passages, in any order."""
    groups: dict[Key, set[str]] = defaultdict(set)
    titles: set[Key] = set()
    names: set[Key] = set()
    heading_sources: dict[str, set[str]] = defaultdict(set)
    for source, passage in passages:
        title = key(given_title(source.title))
        if 0 < len(title) <= LONGEST:
            groups[title].add(f"topic {source.topic or source.root}")
            titles.add(title)
        for depth, heading in enumerate(passage.headings):
            way = "/".join(passage.headings[:depth])
            groups[key(heading)].add(f"headings {source.id} {way}")
            for stem in key(heading):
                heading_sources[stem].add(source.id)
        for statement in passage.statements:
            if statement.kind != "sentence":
                groups[key(statement.text)].add(f"list {passage.id} {'/'.join(statement.way)}")
                if _is_name(statement.text):
                    names.add(key(statement.text))
    usable = {label: frozenset(names) for label, names in groups.items() if 0 < len(label) <= LONGEST}
    held = frozenset(stem for label in usable for stem in label)
    return Labels(usable, frozenset(titles), frozenset(names & usable.keys()), _recurring(heading_sources), held)


def _is_name(label: str) -> bool:
    """Whether every word of a label has a capital.

    >>> _is_name("San Francisco: $179,000"), _is_name("Model deployment")
    (True, False)
    """
    parts = _ASIDE.sub(" ", label).split()
    return bool(parts) and all(part[:1].isupper() for part in parts)


def _recurring(heading_sources: Mapping[str, set[str]]) -> frozenset[str]:
    """Stems that head sections of at least three documents, and of more than half as many as the most frequent ones."""
    counts = Counter({stem: len(sources) for stem, sources in heading_sources.items()})
    return frozenset(stem for stem, count in counts.items() if count >= 3)
