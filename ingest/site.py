"""What a site says about itself: which pages a robot may fetch, and which pages there are. Pure.

robots.txt as RFC 9309 has it: the group that names the robot, else the one for all; of its rules the longest that
matches, and allowing before refusing. Sitemaps as sitemaps.org has them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from xml.parsers import expat

from ingest.errors import SourceError

LARGEST_ROBOTS = 500 * 1024
"""Letters of a robots.txt that are looked at; RFC 9309 asks for as many bytes at least."""
_LONGEST_ADDRESS = 2_048
"""Letters of an address in a sitemap, by its standard."""


@dataclass(frozen=True)
class Rules:
    """The rules of a robots.txt for one robot."""

    lines: tuple[tuple[bool, str], ...] = ()
    """Whether it allows, and the pattern of paths."""
    delay: float = 0.0
    """Seconds to wait between two pages."""

    def allow(self, url: str) -> bool:
        r"""Whether a page may be fetched.

        >>> rules = rules_of("User-agent: *\nDisallow: /pay\nAllow: /pay/open$", "career-assistant")
        >>> [rules.allow(f"https://x.org{path}") for path in ("/", "/pay/2024", "/pay/open", "/pay/open/2")]
        [True, False, True, False]
        """
        parts = urlsplit(url)
        path = _plain((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        matching = [(len(pattern), allows) for allows, pattern in self.lines if _matches(pattern, path)]
        return path == "/robots.txt" or not matching or max(matching)[1]


CLOSED = Rules(lines=((False, "/"),))
"""Nothing may be fetched."""


def rules_of(text: str, robot: str) -> Rules:
    """The rules of a robots.txt for a robot; without any, everything is allowed."""
    groups: dict[str, list[tuple[str, str]]] = {}
    named: list[str] = []
    listing = False
    for line in text[:LARGEST_ROBOTS].lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            named = [*named, value.lower()] if listing else [value.lower()]
            groups.setdefault(named[-1], [])
            listing = True
        elif key in ("allow", "disallow", "crawl-delay"):
            listing = False
            for name in dict.fromkeys(named):
                groups[name].append((key, value))
    chosen = groups.get(robot.lower(), groups.get("*", []))
    return Rules(
        tuple((key == "allow", _plain(value)) for key, value in chosen if key != "crawl-delay" and value),
        max((_seconds(value) for key, value in chosen if key == "crawl-delay"), default=0.0),
    )


def _seconds(value: str) -> float:
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", value) else 0.0


def _plain(path: str) -> str:
    """A path with everything percent-encoded that has to be, and in one way (RFC 3986, 6.2.2).

    >>> _plain("/café/%62%61r%2f")
    '/caf%C3%A9/bar%2F'
    """
    encoded = quote(path, safe="/?=&*$:@!',;+()[]~%", errors="surrogateescape")
    return re.sub(r"%[0-9a-fA-F]{2}", lambda match: _one_way(match.group()), encoded)


def _one_way(escape: str) -> str:
    character = chr(int(escape[1:], 16))
    return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else escape.upper()


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern with `*` and a closing `$` holds for the beginning of a path."""
    anchored = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not anchored or path == first
    # Each part at its first place is enough, but for the last of an anchored pattern: no expression can run wild.
    position = len(first)
    for part in others[:-1] if anchored else others:
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return not anchored or (path.endswith(others[-1]) and len(path) - len(others[-1]) >= position)


def sitemap(body: bytes, url: str, most: int) -> tuple[str, Sequence[str]]:
    """Which kind of sitemap some XML is (`urlset`, `sitemapindex`), and the addresses in it, in order.

    Other XML is of the kind that its root is named, without addresses. It is read as a stream: no tree is built, no
    entity expanded.

    Args:
        body: The XML.
        url: Where it is from, for messages.
        most: Addresses at most.

    Raises:
        SourceError: It is damaged (half a sitemap must not pass for a whole one), or lists too many pages.
    """
    read = _Sitemap(most + 1)
    try:
        read.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if read.kind in ("urlset", "sitemapindex"):
            raise SourceError(
                f"The sitemap {url} is damaged: {error}.", "Ask the site, or name single pages."
            ) from error
        return "", ()
    if len(read.found) > most:
        raise SourceError(f"The sitemap {url} lists more than {most:,} pages.", "Name a part of it, or single pages.")
    return read.kind, [one for one in map(str.strip, read.found) if one]


class _Sitemap:
    """Listens to the XML of a sitemap."""

    def __init__(self, most: int) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._opens
        self.parser.EndElementHandler = self._closes
        self.parser.CharacterDataHandler = self._says
        self.parser.EntityDeclHandler = self._declares
        self.kind = ""
        self.found: list[str] = []
        self._way: list[str] = []
        self._most = most

    def _opens(self, name: str, _: object) -> None:
        self._way.append(name)
        if len(self._way) == 1:
            self.kind = name.rpartition(" ")[2]
        elif self._in_location() and len(self.found) < self._most:
            self.found.append("")

    def _closes(self, _: str) -> None:
        self._way.pop()

    def _says(self, words: str) -> None:
        if self._in_location() and len(self.found[-1]) < _LONGEST_ADDRESS:
            self.found[-1] += words

    def _in_location(self) -> bool:
        """Whether this is the address of a page: images and videos have addresses, too, under other names."""
        if len(self._way) != 3:
            return False
        space = self._way[0].rpartition(" ")[0]
        inner = [name.rpartition(" ")[2] for name in self._way if name.rpartition(" ")[0] == space]
        return inner in (["urlset", "url", "loc"], ["sitemapindex", "sitemap", "loc"])

    def _declares(self, *_: object) -> None:
        raise ValueError("it declares entities")
